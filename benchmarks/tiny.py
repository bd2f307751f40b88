"""Workload a: the notes' 3-3-1 network, one example a step. The seconds are those of 100,000 steps."""

from __future__ import annotations

import numpy as np

from benchmarks.nets import RATE
from benchmarks.workload import OURS, Job, Workload

STEPS, EXAMPLES = 100_000, 1000


def examples() -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, 3) and labels (n,)."""
    X = np.random.default_rng(0).normal(size=(EXAMPLES, 3)).astype(np.float32)
    return X, np.sin(X.sum(1)).astype(np.float32)


def start() -> list[np.ndarray]:
    """W (3, 3), b (3,), U (1, 3), c (1,)."""
    random = np.random.default_rng(0)
    shapes = ((3, 3), (3,), (1, 3), (1,))
    return [(random.normal(size=shape) / 2).astype(np.float32) for shape in shapes]


def ours(quick: bool) -> Job:
    """Network.fit."""
    import chainrule as cr

    X, y = examples()
    net = cr.Network(3, [cr.Linear(3), cr.Sigmoid(), cr.Linear(1)], loss="half_squared_error")
    net.set_parameters(dict(zip(net.parameters, start(), strict=True)))
    epochs = 1 if quick else STEPS // EXAMPLES

    def run() -> float:
        history = net.fit(X, y, epochs=epochs, batch_size=1, optimizer=cr.SGD(RATE), progress=False)
        return history.loss[-1] if quick else history.loss[0]

    return Job(run, epochs * EXAMPLES / STEPS)


def with_torch(quick: bool) -> Job:
    """Eager, a fiftieth of the steps: it takes a minute for all of them."""
    import torch
    from torch import nn

    X, y = (torch.from_numpy(array) for array in examples())
    model = nn.Sequential(nn.Linear(3, 3), nn.Sigmoid(), nn.Linear(3, 1))
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), start(), strict=True):
            parameter.copy_(torch.from_numpy(value))
    optimizer, epochs = torch.optim.SGD(model.parameters(), lr=RATE), 1 if quick else 2

    def run() -> float:
        first = 0.0
        for epoch in range(epochs):
            total = torch.zeros(())
            for row in torch.randperm(EXAMPLES):
                optimizer.zero_grad(set_to_none=True)
                loss = (model(X[row])[0] - y[row]) ** 2 / 2
                loss.backward()
                optimizer.step()
                total += loss.detach()
            first = first if epoch else float(total) / EXAMPLES
        return first

    return Job(run, epochs * EXAMPLES / STEPS)


def by_hand(quick: bool) -> Job:
    """Plain JAX: all steps of a run in one scan."""
    import jax
    import jax.numpy as jnp

    X, y = map(jnp.asarray, examples())
    epochs = 1 if quick else STEPS // EXAMPLES

    def loss(parameters, x, y):
        W, b, U, c = parameters
        return ((U @ jax.nn.sigmoid(W @ x + b) + c)[0] - y) ** 2 / 2

    def step(parameters, row):
        value, slopes = jax.value_and_grad(loss)(parameters, X[row], y[row])
        return jax.tree.map(lambda theta, slope: theta - RATE * slope, parameters, slopes), value

    scanned = jax.jit(lambda parameters, order: jax.lax.scan(step, parameters, order))
    parameters, random = tuple(map(jnp.asarray, start())), np.random.default_rng(0)

    def run() -> float:
        nonlocal parameters
        order = np.stack([random.permutation(EXAMPLES) for _ in range(epochs)]).astype(np.int32)
        parameters, losses = scanned(parameters, order.reshape(-1))
        return float(losses[:EXAMPLES].mean())

    return Job(run, epochs * EXAMPLES / STEPS)


WORKLOADS = (
    Workload(
        "a",
        "3-3-1, one example a step",
        "100,000 steps",
        {OURS: ours, "torch": with_torch, "JAX by hand": by_hand},
        {"torch": 1000, "JAX by hand": 1.0},
    ),
)
