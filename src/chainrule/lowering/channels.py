"""The sum over images and examples that a bias receives, channel by channel."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def _channel_sum(xp: ModuleType, x: jax.Array, axes: int) -> jax.Array:
    """Channels last, as the convolutions around have them.

    The barrier keeps XLA from summing with the channels in front, for which it would turn all images round.
    """
    turned: jax.Array = x[..., None]
    if x.ndim > axes + 1:
        turned = lax.optimization_barrier(jnp.moveaxis(x, 1, -1))  # type: ignore[no-untyped-call]  # JAX has no types for it
    return jnp.sum(turned, axis=tuple(range(axes + 1))).reshape(x.shape[1:-axes])


BATCH_SUMS: dict[str, Callable[..., Any]] = {"channel_sum": _channel_sum}
