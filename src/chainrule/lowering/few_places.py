"""Convolutions on images of a few places with many channels, as products of matrices.

There XLA's own falls to a hundredth of the machine's speed, and oneDNN's to a fifth. What each window reads is laid
side by side, and a product does the rest: y = P K, dk = Pᵀ dy, and dP = dy Kᵀ, which is added up where windows read.

Legend: as in convolution.py; P (examples × i × j, u × v × channels) is what the windows read, K (u × v × channels,
outputs) the kernel.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.shape import size_of
from chainrule.lowering.images import slices
from chainrule.lowering.products import are_fast, of_matrices
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window

Array = jax.Array
_FEW, _SOME = 4, 25
_SHARE = 2**7
"""Entries of a channel's kernel for each place of all examples, from which on products are faster than oneDNN with some
places too: measured in 33 sizes.
"""
_ROOM = 2**20
"""The most numbers that the windows of one example may hold where they are laid side by side."""


def by_products(plan: Layout, n: int, dtype: Any) -> bool:
    """Whether products are the fastest way for n examples, and the windows have room."""
    places, window = (size_of(tuple(getattr(w, what) for w in plan.windows)) for what in ("count", "size"))
    (c, o), rows = plan.channels, n * places
    some = places <= _SOME and c * o >= _SHARE * rows and are_fast(rows, c * window, o, dtype)
    return (places <= _FEW or some) and plan.groups == 1 and c * window * places <= _ROOM


def result(images: Array, kernel: Array, plan: Layout) -> Array:
    """y, (examples, i, j, outputs), of images (examples, h, w, inputs) and a kernel (u, v, inputs, outputs)."""
    rows, columns = plan.windows
    y = of_matrices(_side_by_side(images, plan), kernel.reshape(-1, kernel.shape[-1]))
    return y.reshape(-1, rows.count, columns.count, kernel.shape[-1])


def kernel_gradient(images: Array, given: Array, plan: Layout) -> Array:
    """What the kernel receives, (u, v, inputs, outputs), from dy (examples, i, j, outputs)."""
    rows, columns = plan.windows
    dk = of_matrices(_side_by_side(images, plan), given.reshape(-1, given.shape[-1]), a_turned=True)
    return dk.reshape(rows.size, columns.size, *plan.channels)


def input_gradient(given: Array, kernel: Array, plan: Layout) -> Array:
    """What the images receive, (examples, h, w, inputs)."""
    rows, columns = plan.windows
    u, v, c, o = kernel.shape
    read = of_matrices(given.reshape(-1, o), kernel.reshape(-1, o), b_turned=True)
    read = read.reshape(-1, rows.count, columns.count, u, v, c)
    parts = [_put_back(read[:, :, :, a, b], (rows, columns), (a, b)) for a in range(u) for b in range(v)]
    return reduce(jnp.add, parts)


def _side_by_side(x: Array, plan: Layout) -> Array:
    """P."""
    found = jnp.concatenate(jax.vmap(lambda image: slices(image, *plan.windows))(x), -1)
    return found.reshape(-1, found.shape[-1])


def _put_back(part: Array, windows: tuple[Window, Window], at: tuple[int, int]) -> Array:
    """What all windows read at one of their places, (examples, i, j, channels), where they read it; zeros elsewhere."""
    sides = [(0, 0, 0)]
    for w, u in zip(windows, at, strict=True):
        before, length = u * w.dilation - w.before, w.stride * (w.count - 1) + 1
        sides.append((before, w.n - before - length, w.stride - 1))
    return lax.pad(part, jnp.zeros((), part.dtype), [*sides, (0, 0, 0)])
