"""The structure of an expression: what depends on what, how many parameters there are, which shapes follow each other.

What depends on what is found without numbers: every index equation says which entries it reads, an elementwise op
reads one entry, a definition is followed to the bottom, and an op that only rearranges is run on the numbers of its
entries. Whether terms cancel, or a factor happens to be 0, is not seen: x − x depends on x.

Legend: a dependence is a sparse matrix, one row for each entry of a node, one column for each entry of `on`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER
from chainrule.graph.shape import Shape, size_of
from chainrule.graph.walk import leaves, topological
from chainrule.ops.index_equation import IndexEquation, equation_of

Dependence = Any  # scipy.sparse.csr_array of booleans; SciPy has no types
_INDEX = "index"


def depends(of: Expr, on: Expr) -> NDArray[np.bool_]:
    """Which entries of one expression change if an entry of another does.

    of: an expression, or a part of one such as z[0]. on: a leaf or another part that `of` is computed from,
    or some entries of it such as W[0, 1]. Returns booleans of the shape of.shape + on.shape: true where some
    values of all leaves make the entry of `of` move with that of `on`, cancelling terms apart. Of the few ops that
    have neither an index equation nor a definition, such as `first_max`, every entry is said to depend on every one.
    Raises ChainruleError where `on` is a constant.

    >>> import chainrule as cr
    >>> W, x = cr.parameter("W", (2, 3)), cr.data("x", 3)
    >>> z = W @ x
    >>> cr.depends(z, on=W[0, 1]).tolist()
    [True, False]
    >>> cr.depends(z[0], on=x).tolist()
    [True, True, True]
    """
    if on.is_leaf and on.name is None:
        raise ChainruleError(
            "data, a parameter or a part that is computed", "a constant", "depends", "constants never change"
        )
    whole, entries = _entries(on)
    found: dict[Expr, Dependence] = {}
    for node in topological([of], lambda node: () if node is whole else _read(node)):
        below = [found[child] for child in _read(node)] if node is not whole else []
        found[node] = _chosen(whole, entries) if node is whole else _through(node, below, len(entries))
    return np.asarray(found[of].toarray(), bool).reshape(of.shape + on.shape)


def parameter_count(of: Expr | Iterable[Expr]) -> int:
    """How many numbers there are to learn: the entries of all parameters below the expressions. Notes (125).

    >>> import chainrule as cr
    >>> cr.parameter_count(cr.parameter("W", (2, 3)) @ cr.data("x", 3) + cr.parameter("b", 2))
    8
    """
    roots = [of] if isinstance(of, Expr) else list(of)
    return sum(size_of(leaf.shape) for leaf in leaves(roots) if leaf.op is PARAMETER)


def trace_of_shapes(of: Expr) -> list[tuple[str, Shape]]:
    """The data and the named parts on the way to an expression, with their shapes, in order. Notes (142).

    >>> import chainrule as cr
    >>> image = cr.data("x", (1, 6, 6))
    >>> z = cr.correlate2d(image, cr.parameter("K", (4, 1, 3, 3))).named("z")
    >>> cr.trace_of_shapes(cr.max_pool2d(z, 2).named("a"))
    [('x', (1, 6, 6)), ('z', (4, 4, 4)), ('a', (4, 2, 2))]
    """
    return [(node.name, node.shape) for node in topological([of]) if node.name and node.op is not PARAMETER]


def _entries(on: Expr) -> tuple[Expr, NDArray[Any]]:
    """The expression that `on` is entries of, and which: their numbers in row order."""
    numbers, chain = on, []
    while numbers.op.name == _INDEX and numbers.name is None:
        chain.append(numbers)
        numbers = numbers.operands[0]
    entries: Any = np.arange(size_of(numbers.shape)).reshape(numbers.shape)
    for part in reversed(chain):
        entries = _ran(part, entries)
    return numbers, np.asarray(entries).ravel()


def _read(node: Expr) -> tuple[Expr, ...]:
    """What a node is computed from: its definition to the bottom, but where an index equation says more at once."""
    if node.op.defined and not node.op.elementwise and node.op.equation is None:
        return (node.op.definition(node.operands, node.params),)
    return node.operands


def _chosen(node: Expr, entries: NDArray[Any]) -> Dependence:
    """The dependence of a node on some of its own entries."""
    n = len(entries)
    return csr_array((np.ones(n, bool), (entries, np.arange(n))), shape=(size_of(node.shape), n))


def _through(node: Expr, below: list[Dependence], columns: int) -> Dependence:
    """The dependence of a node from those of what it reads."""
    total = csr_array((size_of(node.shape), columns), dtype=bool)
    if not below:
        return total
    if _read(node) != node.operands:
        return below[0]
    for k, (operand, part) in enumerate(zip(node.operands, below, strict=True)):
        if part.nnz:
            total = total + _reads(node, k, operand.shape).astype(np.int32) @ part.astype(np.int32)
    return (total != 0).tocsr() if total.nnz else total


def _reads(node: Expr, k: int, shape: Shape) -> Dependence:
    """Which entries of operand k each entry of a node reads."""
    rows, columns = _pairs(node, k, shape)
    return csr_array((np.ones(len(rows), bool), (rows, columns)), shape=(size_of(node.shape), size_of(shape)))


def _pairs(node: Expr, k: int, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
    size, inner = size_of(node.shape), size_of(shape)
    if node.op.elementwise:
        return np.arange(size), np.arange(size) if shape else np.zeros(size, int)
    if node.op.equation is not None:
        return _by_equation(equation_of(node), k, node)
    if node.op.linear == "joint":
        places = _rearranged(node, k)
        if places is not None:
            return np.flatnonzero(places >= 0), places[places >= 0]
    return _every(size, inner)


def _by_equation(equation: IndexEquation, k: int, node: Expr) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where the output is written and factor k is read, for all letters at which every array has its place."""
    shapes = [operand.shape for operand in node.operands]
    sizes = equation.sizes(shapes, node.shape)
    n = size_of(tuple(sizes.values()))
    letters = dict(zip(sizes, np.indices(list(sizes.values())).reshape(len(sizes), n), strict=True))
    inside, flat = np.ones(n, bool), []
    for access, shape in zip((equation.output, *equation.factors), (node.shape, *shapes), strict=True):
        place = np.zeros(n, int)
        for index, size in zip(access.indices, shape, strict=True):
            at = np.broadcast_to(index.at(letters), n)
            inside &= (at >= 0) & (at < size)
            place = place * size + at
        flat.append(place)
    return flat[0][inside], flat[k + 1][inside]


def _rearranged(node: Expr, k: int) -> NDArray[Any] | None:
    """For each entry of an op that only hands entries on, the entry of operand k that it is, or -1; else None."""
    numbers = np.arange(1, size_of(node.operands[k].shape) + 1)

    def run(entries: NDArray[Any]) -> NDArray[Any]:
        others = [np.zeros(operand.shape) for operand in node.operands]
        others[k] = entries.reshape(node.operands[k].shape)
        return np.asarray(_ran(node, *others)).ravel()

    once = run(numbers.astype(float))
    # A sum of several entries, or a multiple of one, is not the square where its entries are squared.
    handed_on = bool(np.all(run(numbers.astype(float) ** 2) == once**2)) and bool(
        np.all(np.isin(run(np.ones(len(numbers))), (0, 1)))
    )
    return once.astype(int) - 1 if handed_on else None


def _ran(node: Expr, *arrays: Any) -> Any:
    rule: Any = node.op.value_rule
    return rule(np, *arrays, **node.params)


def _every(rows: int, columns: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The fallback for an op of which nothing more is known: each entry reads every entry. It never says too little."""
    row, column = np.indices((rows, columns)).reshape(2, rows * columns)
    return row, column
