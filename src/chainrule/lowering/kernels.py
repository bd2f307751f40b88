"""Which convolutions and products leave XLA for oneDNN, and the calls, by a rule of sizes alone.

A call out of compiled code costs some microseconds, and what XLA could fuse with its neighbours it cannot fuse across
a call. So only what is worth it goes there.
"""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from chainrule.lowering.calls import register
from chainrule.lowering.onednn import convolution, library, product
from chainrule.ops.layout import Layout

_CONVOLUTION, _PRODUCT = 2**20, 2**24
"""The fewest multiplications of a convolution and of a product that go to oneDNN."""


def available(*arrays: Any) -> bool:
    """Whether oneDNN is installed, and can take arrays of this kind here."""
    return (
        all(array.dtype == jnp.float32 for array in arrays)
        and jax.default_backend() == "cpu"
        and library() is not None
    )


def convolved(kind: str, plan: Layout, first: jax.Array, second: jax.Array) -> jax.Array | None:
    """One of the three values of a convolution; see onednn.convolution. None where it is to be computed by XLA."""
    (c, o), (rows, columns) = plan.channels, plan.windows
    kernel = (rows.size, columns.size, c, o)
    n = len(first)
    images, given = (n, rows.n, columns.n, c), (n, rows.count, columns.count, o)
    if plan.groups != 1 or prod(given) * prod(kernel[:3]) < _CONVOLUTION or not available(first, second):
        return None
    both = (rows, columns)
    after = tuple((w.count - 1) * w.stride + w.extent - w.n - w.before for w in both)
    steps = (
        *(tuple(w.stride for w in both), tuple(w.dilation for w in both)),
        *(tuple(w.before for w in both), after),
    )
    call = _called("convolution", kind, images, kernel, given, steps)
    shape = {"result": given, "input": images, "kernel": kernel}[kind]
    return _run(call, shape, first, second)


def multiplied(subscripts: str, left: jax.Array, right: jax.Array) -> jax.Array | None:
    """A product of two matrices as einsum writes it; None where it is to be computed by XLA."""
    return None


def _called(what: str, *settings: Any) -> str:
    """The name of the target for a call with these settings; the same in every process."""
    name = f"chainrule_{what}_{settings}".replace(" ", "")
    register(name, {"convolution": convolution, "product": product}[what](*settings))
    return name


def _run(name: str, shape: tuple[int, ...], first: jax.Array, second: jax.Array) -> jax.Array:
    made: jax.Array = jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(shape, jnp.float32))(first, second)
    return made
