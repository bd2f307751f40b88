"""Convolutions whose result has few channels. The examples lie last: they are what is computed side by side.

Legend: as in ops/convolution.py. All is written on two axes; with one axis there is a first one of size 1.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.shape import size_of
from chainrule.lowering.held import Held, Place, kernel_order
from chainrule.lowering.images import on_two_axes, slices
from chainrule.lowering.once import once
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window

Array = jax.Array
FEW_ENTRIES = 32
"""Of the kernel for one result: with so few the sum is written out."""
_MOST_TERMS = 2**20
"""Numbers that are formed before they are added up: more of them leave the caches."""


def with_few_channels(x: Held, k: Held, layout: Layout, turned: bool) -> Array | None:
    """y = x ⋆ k, or x ∗ k, (channels, h, w, examples). None where it has to be computed in another order."""
    plan = on_two_axes(layout)
    n = x.examples or 0
    if not (_written_out(plan) or _spread_out(plan, n)):
        return None
    (c, o), (rows, columns) = plan.channels, plan.windows
    kernel = k.ordered(kernel_order(len(k.order))).reshape(rows.size, columns.size, c, o)
    kernel = kernel[::-1, ::-1] if turned else kernel
    images = x.at(Place(tuple(range(len(x.order))), last=True)).array.reshape(c, rows.n, columns.n, n)

    def summed(images: Array, kernel: Array) -> Array:
        return (_direct if _written_out(plan) else _shifted)(images, kernel, rows, columns)

    return once(summed, images, kernel).reshape(*layout.y, n)


def _written_out(plan: Layout) -> bool:
    """Whether the sum over the kernel's entries is one loop over the results."""
    return plan.groups == 1 and plan.channels[0] * _entries(plan) <= FEW_ENTRIES


def _spread_out(plan: Layout, n: int) -> bool:
    """Whether each number is multiplied with all of the kernel first: few numbers with many channels."""
    (c, o), windows = plan.channels, plan.windows
    places = size_of(tuple(w.n for w in windows))
    wider = places <= size_of(tuple(w.count for w in windows)) and all(w.stride == 1 for w in windows)
    return plan.groups == 1 and wider and c >= 2 * o and _entries(plan) * o * places * n <= _MOST_TERMS


def _entries(plan: Layout) -> int:
    """Places of a window."""
    return size_of(tuple(w.size for w in plan.windows))


def _direct(x: Array, kernel: Array, rows: Window, columns: Window) -> Array:
    terms = [
        entry[c][:, None, None, None] * part[c]
        for part, entry in zip(slices(x, rows, columns), kernel.reshape(-1, *kernel.shape[2:]), strict=True)
        for c in range(len(x))
    ]
    total: Array = reduce(jnp.add, terms)
    return total


def _shifted(x: Array, kernel: Array, rows: Window, columns: Window) -> Array:
    """The products of every number with the kernel, by one matrix product, moved to where they are added up."""
    c, *image = x.shape
    outputs = kernel.shape[-1]
    spread = kernel.transpose(0, 1, 3, 2).reshape(-1, c) @ x.reshape(c, -1)
    spread = spread.reshape(rows.size, columns.size, outputs, *image)
    bands = reduce(jnp.add, [_moved(spread[:, v], columns, v, 3) for v in range(columns.size)])
    total: Array = reduce(jnp.add, [_moved(bands[u], rows, u, 1) for u in range(rows.size)])
    return total


def _moved(part: Array, w: Window, u: int, axis: int) -> Array:
    """What place u of the windows gives, at the windows that it is given to."""
    before = w.before - u * w.dilation
    sides: list[Any] = [(0, 0, 0)] * part.ndim
    sides[axis] = before, w.count - w.n - before, 0
    return lax.pad(part, jnp.zeros((), part.dtype), sides)
