"""The condition of the columns: scale, constant and duplicated ones, nearly collinear ones, a leaked target.

Legend: x_j column j, over n examples; d columns; mode share: how often the commonest value of a column occurs.
Of images each channel is a column for the scale; for a leak each pixel is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Array = NDArray[Any]
_MOST = 4000  # examples looked at, evenly spaced
_WIDEST = 2000  # columns for which all pairs are compared
COLLINEAR = 1e-6
"""The smallest eigenvalue of a correlation matrix that rounding to float32 leaves meaning to."""
LEAKS = 0.999
"""From this share of explained variance on a single column gives the target away."""


@dataclass(frozen=True)
class Columns:
    """What was measured of the columns of X and of the target.

    n: how many examples were looked at. scale: √(mean of x_j²), one for each column, or each channel of images.
    target_scale: of a real target, else 0. constant: columns with one value that is not the background of the
    data (see `_constant`), with it. background: how many further columns are constant. duplicates: pairs of
    columns of which one is the other, shifted or scaled. smallest: the smallest eigenvalue of the correlation
    matrix of the varying columns, 1 where it was not computed; collinear: the columns that make it small.
    leaks: columns that alone explain the target, with the share of its variance.
    """

    n: int
    scale: Array
    target_scale: float
    constant: tuple[tuple[int, float], ...]
    background: int
    duplicates: tuple[tuple[int, int], ...]
    smallest: float
    collinear: tuple[int, ...]
    leaks: tuple[tuple[int, float], ...]

    @property
    def widest(self) -> int:
        """The column with the largest scale."""
        return int(np.argmax(self.scale))

    @property
    def scale_ratio(self) -> float:
        """The largest scale over the median of those that are not 0; the gradients of the weights have it too."""
        return (
            float(self.scale.max() / np.median(self.scale[self.scale > 0], axis=0))
            if self.scale.any()
            else 1.0
        )


def condition(X: Any, y: Any, classes: bool) -> Columns:
    """Measure the columns of X (n, *shape) and the target y (n,) or (n, k). classes: whether y are labels of classes.

    >>> y = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    >>> X = np.stack([y / 10, np.full(8, 7.0), 1e6 * np.array([2, 7, 1, 8, 2, 8, 1, 8])], axis=1)
    >>> found = condition(X, y, classes=False)
    >>> found.constant, found.leaks, found.widest
    (((1, 7.0),), ((0, 1.0),), 2)
    """
    X, y = np.asarray(X), np.asarray(y)
    rows = np.linspace(0, len(X) - 1, min(len(X), _MOST)).round().astype(int)
    X, y = X[rows].astype(np.float64), y[rows]
    axes = (0, *range(2, X.ndim))
    scale = np.sqrt(np.mean(np.square(X), axis=axes)) if X.ndim > 1 else np.array([1.0])
    flat = X.reshape(len(X), -1)
    share, mode = _modes(flat)
    low, high = flat.min(axis=0), flat.max(axis=0)
    still = low == high
    constant, background = ((), 0) if X.ndim > 2 else _constant(mode, still, share)
    varying = np.flatnonzero((share < 0.5) & ~still) if X.ndim == 2 else np.arange(0)
    duplicates, smallest, collinear = _alike(flat, varying)
    real = 0.0 if classes else float(np.sqrt(np.mean(np.square(y.astype(np.float64)))))
    return Columns(
        len(X),
        scale,
        real,
        constant,
        background,
        duplicates,
        smallest,
        collinear,
        _leaks(flat, y, classes, still),
    )


def _modes(flat: Array) -> tuple[Array, Array]:
    """How often the commonest value of each column occurs, and the value."""
    ordered = np.sort(flat, axis=0)
    n = len(flat)
    start = np.ones(flat.shape, bool)
    start[1:] = ordered[1:] != ordered[:-1]
    at = np.where(start, np.arange(n)[:, None], 0)
    length = np.arange(n)[:, None] - np.maximum.accumulate(at, axis=0) + 1
    best = length.argmax(axis=0)
    return length.max(axis=0) / n, ordered[best, np.arange(flat.shape[1])]


def _constant(mode: Array, still: Array, share: Array) -> tuple[tuple[tuple[int, float], ...], int]:
    """The constant columns worth a word, and how many others there are.

    Pixels, counts and one-hot columns have a background: where a quarter of the varying columns have one value in
    more than half of the examples, a column that has its background only is to be expected.
    """
    sparse = ~still & (share > 0.5)
    natural: set[float] = set()
    if sparse.sum() * 4 >= (~still).sum() > 0:
        values, counts = np.unique(mode[sparse], return_counts=True)
        if counts.max() * 2 >= counts.sum():
            natural = {float(values[counts.argmax()])}
        else:  # standardised columns have a background each, and a constant one is 0
            natural = {0.0}
    found = tuple((int(j), float(mode[j])) for j in np.flatnonzero(still) if float(mode[j]) not in natural)
    return found, int(still.sum()) - len(found)


def _alike(flat: Array, varying: Array) -> tuple[tuple[tuple[int, int], ...], float, tuple[int, ...]]:
    """Pairs with a correlation of ±1, and what else is collinear among the columns without a background."""
    if not 2 <= len(varying) <= _WIDEST:
        return (), 1.0, ()
    z = flat[:, varying] - flat[:, varying].mean(axis=0)
    z /= np.linalg.norm(z, axis=0)
    r = z.T @ z
    np.fill_diagonal(r, 0)
    pairs = np.argwhere(np.triu(1 - np.abs(r) < COLLINEAR))
    duplicates = tuple((int(varying[i]), int(varying[j])) for i, j in pairs)
    kept = np.setdiff1d(np.arange(len(varying)), pairs[:, 1])
    if len(kept) < 3 or len(flat) < 1.5 * len(kept):
        return duplicates, 1.0, ()
    values, vectors = np.linalg.eigh(r[np.ix_(kept, kept)] + np.eye(len(kept)))
    smallest = float(max(values[0], 0.0))
    loads = np.abs(vectors[:, 0])
    named = varying[kept[np.flatnonzero(loads > 0.3 * loads.max())]] if smallest < COLLINEAR else ()
    return duplicates, smallest, tuple(int(j) for j in named)


def _leaks(flat: Array, y: Array, classes: bool, still: Array) -> tuple[tuple[int, float], ...]:
    """Columns that alone explain the target: of real numbers by a line or in rank, of classes by their means.

    With one column it is the input, and no leak.
    """
    if flat.shape[1] < 2 or y.ndim != 1 or len(y) < 8 or len(np.unique(y)) < 2:
        return ()
    moving = np.flatnonzero(~still)
    x = flat[:, moving]
    if classes:
        _, y = np.unique(y, return_inverse=True)
        counts = np.bincount(y)
        means = (
            np.stack([np.bincount(y, column, len(counts)) / counts for column in x.T]) if len(moving) else x.T
        )
        within = np.mean(np.square(x - means.T[y]), axis=0)
        explained = 1 - within / x.var(
            axis=0
        )  # 1 also for a column that is on for one class and off for all others
    else:
        explained = np.maximum(
            _squared_correlation(x, y), _squared_correlation(rankdata(x, axis=0), rankdata(y))
        )
    return tuple((int(moving[k]), float(explained[k])) for k in np.flatnonzero(explained >= LEAKS))


def _squared_correlation(x: Array, y: Array) -> Array:
    x, y = x - x.mean(axis=0), y - y.mean()
    below = np.square(x).sum(axis=0) * np.square(y).sum()
    result: Array = np.square(y @ x) / np.where(below > 0, below, 1)
    return result
