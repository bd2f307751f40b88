"""How close is equal: one number for each dtype and kind of comparison."""

from __future__ import annotations

from typing import Any

import numpy as np

EQUAL = {"float64": 1e-12, "float32": 1e-5}
"""Between two ways of computing one thing: relative to the number, and to the largest number beside it."""
DIFFERENCES = 1e-10
"""Between a derivative and finite differences: these lose digits where the value has few (erf has 16)."""


class Disagreement(AssertionError):
    """Two ways to one number gave two numbers."""


def agree(actual: Any, expected: Any, what: str, tolerance: float = EQUAL["float64"]) -> None:
    """Raise Disagreement unless both have one shape and the same entries, infinities and NaNs included."""
    actual, expected = np.asarray(actual, np.longdouble), np.asarray(expected, np.longdouble)
    if actual.shape != expected.shape:
        raise Disagreement(f"{what}: the shape {actual.shape} where {expected.shape} is expected")
    finite = np.isfinite(expected)
    same = np.array_equal(actual[~finite], expected[~finite], equal_nan=True)
    bound = tolerance * max(1.0, np.max(np.abs(expected[finite]), initial=0.0))
    with np.errstate(invalid="ignore"):
        error = np.max(np.abs(actual[finite] - expected[finite]), initial=0.0)
    if not (same and error <= bound):
        raise Disagreement(
            f"{what}: {actual} where {expected} is expected; error {error:.3g}, allowed {bound:.3g}"
        )
