"""Plain JAX with optax, as one writes it by hand: jax.grad, XLA's own convolution and window reduction, channels last.

Dense nets take their steps in one scan. XLA's gradient of a convolution is slow inside of a loop, so nets with
convolutions take each step by a call of its own, which is the faster form.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.nets import MOMENTUM, RATE, Conv, Net, Pool
from benchmarks.peers.with_keras import channels_last
from benchmarks.workload import Job


def forward(net: Net, parameters: Any, x: Any) -> Any:
    """The logits of a batch."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    x, left = (x.transpose(0, 2, 3, 1) if len(net.shape) == 3 else x), list(parameters)
    for place, part in enumerate(net.parts):
        if isinstance(part, Pool):
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            continue
        W, b, *left = left
        if isinstance(part, Conv):
            sides = "SAME" if part.same else "VALID"
            x = lax.conv_general_dilated(x, W, (1, 1), sides, dimension_numbers=("NHWC", "HWIO", "NHWC")) + b
        else:
            x = x.reshape(len(x), -1) @ W + b
        x = jax.nn.relu(x) if place < len(net.parts) - 1 else x
    return x


def training(net: Net, X: np.ndarray, y: np.ndarray, batch: int, units: float) -> Job:
    """An epoch a run; the number is the mean loss."""
    import jax
    import jax.numpy as jnp
    import optax

    optimizer, random = optax.sgd(RATE, momentum=MOMENTUM), np.random.default_rng(0)
    parameters = tuple(jnp.asarray(value) for value in channels_last(net))
    given, labels = jnp.asarray(X.reshape(len(X), *net.shape)), jnp.asarray(y.astype(np.int32))
    steps = len(X) // batch

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(forward(net, parameters, x), y).mean()

    def step(state: Any, x: Any, y: Any) -> Any:
        parameters, kept = state
        value, slopes = jax.value_and_grad(loss)(parameters, x, y)
        updates, kept = optimizer.update(slopes, kept)
        return (optax.apply_updates(parameters, updates), kept), value * len(y)

    @jax.jit(donate_argnums=0)
    def scanned(state: Any, X: Any, y: Any, order: Any) -> Any:
        state, losses = jax.lax.scan(lambda s, rows: step(s, X[rows], y[rows]), state, order)
        return state, losses.sum()

    one = jax.jit(lambda state, X, y, rows: step(state, X[rows], y[rows]), donate_argnums=0)
    state = (parameters, optimizer.init(parameters))
    looped = not any(isinstance(part, Conv) for part in net.parts)

    def run() -> float:
        nonlocal state
        order, total = random.permutation(len(X)).astype(np.int32), jnp.zeros(())
        cut = steps * batch
        if looped:
            state, total = scanned(state, given, labels, order[:cut].reshape(steps, batch))
        batches = [] if looped else list(order[:cut].reshape(steps, batch))
        for rows in [*batches, *([order[cut:]] if cut < len(X) else [])]:
            state, value = one(state, given, labels, rows)
            total += value
        jax.block_until_ready(state)
        return float(total) / len(X)

    return Job(run, units)


def predicting(net: Net, X: np.ndarray) -> Job:
    """The probabilities of all examples; the number is the greatest of them."""
    import jax
    import jax.numpy as jnp

    parameters, given = tuple(jnp.asarray(value) for value in channels_last(net)), jnp.asarray(X)
    run = jax.jit(lambda parameters, x: jax.nn.softmax(forward(net, parameters, x)))
    return Job(lambda: float(run(parameters, given).max()))
