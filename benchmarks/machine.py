"""The machine's own limit, measured in the run: products in float32, and memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_SIDE, _ENTRIES = 2048, 50_000_000


@dataclass(frozen=True)
class Machine:
    """peak: floating-point operations a second in a product of 2048 × 2048. bandwidth: bytes a second, copied."""

    peak: float
    bandwidth: float


def machine(quick: bool) -> Machine:
    """The best of several runs: of the product in NumPy and in JAX, of a copy in NumPy."""
    import jax
    import jax.numpy as jnp

    side, entries, times = (256, 10_000, 2) if quick else (_SIDE, _ENTRIES, 9)
    a, b = np.ones((side, side), np.float32), jnp.ones((side, side), jnp.float32)
    product = jax.jit(jnp.matmul)
    seconds = min(
        _least(lambda: a @ a, times), _least(lambda: jax.block_until_ready(product(b, b)), times + 1)
    )
    source = np.ones(entries, np.float32)
    target = np.empty_like(source)
    copied = _least(lambda: np.copyto(target, source), times)
    return Machine(2 * side**3 / seconds, 2 * source.nbytes / copied)


def _least(run: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return min(found)
