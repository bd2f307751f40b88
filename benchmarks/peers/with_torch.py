"""PyTorch in its ordinary form: all cores, channels last for images, inference mode; eager or compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.nets import MOMENTUM, RATE, Conv, Net, Pool
from benchmarks.workload import Job


def _model(net: Net) -> Any:
    import torch
    from torch import nn

    layers: list[Any] = []
    for place, (part, before) in enumerate(zip(net.parts, net.shapes(), strict=False)):
        if isinstance(part, Pool):
            layers.append(nn.MaxPool2d(2))
        elif isinstance(part, Conv):
            sides = "same" if part.same else "valid"
            layers += [nn.Conv2d(before[0], part.channels, part.size, padding=sides), nn.ReLU(inplace=True)]
        else:
            if len(before) > 1:
                layers.append(nn.Flatten())
            layers.append(nn.Linear(int(np.prod(before)), part.units))
            layers += [nn.ReLU(inplace=True)] if place < len(net.parts) - 1 else []
    model = nn.Sequential(*layers)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), net.start(), strict=True):
            parameter.copy_(torch.from_numpy(value))
    return model.to(memory_format=torch.channels_last) if len(net.shape) == 3 else model


def _tensor(net: Net, X: np.ndarray) -> Any:
    import torch

    given = torch.from_numpy(X.reshape(len(X), *net.shape))
    return given.contiguous(memory_format=torch.channels_last) if len(net.shape) == 3 else given


def training(net: Net, X: np.ndarray, y: np.ndarray, batch: int, units: float, compiled: bool = False) -> Job:
    """An epoch a run; the number is the mean loss."""
    import torch

    torch.manual_seed(0)
    given, labels = _tensor(net, X), torch.from_numpy(y)
    model = _model(net)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, fused=True)
    forward = torch.compile(model) if compiled else model

    def run() -> float:
        total = torch.zeros(())
        for rows in torch.randperm(len(given)).split(batch):
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(forward(given[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        return float(total) / len(given)

    return Job(run, units)


def predicting(net: Net, X: np.ndarray, compiled: bool = False) -> Job:
    """The probabilities of all examples; the number is the greatest of them."""
    import torch

    given, model = _tensor(net, X), _model(net).eval()
    forward = torch.compile(model) if compiled else model

    def run() -> float:
        with torch.inference_mode():
            return float(torch.softmax(forward(given), 1).max())

    return Job(run)
