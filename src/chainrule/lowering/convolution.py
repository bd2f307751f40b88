"""The family of convolution in XLA's own convolution, or as one product where that is faster.

XLA on the CPU wants channels last and the kernel as (u, v, inputs, outputs); the turns into that form and back
meet between two ops and cancel when XLA chooses its layouts. Its convolution falls to a hundredth of the machine's
speed on images of a few places with many channels, and is slow for one to three channels: there what each window
reads is laid side by side, and one matrix product does the rest.

Legend: as in ops/convolution.py. All is written on two axes; with one axis there is a first one of size 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from chainrule.graph.op import OPS
from chainrule.graph.shape import size_of
from chainrule.ops.layout import Layout, layout_of
from chainrule.ops.windows import Window

Array = jax.Array
_FEW_CHANNELS = 3
_FEW_PLACES = 4
_SIDE_BY_SIDE = 2**20
"""The most numbers that the windows of one example may hold where they are laid side by side."""
_LAST = ("NHWC", "HWIO", "NHWC")


def _result(x: Array, k: Array, layout: Layout, turned: bool) -> Array:
    """y = x ⋆ k of one example, or x ∗ k."""
    plan = _on_two_axes(layout)
    (c, o), g, (rows, columns) = plan.channels, plan.groups, plan.windows
    kernel = k.reshape(o, c // g, rows.size, columns.size).transpose(2, 3, 1, 0)
    kernel = kernel[::-1, ::-1] if turned else kernel
    image = _channels_last(x, c, rows.n, columns.n)
    if _laid_out(plan):
        y = jnp.tensordot(_side_by_side(image, rows, columns), kernel.reshape(-1, o), 1)[0]
    else:
        y = lax.conv_general_dilated(
            image,
            kernel,
            window_strides=(rows.stride, columns.stride),
            padding=[(rows.before, rows.after), (columns.before, columns.after)],
            rhs_dilation=(rows.dilation, columns.dilation),
            feature_group_count=g,
            dimension_numbers=_LAST,
        )[0]
    return jnp.moveaxis(y, -1, 0).reshape(layout.y)


def _input_gradient(dy: Array, k: Array, layout: Layout, turned: bool) -> Array:
    """What x receives: dy with s − 1 zeros between its entries, and the kernel turned."""
    plan = _on_two_axes(layout)
    (c, o), g, (rows, columns) = plan.channels, plan.groups, plan.windows
    kernel = k.reshape(g, o // g, c // g, rows.size, columns.size).transpose(3, 4, 1, 0, 2)
    kernel = kernel.reshape(rows.size, columns.size, o // g, c)

    given, sides = _channels_last(dy, o, rows.count, columns.count), []
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
        kernel if turned else kernel[::-1, ::-1],
        window_strides=(1, 1),
        padding=sides,
        lhs_dilation=(rows.stride, columns.stride),
        rhs_dilation=(rows.dilation, columns.dilation),
        feature_group_count=g,
        dimension_numbers=_LAST,
    )[0]
    return jnp.moveaxis(dx, -1, 0).reshape(layout.x)


def _kernel_gradient(x: Array, dy: Array, layout: Layout, turned: bool) -> Array:
    """What the kernel receives, summed over the examples along the leading axis, in one convolution or product.

    The examples are what it sums over, as a convolution sums over the channels of its input. The arrays are
    turned into that form first: with other names for the axes XLA's convolution takes a path that inside of
    a loop, as training runs it, is fifty times slower.
    """
    plan = _on_two_axes(layout)
    (c, o), g, (rows, columns) = plan.channels, plan.groups, plan.windows
    images, given = _channels_last(x, c, rows.n, columns.n), _channels_last(dy, o, rows.count, columns.count)

    def sides(w: Window) -> tuple[int, int]:
        return w.before, w.dilation * (w.size - 1) + w.stride * (w.count - 1) + 1 - w.n - w.before

    if _laid_out(plan):
        dk = jnp.tensordot(_side_by_side(images, rows, columns), given, ((0, 1, 2), (0, 1, 2)))
        dk = dk.reshape(rows.size, columns.size, c, o).transpose(3, 2, 0, 1)
    else:
        dk = lax.conv_general_dilated(
            images.transpose(3, 1, 2, 0),
            given.transpose(1, 2, 0, 3),
            window_strides=(rows.dilation, columns.dilation),
            padding=[sides(rows), sides(columns)],
            rhs_dilation=(rows.stride, columns.stride),
            batch_group_count=g,
            dimension_numbers=_LAST,
        ).transpose(3, 0, 1, 2)
    return (dk[:, :, ::-1, ::-1] if turned else dk).reshape(layout.k)


def _on_two_axes(layout: Layout) -> Layout:
    return layout if len(layout.windows) == 2 else replace(layout, windows=(Window(1, 1), *layout.windows))


def _channels_last(x: Array, channels: int, rows: int, columns: int) -> Array:
    """One example or several, with or without axes for channels and rows, as (examples, h, w, channels)."""
    return jnp.moveaxis(x.reshape(-1, channels, rows, columns), 1, -1)


def _laid_out(plan: Layout) -> bool:
    """Whether one product of windows laid side by side is the faster way, and they have room."""
    places, window = (size_of(tuple(getattr(w, what) for w in plan.windows)) for what in ("count", "size"))
    few = plan.channels[0] <= _FEW_CHANNELS or places <= _FEW_PLACES
    return few and plan.groups == 1 and plan.channels[0] * window * places <= _SIDE_BY_SIDE


def _side_by_side(x: Array, rows: Window, columns: Window) -> Array:
    """What each window reads, (examples, i, j, u × v × channels)."""
    sides = [(0, 0, 0), (rows.before, rows.after, 0), (columns.before, columns.after, 0), (0, 0, 0)]
    x = lax.pad(x, jnp.zeros((), x.dtype), sides)

    def read(part: Array, w: Window, u: int, axis: int) -> Array:
        start = u * w.dilation
        return lax.slice_in_dim(part, start, start + w.stride * (w.count - 1) + 1, w.stride, axis)

    bands = [read(x, rows, u, 1) for u in range(rows.size)]
    return jnp.concatenate([read(band, columns, v, 2) for band in bands for v in range(columns.size)], -1)


# As forms of the ops. What has no entries is left to the ops' own rules.


def _form(turned: bool, value: Any, xp: ModuleType, x: Array, k: Array, **params: Any) -> Any:
    if not size_of(x.shape) * size_of(k.shape):
        return value(xp, x, k, **params)
    return _result(x, k, layout_of(x.shape, k.shape, **params), turned)


def _input_form(xp: ModuleType, dy: Array, k: Array, shape: Any, turned: bool, **params: Any) -> Any:
    if not size_of(dy.shape) * size_of(k.shape):
        return OPS["correlate_input_gradient"].value_rule(xp, dy, k, shape, turned, **params)  # type: ignore[misc]
    return _input_gradient(dy, k, layout_of(shape, k.shape, **params), turned)


def _kernel_form(xp: ModuleType, x: Array, dy: Array, **params: Any) -> Any:
    return _kernel_sum(xp, x[None], dy[None], **params)


def _kernel_sum(xp: ModuleType, x: Array, dy: Array, shape: Any, turned: bool, **params: Any) -> Any:
    if not size_of(x.shape) * size_of(dy.shape):
        rule: Any = OPS["correlate_kernel_gradient"].batch_sum_rule
        return rule(xp, x, dy, shape, turned, **params)
    return _kernel_gradient(x, dy, layout_of(x.shape[1:], shape, **params), turned)


_TURNED = {"correlate": False, "correlate2d": False, "convolve": True, "convolve2d": True}
FORMS: dict[str, Callable[..., Any]] = {
    **{name: partial(_form, turned, OPS[name].value_rule) for name, turned in _TURNED.items()},
    "correlate_input_gradient": _input_form,
    "correlate_kernel_gradient": _kernel_form,
}
BATCH_SUMS: dict[str, Callable[..., Any]] = {"correlate_kernel_gradient": _kernel_sum}
