"""Convolutions of images whose examples lie last, (h, w, channels, examples): they are what is computed side by side.

Native where that can be: no library of kernels has that order, and with few channels none comes near the machine's peak
in another. Otherwise XLA computes those with a small kernel as one loop.

Legend: as in ops/convolution.py. All is written on two axes; with one axis there is a first one of size 1.
"""

from __future__ import annotations

from functools import reduce

import jax
import jax.numpy as jnp

from chainrule.graph.shape import Shape, size_of
from chainrule.lowering import native
from chainrule.lowering.held import Held, Place, are_native, image_order, kernel_order, kernel_strides
from chainrule.lowering.images import on_two_axes, slices
from chainrule.lowering.once import once
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window

Array = jax.Array
FEW_ENTRIES = 32
"""Of the kernel for one result: with so few the sum is written out."""


def is_native(layout: Layout, value: Held) -> bool:
    """Whether this convolution is native, for as many examples as the value has."""
    axes = len(layout.windows)
    return layout.groups == 1 and all(are_native(shape, axes, value) for shape in (layout.x, layout.y))


def result(x: Held, k: Held, layout: Layout, turned: bool) -> Held | None:
    """y = x ⋆ k, or x ∗ k. None where it has to be computed in another order."""
    plan, place = on_two_axes(layout), _place(layout.y, layout)
    if is_native(layout, x):
        made = _native(_images(x, layout), k, plan, turned)
    elif plan.groups == 1 and plan.channels[0] * size_of(tuple(w.size for w in plan.windows)) <= FEW_ENTRIES:
        sizes = (*(w.size for w in plan.windows), *plan.channels)
        kernel = k.ordered(kernel_order(len(k.order))).reshape(sizes)
        kernel = kernel[::-1, ::-1] if turned else kernel
        made = once(lambda x, k: _written_out(x, k, *plan.windows), _images(x, layout), kernel)
    else:
        return None
    return Held(made.reshape(*(layout.y[axis] for axis in place.order), made.shape[-1]), *place)


def kernel_gradient(x: Held, dy: Held, layout: Layout, turned: bool) -> Array | None:
    """What the kernel receives from all examples, in the order of `kernel_order`. None as in `result`."""
    if not is_native(layout, x) or not is_native(layout, dy):
        return None
    dk = native.correlate_kernel_gradient(
        _images(x, layout), _images(dy, layout), on_two_axes(layout).windows
    )
    dk = dk[::-1, ::-1] if turned else dk
    return dk.reshape([layout.k[axis] for axis in kernel_order(len(layout.k))])


def _native(images: Array, k: Held, plan: Layout, turned: bool) -> Array:
    rows, columns = plan.windows
    u, v, *channels = kernel_strides(k, len(k.order) - (2 if plan.has_channels else 0))
    first = u * (rows.size - 1) + v * (columns.size - 1) if turned else 0
    strides = (-u, -v, *channels) if turned else (u, v, *channels)
    shape = (rows.count, columns.count, plan.channels[1], images.shape[-1])
    return native.correlate(images, k.array, shape, plan.windows, strides, first)


def _place(shape: Shape, layout: Layout) -> Place:
    return Place(image_order(len(shape), len(layout.windows)), (), True)


def _images(x: Held, layout: Layout) -> Array:
    """(h, w, channels, examples)."""
    axes = len(layout.windows)
    array: Array = x.at(_place(x.shape, layout)).array
    return array.reshape(*(1,) * (2 - axes), *array.shape[:axes], -1, array.shape[-1])


def _written_out(x: Array, kernel: Array, rows: Window, columns: Window) -> Array:
    """The sum over the entries of the kernel, as one loop over the results."""
    terms = [
        part[:, :, c, None] * entry[c][:, None]
        for part, entry in zip(slices(x, rows, columns), kernel.reshape(-1, *kernel.shape[2:]), strict=True)
        for c in range(x.shape[2])
    ]
    total: Array = reduce(jnp.add, terms)
    return total
