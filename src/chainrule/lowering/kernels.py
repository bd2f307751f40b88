"""Which convolutions and products leave XLA for oneDNN, and the calls, by a rule of sizes alone.

A call out of compiled code costs some microseconds, and what XLA could fuse with its neighbours it cannot fuse across
a call. So only what is worth it goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from chainrule.lowering.calls import Function, register
from chainrule.lowering.held import Held, held, image_order
from chainrule.lowering.images import last, on_two_axes
from chainrule.lowering.onednn import convolution, library, product
from chainrule.ops.layout import Layout
from chainrule.ops.windows import Window

_CONVOLUTION, _SUM = 2**20, 2**26
"""The fewest multiplications of a convolution, and of a product that sums over the examples, that go to oneDNN.

XLA is as fast with other products, and with smaller ones.
"""


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
    windows, channels, strides = plan.windows, plan.channels, _kernel_strides(k, len(layout.windows))
    if turned:
        led = tuple(Window(w.count, w.size, 1, w.dilation, *w.mirrored) for w in windows)
        if any(w.stride != 1 for w in windows) or min(min(w.mirrored) for w in windows) < 0:
            return None
        windows, channels, strides = led, channels[::-1], (strides[1], strides[0], *strides[2:])
    n = x.array.shape[0] if x.lead else 1
    rows, columns = windows
    images, given = (n, rows.n, columns.n, channels[0]), (n, rows.count, columns.count, channels[1])
    result = (kind == "result") != turned
    if not _worth_it(plan, n) or not available(x.array, k.array):
        return None
    axes, shape = len(layout.windows), layout.y if kind == "result" else layout.x
    operand = x.ordered(image_order(len(x.order), axes)).reshape(images if result else given)
    kernel = (rows.size, columns.size, *channels)
    call = _called(
        "convolution", "result" if result else "input", images, kernel, given, _steps(windows), strides
    )
    made = _run(call, given if result else images, operand, k.array)
    return Held(made.reshape(*(n,) * x.lead, *last(shape, layout)), image_order(len(shape), axes))


def kernel_by_onednn(plan: Layout, images: jax.Array, given: jax.Array) -> jax.Array | None:
    """What the kernel receives, (u, v, inputs, outputs), from x and dy, (n, h, w, channels). None for XLA to do it."""
    if not _worth_it(plan, len(images)) or not available(images, given):
        return None
    (rows, columns), (c, o) = plan.windows, plan.channels
    kernel = (rows.size, columns.size, c, o)
    strides = (1, o, columns.size * c * o, c * o)
    call = _called("convolution", "kernel", images.shape, kernel, given.shape, _steps(plan.windows), strides)
    return _run(call, kernel, images, given)


def _worth_it(plan: Layout, n: int) -> bool:
    (c, o), windows = plan.channels, plan.windows
    return plan.groups == 1 and n * c * o * prod(w.size * w.count for w in windows) >= _CONVOLUTION


def _steps(windows: Sequence[Window]) -> tuple[tuple[int, ...], ...]:
    after = tuple((w.count - 1) * w.stride + w.extent - w.n - w.before for w in windows)
    return (*(tuple(getattr(w, what) for w in windows) for what in ("stride", "dilation", "before")), after)


def _kernel_strides(k: Held, axes: int) -> tuple[int, ...]:
    """How far apart the entries of a kernel lie along (outputs, inputs, u, v)."""
    rank, shape = len(k.order), k.shape
    found = {axis: prod(shape[inner] for inner in k.order[at + 1 :]) for at, axis in enumerate(k.order)}
    places = [found[axis] for axis in range(rank - axes, rank)]
    return (*((found[0], found[1]) if rank > axes else (1, 1)), *[1] * (2 - axes), *places)


def einsum(subscripts: str, *operands: Held, optimize: bool = True) -> Held:
    """jnp.einsum of arrays as they lie. The letter z is the axis of the examples.

    A matrix that is a sum over the examples is made as (columns, rows), the order in which weights are kept, and where
    it is large by oneDNN.
    """
    sides, result = subscripts.split("->")
    given = []
    for side, operand in zip(sides.split(","), operands, strict=True):
        letters = side[operand.lead :]
        given.append(side[: operand.lead] + "".join(letters[axis] for axis in operand.order))
    arrays = [operand.array for operand in operands]
    rank = len(result) - ("z" in result)
    if "z" in sides and rank == len(result) == 2:
        made = _summed(given, result[::-1], arrays)
        return Held(made, (1, 0))
    return held(jnp.einsum(f"{','.join(given)}->{result}", *arrays, optimize=optimize), rank)


def _summed(sides: list[str], result: str, arrays: list[jax.Array]) -> jax.Array:
    """A sum over the examples: of outer products, where each example has two vectors, and of other products."""
    sizes = {
        letter: size
        for side, array in zip(sides, arrays, strict=True)
        for letter, size in zip(side, array.shape, strict=True)
    }
    wanted = {f"z{letter}": letter for letter in result}
    if sorted(sides) == sorted(wanted) and prod(sizes.values()) >= _SUM and available(*arrays):
        y, x = (arrays[sides.index(f"z{letter}")] for letter in result)
        call = _called("product", len(x), x.shape[1], y.shape[1])
        return _run(call, (y.shape[1], x.shape[1]), x, y)
    return jnp.einsum(f"{','.join(sides)}->{result}", *arrays, optimize=True)


def _called(what: str, *settings: Any) -> str:
    """The name of the target for a call with these settings; the same in every process."""
    name = f"chainrule_{what}_{settings}".replace(" ", "")
    register(name, lambda: _MAKERS[what](*settings))
    return name


_MAKERS: dict[str, Callable[..., Function]] = {"convolution": convolution, "product": product}


def _run(name: str, shape: tuple[int, ...], first: jax.Array, second: jax.Array) -> jax.Array:
    result = jax.ShapeDtypeStruct(shape, jnp.float32)  # type: ignore[no-untyped-call]  # JAX has no types for it
    made: jax.Array = jax.ffi.ffi_call(name, result)(first, second)
    return made
