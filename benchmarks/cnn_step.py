"""A compiled training step of small convolutional networks beside the same step by hand in JAX.

LeNet-5 (max-pooling, ReLU) and a network of two 3×3 convolutions with 32 and 64 channels, each with 2×2
pooling, and 128 dense units; 28×28 images, batches of 64, float32, SGD with momentum 0.9. By hand: lax.conv,
reduce_window and jax.grad, channels last. All take the same steps, in turn, in one process, from the same
parameters. XLA's gradient of a convolution is slow inside of a loop, so a second peer takes each step by a
call of its own.

    python benchmarks/cnn_step.py [--pairs 7] [--steps 10] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import chainrule as cr
from chainrule.networks.heads import OneHot
from chainrule.training.epochs import Problem, Span, State, compiled_epochs

BATCH, CLASSES = 64, 10
RATE, MOMENTUM = 0.01, 0.9
Run = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def networks() -> dict[str, tuple[cr.Network, list[str]]]:
    """By name: our network, and the padding of each convolution by hand."""
    block = [cr.ReLU(), cr.MaxPool2d(2)]
    layers = [cr.Conv2d(32, 3, padding="same"), *block, cr.Conv2d(64, 3, padding="same"), *block]
    dense = [cr.Flatten(), cr.Linear(128), cr.ReLU(), cr.Linear(CLASSES)]
    return {
        "LeNet-5": (cr.lenet5(), ["SAME", "VALID"]),
        "32-64": (cr.Network((1, 28, 28), [*layers, *dense], loss="cross_entropy"), ["SAME", "SAME"]),
    }


def ours(net: cr.Network, n: int) -> Run:
    """The compiled steps of an epoch, as Network.fit runs them."""
    optimizer = cr.SGD(RATE, momentum=MOMENTUM)
    reported = (net.expression, cr.first_max(net.output) @ net.label)
    problem = Problem(
        net.expression, reported, net.leaves, (net.input, net.label), (None, OneHot(CLASSES, "float32"))
    )
    settings = optimizer.settings()
    run = compiled_epochs(problem, problem.updates(optimizer), tuple(settings), BATCH, n)
    numbers = tuple(np.float32(number) for number in settings.values())
    span = Span(0, 1, 0, n // BATCH, 0)
    return lambda state, X, labels, order: run(state, (X, labels), order[None], numbers, span)


def by_hand(padding: list[str], looped: bool) -> Run:
    """The same, as one writes it in JAX: channels last, kernels (u, v, inputs, outputs)."""

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        x = x.transpose(0, 2, 3, 1)
        for place in range(0, len(parameters), 2):
            W, b = parameters[place : place + 2]
            if W.ndim == 4:
                sides = padding[place // 2]
                x = (
                    lax.conv_general_dilated(x, W, (1, 1), sides, dimension_numbers=("NHWC", "HWIO", "NHWC"))
                    + b
                )
                x = lax.reduce_window(jax.nn.relu(x), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
                continue
            x = x.reshape(len(x), -1) @ W + b
            x = jax.nn.relu(x) if place < len(parameters) - 2 else x
        return -jnp.mean(jnp.sum(jax.nn.one_hot(y, CLASSES) * jax.nn.log_softmax(x), axis=-1))

    def step(state: Any, x: Any, y: Any) -> Any:
        parameters, v = state
        value, slopes = jax.value_and_grad(loss)(parameters, x, y)
        v = jax.tree.map(lambda v, slope: MOMENTUM * v + slope, v, slopes)
        return (jax.tree.map(lambda theta, v: theta - RATE * v, parameters, v), v), value

    @jax.jit(donate_argnums=0)
    def run(state: Any, X: Any, labels: Any, order: Any) -> Any:
        state, losses = lax.scan(
            lambda s, rows: step(s, X[rows], labels[rows]), state, order.reshape(-1, BATCH)
        )
        return state, losses.sum()

    one = jax.jit(lambda state, X, labels, rows: step(state, X[rows], labels[rows]), donate_argnums=0)

    def calls(state: Any, X: Any, labels: Any, order: Any) -> Any:
        total = jnp.zeros(())
        for rows in order.reshape(-1, BATCH):
            state, value = one(state, X, labels, rows)
            total += value
        return state, total

    return run if looped else calls


def turned(parameters: list[Any], image: tuple[int, ...]) -> tuple[Any, ...]:
    """Our parameters in the form of the peer's; the first dense layer reads channels last there."""
    found = []
    for value in parameters:
        if value.ndim == 4:
            found.append(value.transpose(2, 3, 1, 0))
        elif value.ndim == 2 and value.shape[1] == np.prod(image):
            found.append(value.reshape(-1, *image).transpose(2, 3, 1, 0).reshape(-1, len(value)))
        else:
            found.append(value.T)
    return tuple(map(np.ascontiguousarray, found))


