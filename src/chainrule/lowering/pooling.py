"""Pooling without a table of places: windows that touch are an axis of their own, others are slices side by side.

Legend: as in ops/pooling.py. All arrays here are of one example, with channels last or without channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.shape import size_of
from chainrule.lowering.held import Form, Held, image_order, image_place
from chainrule.ops.pooling import pools
from chainrule.ops.windows import Window

Array = jax.Array
_MOST_SLICES = 25
"""Windows with more places than that are pooled by XLA's own reduction, and their gradients by the value rule."""


def _touch(windows: Sequence[Window]) -> bool:
    """Whether windows lie side by side without padding."""
    return all(w.stride == w.size and not (w.before or w.after) and w.count * w.size <= w.n for w in windows)


def _slices(x: Array, windows: Sequence[Window], fill: float = 0.0) -> list[Array]:
    """For each place of a window, in row order, what all windows read there: (i, j, channels)."""
    ends = [max((w.count - 1) * w.stride + w.extent - w.n - w.before, 0) for w in windows]
    x = jnp.pad(
        x, [*((w.before, end) for w, end in zip(windows, ends, strict=True)), (0, 0)], constant_values=fill
    )
    parts = [x]
    for axis, w in enumerate(windows):
        parts = [
            lax.slice_in_dim(part, u, u + (w.count - 1) * w.stride + 1, w.stride, axis)
            for part in parts
            for u in range(w.size)
        ]
    return parts


def _joined(parts: Sequence[Array], windows: Sequence[Window]) -> Array:
    """The opposite of `_slices`: the parts put back and added up where they meet."""
    spread = []
    for at, part in enumerate(parts):
        places, rest = [], at
        for w in reversed(windows):
            places.append(rest % w.size)
            rest //= w.size
        sides = [
            (u - w.before, w.n - (u - w.before) - (w.count - 1) * w.stride - 1, w.stride - 1)
            for u, w in zip(reversed(places), windows, strict=True)
        ]
        spread.append(lax.pad(part, jnp.zeros((), part.dtype), [*sides, (0, 0, 0)]))
    return reduce(jnp.add, spread)


def _repeated(x: Array, windows: Sequence[Window]) -> Array:
    """For windows that touch: each number in all places of its window, and zeros in places that belong to none."""
    shape: list[int] = []
    for axis, w in enumerate(windows):
        x = jnp.expand_dims(x, 2 * axis + 1)
        shape += [w.count, w.size]
    x = jnp.broadcast_to(x, (*shape, x.shape[-1]))
    return _filled(x.reshape(*(w.count * w.size for w in windows), x.shape[-1]), windows)


def _interleaved(parts: Sequence[Array], windows: Sequence[Window]) -> Array:
    """The opposite of `_slices` for windows that touch, with zeros in places that belong to none.

    Part after part is written into its places: as one expression the parts would be computed anew for each place.
    """
    channels = parts[0].shape[-1]
    whole = jnp.zeros([*(n for w in windows for n in (w.count, w.size)), channels], parts[0].dtype)
    for place, part in zip(product(*(range(w.size) for w in windows)), parts, strict=True):
        laid = part.reshape(*(n for w in windows for n in (w.count, 1)), channels)
        whole = lax.dynamic_update_slice(whole, laid, (*(n for at in place for n in (0, at)), 0))
    return _filled(whole.reshape(*(w.count * w.size for w in windows), channels), windows)


def _filled(x: Array, windows: Sequence[Window]) -> Array:
    """With zeros after the last window."""
    rests = [(0, w.n - w.count * w.size) for w in windows]
    return jnp.pad(x, [*rests, (0, 0)]) if any(map(any, rests)) else x


def _winners(x: Array, windows: Sequence[Window]) -> list[Array]:
    """For each place of a window where it is the first of the largest."""
    parts = _slices(x, windows, -jnp.inf)
    largest = reduce(jnp.maximum, parts)
    found, taken = [], jnp.zeros(largest.shape, bool)
    for part in parts:
        hit = (part == largest) & ~taken
        found.append(hit)
        taken = taken | hit
    return found


def _over_windows(combine: Callable[..., Any], start: float) -> Callable[..., Array]:
    """One number of what each window holds."""

    def rule(windows: Sequence[Window], x: Array) -> Array:
        if _few(windows):
            return reduce(combine, _slices(x, windows, start))
        ends = [(w.count - 1) * w.stride + w.extent - w.n - w.before for w in windows]
        sides = [(w.before, end) for w, end in zip(windows, ends, strict=True)]
        sizes, strides = (tuple(getattr(w, what) for w in windows) for what in ("size", "stride"))
        made: Array = lax.reduce_window(x, start, combine, (*sizes, 1), (*strides, 1), [*sides, (0, 0)])
        return made

    return rule


def _to_maximum(windows: Sequence[Window], dy: Array, x: Array) -> Array:
    parts = [jnp.where(hit, dy, 0) for hit in _winners(x, windows)]
    return _interleaved(parts, windows) if _touch(windows) else _joined(parts, windows)


def _at_maximum(windows: Sequence[Window], v: Array, x: Array) -> Array:
    parts = _slices(v, windows)
    return reduce(
        jnp.add, [jnp.where(hit, part, 0) for hit, part in zip(_winners(x, windows), parts, strict=True)]
    )


def _window_spread(windows: Sequence[Window], dy: Array) -> Array:
    if _touch(windows):
        return _repeated(dy, windows)
    return _joined([dy] * size_of(tuple(w.size for w in windows)), windows)


def _few(windows: Sequence[Window]) -> bool:
    return size_of(tuple(w.size for w in windows)) <= _MOST_SLICES


def _form(rule: Callable[..., Array], axes: int = 0, always: bool = False) -> Form:
    """A rule on images with channels last as the form of an op.

    axes: of the image, where the parameters do not say it. always: whatever the size of the windows.
    """

    def form(
        operands: Sequence[Held], batched: Sequence[bool], shape: Any = None, **params: Any
    ) -> Held | None:
        image = operands[-1].shape if shape is None else shape
        windows = pools(image, **params, axes=axes)
        if not size_of(image) or not (always or _few(windows)):
            return None
        channels = len(image) > len(windows)
        place = image_place(image, len(windows), *operands)
        if place.last and all(batched):
            images = [x.at(place).array for x in operands]
            alone = partial(rule, windows)
            over = jax.vmap(alone, len(windows), len(windows)) if channels else alone
            return Held(over(*images), *place)
        order = image_order(len(image), len(windows))

        def one(*arrays: Array) -> Array:
            return (
                rule(windows, *arrays) if channels else rule(windows, *(x[..., None] for x in arrays))[..., 0]
            )

        arrays = [value.ordered(order) for value in operands]
        lead = [0 if flag else None for flag in batched]
        return Held(jax.vmap(one, in_axes=lead)(*arrays) if any(batched) else one(*arrays), order)

    return form


FORMS: dict[str, Form] = {
    "max_pool": _form(_over_windows(lax.max, -jnp.inf), 1, always=True),
    "max_pool2d": _form(_over_windows(lax.max, -jnp.inf), 2, always=True),
    "window_sum": _form(_over_windows(lax.add, 0.0), always=True),
    "window_spread": _form(_window_spread),
    "to_maximum": _form(_to_maximum),
    "at_maximum": _form(_at_maximum),
}
