"""Our side: `Network.fit` and `Network.predict_proba` on NumPy arrays, as a user calls them."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from benchmarks.nets import MOMENTUM, RATE, Conv, Net, Pool
from benchmarks.workload import Job
from chainrule.training.record import first_record
from chainrule.training.stepper import Plan, Stepper


def network(net: Net) -> cr.Network:
    """The net in our layers, with its first parameters."""
    layers: list[cr.Layer] = []
    flat = len(net.shape) == 1
    for place, part in enumerate(net.parts):
        if isinstance(part, Pool):
            layers.append(cr.MaxPool2d(2))
        elif isinstance(part, Conv):
            layers += [
                cr.Conv2d(part.channels, part.size, padding="same" if part.same else "valid"),
                cr.ReLU(),
            ]
        else:
            layers += [] if flat else [cr.Flatten()]
            flat = True
            layers += [cr.Linear(part.units), *([cr.ReLU()] if place < len(net.parts) - 1 else [])]
    made = cr.Network(net.shape, layers, loss="cross_entropy")
    made.set_parameters(dict(zip(made.parameters, net.start(), strict=True)))
    return made


def training(net: Net, X: np.ndarray, y: np.ndarray, batch: int, units: float) -> Job:
    """An epoch a run; the number is the mean loss."""
    made = network(net)
    X = X.reshape(len(X), *net.shape)

    def run() -> float:
        history = made.fit(
            X, y, epochs=1, batch_size=batch, optimizer=cr.SGD(RATE, momentum=MOMENTUM), progress=False
        )
        return history.loss[-1]

    return Job(run, units)


def stepping(net: Net, X: np.ndarray, y: np.ndarray, batch: int, units: float) -> Job:
    """An epoch a run of a training that is under way: its compiled steps alone. The number is the mean loss."""
    made, optimizer = network(net), cr.SGD(RATE, momentum=MOMENTUM)
    feed = made._data.examples(X.reshape(len(X), *net.shape), y).feed
    problem = made._data.problem(made.objective(), feed)
    record = first_record(problem, list(made.parameters.values()), optimizer)
    stepper = Stepper(problem, record, Plan(1_000_000, batch, optimizer), feed)

    def run() -> float:
        before = stepper.epoch
        while stepper.epoch == before:
            loss, *_, n = stepper.advance(1)[-1]
        return float(loss / n)

    return Job(run, units)


def predicting(net: Net, X: np.ndarray) -> Job:
    """The probabilities of all examples; the number is the greatest of them."""
    made = network(net)
    return Job(lambda: float(made.predict_proba(X).max()))
