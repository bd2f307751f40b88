"""L-BFGS: directions from the last few steps and how the gradient changed on them.

Legend: s a step of θ; y the change of the gradient on it; H the inverse of the Hessian, as L-BFGS believes.
Liu and Nocedal 1989, "On the limited memory BFGS method"; Nocedal and Wright 2006, algorithm 7.4.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Metric(Protocol):
    """What L-BFGS begins with in place of the identity."""

    def calibrate(self, s: Array, y: Array) -> None:
        """Learn from the first step."""

    def inverse(self, gradient: Array) -> Array:
        """H times the gradient, but for a factor."""


class Memory:
    """The last m pairs (s, y), and the metric that they correct."""

    def __init__(self, m: int = 20, metric: Metric | None = None) -> None:
        self._pairs: deque[tuple[Array, Array, float]] = deque(maxlen=m)
        self._metric = metric
        self._scale = 0.0

    def direction(self, gradient: Array) -> Array:
        """−H g. Of the length 1 at most before anything is known."""
        q, factors = -gradient, []
        for s, y, sy in reversed(self._pairs):
            factor = s @ q / sy
            factors.append(factor)
            q = q - factor * y
        q = q if self._metric is None else self._metric.inverse(q)
        q = self._scale * q if self._pairs else q / max(1.0, float(np.linalg.norm(q)))
        for (s, y, sy), factor in zip(self._pairs, reversed(factors), strict=True):
            q = q + (factor - y @ q / sy) * s
        return np.asarray(q)

    def learn(self, s: Array, y: Array) -> None:
        """Note a step; one on which the gradient did not grow says nothing."""
        sy = float(s @ y)
        if sy <= 1e-12 * float(np.linalg.norm(s) * np.linalg.norm(y)):
            return
        if not self._pairs and self._metric is not None:
            self._metric.calibrate(s, y)
        self._pairs.append((s, y, sy))
        self._scale = sy / float(y @ (y if self._metric is None else self._metric.inverse(y)))

    def forget(self) -> bool:
        """Begin anew. Whether there was something to forget."""
        known = bool(self._pairs)
        self._pairs.clear()
        return known
