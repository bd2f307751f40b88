"""Convolutions on images of a few places with many channels, as products of matrices.

There XLA's own falls to a hundredth of the machine's speed, and oneDNN's to a fifth. Native, tap by tap: each place of
the result is the sum of products of what its window reads, where that lies, with entries of the kernel; what lies
outside of the image is never computed, on 2 × 2 places more than half. Otherwise what each window reads is laid side by
side, and a product does the rest: y = P K, dk = Pᵀ dy, and dP = dy Kᵀ, which is added up where windows read. A kernel
is read as it lies: to turn one round takes as long as such a product.

Legend: as in convolution.py; P (examples × i × j, u × v × inputs) is what the windows read, K (u × v × inputs, outputs)
the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.shape import size_of
from chainrule.lowering import native
from chainrule.lowering.held import Held, kernel_order
from chainrule.lowering.products import are_fast, of_matrices
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window

Array = jax.Array
Tap = tuple[int, int]
"""A place (u, v) of a window."""
_FEW, _SOME = 4, 25
_SHARE = 2**7
"""Entries of a channel's kernel for each place of all examples, from which on products are faster than oneDNN with some
places too: measured in 33 sizes.
"""
_EXAMPLES, _CHANNELS = 4, 64
"""From which on tap by tap is the fastest way, up to some places: measured in 50 sizes and kinds of windows."""
_ROOM = 2**20
"""The most numbers that the windows of one example may hold where they are laid side by side."""


def by_products(plan: Layout, n: int, dtype: Any) -> bool:
    """Whether products are the fastest way for n examples, and the windows have room."""
    places, taps = _counts(plan)
    (c, o), rows = plan.channels, n * places
    some = places <= _SOME and c * o >= _SHARE * rows and are_fast(rows, c * taps, o, dtype)
    fits = plan.groups == 1 and c * taps * places <= _ROOM
    return _is_tap_by_tap(plan, n, dtype) or (fits and (places <= _FEW or some))


def _is_tap_by_tap(plan: Layout, n: int, dtype: Any) -> bool:
    """Whether that is the fastest way, and can be had. With one tap, all places are rows of one product."""
    places, taps = _counts(plan)
    worth_it = places <= _SOME and taps > 1 and n >= _EXAMPLES and min(plan.channels) >= _CHANNELS
    return worth_it and plan.groups == 1 and dtype == jnp.float32 and native.ready()


def _counts(plan: Layout) -> tuple[int, int]:
    """How many places a result has, and how many taps a window."""
    return size_of(tuple(w.count for w in plan.windows)), size_of(tuple(w.size for w in plan.windows))


def image(kind: str, x: Array, k: Held, plan: Layout, turned: bool) -> Array:
    """The "result" (examples, i, j, outputs) of images, or the "input" (examples, h, w, inputs) that receives from dy.

    x: images or dy, channels last. turned: by 180°, the kernel.
    """
    kernel, summed_last = _as_it_lies(k, plan, kind)
    if _is_tap_by_tap(plan, len(x), x.dtype):
        sizes = tuple(w.count if kind == "result" else w.n for w in plan.windows)
        shape = (len(x), *sizes, plan.channels[1 if kind == "result" else 0])
        return native.tap_by_tap(kind, x, kernel, shape, plan.windows, turned, summed_last)
    move = partial(_read if kind == "result" else _put_back, windows=plan.windows)
    taps, K = _taps(plan, turned), kernel.reshape(-1, kernel.shape[-1])
    if summed_last:
        products = of_matrices(x.reshape(-1, x.shape[-1]), K, b_turned=True)
        parts = products.reshape(*x.shape[:-1], len(taps), -1)
        return reduce(jnp.add, [move(parts[..., at, :], tap) for at, tap in enumerate(taps)])
    P = jnp.concatenate([move(x, tap) for tap in taps], -1)
    return of_matrices(P.reshape(-1, P.shape[-1]), K).reshape(*P.shape[:-1], -1)


def kernel_gradient(images: Array, given: Array, plan: Layout, turned: bool) -> Array:
    """What the kernel receives, (u, v, inputs, outputs), from dy (examples, i, j, outputs)."""
    if _is_tap_by_tap(plan, len(images), images.dtype):
        return native.tap_by_tap_kernel_gradient(images, given, plan.windows, turned)
    P = jnp.concatenate([_read(images, tap, plan.windows) for tap in _taps(plan, turned)], -1)
    dk = of_matrices(P.reshape(-1, P.shape[-1]), given.reshape(-1, given.shape[-1]), a_turned=True)
    return dk.reshape(*(w.size for w in plan.windows), *plan.channels)


def _as_it_lies(k: Held, plan: Layout, kind: str) -> tuple[Array, bool]:
    """The kernel as (u, v, …), and whether its last axis is the one that is summed over: outputs for "input"."""
    order, sizes, channels = kernel_order(len(k.order)), [w.size for w in plan.windows], plan.channels
    if plan.has_channels and k.order == (*order[:-2], order[-1], order[-2]):
        return k.array.reshape(*sizes, *channels[::-1]), kind == "result"
    return k.ordered(order).reshape(*sizes, *channels), kind == "input"


def _taps(plan: Layout, turned: bool) -> list[Tap]:
    """In the order in which the entries of the kernel lie."""
    rows, columns = plan.windows
    taps = [(u, v) for u in range(rows.size) for v in range(columns.size)]
    return taps[::-1] if turned else taps


def _read(x: Array, tap: Tap, windows: Sequence[Window]) -> Array:
    """What all windows read at that tap, (examples, i, j, channels), of x (examples, h, w, channels)."""
    sides, strides = [(0, 0, 0)], [1]
    for w, u in zip(windows, tap, strict=True):
        first = u * w.dilation - w.before
        sides.append((-first, first + w.stride * (w.count - 1) + 1 - w.n, 0))
        strides.append(w.stride)
    read = lax.pad(x, jnp.zeros((), x.dtype), [*sides, (0, 0, 0)])
    return lax.slice(read, [0] * x.ndim, read.shape, [*strides, 1])


def _put_back(part: Array, tap: Tap, windows: Sequence[Window]) -> Array:
    """The opposite of `_read`: zeros where nothing was read."""
    sides = [(0, 0, 0)]
    for w, u in zip(windows, tap, strict=True):
        first, length = u * w.dilation - w.before, w.stride * (w.count - 1) + 1
        sides.append((first, w.n - first - length, w.stride - 1))
    return lax.pad(part, jnp.zeros((), part.dtype), [*sides, (0, 0, 0)])
