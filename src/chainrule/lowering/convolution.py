"""The family of convolution in XLA's own convolution, or in another form where that is faster.

XLA on the CPU wants channels last and the kernel as (u, v, inputs, outputs); the turns into that form and back
meet between two ops and cancel when XLA chooses its layouts. Its convolution is slow on images of a few places with
many channels, which few_places.py makes products of, and for one to three channels: there the sum is written out,
entry by entry of the kernel, and becomes one loop. Where the examples lie last, see examples_last.py.

Legend: as in ops/convolution.py. All is written on two axes; with one axis there is a first one of size 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.shape import Shape, size_of
from chainrule.lowering import examples_last, few_places
from chainrule.lowering.examples_last import FEW_ENTRIES
from chainrule.lowering.few_places import by_products
from chainrule.lowering.held import Form, Held, Place, image_order, image_place, kernel_order
from chainrule.lowering.images import last, lead, on_two_axes, slices
from chainrule.lowering.kernels import by_onednn, kernel_by_onednn
from chainrule.ops.layout import Layout, layout_of
from chainrule.ops.windows import Window

Array = jax.Array
_AT_A_TIME = 8
_LAST = ("NHWC", "HWIO", "NHWC")


def _result(image: Array, k: Held, layout: Layout, turned: bool) -> Array:
    """y = x ⋆ k, or x ∗ k, for each example of a batch or for one alone."""
    plan = on_two_axes(layout)
    rows, columns = plan.windows
    images = image.reshape(-1, rows.n, columns.n, plan.channels[0])
    if _written_out(plan):
        y = _direct(images, _turned(k, plan, turned), rows, columns)
    elif by_products(plan, len(images), image.dtype):
        y = few_places.image("result", images, k, plan, turned)
    else:
        y = lax.conv_general_dilated(
            images,
            _turned(k, plan, turned),
            window_strides=(rows.stride, columns.stride),
            padding=[(rows.before, rows.after), (columns.before, columns.after)],
            rhs_dilation=(rows.dilation, columns.dilation),
            feature_group_count=plan.groups,
            dimension_numbers=_LAST,
        )
    return y.reshape(*lead(image, layout.x), *last(layout.y, layout))


def _input_gradient(dy: Array, k: Held, layout: Layout, turned: bool) -> Array:
    """What x receives: dy with s − 1 zeros between its entries, and the kernel turned."""
    plan = on_two_axes(layout)
    (c, o), g, (rows, columns) = plan.channels, plan.groups, plan.windows
    given, sides = dy.reshape(-1, rows.count, columns.count, o), []
    if by_products(plan, len(given), dy.dtype):
        dx = few_places.image("input", given, k, plan, turned)
        return dx.reshape(*lead(dy, layout.y), *last(layout.x, layout))
    kernel = _turned(k, plan, not turned)
    kernel = kernel.reshape(rows.size, columns.size, c // g, g, o // g).transpose(0, 1, 4, 3, 2)
    kernel = kernel.reshape(rows.size, columns.size, o // g, c)
    for axis, w in enumerate((rows, columns)):
        before = w.mirrored[0]
        after = w.n - w.stride * (w.count - 1) - 1 - before + w.extent - 1
        if (w.size, w.stride, before, after) == (
            2,
            2,
            0,
            0,
        ):  # XLA takes this for groups, and ends the process
            given, after = jnp.pad(given, [(0, int(at == axis + 1)) for at in range(4)]), -2
        sides.append((before, after))

    dx = lax.conv_general_dilated(
        given,
        kernel,
        window_strides=(1, 1),
        padding=sides,
        lhs_dilation=(rows.stride, columns.stride),
        rhs_dilation=(rows.dilation, columns.dilation),
        feature_group_count=g,
        dimension_numbers=_LAST,
    )
    return dx.reshape(*lead(dy, layout.y), *last(layout.x, layout))


def _kernel_gradient(image: Array, dy: Array, layout: Layout, turned: bool, alone: bool = False) -> Array:
    """What the kernel receives, summed over the examples along the leading axis, in one convolution or product.

    The examples are what it sums over, as a convolution sums over the channels of its input. The arrays are
    turned into that form first: with other names for the axes XLA's convolution takes a path that inside of
    a loop, as training runs it, is fifty times slower.
    """
    plan = on_two_axes(layout)
    (c, o), g, (rows, columns) = plan.channels, plan.groups, plan.windows
    images = image.reshape(-1, rows.n, columns.n, c)
    given = dy.reshape(-1, rows.count, columns.count, o)

    def sides(w: Window) -> tuple[int, int]:
        return w.before, w.dilation * (w.size - 1) + w.stride * (w.count - 1) + 1 - w.n - w.before

    products = by_products(plan, len(images), dy.dtype)
    made = None if alone or products or g != 1 else kernel_by_onednn(plan, images, given)
    if made is not None:
        dk = made
    elif products:
        dk, turned = few_places.kernel_gradient(images, given, plan, turned), False
    else:
        dk = lax.conv_general_dilated(
            images.transpose(3, 1, 2, 0),
            given.transpose(1, 2, 0, 3),
            window_strides=(rows.dilation, columns.dilation),
            padding=[sides(rows), sides(columns)],
            rhs_dilation=(rows.stride, columns.stride),
            batch_group_count=g,
            dimension_numbers=_LAST,
        ).transpose(1, 2, 0, 3)
    dk = dk[::-1, ::-1] if turned else dk
    return dk.reshape([layout.k[axis] for axis in kernel_order(len(layout.k))])


def _turned(k: Held, plan: Layout, turned: bool) -> Array:
    """The kernel, (u, v, inputs of a group, outputs), by 180° or as it is."""
    (c, o), (rows, columns) = plan.channels, plan.windows
    kernel: Array = k.ordered(kernel_order(len(k.order))).reshape(
        rows.size, columns.size, c // plan.groups, o
    )
    return kernel[::-1, ::-1] if turned else kernel


def _written_out(plan: Layout) -> bool:
    """Whether the sum over the kernel's entries, written out, is the faster way."""
    window = size_of(tuple(w.size for w in plan.windows))
    return plan.groups == 1 and plan.channels[0] * window <= FEW_ENTRIES


