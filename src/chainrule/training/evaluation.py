"""Values over many examples, block by block, so that memory stays bounded whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import DATA
from chainrule.graph.shape import size_of
from chainrule.graph.walk import topological
from chainrule.lowering.options import jitted
from chainrule.readings.compiled import precision, traced
from chainrule.readings.gradient import gradient
from chainrule.training.epochs import WEIGHT
from chainrule.training.windows import Arrays, Feed, Rows

Array = NDArray[Any]
_MOST_EXAMPLES = 1024
_MOST_ENTRIES = (
    2**25
)  # of the largest part of the expressions that differs from example to example, over a block


def values(exprs: Sequence[Expr], parameters: Mapping[Expr, Any], feed: Feed, dtype: str) -> list[Array]:
    """The value of each expression for each example: arrays (n, ...)."""
    parts = [part for arrays in feed.parts() for part in _parts(exprs, parameters, feed, arrays, dtype)]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _parts(
    exprs: Sequence[Expr], parameters: Mapping[Expr, Any], feed: Feed, arrays: Arrays, dtype: str
) -> Iterator[list[Array]]:
    """The values for some of the feed's examples, block by block."""
    run = _compiled(tuple(exprs), tuple(parameters), feed.leaves, feed.rows, dtype, None)
    for block, count in _blocks(exprs, feed.n, arrays):
        yield run(tuple(parameters.values()), block, count)


def means(exprs: Sequence[Expr], parameters: Mapping[Expr, Any], feed: Feed, dtype: str) -> list[float]:
    """The mean of each scalar expression over the examples, by their weights, added up in double precision."""
    total, weight = np.zeros(len(exprs)), 0.0
    for arrays in feed.parts():
        columns = zip(*_parts(exprs, parameters, feed, arrays, dtype), strict=True)
        each = [np.concatenate(column) for column in columns]
        if WEIGHT in feed.leaves:
            weights = np.asarray(arrays[feed.leaves.index(WEIGHT)], np.float64)
            each, weight = [column * weights for column in each], weight + float(weights.sum())
        else:
            weight += len(arrays[0])
        total += [np.sum(column, dtype=np.float64) for column in each]
    return [float(mean) for mean in total / weight]


def mean_gradient(loss: Expr, parameters: Mapping[Expr, Any], feed: Feed, dtype: str) -> list[Array]:
    """The gradient of the mean loss over the examples, for each parameter."""
    slopes = gradient(WEIGHT * loss, tuple(parameters))
    run = _compiled(tuple(slopes), tuple(parameters), feed.leaves, feed.rows, dtype, "sum")
    total = [np.zeros(leaf.shape) for leaf in parameters]
    for arrays in feed.parts():
        for block, count in _blocks(slopes, feed.n, arrays):
            parts = run(tuple(parameters.values()), block, count)
            total = [whole + part for whole, part in zip(total, parts, strict=True)]
    return [(whole / feed.n).astype(dtype) for whole in total]


def _blocks(exprs: Sequence[Expr], n: int, arrays: Arrays) -> Iterator[tuple[Arrays, int]]:
    """The arrays in blocks of one size, the last one filled up with its first row; and how many rows count.

    n: of the whole feed. The size is a power of two, so that data of many lengths share compiled code.
    """
    varying: set[Expr] = set()
    for node in topological(exprs):
        if node.op is DATA or not varying.isdisjoint(node.operands):
            varying.add(node)
    largest = max((size_of(node.shape) for node in varying), default=1)
    most = max(1, min(_MOST_EXAMPLES, _MOST_ENTRIES // max(largest, 1)))
    size = 1 << (min(n, 1 << (most.bit_length() - 1)) - 1).bit_length()
    for start in range(0, len(arrays[0]), size):
        block = tuple(np.asarray(array[start : start + size]) for array in arrays)
        count = len(block[0])
        if count < size:
            block = tuple(np.concatenate([part, np.repeat(part[:1], size - count, axis=0)]) for part in block)
        yield block, count


@lru_cache(maxsize=64)
def _compiled(
    exprs: tuple[Expr, ...],
    parameters: tuple[Expr, ...],
    inputs: tuple[Expr, ...],
    rows: tuple[Rows | None, ...],
    dtype: str,
    total: str | None,
) -> Callable[[Arrays, Arrays, int], list[Array]]:
    """A function of parameters and a block: the values for its first `count` examples, or their sum."""

    @jitted
    def run(numbers: Arrays, block: Arrays, count: int) -> list[Any]:
        given = dict(zip(parameters, numbers, strict=True))
        given |= {
            leaf: row(part) if row else part for leaf, row, part in zip(inputs, rows, block, strict=True)
        }
        given[WEIGHT] = (jnp.arange(len(block[0])) < count).astype(dtype)
        return traced(exprs, given, True, dtype, [total] * len(exprs))

    def call(numbers: Arrays, block: Arrays, count: int) -> list[Array]:
        with precision(dtype):
            results = [np.asarray(result) for result in run(numbers, block, count)]
        return results if total else [result[:count] for result in results]

    return call
