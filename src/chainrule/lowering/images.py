"""Shapes of images as the forms of convolution see them: two axes, channels last."""

from __future__ import annotations

from dataclasses import replace

import jax

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