def _direct(x: Array, kernel: Array, rows: Window, columns: Window) -> Array:
    """The sum over the entries of the kernel, as one loop over the results: (examples, i, j, outputs).

    Some examples at a time: what leaves such a map is kept, where XLA would compute it anew for each of its readers.
    """
    entries = kernel.reshape(-1, *kernel.shape[2:])

    def one(image: Array) -> Array:
        parts = slices(image, rows, columns)
        terms = [
            part[..., c : c + 1] * entry[c]
            for part, entry in zip(parts, entries, strict=True)
            for c in range(x.shape[-1])
        ]
        total: Array = reduce(jnp.add, terms)
        return total

    y: Array = lax.map(one, x, batch_size=_AT_A_TIME)
    return y


# As forms of the ops. What has no entries is left to the ops' own rules.


def _form(turned: bool, operands: Sequence[Held], batched: Sequence[bool], **params: Any) -> Held | None:
    x, k = operands
    if not size_of(x.shape) * size_of(k.shape):
        return None
    layout = layout_of(x.shape, k.shape, **params)
    place = _place_for(layout.y, layout, x, batched)
    found = examples_last.result(x, k, layout, turned) if place.last else None
    if found is not None:
        return found
    made = None if batched[1] or _by_products(layout, x) else by_onednn("result", x, k, layout, turned)
    rule = partial(_result, layout=layout, turned=turned)
    made = made or _image(rule, x, k, batched, layout, len(layout.y))
    return made.at(place) if place.last else made


def _place_for(shape: Shape, layout: Layout, x: Held, batched: Sequence[bool]) -> Place:
    """Where the image is best; each example having a kernel of its own, channels last."""
    return image_place(shape, len(layout.windows), *([] if batched[1] else [x]))


def _by_products(layout: Layout, image: Held) -> bool:
    plan = on_two_axes(layout)
    return not _written_out(plan) and by_products(plan, image.examples or 1, image.array.dtype)


def _input_form(
    operands: Sequence[Held], batched: Sequence[bool], shape: Any, turned: bool, **params: Any
) -> Held | None:
    dy, k = operands
    if not size_of(dy.shape) * size_of(k.shape):
        return None
    layout = layout_of(shape, k.shape, **params)
    place = _place_for(shape, layout, dy, batched)
    made = None if batched[1] or _by_products(layout, dy) else by_onednn("input", dy, k, layout, turned)
    rule = partial(_input_gradient, layout=layout, turned=turned)
    made = made or _image(rule, dy, k, batched, layout, len(shape))
    return made.at(place) if place.last else made


def _image(
    rule: Callable[..., Array], x: Held, k: Held, batched: Sequence[bool], layout: Layout, rank: int
) -> Held:
    """An image from an image and a kernel; where each example has a kernel of its own, one after the other."""
    order = image_order(rank, len(layout.windows))
    image = x.ordered(image_order(len(x.order), len(layout.windows)))
    if not batched[1]:
        return Held(rule(image, k), order)
    lying = kernel_order(len(k.order))

    def one(image: Array, kernel: Array) -> Array:
        return rule(image, Held(kernel, lying))

    return Held(
        jax.vmap(one, in_axes=[0 if flag else None for flag in batched])(image, k.ordered(lying)), order
    )


def _kernel_form(
    operands: Sequence[Held], batched: Sequence[bool], shape: Any, turned: bool, **params: Any
) -> Held | None:
    x, dy = operands
    if not size_of(x.shape) * size_of(dy.shape):
        return None
    layout = layout_of(x.shape, shape, **params)
    images = [value.ordered(image_order(len(value.order), len(layout.windows))) for value in operands]

    def one(image: Array, given: Array) -> Array:
        return _kernel_gradient(image[None], given[None], layout, turned, alone=any(batched))

    axes = [0 if flag else None for flag in batched]
    made = jax.vmap(one, in_axes=axes)(*images) if any(batched) else one(*images)
    return Held(made, kernel_order(len(shape)))


def _kernel_sum(operands: Sequence[Held], shape: Any, turned: bool, **params: Any) -> Held | None:
    x, dy = operands
    if not size_of(x.array.shape) * size_of(dy.array.shape):
        return None
    layout = layout_of(x.shape, shape, **params)
    made = examples_last.kernel_gradient(x, dy, layout, turned)
    if made is None:
        images = [value.ordered(image_order(len(value.order), len(layout.windows))) for value in operands]
        made = _kernel_gradient(images[0], images[1], layout, turned)
    return Held(made, kernel_order(len(shape)))


_TURNED = {"correlate": False, "correlate2d": False, "convolve": True, "convolve2d": True}
FORMS: dict[str, Form] = {
    **{name: partial(_form, turned) for name, turned in _TURNED.items()},
    "correlate_input_gradient": _input_form,
    "correlate_kernel_gradient": _kernel_form,
}
BATCH_SUMS: dict[str, Callable[..., Held | None]] = {"correlate_kernel_gradient": _kernel_sum}
