"""The sum over images and examples that a bias receives, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp

from chainrule.lowering.held import Held, held, image_order


def _channel_sum(operands: Sequence[Held], axes: int) -> Held | None:
    """Channels last, and a row of an image at a time: XLA's own sum over all axes before them uses no vectors."""
    x, rank = operands[0], len(operands[0].order)
    if rank == axes or not x.array.size:
        return None
    order = image_order(rank, axes)
    if x.last and x.order == order:
        *_, channels, n = x.array.shape
        rows = x.array.reshape(-1, channels * n)
        rows = jnp.ones(len(rows), rows.dtype) @ rows
        return held(rows.reshape(channels, n).sum(1), rank - axes)
    images = x.ordered(order)
    *_, columns, channels = images.shape
    rows = images.reshape(-1, columns * channels)
    rows = jnp.ones(len(rows), rows.dtype) @ rows
    return held(rows.reshape(columns, channels).sum(0), rank - axes)


BATCH_SUMS: dict[str, Callable[..., Held | None]] = {"channel_sum": _channel_sum}
