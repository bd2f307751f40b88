"""A metric for models that are linear in their inputs: how curved the objective is in each direction.

Legend: x the inputs of one example, (p,); z = W x + b what the loss is a function of; x̃ = (x, 1).
Whatever the loss, the Hessian by the rows of (W, b) is a mean of (curvature in z) ⊗ x̃ x̃ᵀ. With one number c in
place of the curvature it is c E[x̃ x̃ᵀ] + λ, which is quickly inverted, and the same for each row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.graph.shape import size_of

Array = NDArray[Any]
_ROWS = 12  # examples for each input: more would not make it better
_FLOOR = 1e-7  # of the mean of the diagonal: for inputs that are constant, or combinations of others


class InputMetric:
    """c E[x̃ x̃ᵀ] + λ for each row of the weights: what L-BFGS begins its idea of the Hessian with.

    wrt: W of the shape (p,) or (rows, p), and b of the shape () or (rows,), or W alone. x: (n, p).
    l2: λ, of the weights. Memory grows with p².
    """

    def __init__(self, wrt: tuple[Expr, ...], x: Array, weights: Array, l2: float) -> None:
        p = x.shape[1]
        self._sizes = [size_of(leaf.shape) for leaf in wrt]
        weight, bias = slice(0, p), slice(p, p + 1)
        self._columns = [weight if leaf.shape[-1:] == (p,) else bias for leaf in wrt]
        step = max(1, len(x) // (_ROWS * (p + 1) + 1000))
        some = np.column_stack([x[::step], np.ones(len(x[::step]))]).astype(np.float32)
        scaled = (
            some * np.sqrt(weights[::step] / max(weights[::step].mean(), 1e-30)).astype(np.float32)[:, None]
        )
        self._moments = (scaled.T @ scaled).astype(np.float64) / len(some)
        self._ridge = np.append(np.full(p, l2), 0.0)
        self._inverse: Array | None = None

    def calibrate(self, s: Array, y: Array) -> None:
        """Choose c from a step s and the change y of the gradient on it."""
        rows = self._rows(s)
        curved = float(((rows @ self._moments) * rows).sum())
        kept = float((self._ridge * rows**2).sum())
        c = (s @ y - kept) / curved if curved > 0 and s @ y > kept else 1.0
        whole = c * self._moments + np.diag(self._ridge)
        floor = _FLOOR * np.trace(whole) / len(whole)
        self._inverse = np.linalg.inv(
            whole + max(floor, float(np.finfo(np.float64).tiny)) * np.eye(len(whole))
        )

    def inverse(self, gradient: Array) -> Array:
        """The direction that the gradient has in this metric; before the first step the gradient itself."""
        return gradient if self._inverse is None else self._vector(self._rows(gradient) @ self._inverse)

    def _rows(self, vector: Array) -> Array:
        """(W, b) by rows, (rows, p + 1)."""
        parts = np.split(vector, np.cumsum(self._sizes)[:-1])
        width = len(self._moments)
        blocks = [
            part.reshape(-1, span.stop - span.start) for part, span in zip(parts, self._columns, strict=True)
        ]
        rows = np.zeros((len(blocks[0]), width))
        for block, span in zip(blocks, self._columns, strict=True):
            rows[:, span] = block
        return rows

    def _vector(self, rows: Array) -> Array:
        return np.concatenate([np.ravel(rows[:, span]) for span in self._columns])
