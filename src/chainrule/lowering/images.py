"""Shapes of images as the forms of convolution see them: two axes, channels last."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.shape import Shape
from chainrule.lowering.held import image_order
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window


def lead(array: jax.Array, shape: Shape) -> Shape:
    """The axis of the examples, if there is one."""
    return tuple(array.shape[: array.ndim - len(shape)])


def last(shape: Shape, layout: Layout) -> Shape:
    """The shape of an image with its channels last."""
    return tuple(shape[axis] for axis in image_order(len(shape), len(layout.windows)))


def on_two_axes(layout: Layout) -> Layout:
    return layout if len(layout.windows) == 2 else replace(layout, windows=(Window(1, 1), *layout.windows))


def slices(x: jax.Array, rows: Window, columns: Window) -> list[jax.Array]:
    """For each place (u, v) of a window, in row order, what all windows read there: (i, j, …) of x (h, w, …)."""
    sides = [(rows.before, rows.after, 0), (columns.before, columns.after, 0), *[(0, 0, 0)] * (x.ndim - 2)]
    x = lax.pad(x, jnp.zeros((), x.dtype), sides)

    def read(part: jax.Array, w: Window, u: int, axis: int) -> jax.Array:
        start = u * w.dilation
        return lax.slice_in_dim(part, start, start + w.stride * (w.count - 1) + 1, w.stride, axis)

    bands = [read(x, rows, u, 0) for u in range(rows.size)]
    return [read(band, columns, v, 1) for band in bands for v in range(columns.size)]
