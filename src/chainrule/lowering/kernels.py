"""Which convolutions leave XLA for oneDNN, by a rule of sizes alone, and the calls.

A call out of compiled code costs some microseconds, and what XLA could fuse with its neighbours it cannot fuse across
a call. So only what is worth it goes there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from chainrule.lowering.calls import called, register
from chainrule.lowering.held import Held, image_order, kernel_strides
from chainrule.lowering.images import last, on_two_axes
from chainrule.lowering.onednn import convolution, library
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window

_FEWEST = 2**20
"""Multiplications of a convolution that goes to oneDNN."""


def available(*arrays: Any) -> bool:
    """Whether oneDNN is installed, and can take arrays of this kind here."""
    return (
        all(array.dtype == jnp.float32 for array in arrays)
        and jax.default_backend() == "cpu"
        and library() is not None
    )


def by_onednn(kind: str, x: Held, k: Held, layout: Layout, turned: bool) -> Held | None:
    """The "result" of x and k, or for "input" what x receives from dy, here x, and k. None where XLA is to compute it.

    The kernel is read as it lies. A convolution of stride 1 is what the input of a correlation receives, with the
    channels of the kernel exchanged, and the other way round: so no kernel is turned for it either.
    """
    plan = on_two_axes(layout)
    u, v, *across = kernel_strides(k, len(layout.windows))  # inputs, outputs
    windows, channels = plan.windows, plan.channels
    if turned:
        led = tuple(Window(w.count, w.size, 1, w.dilation, *w.mirrored) for w in windows)
        if any(w.stride != 1 for w in windows) or min(min(w.mirrored) for w in windows) < 0:
            return None
        windows, channels, across = led, channels[::-1], across[::-1]
    n = 1 if x.examples is None else x.examples
    rows, columns = windows
    images, given = (n, rows.n, columns.n, channels[0]), (n, rows.count, columns.count, channels[1])
    result = (kind == "result") != turned
    if not _worth_it(plan, n) or not available(x.array, k.array):
        return None
    axes, shape = len(layout.windows), layout.y if kind == "result" else layout.x
    operand = x.ordered(image_order(len(x.order), axes)).reshape(images if result else given)
    kernel = (rows.size, columns.size, *channels)
    call = _called(
        "result" if result else "input", images, kernel, given, _steps(windows), (*across[::-1], u, v)
    )
    if call is None:
        return None
    made = called(call, given if result else images, operand, k.array)
    return Held(made.reshape(*(n,) * x.batched, *last(shape, layout)), image_order(len(shape), axes))


def kernel_by_onednn(plan: Layout, images: jax.Array, given: jax.Array) -> jax.Array | None:
    """What the kernel receives, (u, v, inputs, outputs), from x and dy, (n, h, w, channels). None for XLA to do it."""
    if not _worth_it(plan, len(images)) or not available(images, given):
        return None
    (rows, columns), (c, o) = plan.windows, plan.channels
    kernel = (rows.size, columns.size, c, o)
    strides = (1, o, columns.size * c * o, c * o)
    call = _called("kernel", images.shape, kernel, given.shape, _steps(plan.windows), strides)
    return None if call is None else called(call, kernel, images, given)


def _worth_it(plan: Layout, n: int) -> bool:
    (c, o), windows = plan.channels, plan.windows
    return plan.groups == 1 and n * c * o * prod(w.size * w.count for w in windows) >= _FEWEST


def _steps(windows: Sequence[Window]) -> tuple[tuple[int, ...], ...]:
    after = tuple((w.count - 1) * w.stride + w.extent - w.n - w.before for w in windows)
    return (*(tuple(getattr(w, what) for w in windows) for what in ("stride", "dilation", "before")), after)


@cache
def _called(*settings: Any) -> str | None:
    """The name of the target for a call with these settings; the same in every process. None: no such call."""
    name = f"chainrule_convolution_{settings}".replace(" ", "")
    try:
        register(name, lambda: convolution(*settings))
    except OSError:  # oneDNN has none, or none that is safe here: XLA does it
        return None
    return name
