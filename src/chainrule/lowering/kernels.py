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
from chainrule.lowering.onednn import convolution, library, product
from chainrule.ops.windows import Window

_CONVOLUTION, _PRODUCT, _SUM = 2**20, 2**24, 2**22
"""The fewest multiplications of a convolution, of a product and of one that sums over the rows, as over the examples
of a batch, that go to oneDNN. XLA has trouble with the last kind."""


def available(*arrays: Any) -> bool:
    """Whether oneDNN is installed, and can take arrays of this kind here."""
    return (
        all(array.dtype == jnp.float32 for array in arrays)
        and jax.default_backend() == "cpu"
        and library() is not None
    )


def convolved(
    kind: str, windows: Sequence[Window], channels: tuple[int, int], first: jax.Array, second: jax.Array
) -> jax.Array | None:
    """One of the three values of a convolution; see onednn.convolution. None where XLA is to compute it.

    windows: along rows and columns. channels: of x and y. first, second: x and k, dy and k, or x and dy.
    """
    n, (rows, columns) = len(first), windows
    kernel = (rows.size, columns.size, *channels)
    images, given = (n, rows.n, columns.n, channels[0]), (n, rows.count, columns.count, channels[1])
    if prod(given) * prod(kernel[:3]) < _CONVOLUTION or not available(first, second):
        return None
    after = tuple((w.count - 1) * w.stride + w.extent - w.n - w.before for w in windows)
    steps = (*(tuple(getattr(w, what) for w in windows) for what in ("stride", "dilation", "before")), after)
    call = _called("convolution", kind, images, kernel, given, steps)
    shape = {"result": given, "input": images, "kernel": kernel}[kind]
    return _run(call, shape, first, second)


def einsum(subscripts: str, *arrays: jax.Array, optimize: bool = True) -> jax.Array:
    """jnp.einsum, but that large products of two matrices go to oneDNN."""
    made = _multiplied(subscripts, *arrays) if [array.ndim for array in arrays] == [2, 2] else None
    return jnp.einsum(subscripts, *arrays, optimize=optimize) if made is None else made


def _multiplied(subscripts: str, left: jax.Array, right: jax.Array) -> jax.Array | None:
    sides, result = subscripts.split("->")
    factors = list(zip(sides.split(","), (left, right), strict=True))
    summed = set(factors[0][0]) & set(factors[1][0]) - set(result)
    if len(summed) != 1 or len(result) != 2 or len(set(sides)) != 4:
        return None
    (k,) = summed
    if result[0] not in factors[0][0]:
        factors.reverse()
    (first, a), (second, b) = factors
    sizes = dict(zip(first + second, a.shape + b.shape, strict=True))
    m, n = (sizes[letter] for letter in result)
    places = first.index(k), second.index(k)
    if places == (0, 1):
        return None
    kind, settings, operands = {
        (1, 1): ("result", (m, sizes[k], n), (a, b)),
        (1, 0): ("input", (m, n, sizes[k]), (a, b)),
        (0, 0): ("kernel", (sizes[k], n, m), (b, a)),
    }[places]
    fewest = _SUM if kind == "kernel" else _PRODUCT
    if prod(settings) < fewest or not available(a, b):
        return None
    return _run(_called("product", kind, *settings), (m, n), *operands)


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
