"""Exact recomputation: whether a printed line holds for the printed numbers.

An `Exact` is a fraction, or a number of which only an approximation is known (exp(1), say). NumPy runs
the ops' own value rules on arrays of them, so no rule is written twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.shape import size_of
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import equation_of
from chainrule.readings.working import Array

_MOST_TERMS = 4000  # of one op: more are not recomputed, and their line says ≈
_LONGEST = 400  # bits of a numerator or denominator: longer fractions count as approximations


class Exact:
    """A number that is known exactly, as a fraction, or only nearly."""

    __slots__ = ("fraction", "near")

    def __init__(self, fraction: Fraction | None, near: float | None = None) -> None:
        if (
            fraction is not None
            and max(fraction.numerator.bit_length(), fraction.denominator.bit_length()) > _LONGEST
        ):
            near, fraction = _float(fraction), None
        self.fraction = fraction
        self.near = near if near is not None else _float(fraction or Fraction(0))

    def __float__(self) -> float:
        return self.near

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Exact:
        other = exact(other)
        if self.fraction is not None and other.fraction is not None:
            return Exact(operation(self.fraction, other.fraction))
        return Exact(None, operation(self.near, other.near))

    def __add__(self, other: Any) -> Exact:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Exact:
        return self._with(other, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Exact:
        other = exact(other)
        if 0 in (self.fraction, other.fraction) and math.isfinite(self.near * other.near):
            return Exact(Fraction(0))
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Exact:
        other = exact(other)
        if other.near == 0:
            return Exact(None, math.nan if self.near in (0, math.nan) else math.copysign(math.inf, self.near))
        return self._with(other, lambda a, b: a / b)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Exact:
        return exact(other) - self

    def __rtruediv__(self, other: Any) -> Exact:
        return exact(other) / self

    def __neg__(self) -> Exact:
        return Exact(None if self.fraction is None else -self.fraction, -self.near)

    def __abs__(self) -> Exact:
        return -self if self.near < 0 else self

    def __pow__(self, exponent: Any) -> Exact:
        power = exact(exponent)
        whole = power.fraction is not None and power.fraction.denominator == 1 and abs(power.fraction) < 20
        if whole and self.fraction is not None and (self.fraction or power.near >= 0):
            return Exact(self.fraction ** int(power.near))
        if power.fraction == Fraction(1, 2):
            return self.sqrt()
        return Exact(None, _tried(lambda: float(self.near**power.near)))

    def __eq__(self, other: object) -> bool:
        return self.near == float(other)  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Any) -> bool:
        return self.near < float(other)

    def __le__(self, other: Any) -> bool:
        return self.near <= float(other)

    def __gt__(self, other: Any) -> bool:
        return self.near > float(other)

    def __ge__(self, other: Any) -> bool:
        return self.near >= float(other)

    # what NumPy calls for np.exp, np.log, ... of an array of objects

    def _special(self, at: int, result: int, function: Callable[[float], float]) -> Exact:
        if self.fraction == at:
            return Exact(Fraction(result))
        return Exact(None, _tried(lambda: function(self.near)))

    def exp(self) -> Exact:
        return self._special(0, 1, math.exp)

    def expm1(self) -> Exact:
        return self._special(0, 0, math.expm1)

    def log(self) -> Exact:
        return self._special(1, 0, lambda x: math.log(x) if x else -math.inf)

    def log1p(self) -> Exact:
        return self._special(0, 0, lambda x: math.log1p(x) if x != -1 else -math.inf)

    def tanh(self) -> Exact:
        return self._special(0, 0, math.tanh)

    def cos(self) -> Exact:
        return self._special(0, 1, math.cos)

    def sin(self) -> Exact:
        return self._special(0, 0, math.sin)

    def sqrt(self) -> Exact:
        if self.fraction is not None and self.fraction >= 0:
            above, below = math.isqrt(self.fraction.numerator), math.isqrt(self.fraction.denominator)
            if (above**2, below**2) == self.fraction.as_integer_ratio():
                return Exact(Fraction(above, below))
        return Exact(None, _tried(lambda: math.sqrt(self.near)))


def _float(number: Fraction) -> float:
    return _tried(lambda: float(number))


def _tried(compute: Callable[[], float]) -> float:
    try:
        return compute()
    except OverflowError:
        return math.inf
    except (ValueError, TypeError):
        return math.nan


def exact(value: Any) -> Exact:
    """A whole number or a fraction as it is; a float only nearly."""
    if isinstance(value, Exact):
        return value
    if isinstance(value, (int, Fraction, np.integer, np.bool_)):
        return Exact(Fraction(int(value) if not isinstance(value, Fraction) else value))
    return Exact(None, float(value))


def as_typed(value: Any) -> Exact:
    """A float as the decimal that a person typed or reads: 0.1 is one tenth."""
    number = float(value)
    return Exact(Fraction(repr(number))) if math.isfinite(number) else Exact(None, number)


def array_of(values: Array, change: Callable[[Any], Exact]) -> Array:
    """An array of exact numbers."""
    result = np.empty(np.shape(values), object)
    flat = result.reshape(-1)
    for at, value in enumerate(np.ravel(values)):
        flat[at] = change(value)
    return result


def recomputed(expr: Expr, given: Mapping[Expr, Array]) -> Array | None:
    """The value of an expression for given exact arrays of its parts; None where that is too much work."""
    numbers: dict[Expr, Array] = dict(given)
    for node in topological([expr], lambda node: () if node in numbers else _children(node)):
        if node in numbers:
            continue
        children = _children(node)
        if _terms(node) > _MOST_TERMS or (node.is_leaf and node.op is not CONSTANT):
            return None
        numbers[node] = (
            _constant(node) if node.op is CONSTANT else _value(node, [numbers[child] for child in children])
        )
    return numbers[expr]


def _children(node: Expr) -> tuple[Expr, ...]:
    if node.op.value_rule is None and node.op.defined:
        return (node.op.definition(node.operands, node.params),)
    return node.operands


def terms_of_entry(expr: Expr) -> int:
    """About how many terms an entry of a line adds up."""
    inside = topological([expr], lambda node: () if node.name and node is not expr else node.operands)
    return max(
        (_terms(node) // max(1, size_of(node.shape)) for node in inside if not node.is_leaf), default=1
    )


def _terms(node: Expr) -> int:
    """How many terms an op adds up, over all entries."""
    if node.is_leaf or node.op.equation is None:
        return size_of(node.shape)
    equation, total = equation_of(node), 1
    for size in equation.sizes([operand.shape for operand in node.operands], node.shape).values():
        total *= size
    return total


def _constant(node: Expr) -> Array:
    value = node.params["value"]
    entries = value if isinstance(value, tuple) else (value,) * size_of(node.shape)
    return _filled(
        [as_typed(entry) if isinstance(entry, float) else exact(entry) for entry in entries], node.shape
    )


def _filled(entries: list[Exact], shape: tuple[int, ...]) -> Array:
    result = np.empty(len(entries), object)
    result[:] = entries
    return result.reshape(shape)


def _value(node: Expr, arrays: list[Array]) -> Array:
    """The op's own value rule on exact numbers; where it cannot take them, its definition, or the rule on floats."""
    if node.op.value_rule is None and node.op.defined:
        return arrays[0]
    rule = node.op.value_rule
    try:
        with np.errstate(all="ignore"):
            found = rule(np, *arrays, **node.params) if rule else equation_of(node).product(np, arrays)
        return array_of(np.broadcast_to(np.asarray(found, object), node.shape), exact)
    except (TypeError, ValueError, AttributeError, ZeroDivisionError, OverflowError):
        if node.op.defined:
            through = recomputed(
                node.op.definition(node.operands, node.params), dict(zip(node.operands, arrays, strict=True))
            )
            if through is not None:
                return through
        floats = [array.astype(float) for array in arrays]
        with np.errstate(all="ignore"):
            found = rule(np, *floats, **node.params) if rule else equation_of(node).product(np, floats)
        return array_of(
            np.broadcast_to(np.asarray(found, float), node.shape), lambda value: Exact(None, float(value))
        )