def measured(name: str, pairs: int, steps: int) -> list[dict[str, Any]]:
    """Ours and both peers in turn, after one run each that compiles; ratios are those of the pairs."""
    net, padding = networks()[name]
    random, n = np.random.default_rng(0), steps * BATCH
    X = jax.device_put(random.normal(size=(n, 1, 28, 28)).astype(np.float32))
    labels = jax.device_put(random.integers(0, CLASSES, n).astype(np.int32))
    order = jax.device_put(random.permutation(n).astype(np.int32))
    start = list(net.parameters.values())
    image = next(
        b.shape for a, b in zip(net.layers, (net.input, *net.outputs), strict=False) if str(a) == "Flatten"
    )
    theirs = turned(start, image)
    states: list[Any] = [
        State(tuple(start), tuple((np.zeros_like(value),) for value in start), np.zeros((2, 3), np.float32))
    ]
    states += [(theirs, tuple(map(np.zeros_like, theirs))) for _ in range(2)]
    runs = [ours(net, n), by_hand(padding, looped=True), by_hand(padding, looped=False)]
    seconds: list[list[float]] = [[], [], []]
    losses: list[float] = []
    for _ in range(pairs + 1):
        for side, run in enumerate(runs):
            began = time.perf_counter()
            states[side], reported = jax.block_until_ready(run(states[side], X, labels, order))
            seconds[side].append((time.perf_counter() - began) / steps)
            if len(seconds[side]) == 1:
                losses.append(float(np.ravel(reported)[0]) / (n if side == 0 else steps))
    if max(losses) - min(losses) > 1e-3 * max(losses):
        raise SystemExit(f"{name}: the sides do not compute the same: mean losses {losses}")
    rows = []
    for peer, side in ((f"JAX {jax.__version__}, one scan", 1), (f"JAX {jax.__version__}, a call a step", 2)):
        ratios = [b / a for a, b in zip(seconds[0][1:], seconds[side][1:], strict=True)]
        rows.append(
            {
                "workload": f"step of {name}, 28×28, batch {BATCH}",
                "peer": peer,
                "pairs": pairs,
                "ours_s": statistics.median(seconds[0][1:]),
                "peer_s": statistics.median(seconds[side][1:]),
                "ratio": statistics.median(ratios),
                "ratio_min": min(ratios),
                "ratio_max": max(ratios),
            }
        )
    return rows


def main() -> None:
    """Measure, and print the medians and the spread of the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=7, help="how many pairs of runs (default 7)")
    parser.add_argument("--steps", type=int, default=10, help="steps in a run (default 10)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    chosen = parser.parse_args()
    rows = [row for name in networks() for row in measured(name, chosen.pairs, chosen.steps)]
    if chosen.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['workload']}, {row['pairs']} pairs, against {row['peer']}")
        mine, theirs = (1e3 * row[key] for key in ("ours_s", "peer_s"))
        print(f"  ours {mine:.2f} ms a step, by hand {theirs:.2f} ms")
        spread = f"from {row['ratio_min']:.2f} to {row['ratio_max']:.2f}"
        print(f"  by hand / ours: median {row['ratio']:.2f}, {spread}")


if __name__ == "__main__":
    main()
