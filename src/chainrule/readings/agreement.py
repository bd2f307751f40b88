"""The agreement of the readings, on the user's own model and numbers.

For each leaf the gradient is computed in four ways that share as little as possible: by the ops'
gradient rules, by their definitions, by finite differences in extended precision, and compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.graph.expression import Expr
from chainrule.graph.symbols import text_symbol
from chainrule.graph.walk import leaves
from chainrule.readings.compiled import compile
from chainrule.readings.gradient import adjoints, gradient
from chainrule.readings.working import Array, Plan, Values, evaluate, fed_values

_EVERY_ENTRY = 30  # a leaf with more entries is probed in a few entries and a random direction
_PROBED = 3
_STEP = np.longdouble(1e-6)
TOLERANCE = 1e-7
"""The largest difference, relative to the largest entry of the gradient, at which readings agree."""


@dataclass(frozen=True)
class Row:
    """How far the readings of one gradient lie apart, relative to its largest entry (or 1 where that is smaller)."""

    leaf: str
    shape: tuple[int, ...]
    largest: float
    definition: float
    finite_difference: float
    compiled: float
    at_kink: bool = False

    @property
    def ok(self) -> bool:
        """Whether all readings agree; what could not be computed does not agree."""
        return all(error <= TOLERANCE for error in (self.definition, self.finite_difference, self.compiled))


@dataclass(frozen=True)
class Agreement:
    """One row for each leaf, and one for the value itself (compiled against working)."""

    rows: tuple[Row, ...]
    value: float
    value_error: float

    @property
    def ok(self) -> bool:
        """Whether every reading of every gradient agrees, and the value too."""
        return self.value_error <= TOLERANCE and all(row.ok for row in self.rows)

    def __str__(self) -> str:
        head = ("gradient of", "shape", "largest entry", "definition", "finite difference", "compiled", "")
        table = [head] + [
            (
                text_symbol(row.leaf),
                "×".join(map(str, row.shape)) or "scalar",
                f"{row.largest:.4g}",
                *(f"{error:.1e}" for error in (row.definition, row.finite_difference, row.compiled)),
                ("agree" if row.ok else "DISAGREE") + (" (at a kink)" if row.at_kink else ""),
            )
            for row in self.rows
        ]
        widths = [max(len(line[column]) for line in table) for column in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in table
        ]
        verdict = "all readings agree" if self.ok else "the readings DISAGREE"
        return "\n".join(
            [
                *lines,
                f"{verdict} to {TOLERANCE:g}; the value is {self.value:.6g} (compiled: {self.value_error:.1e} off)",
            ]
        )


@np.errstate(all="ignore")  # what is no number counts as disagreement, without a warning
def check(loss: Expr, values: Values, wrt: Sequence[Expr] | None = None) -> Agreement:
    """Compare the readings of a scalar expression's gradients on given numbers, for one example.

    loss: a scalar. values: for each leaf an array, as for evaluate. wrt: the leaves, all by default.
    Large leaves are probed in their largest entries and one random direction (seeded). At a kink,
    such as ReLU at 0, a gradient agrees with finite differences where it lies between the two
    one-sided ones. Raises FeedError where values do not fit.

    >>> import chainrule as cr
    >>> x = cr.data("x", 2)
    >>> cr.check(x @ x, {"x": [3, 4]}).ok
    True
    """
    targets = list(wrt) if wrt is not None else leaves([loss])
    fed = fed_values(leaves([loss]), values, np.float64)
    by_rule = gradient(loss, targets)
    with ThreadPoolExecutor(1, "chainrule-compile") as pool:  # XLA compiles while NumPy computes
        pending = pool.submit(_compiled((loss, *by_rule)), fed)
        by_definition = adjoints(loss, targets, rules=False)
        value, *rule = evaluate([loss, *by_rule], fed)
        definition = evaluate([by_definition[target] for target in targets], fed)
        differences = _Differences(loss, fed)
        errors = [differences.error(target, g) for target, g in zip(targets, rule, strict=True)]
        compiled = pending.result()
    rows = []
    for target, g, d, c, (difference, kink) in zip(
        targets, rule, definition, compiled[1:], errors, strict=True
    ):
        scale = max(1.0, float(np.max(np.abs(g), initial=0)))
        rows.append(
            Row(
                str(target.name),
                target.shape,
                float(np.max(np.abs(g), initial=0)),
                _largest(d - g) / scale,
                difference / scale,
                _largest(np.asarray(c) - g) / scale,
                kink,
            )
        )
    error = _largest(np.asarray(compiled[0]) - value) / max(1.0, abs(float(value)))
    return Agreement(tuple(rows), float(value), error)


@lru_cache(maxsize=8)
def _compiled(exprs: tuple[Expr, ...]) -> Callable[[Values], tuple[Any, ...]]:
    """Kept for the next working of the same network."""
    return compile(exprs, dtype="float64", quickly=True)


def _largest(errors: Array) -> float:
    """The largest error; not-a-number counts as infinite."""
    return float(np.max(np.where(np.isnan(errors), np.inf, np.abs(errors)), initial=0))


class _Differences:
    """Finite differences of a loss in extended precision. Only what depends on a leaf is computed anew for it."""

    def __init__(self, loss: Expr, fed: Mapping[Expr, Array]) -> None:
        self.plan = Plan([loss])
        self.root = self.plan.forms[loss]
        known = {leaf: np.asarray(value, np.longdouble) for leaf, value in fed.items()}
        self.numbers = self.plan.numbers(known, np.longdouble)

    def error(self, leaf: Expr, g: Array) -> tuple[float, bool]:
        """The largest difference between a gradient and central differences, and whether a kink was met."""
        changing = self.plan.above(leaf)
        fixed = {node: number for node, number in self.numbers.items() if node not in changing}
        worst, kink = 0.0, False
        for direction in _directions(g):

            def along(t: Any, direction: Array = direction) -> Any:
                moved = self.numbers[leaf] + t * direction
                return self.plan.numbers({**fixed, leaf: moved}, np.longdouble)[self.root]

            error, kinked = _slope_error(along, float(np.sum(g * direction)))
            worst, kink = max(worst, error), kink or kinked
        return worst, kink


def _directions(g: Array) -> list[Array]:
    """Every entry of a small gradient; a few entries and one random direction of a large one."""
    order = np.argsort(-np.abs(g), axis=None, kind="stable")
    chosen = order if g.size <= _EVERY_ENTRY else order[:_PROBED]
    directions = []
    for at in chosen:
        direction = np.zeros(g.size)
        direction[at] = 1
        directions.append(direction.reshape(g.shape))
    if g.size > _EVERY_ENTRY:
        random = np.random.default_rng(0).normal(size=g.shape)
        directions.append(random / np.linalg.norm(random))
    return directions


def _slope_error(f: Callable[[Any], Any], expected: float) -> tuple[float, bool]:
    """How far the slope of f at 0 lies from what is expected; at a kink, from the nearer one-sided slope."""
    at, right, left = f(np.longdouble(0)), f(_STEP), f(-_STEP)
    slopes = sorted((float((right - at) / _STEP), float((at - left) / _STEP)))
    kink = slopes[1] - slopes[0] > 1e-3 * max(1.0, *map(abs, slopes))
    if kink:
        return max(0.0, slopes[0] - expected - 1e-5, expected - slopes[1] - 1e-5), True
    wide = float((f(2 * _STEP) - f(-2 * _STEP)) / (4 * _STEP))
    central = float((right - left) / (2 * _STEP))
    error = abs(central + (central - wide) / 3 - expected)
    return (error if np.isfinite(error) else np.inf), False
