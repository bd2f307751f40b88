"""The sum over images and examples that a bias receives, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp

from chainrule.lowering.held import Held, held, image_order


def _channel_sum(operands: Sequence[Held], axes: int) -> Held | None:
    """Channels last, as one product with ones: XLA's own sum over leading axes uses one core, and no vectors."""
    x, rank = operands[0], len(operands[0].order)
    if rank == axes or not x.array.size:
        return None
    rows = x.ordered(image_order(rank, axes)).reshape(-1, x.shape[0])
    return held(jnp.tensordot(jnp.ones(len(rows), rows.dtype), rows, 1), rank - axes)


BATCH_SUMS: dict[str, Callable[..., Held | None]] = {"channel_sum": _channel_sum}
