"""Workload j: how a step grows with depth, width, batch and examples, beside the same step by hand.

A row's seconds are those of a step; the page compares them with the arithmetic, and the memory with the peer's.
"""

from __future__ import annotations

import numpy as np

from benchmarks.nets import Dense, Net
from benchmarks.peers import by_hand, ours
from benchmarks.workload import OURS, Job, Side, Workload

_FEATURES, _CLASSES = 64, 10


def _net(depth: int, width: int) -> Net:
    return Net((_FEATURES,), (*(Dense(width) for _ in range(depth - 1)), Dense(_CLASSES)))


def _side(train, net: Net, batch: int, n: int) -> Side:
    def side(quick: bool) -> Job:
        count = min(n, 4 * batch) if quick else n
        random = np.random.default_rng(0)
        X = random.random((count, *net.shape), np.float32)
        return train(net, X, random.integers(0, _CLASSES, count), batch, -(-count // batch))

    return side


def _grown(axis: str, size: int, net: Net, batch: int, n: int) -> Workload:
    title = f"{axis} {size:,}: {len(net.parts)} layers, batch {batch:,}, {n:,} examples"
    sides = {OURS: _side(ours.training, net, batch, n), "JAX by hand": _side(by_hand.training, net, batch, n)}
    return Workload(f"j-{axis}-{size}", title, "step", sides, {}, batch * net.step_arithmetic(), agree=None)


WORKLOADS = (
    *(_grown("depth", depth, _net(depth, 64), 128, 128 * 20) for depth in (2, 8, 32, 128, 512)),
    *(_grown("width", width, _net(3, width), 128, 128 * 20) for width in (16, 64, 256, 1024, 4096)),
    *(_grown("batch", batch, _net(3, 256), batch, batch * 20) for batch in (1, 16, 128, 1024, 4096)),
    *(_grown("examples", n, _net(2, 64), 128, n) for n in (1000, 10_000, 100_000, 1_000_000, 10_000_000)),
)
