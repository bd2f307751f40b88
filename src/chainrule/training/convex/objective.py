"""The mean of an expression over many examples, with its gradient and Hessian, as functions of one vector.

Legend: θ all parameters as one vector of float64; w the weights of the examples; B the examples of a block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import parameter
from chainrule.graph.shape import size_of
from chainrule.lowering.options import jitted
from chainrule.ops.reduction import sum as total
from chainrule.readings.compiled import precision, traced
from chainrule.readings.gradient import gradient
from chainrule.training.epochs import WEIGHT
from chainrule.training.windows import Feed, Rows

Array = NDArray[Any]
_ENTRIES = 2**18.5  # of a block: it stays in the cache between the way forward and the way back
_FEWEST, _MOST = 256, 8192


class Objective:
    """Σ w f(θ) / Σ w over the examples of a feed.

    f: a scalar expression of one example, a regulariser included. wrt: the parameters, whose entries in this
    order are θ. constants: the numbers of all its other parameters. dtype: in which examples are computed;
    their sum is taken in float64 in any case.
    """

    def __init__(
        self,
        f: Expr,
        wrt: Sequence[Expr],
        feed: Feed,
        weights: Array,
        constants: Mapping[Expr, float],
        dtype: str,
    ) -> None:
        self.f, self.wrt, self.dtype = f, tuple(wrt), dtype
        self.evaluations = 0
        self._numbers = tuple(np.asarray(number, dtype) for number in constants.values())
        self._total = float(weights.sum())
        self._key = (f, self.wrt, feed.leaves, feed.rows, tuple(constants), dtype)
        arrays = [
            array if rows else np.asarray(array, dtype)
            for array, rows in zip(feed.arrays, feed.rows, strict=True)
        ]
        with precision("float64"):
            self._data = jax.device_put(_filled([*arrays, weights.astype(dtype)]))
        self._size = min(_block(arrays), len(self._data[-1]))

    def slope(self, theta: Array) -> tuple[float, Array]:
        """The value at θ, and the gradient (P,)."""
        self.evaluations += 1
        value, gradients = self._run("gradient", theta)
        return float(value) / self._total, np.concatenate(
            [np.ravel(part) for part in gradients]
        ) / self._total

    def hessian(self, theta: Array) -> Array:
        """The second derivatives at θ, (P, P)."""
        _, columns = self._run("hessian", theta)
        found = np.concatenate([np.reshape(part, (len(theta), -1)) for part in columns], axis=1) / self._total
        return (found + found.T) / 2

    def split(self, theta: Array) -> dict[Expr, Array]:
        """θ as the parameters."""
        ends = np.cumsum([size_of(leaf.shape) for leaf in self.wrt])[:-1]
        parts = np.split(np.asarray(theta, np.float64), ends)
        return {leaf: part.reshape(leaf.shape) for leaf, part in zip(self.wrt, parts, strict=True)}

    def _run(self, what: str, theta: Array) -> Any:
        parts = tuple(part.astype(self.dtype) for part in self.split(theta).values())
        with precision("float64"):
            found = _compiled(what, *self._key, self._size)(parts, self._numbers, self._data)
            return jax.tree.map(np.asarray, found)


def _block(arrays: Sequence[Array]) -> int:
    """How many examples a block has: a power of 2."""
    widest = max(int(np.prod(array.shape[1:])) for array in arrays)
    return int(np.clip(2 ** round(np.log2(_ENTRIES / max(widest, 1))), _FEWEST, _MOST))


def _filled(arrays: list[Array]) -> tuple[Array, ...]:
    """Few examples are filled up to a power of 2 with ones of weight 0, so that tables share compiled code."""
    n = len(arrays[-1])
    short = (1 << (n - 1).bit_length()) - n if n < _FEWEST else 0
    if not short:
        return tuple(arrays)
    weights = np.concatenate([arrays[-1], np.zeros(short, arrays[-1].dtype)])
    return *(np.concatenate([array, np.repeat(array[:1], short, axis=0)]) for array in arrays[:-1]), weights


@lru_cache(maxsize=64)
def _compiled(
    what: str,
    f: Expr,
    wrt: tuple[Expr, ...],
    inputs: tuple[Expr, ...],
    rows: tuple[Rows | None, ...],
    constants: tuple[Expr, ...],
    dtype: str,
    size: int,
) -> Callable[..., Any]:
    """A function of parameters, numbers and data: Σ w f and the sums of its first or second derivatives."""
    weighted = WEIGHT * f
    slopes = gradient(weighted, wrt)
    if what == "hessian":
        along = tuple(parameter(f"v_{{{place}}}", leaf.shape) for place, leaf in enumerate(wrt))
        exprs: tuple[Expr, ...] = gradient(_inner(slopes, along), wrt)
    else:
        along, exprs = (), (weighted, *slopes)

    def block(given: dict[Expr, Any], directions: tuple[Any, ...]) -> tuple[Any, ...]:
        values = given | dict(zip(along, directions, strict=True))
        sums = traced(exprs, values, True, dtype, ["sum"] * len(exprs))
        return tuple(part.astype("float64") for part in sums)

    @jitted
    def run(parameters: Any, numbers: Any, data: Any) -> Any:
        n = len(data[-1])
        fixed = dict(zip(wrt, parameters, strict=True)) | dict(zip(constants, numbers, strict=True))
        basis = _basis([leaf.shape for leaf in wrt], dtype) if along else ()

        def one(i: Any, sums: Any) -> Any:
            start = jnp.minimum(i * size, n - size)
            cut = [jax.lax.dynamic_slice_in_dim(array, start, size) for array in data]
            fresh = start + jnp.arange(size) >= i * size  # the last block overlaps the one before it
            values = [row(part) if row else part for row, part in zip(rows, cut, strict=False)]
            given = fixed | dict(zip(inputs, values, strict=True)) | {WEIGHT: jnp.where(fresh, cut[-1], 0)}
            parts = jax.lax.map(lambda v: block(given, v), basis) if along else block(given, ())
            return jax.tree.map(jnp.add, sums, parts)

        lead = (sum(size_of(leaf.shape) for leaf in wrt),) if along else ()
        zero = tuple(jnp.zeros((*lead, *expr.shape)) for expr in exprs)
        sums = jax.lax.fori_loop(0, -(-n // size), one, zero)
        return (None, sums) if along else (sums[0], sums[1:])

    return run


def _inner(slopes: Sequence[Expr], along: Sequence[Expr]) -> Expr:
    """The gradient along a direction v: a scalar, whose gradient is the Hessian times v."""
    parts = [
        slope * v if slope.shape == () else total(slope * v) for slope, v in zip(slopes, along, strict=True)
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def _basis(shapes: Sequence[tuple[int, ...]], dtype: str) -> tuple[Array, ...]:
    """The directions of the axes of θ, as parameters: (P, *shape) each."""
    sizes = [size_of(shape) for shape in shapes]
    eye, ends = np.eye(sum(sizes), dtype=dtype), np.cumsum(sizes)[:-1]
    parts = np.split(eye, ends, axis=1)
    return tuple(part.reshape(len(eye), *shape) for part, shape in zip(parts, shapes, strict=True))
