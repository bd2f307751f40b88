"""Pooling without a table of places: windows that touch are an axis of their own, others are slices side by side.

Legend: as in ops/pooling.py. Channels come last inside, as in the convolutions around.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.op import OPS
from chainrule.graph.shape import size_of
from chainrule.ops.pooling import pools
from chainrule.ops.windows import Window

Array = jax.Array
_MOST_SLICES = 25
"""Windows with more places than that are pooled by XLA's own reduction, and their gradients by the value rule."""


def _touch(windows: Sequence[Window]) -> bool:
    """Whether windows lie side by side without padding."""
    return all(w.stride == w.size and not (w.before or w.after) and w.count * w.size <= w.n for w in windows)


def _last(x: Array, axes: int) -> Array:
    """Channels last, with an axis of size 1 where there are none."""
    return jnp.moveaxis(x if x.ndim > axes else x[None], 0, -1)


def _first(x: Array, shape: Sequence[int]) -> Array:
    return jnp.moveaxis(x, -1, 0).reshape(shape)


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
    if _touch(windows):
        return _interleaved(parts, windows)
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


def _interleaved(parts: Sequence[Array], windows: Sequence[Window]) -> Array:
    for axis in reversed(range(len(windows))):
        size = windows[axis].size
        parts = [jnp.stack(parts[at : at + size], axis + 1) for at in range(0, len(parts), size)]
        parts = [part.reshape(*part.shape[:axis], -1, *part.shape[axis + 2 :]) for part in parts]
    rests = [(0, w.n - w.count * w.size) for w in windows]
    return jnp.pad(parts[0], [*rests, (0, 0)]) if any(map(any, rests)) else parts[0]


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


def _over_windows(name: str, combine: Callable[..., Any], start: float) -> Callable[..., Any]:
    """The form of an op that makes one number of what each window holds."""

    def form(xp: ModuleType, x: Array, **params: Any) -> Any:
        windows = _windows(name, x.shape, params)
        if not size_of(x.shape):
            return _value(name)(xp, x, **params)
        inside = _last(x, len(windows))
        if size_of(tuple(w.size for w in windows)) <= _MOST_SLICES:
            y = reduce(combine, _slices(inside, windows, start))
        else:
            ends = [(w.count - 1) * w.stride + w.extent - w.n - w.before for w in windows]
            sides = [(w.before, end) for w, end in zip(windows, ends, strict=True)]
            sizes, strides = (tuple(getattr(w, what) for w in windows) for what in ("size", "stride"))
            y = lax.reduce_window(inside, start, combine, (*sizes, 1), (*strides, 1), [*sides, (0, 0)])
        return _first(y, (*x.shape[: -len(windows)], *(w.count for w in windows)))

    return form


def _to_maximum(xp: ModuleType, dy: Array, x: Array, **params: Any) -> Any:
    windows = pools(x.shape, **params)
    if not _sliced(x, windows):
        return _value("to_maximum")(xp, dy, x, **params)
    axes = len(windows)
    hits = _winners(_last(x, axes), windows)
    given = _last(dy, axes)
    return _first(_joined([jnp.where(hit, given, 0) for hit in hits], windows), x.shape)


def _at_maximum(xp: ModuleType, v: Array, x: Array, **params: Any) -> Any:
    windows = pools(x.shape, **params)
    if not _sliced(x, windows):
        return _value("at_maximum")(xp, v, x, **params)
    axes = len(windows)
    hits = _winners(_last(x, axes), windows)
    parts = _slices(_last(v, axes), windows)
    y = reduce(jnp.add, [jnp.where(hit, part, 0) for hit, part in zip(hits, parts, strict=True)])
    return _first(y, (*x.shape[:-axes], *(w.count for w in windows)))


def _window_spread(xp: ModuleType, dy: Array, shape: Any, **params: Any) -> Any:
    windows = pools(shape, **params)
    if not _sliced(dy, windows):
        return _value("window_spread")(xp, dy, shape, **params)
    given = _last(dy, len(windows))
    return _first(_joined([given] * size_of(tuple(w.size for w in windows)), windows), shape)


def _sliced(x: Array, windows: Sequence[Window]) -> bool:
    return bool(size_of(x.shape)) and size_of(tuple(w.size for w in windows)) <= _MOST_SLICES


def _windows(name: str, shape: Any, params: Any) -> tuple[Window, ...]:
    return pools(shape, **params, axes={"max_pool": 1, "max_pool2d": 2}.get(name, 0))


def _value(name: str) -> Any:
    return OPS[name].value_rule


FORMS: dict[str, Callable[..., Any]] = {
    "max_pool": _over_windows("max_pool", lax.max, -jnp.inf),
    "max_pool2d": _over_windows("max_pool2d", lax.max, -jnp.inf),
    "window_sum": _over_windows("window_sum", lax.add, 0.0),
    "window_spread": _window_spread,
    "to_maximum": _to_maximum,
    "at_maximum": _at_maximum,
}
