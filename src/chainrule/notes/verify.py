"""The judge: whether a relation holds is computed, and the verdict follows from that.

Identities are computed in float64 on random inputs and several widths; derivatives by `gradient` and by
finite differences in extended precision; numbers in float64 and in extended precision. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import numpy as np

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.symbols import text_symbol
from chainrule.graph.walk import leaves, substituted
from chainrule.notes import relation as said
from chainrule.notes.draws import real
from chainrule.notes.equation import IMPRECISE, RIGHT, WRONG, Claim, Draw
from chainrule.notes.relation import Relation, built
from chainrule.readings.gradient import gradient
from chainrule.readings.working import evaluate

DRAWS = 3
SAME = 1e-10
"""Relative difference below which two float64 results are one."""
DIFFERENCES = 1e-7
"""The same for finite differences."""
NUMBERS = 1e-12
"""The same for a number in float64 and in extended precision."""
_STEP = np.longdouble(1e-6)
_FAR = 60.0


@dataclass(frozen=True)
class Finding:
    """What was computed for one relation: whether it holds, the evidence in words, its numbers."""

    holds: bool
    evidence: str
    values: tuple[float, ...] = ()
    fits: bool = True  # whether its shapes fit, so that it could be computed at all


def verdict_of(claim: Claim, seed: int) -> tuple[str, Finding, Finding | None]:
    """The verdict on one claim, what was found for it as printed, and for its correction.

    right: true as printed. imprecise: not true as printed, the correction is, and they differ in notation
    only. wrong: anything else.
    """
    printed = found(claim.printed, claim.given, seed)
    correct = found(claim.correct, claim.given, seed) if claim.correct is not None else None
    if printed.holds:
        return RIGHT, printed, correct
    if claim.notation and correct is not None and correct.holds:
        return IMPRECISE, printed, correct
    return WRONG, printed, correct


def found(relation: Relation, given: Mapping[Expr, Draw], seed: int) -> Finding:
    """Compute whether a relation holds; a relation whose shapes do not fit does not."""
    judge = _JUDGES[type(relation)]
    try:
        return judge(relation, given, np.random.default_rng(seed))
    except ShapeError as fault:
        return Finding(False, f"cannot be computed: it needs {fault.needed}, here {fault.came}", fits=False)


def drawn(exprs: list[Expr], given: Mapping[Expr, Draw], random: np.random.Generator) -> dict[Expr, Any]:
    """Random values for all leaves of the expressions."""
    return {leaf: given.get(leaf, real)(random, leaf.shape) for leaf in leaves(exprs)}


def _compared(left: Any, right: Any, values: Mapping[Expr, Any]) -> tuple[float, str]:
    """The largest difference relative to the largest entry, and where it was met."""
    left, right = np.asarray(left, float), np.asarray(right, float)
    if left.shape != right.shape:
        raise ShapeError(f"the shape {left.shape} on both sides", f"{right.shape} on the right", "=")
    scale = max(1.0, float(np.max(np.abs(left), initial=0)))
    off = np.abs(left - right) / scale
    worst = float(np.max(np.where(np.isnan(off), np.inf, off), initial=0))
    small = ", ".join(
        f"{text_symbol(str(leaf.name))} = {float(value):.3g}"
        for leaf, value in values.items()
        if np.ndim(value) == 0
    )
    if np.ndim(left) == 0:
        return worst, f"{float(left):.6g} against {float(right):.6g}" + (f" at {small}" if small else "")
    return worst, f"entries differ by up to {float(np.max(np.abs(left - right))):.3g}"


Sides = Callable[[Any], tuple[Any, Any, Mapping[Expr, Any]]]


def _alike(sides: Sides, given: Mapping[Expr, Draw], random: Any) -> Finding:
    """Whether two sides are the same on every draw. Labels are few, so that they are drawn more often."""
    worst, draws = 0.0, 3 * DRAWS if given else DRAWS
    for _ in range(draws):
        left, right, values = sides(random)
        off, where = _compared(left, right, values)
        if not off <= SAME:
            return Finding(False, f"the sides differ: {where}")
        worst = max(worst, off)
        if not values:
            break
    alike = f"both sides alike to {worst:.1e}" if worst else "both sides equal"
    return Finding(True, alike + (f" on {draws} random inputs" if values else ""))


def _equal(relation: said.Equal, given: Mapping[Expr, Draw], random: Any) -> Finding:
    left, right = built(relation.left), built(relation.right)

    def sides(random: Any) -> tuple[Any, Any, Mapping[Expr, Any]]:
        values = drawn([left, right], given, random)
        one, other = evaluate([left, right], values)
        return one, other, values

    finding = _alike(sides, given, random)
    return _with_values(finding, left, [left, right])


def _with_values(finding: Finding, expr: Expr, all_: list[Expr]) -> Finding:
    """The finding with the numbers of an expression, where nothing in the relation varies."""
    if leaves(all_):
        return finding
    return replace(finding, values=tuple(float(n) for n in np.ravel(evaluate(expr, {}))))


def _entries(relation: said.Entries, given: Mapping[Expr, Draw], random: Any) -> Finding:
    left = built(relation.left)
    flat = [built(cell) for cell in _flat(relation.rows)]
    if any(cell.shape for cell in flat):
        raise ShapeError("a scalar in every place", "an array", "entries")

    def sides(random: Any) -> tuple[Any, Any, Mapping[Expr, Any]]:
        values = drawn([left, *flat], given, random)
        first, *cells = evaluate([left, *flat], values)
        deep = isinstance(relation.rows[0], (list, tuple))
        return first, np.reshape(cells, (len(relation.rows), -1) if deep else (-1,)), values

    return _with_values(_alike(sides, given, random), left, [left, *flat])


def _flat(rows: said.Rows) -> list[said.Part]:
    return [cell for row in rows for cell in (_flat(row) if isinstance(row, (list, tuple)) else [row])]


def _cases(relation: said.Cases, given: Mapping[Expr, Draw], random: Any) -> Finding:
    left, lines = built(relation.left), [built(line) for line in relation.lines]
    for line in lines:
        if line.shape != left.shape:
            raise ShapeError(
                f"lines of the shape {left.shape}, since a brace is one of its lines",
                f"{line.shape}",
                "brace",
            )
    for _ in range(DRAWS):
        values = drawn([left, *lines], given, random)
        first, *others = evaluate([left, *lines], values)
        if not any(_compared(first, other, {})[0] <= SAME for other in others):
            listed = " and ".join(f"{float(other) + 0.0:.6g}" for other in others)
            return Finding(False, f"the left side is {float(first):.6g}, the lines are {listed}")
    return Finding(True, f"the left side is one of the lines on {DRAWS} random inputs")


def _target(relation: said.Rate) -> tuple[Expr, Expr, tuple[Any, ...] | None]:
    """What is differentiated, the leaf by which, and the index into it."""
    of, by = relation.of, relation.by
    if by.is_leaf:
        return of, by, None
    if by.op.name == "index" and by.operands[0].is_leaf:
        return of, by.operands[0], by.params["key"]
    leaf = data("part", by.shape)
    return substituted(of, {by: leaf}), leaf, None


def _rate(relation: said.Rate, given: Mapping[Expr, Draw], random: Any) -> Finding:
    equals = built(relation.equals)
    of, leaf, key = _target(relation)
    rate = gradient(of, leaf)
    worst = 0.0
    for draw in range(DRAWS):
        values = drawn(
            [relation.of, relation.by, equals, *([leaf] if key is not None else [])], given, random
        )
        if leaf not in values:
            values[leaf] = evaluate(relation.by, values)
        at = tuple(slice(*part) if isinstance(part, tuple) else part for part in key or ())
        ours, right = evaluate([rate, equals], values)
        ours = ours[at]
        small = {one: value for one, value in values.items() if one is not leaf or not leaf.shape}
        off, where = _compared(ours, right, small)
        if not off <= SAME:
            return Finding(False, f"the derivative differs from what is printed: {where}")
        if draw:
            continue  # finite differences once: they are slow, and check the gradient, not the numbers
        direction = np.zeros(leaf.shape)
        direction[at] = random.normal(size=np.shape(direction[at]))
        slope = _slope(of, leaf, values, direction)
        expected = float(np.sum(direction[at] * right))
        miss = abs(slope - expected) / max(1.0, abs(expected))
        if not miss <= DIFFERENCES:
            return Finding(False, f"finite differences give {slope:.9g}, the line {expected:.9g}")
        worst = miss
    return Finding(
        True, f"gradient and finite differences agree with it (to {worst:.1e}) on {DRAWS} random inputs"
    )


def _slope(of: Expr, leaf: Expr, values: Mapping[Expr, Any], direction: Any) -> float:
    """The slope along a direction: a central difference in extended precision."""
    start = np.asarray(values[leaf], np.longdouble)
    above, below = (
        evaluate(of, {**values, leaf: start + step * direction}, np.longdouble) for step in (_STEP, -_STEP)
    )
    return float((above - below) / (2 * _STEP))


def _rounded(relation: said.Rounded, given: Mapping[Expr, Draw], random: Any) -> Finding:
    del given, random
    expr = built(relation.expr)
    if expr.shape != ():
        raise ShapeError("a number", f"the shape {expr.shape}", "=")
    value, precise = float(evaluate(expr, {})), evaluate(expr, {}, np.longdouble)
    if not abs(value - precise) <= NUMBERS * max(1.0, abs(value)):
        return Finding(False, f"float64 gives {value!r}, extended precision {precise!r}", (value,))
    digits = Decimal(relation.printed)
    rounding = Decimal(repr(value)).quantize(digits, ROUND_HALF_EVEN)
    holds = rounding == digits or abs(value - float(digits)) <= NUMBERS
    return Finding(holds, f"the value is {value:.15g}, which rounds to {rounding}", (value,))


def _within(relation: said.Within, given: Mapping[Expr, Draw], random: Any) -> Finding:
    expr = built(relation.expr)
    wide: dict[Expr, Draw] = {leaf: lambda r, shape: 1.5 * real(r, shape) for leaf in leaves([expr])}
    for _ in range(30):
        value = evaluate(expr, drawn([expr], {**wide, **given}, random))
        if not np.all((value > relation.low) & (value < relation.high)):
            return Finding(False, f"a value is {float(np.max(value)):.6g}")
    return Finding(True, "on 30 random inputs")


def _shaped(relation: said.Shaped, given: Mapping[Expr, Draw], random: Any) -> Finding:
    expr = built(relation.expr)
    shape = np.shape(evaluate(expr, drawn([expr], given, random)))
    return Finding(shape == relation.shape, f"its shape is {shape}")


def _tends(relation: said.Tends, given: Mapping[Expr, Draw], random: Any) -> Finding:
    values = drawn([relation.expr], given, random)
    near, far = (
        float(evaluate(relation.expr, {**values, relation.leaf: relation.sign * at}))
        for at in (_FAR / 2, _FAR)
    )
    off = abs(far - relation.limit)
    holds = off <= SAME and off <= abs(near - relation.limit)
    return Finding(holds, f"at {relation.sign * _FAR:g} it is {far:.6g}")


def _means(relation: said.Means, given: Mapping[Expr, Draw], random: Any) -> Finding:
    expr = built(relation.expr)

    def sides(random: Any) -> tuple[Any, Any, Mapping[Expr, Any]]:
        values = drawn([expr, *relation.leaves], given, random)
        value = evaluate(expr, {leaf: values[leaf] for leaf in leaves([expr])})
        return value, relation.meaning(*(values[leaf] for leaf in relation.leaves)), values

    finding = _alike(sides, given, random)
    return Finding(finding.holds, finding.evidence.replace("both sides", "the expression and plain NumPy"))


def _maximal(relation: said.Maximal, given: Mapping[Expr, Draw], random: Any) -> Finding:
    sign = 1.0 if relation.largest else -1.0
    rate = gradient(relation.expr, relation.leaf)
    values = drawn([relation.expr], given, random)
    here, step = np.zeros(relation.leaf.shape), 1.0
    best = sign * float(evaluate(relation.expr, {**values, relation.leaf: here}))
    for _ in range(100):
        if step < 1e-7:
            break
        uphill = sign * np.asarray(evaluate(rate, {**values, relation.leaf: here}))
        if not np.all(np.isfinite(uphill)) or np.max(np.abs(here)) > _FAR:
            return Finding(False, "there is no best point: the steps run off")
        ahead = here + step * uphill / max(float(np.linalg.norm(uphill)), 1e-300)
        value = sign * float(evaluate(relation.expr, {**values, relation.leaf: ahead}))
        here, best, step = (ahead, value, step * 1.5) if value > best else (here, best, step / 3)
    for _ in range(20):
        near = here + 0.3 * random.normal(size=here.shape)
        if sign * float(evaluate(relation.expr, {**values, relation.leaf: near})) > best + 1e-6 * abs(best):
            return Finding(False, "a point near by is better than the one found")
    return Finding(True, "no point near the one found by gradient steps is better")


def _lowers(relation: said.Lowers, given: Mapping[Expr, Draw], random: Any) -> Finding:
    for _ in range(DRAWS):
        values = drawn([relation.update, relation.objective], given, random)
        start = np.asarray(values[relation.leaf], float)
        full = np.asarray(evaluate(relation.update, values)) - start
        before = float(evaluate(relation.objective, values))
        after = float(evaluate(relation.objective, {**values, relation.leaf: start + 1e-5 * full}))
        if not after < before:
            return Finding(False, f"the step takes the loss from {before:.9g} up to {after:.9g}")
    return Finding(True, f"the step lowers the loss on {DRAWS} random inputs")


def _brackets(relation: said.Brackets, given: Mapping[Expr, Draw], random: Any) -> Finding:
    del given, random
    opened, closed = (sum(relation.text.count(sign) for sign in signs) for signs in ("([", ")]"))
    return Finding(opened == closed, f"{opened} brackets open, {closed} close")


def _same(relation: said.Same, given: Mapping[Expr, Draw], random: Any) -> Finding:
    del given, random
    left = relation.left if isinstance(relation.left, tuple) else (relation.left,)
    values = tuple(float(n) for n in left if isinstance(n, (int, float)))
    holds = bool(relation.left == relation.right)
    if isinstance(relation.left, (bool, np.bool_)):
        return Finding(holds, f"{relation.text}: computed, this is {'true' if holds else 'false'}")
    sign = "=" if holds else "≠"
    return Finding(holds, f"{relation.left} {sign} {relation.right}", values)


_JUDGES: dict[type, Callable[[Any, Mapping[Expr, Draw], Any], Finding]] = {
    said.Equal: _equal,
    said.Rate: _rate,
    said.Entries: _entries,
    said.Cases: _cases,
    said.Rounded: _rounded,
    said.Within: _within,
    said.Shaped: _shaped,
    said.Tends: _tends,
    said.Means: _means,
    said.Maximal: _maximal,
    said.Lowers: _lowers,
    said.Brackets: _brackets,
    said.Same: _same,
}
