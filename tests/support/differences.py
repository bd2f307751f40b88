"""Central finite differences in extended precision, with one step of Richardson's extrapolation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expr
from support.tolerance import DIFFERENCES, agree

STEP = np.longdouble(2) ** -13


def slope(f: Callable[[NDArray[Any]], Any], at: Any, direction: Any) -> Any:
    """How fast f, a scalar, grows in a direction; the error falls with the fourth power of the step."""
    at = np.asarray(at, np.longdouble)

    def central(step: Any) -> Any:
        return (f(at + step * direction) - f(at - step * direction)) / (2 * step)

    return (4 * central(STEP / 2) - central(STEP)) / 3


def differences(f: Callable[[NDArray[Any]], Any], at: Any) -> NDArray[Any]:
    """The gradient of f, a scalar, entry by entry."""
    result = np.zeros(np.shape(at), np.longdouble)
    for entry in np.ndindex(result.shape):
        unit = np.zeros(result.shape)
        unit[entry] = 1
        result[entry] = slope(f, at, unit)
    return result


def slopes(of: Expr, by: Expr, values: Mapping[Expr, Any]) -> NDArray[Any]:
    """The gradient of an expression by a leaf, found without any derivative."""
    return differences(lambda moved: cr.evaluate(of, {**values, by: moved}, np.longdouble), values[by])


FEW = 12
"""Up to so many entries each is moved by itself."""


def check_slopes(found: Any, of: Expr, by: Expr, values: Mapping[Expr, Any], what: str) -> None:
    """A gradient is that of differences: entry by entry where there are few, else in two directions."""
    if found.size <= FEW:
        agree(found, slopes(of, by, values), what, DIFFERENCES)
        return
    rng = np.random.default_rng(found.size)
    for direction in rng.choice([-1.0, 1.0], (2, *found.shape)) * rng.uniform(0.5, 1.5, (2, *found.shape)):
        moved = slope(lambda at: cr.evaluate(of, {**values, by: at}, np.longdouble), values[by], direction)
        agree(np.sum(found * direction), moved, f"{what}, in a direction", DIFFERENCES)
