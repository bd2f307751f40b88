"""How far to go along a direction: to a point that satisfies the strong conditions of Wolfe.

Legend: φ(t) the objective at θ + t d; d the direction; c₁, c₂ the two constants. The conditions are enough
descent, φ(t) ≤ φ(0) + c₁ t φ′(0), and a slope that has become flat, |φ′(t)| ≤ c₂ |φ′(0)|.
Nocedal and Wright 2006, "Numerical Optimization", algorithms 3.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Slope = Callable[[Array], tuple[float, Array]]
_C1, _C2 = 1e-4, 0.9
_MOST = 30
_ROUNDING = 8


class Point(NamedTuple):
    """A point on the way: t, θ + t d, its value, gradient and slope φ′(t)."""

    t: float
    theta: Array
    value: float
    gradient: Array
    slope: float


def search(f: Slope, start: Point, d: Array, t: float, noise: float) -> Point | None:
    """A point that satisfies the conditions, tried at t first; None where none is found.

    start: the point with t = 0. noise: the relative rounding error of values: a difference that small is none.
    """

    def at(t: float) -> Point:
        value, gradient = f(start.theta + t * d)
        finite = np.isfinite(value) and np.isfinite(gradient).all()
        slope = float(gradient @ d) if finite else np.inf
        return Point(t, start.theta + t * d, value if finite else np.inf, gradient, slope)

    slack = _ROUNDING * noise * abs(start.value)

    def too_high(point: Point) -> bool:
        return point.value > start.value + _C1 * point.t * start.slope + slack

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -_C2 * start.slope

    low, high = start, None
    for _ in range(_MOST):
        point = at(t)
        if too_high(point) or (low is not start and point.value > low.value + slack):
            high = point
        elif flat(point):
            return point
        elif point.slope * (1 if high is None else high.t - low.t) >= 0:  # uphill towards the other end
            low, high = point, low
        else:
            low = point
        t = 2 * point.t if high is None else _between(low, high)
        if high is not None and abs(high.t - low.t) <= 1e-12 * max(low.t, high.t):
            break
    return low if low is not start and not too_high(low) else None


def _between(low: Point, high: Point) -> float:
    """The minimum of the cubic through both ends with their slopes, kept away from the ends; else the middle."""
    width = high.t - low.t
    middle = low.t + width / 2
    if not np.isfinite(high.value):
        return low.t + width / 10
    sum_of = low.slope + high.slope - 3 * (low.value - high.value) / (low.t - high.t)
    under = sum_of**2 - low.slope * high.slope
    if under < 0:
        return middle
    root = np.sign(width) * np.sqrt(under)
    bottom = high.slope - low.slope + 2 * root
    t = high.t - width * (high.slope + root - sum_of) / bottom if bottom else middle
    inside = min(low.t, high.t) + abs(width) / 10 <= t <= max(low.t, high.t) - abs(width) / 10
    return float(t) if inside else middle
