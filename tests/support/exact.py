"""What an expression means, in 50 digits: definitions to the bottom, no value rule where a definition is.

Exponents have no bounds here, so that exp(1e4) is a number, and the limit of a quotient of two is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.shape import size_of
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import equation_of

mpmath.mp.dps = 50


def number(value: Any) -> Any:
    """A float, a whole number or a fraction without rounding."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value if isinstance(value, int) else float(value))


_to_number = np.frompyfunc(number, 1, 1)
OF_NUMBERS: dict[str, Callable[..., Any]] = {
    "exp": mpmath.exp,
    "log": lambda a: mpmath.log(a) if a >= 0 else mpmath.nan,
    "sqrt": lambda a: mpmath.sqrt(a) if a >= 0 else mpmath.nan,
    "erf": mpmath.erf,
    "cos": mpmath.cos,
    "sin": mpmath.sin,
    "divide": lambda a, b: a / b if b else mpmath.sign(a) * mpmath.inf if a else mpmath.nan,
    "power": lambda a, exponent: mpmath.power(a, number(exponent)) if a or exponent >= 0 else mpmath.inf,
}
"""Functions of numbers that NumPy has no form of for exact ones. Everything else is in the ops' own words."""


def exactly(expr: Expr, values: Mapping[Expr, Any]) -> NDArray[np.longdouble]:
    """The value of an expression, rounded once, at the end."""
    found: dict[Expr, Any] = {}
    for node in topological([expr], _meaning):
        found[node] = _as_array(_value(node, [found[child] for child in _meaning(node)], values), node.shape)
    return np.array([_rounded(entry) for entry in found[expr].ravel()], np.longdouble).reshape(expr.shape)


def _rounded(entry: Any) -> np.longdouble:
    """An exact number as a float; beyond the exponents of floats it is infinite or 0."""
    if mpmath.isfinite(entry) and entry and abs(mpmath.log10(abs(entry))) > 4900:
        return np.longdouble(mpmath.sign(entry) * (np.inf if abs(entry) > 1 else 0))
    return np.longdouble(mpmath.nstr(entry, 25))


def _meaning(node: Expr) -> tuple[Expr, ...]:
    return (node.op.definition(node.operands, node.params),) if node.op.defined else node.operands


def _value(node: Expr, arrays: list[Any], values: Mapping[Expr, Any]) -> Any:
    if node in values:
        return _to_number(np.asarray(values[node], object))
    if node.op is CONSTANT:
        value = node.params["value"]
        return _to_number(
            np.array(value if isinstance(value, tuple) else [value] * size_of(node.shape), object)
        )
    if node.op.defined:
        return arrays[0]
    if node.op.name in OF_NUMBERS:
        function = partial(OF_NUMBERS[node.op.name], **node.params)
        return np.frompyfunc(function, len(arrays), 1)(*arrays)
    if node.op.value_rule is not None:
        return node.op.value_rule(np, *arrays, **node.params)
    return equation_of(node).product(np, arrays)


def _as_array(value: Any, shape: tuple[int, ...]) -> Any:
    array = np.empty(size_of(shape), object)
    array[:] = np.asarray(value, object).ravel() + mpmath.mpf(0)
    return array.reshape(shape)
