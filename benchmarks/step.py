"""A compiled training step beside the same step written by hand in JAX.

The network is 784-256-128-10 with ReLU, softmax and cross entropy, in float32; batches of 128 are drawn in
shuffled order from synthetic data; SGD with momentum 0.9. Both sides run the same number of steps in one
compiled call, in turn, in one process, from the same parameters. Ours keeps the accuracy besides.

    python benchmarks/step.py [--pairs 21] [--steps 400] [--json]
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

import chainrule as cr
from chainrule.networks.heads import OneHot
from chainrule.training.epochs import Problem, Span, State, compiled_epochs

SIZES = (784, 256, 128, 10)
BATCH = 128
RATE, MOMENTUM = 0.01, 0.9
Run = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def network() -> cr.Network:
    """The network of the benchmark."""
    hidden = [layer for units in SIZES[1:-1] for layer in (cr.Linear(units), cr.ReLU())]
    return cr.Network(SIZES[0], [*hidden, cr.Linear(SIZES[-1])], loss="cross_entropy")


def ours(net: cr.Network, n: int) -> Run:
    """The compiled steps of an epoch, as Network.fit runs them."""
    optimizer = cr.SGD(RATE, momentum=MOMENTUM)
    reported = (net.expression, cr.first_max(net.output) @ net.label)
    leaves = (net.input, net.label)
    problem = Problem(net.expression, reported, net.leaves, leaves, (None, OneHot(SIZES[-1], "float32")))
    settings = optimizer.settings()
    run = compiled_epochs(problem, problem.updates(optimizer), tuple(settings), BATCH, n)
    numbers = tuple(np.float32(number) for number in settings.values())
    span = Span(0, 1, 0, n // BATCH, 0)
    return lambda state, X, labels, order: run(state, (X, labels), order[None], numbers, span)


def by_hand() -> Run:
    """The same, as one writes it in JAX."""

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        for place in range(0, len(parameters), 2):
            x = x @ parameters[place].T + parameters[place + 1]
            if place < len(parameters) - 2:
                x = jax.nn.relu(x)
        return -jnp.mean(jnp.sum(jax.nn.one_hot(y, SIZES[-1]) * jax.nn.log_softmax(x), axis=-1))

    @jax.jit(donate_argnums=0)
    def run(state: Any, X: Any, labels: Any, order: Any) -> Any:
        def step(state: Any, rows: Any) -> Any:
            parameters, v = state
            value, slopes = jax.value_and_grad(loss)(parameters, X[rows], labels[rows])
            v = jax.tree.map(lambda v, slope: MOMENTUM * v + slope, v, slopes)
            return (jax.tree.map(lambda theta, v: theta - RATE * v, parameters, v), v), value

        state, losses = jax.lax.scan(step, state, order.reshape(-1, BATCH))
        return state, losses.sum()

    return run


def measured(pairs: int, steps: int) -> dict[str, Any]:
    """Both sides in turn, after one run each that compiles; ratios are those of the pairs."""
    net, n = network(), steps * BATCH
    random = np.random.default_rng(0)
    X = jax.device_put(random.normal(size=(n, SIZES[0])).astype(np.float32))
    labels = jax.device_put(random.integers(0, SIZES[-1], n).astype(np.int32))
    order = jax.device_put(random.permutation(n).astype(np.int32))
    sides = ours(net, n), by_hand()
    start = tuple(net.parameters.values())
    zeros = [np.zeros_like(value) for value in start]
    states = [
        State(start, tuple((zero,) for zero in zeros), np.zeros((2, 3), np.float32)),
        (start, tuple(zeros)),
    ]
    seconds: list[list[float]] = [[], []]
    apart = 0.0
    for pair in range(pairs + 1):
        for side, run in enumerate(sides):
            began = time.perf_counter()
            states[side], reported = run(states[side], X, labels, order)
            jax.block_until_ready((states[side], reported))
            seconds[side].append((time.perf_counter() - began) / steps)
        if pair == 0:  # later, tiny differences grow, as they do whenever random labels are learnt by heart
            apart = max(
                float(abs(a - b).max()) for a, b in zip(states[0].parameters, states[1][0], strict=True)
            )
    mine, hand = (side[1:] for side in seconds)
    ratios = [b / a for a, b in zip(mine, hand, strict=True)]
    return {
        "workload": "step 784-256-128-10, batch 128",
        "peer": f"hand-written JAX {jax.__version__}",
        "pairs": pairs,
        "ours_s": statistics.median(mine),
        "peer_s": statistics.median(hand),
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "ours_compile_s": seconds[0][0] * steps,
        "peer_compile_s": seconds[1][0] * steps,
        "parameters_apart": apart,
    }


def main() -> None:
    """Measure, and print the median and the spread of the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=21, help="how many pairs of runs (default 21)")
    parser.add_argument("--steps", type=int, default=400, help="steps in a run (default 400)")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    chosen = parser.parse_args()
    row = measured(chosen.pairs, chosen.steps)
    if chosen.json:
        print(json.dumps(row))
        return
    print(f"{row['workload']}, {row['pairs']} pairs of {chosen.steps} steps, in turn")
    print(f"  ours       {1e6 * row['ours_s']:8.1f} µs a step; first call {row['ours_compile_s']:.2f} s")
    print(f"  by hand    {1e6 * row['peer_s']:8.1f} µs a step; first call {row['peer_compile_s']:.2f} s")
    print(
        f"  by hand / ours: median {row['ratio']:.3f}, from {row['ratio_min']:.3f} to {row['ratio_max']:.3f}"
    )
    print(f"  largest difference of a parameter after {chosen.steps} steps: {row['parameters_apart']:.1e}")


if __name__ == "__main__":
    main()
