"""Workload h: from the start of a process to the first result: import, build, compile, one epoch on digits.

Compiled code is kept for later processes, so the very first start is a workload of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.workload import OURS, Job, Side, Workload

_OURS = """
from sklearn.datasets import load_digits
import chainrule as cr
X, y = load_digits(return_X_y=True)
net = cr.Network(64, [cr.Linear(64), cr.ReLU(), cr.Linear(10)], loss="cross_entropy", seed=0)
history = net.fit(X / 16, y, epochs=1, batch_size=32, optimizer=cr.SGD(0.1, momentum=0.9), progress=False)
print(history.loss[-1])
"""
_TORCH = """
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
X, y = load_digits(return_X_y=True)
torch.manual_seed(0)
X, y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer, total = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9), 0.0
for rows in torch.randperm(len(X)).split(32):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
    loss.backward()
    optimizer.step()
    total += loss.item() * len(rows)
print(total / len(X))
"""


def _process(script: str, **settings: str) -> Side:
    """A process of each run. Bytecode is kept for later ones, as that of every package which pip installs."""
    kept = {"PYTHONDONTWRITEBYTECODE": ""}
    command, environment = [sys.executable, "-c", script], os.environ | kept | settings

    def side(quick: bool) -> Job:
        def run() -> float:
            done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            return float(done.stdout)

        return Job(run)

    return side


def _started(key: str, title: str, **settings: str) -> Workload:
    sides = {OURS: _process(_OURS, **settings), "torch": _process(_TORCH)}
    return Workload(key, title, "process", sides, {"torch": 1.5}, agree=0.5)


WORKLOADS = (
    _started("h", "start to first result: one epoch on digits"),
    _started("h-first", "the same where nothing was ever compiled before", CHAINRULE_CACHE=""),
)
