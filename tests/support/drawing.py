"""The table of all ops with their samples, and numbers to call them with.

No name of an op stands here: what an op needs, it says itself (samples, domain).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.op import Case, Op
from chainrule.graph.shape import size_of

DRAWS = (0, 1)
"""Numbers are drawn twice: what is positive in one draw is negative in the other."""


class Call(NamedTuple):
    """An op applied to leaves, and values for them."""

    expr: Expr
    operands: tuple[Expr, ...]
    values: dict[Expr, NDArray[np.float64]]


def over(cases: Callable[[Op], Sequence[Any]]) -> pytest.MarkDecorator:
    """Run a test for every op and each of its cases."""
    table = [(op, case) for op in cr.OPS.values() for case in cases(op)]
    return pytest.mark.parametrize(("op", "case"), table, ids=[label(op, case) for op, case in table])


def over_ops(chosen: Callable[[Op], bool] = lambda op: True) -> pytest.MarkDecorator:
    """Run a test for every op of which something holds."""
    return pytest.mark.parametrize("op", [op for op in cr.OPS.values() if chosen(op)], ids=lambda op: op.name)


def label(op: Op, case: Any) -> str:
    """An op and a case in one line."""
    if not isinstance(case, Case):
        return f"{op.name} at {case}"
    shapes = " ".join(str(shape).replace(" ", "") for shape in case.shapes)
    params = "".join(f" {key}={value}".replace(" ", "") for key, value in case.params.items())
    return f"{op.name} {shapes}{params}"


def operands(op: Op, shapes: Sequence[tuple[int, ...]], shared: Sequence[int] = ()) -> tuple[Expr, ...]:
    """A leaf for each operand: data, and parameters at the positions in `shared`."""
    names = (
        op.operand_names
        if len(op.operand_names) == len(shapes)
        else [f"x_{k + 1}" for k in range(len(shapes))]
    )
    return tuple(
        (cr.parameter if k in shared else cr.data)(name, shape)
        for k, (name, shape) in enumerate(zip(names, shapes, strict=True))
    )


def call(op: Op, case: Case, draw: int = 0, shared: Sequence[int] = ()) -> Call:
    """The op on leaves of the sample's shapes, with numbers of its domain."""
    leaves = operands(op, case.shapes, shared)
    return Call(op(*leaves, **case.params), leaves, dict(zip(leaves, numbers(op, case, draw), strict=True)))


def calls(op: Op, case: Case) -> Iterator[Call]:
    """The op on the sample's leaves, with all draws of numbers."""
    return (call(op, case, draw) for draw in DRAWS)


def numbers(op: Op, case: Case, draw: int = 0) -> list[NDArray[np.float64]]:
    """Numbers for the operands. They are well apart from each other and from 0, so that no kink is near."""
    rng = np.random.default_rng(zlib.crc32(f"{label(op, case)} {draw // 2}".encode()))
    total = sum(size_of(shape) for shape in case.shapes)
    steps = 1 + np.arange((total + 4) // 2)
    spaced = rng.permutation(
        np.concatenate([steps, -steps]) * 0.18 + rng.uniform(-0.02, 0.02, 2 * len(steps))
    )
    if draw % 2:
        spaced = -spaced
    result, start = [], 0
    for k, shape in enumerate(case.shapes):
        entries = spaced[start : start + size_of(shape)].reshape(shape)
        start += entries.size
        result.append(WITHIN[op.domain[min(k, len(op.domain) - 1)]](entries))
    return result


def _squashed(entries: Any) -> Any:
    return 0.2 + 0.6 / (1 + np.exp(-entries))


WITHIN: dict[str, Callable[[Any], Any]] = {
    "real": lambda entries: entries,
    "nonzero": lambda entries: entries + np.sign(entries) * 0.3,
    "positive": lambda entries: np.exp(entries / (1 + np.abs(entries) / 2)),
    "probability": _squashed,
    "distribution": lambda entries: _squashed(entries) / np.sum(_squashed(entries)),
    "above_minus_one": lambda entries: np.exp(entries / (1 + np.abs(entries) / 2)) - 0.9,
}
"""Real numbers, of both signs and not near 0, brought into each domain of the op record."""


def cotangent(shape: tuple[int, ...], name: str = "weights") -> tuple[Expr, NDArray[np.float64]]:
    """A leaf to weigh the entries of a value with, and its numbers: one scalar then depends on them all."""
    return cr.data(name, shape), (np.cos(np.arange(1, size_of(shape) + 1) * 1.7) + 0.05).reshape(shape)


def weighed(
    expr: Expr, values: Mapping[Expr, Any], name: str = "weights"
) -> tuple[Expr, Expr, dict[Expr, Any]]:
    """The sum of all entries, each times its weight; the weights as a leaf; and the values with theirs."""
    weights, their_numbers = cotangent(expr.shape, name)
    return cr.sum(weights * expr), weights, {**values, weights: their_numbers}
