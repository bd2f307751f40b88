"""Exact least squares: the coefficients b that make Σ w (y − x b)² smallest, by an orthogonal factorisation.

Legend: X (n, p) the examples, one a row; y (n, k) the targets, one a column; w (n,) the weights; b (p, k) the
coefficients; r = y − X b the residuals; W the diagonal matrix of the weights; A = √W X = Q R.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import FeedError
from chainrule.graph.warnings import DependentColumnsWarning
from chainrule.training.extended import Pair, added, negative, product, times, transposed_product

Array = NDArray[Any]
_MOST_REFINEMENTS = 20
_EPSILON, _TINY = float(np.finfo(np.float64).eps), float(np.finfo(np.float64).tiny)
_ENOUGH = _EPSILON / 256  # of the largest coefficient: how much the next correction may be expected to change


@dataclass(frozen=True)
class LeastSquares:
    """What least squares found.

    coefficients: (p,), or (p, k) for k targets. intercept: a number, or (k,); 0 without one. rank: how many
    columns are independent, the intercept's among them. dependent: the names of the columns that are
    combinations of others. residuals: y − ŷ, of the shape of y.
    """

    coefficients: Array
    intercept: Any
    rank: int
    dependent: tuple[str, ...]
    residuals: Array


def least_squares(
    X: Any,
    y: Any,
    *,
    intercept: bool = False,
    sample_weight: Any = None,
    l2: float = 0.0,
    names: Sequence[str] | None = None,
) -> LeastSquares:
    """The coefficients with the smallest Σ w (y − x b − intercept)² + l2 Σ b², to about 15 digits.

    X: (n, p). y: (n,), or (n, k) for several targets at once. intercept: whether a constant is fitted too,
        which l2 leaves alone. sample_weight: w, (n,), 0 or above; 1 for all by default. names: of the
        columns, for the warning.

    A Householder QR of the columns, scaled by powers of 2, whose solution is refined until it stands still,
    with residuals in twice the precision: the errors that are left are those of the numbers given. Powers of
    a column must therefore be exact, as those of whole numbers are. Björck 1967, "Iterative refinement of
    linear least squares solutions I". Time grows with n p²; memory is some copies of X.

    Where columns are combinations of others, DependentColumnsWarning names them, and of all solutions the
    one with the smallest Σ b² is given. Raises FeedError for what is not finite or does not fit.

    >>> found = least_squares([[1], [2], [4]], [3, 5, 9], intercept=True)
    >>> found.coefficients.tolist(), found.intercept
    ([2.0], 1.0)
    """
    X, y, w = _checked(X, y, sample_weight, l2)
    n, p = X.shape
    names = [f"column {j}" for j in range(p)] if names is None else list(names)
    targets = y.reshape(n, -1)
    kept = w > 0
    columns, labels, weights = X[kept], targets[kept], w[kept]
    if l2 > 0:  # a row for each column: it would be 0, with the weight l2
        columns = np.concatenate([columns, np.eye(p)])
        labels = np.concatenate([labels, np.zeros((p, labels.shape[1]))])
        weights = np.concatenate([weights, np.full(p, float(l2))])
    if intercept:
        ones = (np.arange(len(columns)) < kept.sum()).astype(float)
        columns, names = np.column_stack([ones, columns]), ["the intercept", *names]
    b, found, dependent = _solved(columns, labels, weights, int(intercept), names)
    if dependent:
        warnings.warn(DependentColumnsWarning(dependent), stacklevel=2)
    slopes, constant = b[intercept:], b[0] if intercept else np.zeros(b.shape[1])
    residuals = targets - X @ slopes - constant
    residuals[kept] = found[: kept.sum()]
    single = y.ndim == 1
    return LeastSquares(
        slopes[:, 0] if single else slopes,
        float(constant[0]) if single else constant,
        columns.shape[1] - len(dependent),
        tuple(name for name, _ in dependent),
        residuals.reshape(y.shape),
    )


def _checked(X: Any, y: Any, sample_weight: Any, l2: float) -> tuple[Array, Array, Array]:
    try:
        X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
        w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as fault:
        raise FeedError(
            "numbers", str(fault)[:160], "least_squares", "turn text into numbers first"
        ) from None
    if X.ndim != 2 or y.ndim not in (1, 2) or len(y) != len(X) or not len(X):
        wish = "X of the shape (n, p) and y of the shape (n,) or (n, k)"
        raise FeedError(wish, f"{X.shape} and {y.shape}", "least_squares", "one row for each example")
    if w.shape != (len(X),) or not (w >= 0).all() or not w.any():
        came = f"the shape {w.shape}" if w.shape != (len(X),) else "others"
        remedy = "one number for each example: how often it counts"
        raise FeedError(f"{len(X)} weights from 0, not all of them 0", came, "sample_weight", remedy)
    for name, array in (("X", X), ("y", y), ("sample_weight", w)):
        if not np.isfinite(array).all():
            at = ", ".join(str(int(i)) for i in np.argwhere(~np.isfinite(array))[0])
            raise FeedError(
                "finite numbers", f"nan or inf at {name}[{at}]", "least_squares", "leave the row out"
            )
    if isinstance(l2, bool) or not isinstance(l2, (int, float, np.number)) or not 0 <= l2 < np.inf:
        raise FeedError("l2 as a finite number, 0 or above", repr(l2)[:80], "least_squares", "write l2=1.0")
    return X, y, w


def _solved(
    X: Array, y: Array, w: Array, free: int, names: Sequence[str]
) -> tuple[Array, Array, list[tuple[str, str]]]:
    """b (p, k), the residuals (n, k), and each dependent column with what it is made of.

    free: how many of the first columns do not count in the norm that is to be smallest.
    """
    from scipy.linalg import qr, solve_triangular

    scale, size, heaviest = _power_of_two(X), _power_of_two(y), _power_of_two(w[:, None])
    X, y, w = X / scale, y / size, w / heaviest
    root = np.sqrt(w)
    tall, square = np.linalg.qr(root[:, None] * X)
    small, R, order = qr(square, mode="economic", pivoting=True)  # of few rows: pivoting is slow on many
    Q = tall @ small
    diagonal = np.abs(np.diag(R))
    bound = 8 * _EPSILON * np.sqrt(max(X.shape)) * (diagonal[0] if len(diagonal) else 0.0)
    rank = int((diagonal > bound).sum())
    chosen, left = order[:rank], order[rank:]
    basic, residuals = _refined(X[:, chosen], y, w, Q[:, :rank], R[:rank, :rank])
    b = np.zeros((X.shape[1], y.shape[1]))
    b[chosen] = basic
    if len(left):
        null = np.zeros((X.shape[1], len(left)))
        null[chosen] = solve_triangular(R[:rank, :rank], -R[:rank, rank:])
        null[left, np.arange(len(left))] = 1
        made_of = [_made_of(null[:, i], left[i], names) for i in range(len(left))]
        null, b = null / scale[:, None], b / scale[:, None]
        b -= null @ np.linalg.lstsq(null[free:], b[free:], rcond=None)[0]
        return b * size, residuals * size, made_of
    return b / scale[:, None] * size, residuals * size, []


def _made_of(null: Array, place: int, names: Sequence[str]) -> tuple[str, str]:
    """A dependent column, and the columns that it is a combination of."""
    parts = [name for j, name in enumerate(names) if j != place and abs(null[j]) > 1e-8]
    return names[place], " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts) or "0"


def _power_of_two(columns: Array) -> Array:
    """For each column the power of 2 near its largest entry: to divide by it costs no digit."""
    largest = np.abs(columns).max(axis=0, initial=0.0)
    return np.ldexp(1.0, np.frexp(np.where(largest > 0, largest, 1.0))[1])


def _refined(X: Array, y: Array, w: Array, Q: Array, R: Array) -> tuple[Array, Array]:
    """b and r with r + X b = y and Xᵀ W r = 0, from √W X = Q R: corrected until corrections no longer shrink."""
    from scipy.linalg import solve_triangular

    root = np.sqrt(w)[:, None]
    b: Pair = (np.zeros((X.shape[1], y.shape[1])),) * 2
    r: Pair = (np.zeros_like(y),) * 2
    f, g = y, np.zeros_like(b[0])
    before = np.full(y.shape[1], np.inf)
    for _ in range(_MOST_REFINEMENTS):
        c, h = Q.T @ (root * f), solve_triangular(R, g, trans="T")
        db, u = solve_triangular(R, c - h), Q @ h + (root * f - Q @ c)
        change = np.abs(db).max(axis=0, initial=0.0)
        better = change < before / 2
        b = added(b, (np.where(better, db, 0.0), np.zeros_like(db)))
        r = added(r, (np.where(better, u / root, 0.0), np.zeros_like(u)))
        expected = change * np.where(np.isfinite(before), change / np.maximum(before, _TINY), 1)
        if (~better | (expected <= _ENOUGH * np.abs(b[0]).max(axis=0, initial=0.0))).all():
            break
        before = np.where(better, change, 0.0)
        f = added(added((y, np.zeros_like(y)), negative(r)), negative(product(X, b)))[0]
        g = negative(transposed_product(X, times(w[:, None], r)))[0]
    return b[0], r[0]
