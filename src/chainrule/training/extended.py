"""Sums of products in about 32 digits, from float64 alone: pairs high + low of unevaluated sums.

Legend: a, b arrays of float64; high the rounded result, low what rounding left of it, exactly.
Dekker 1971, "A floating-point technique for extending the available precision"; Ogita, Rump and Oishi 2005,
"Accurate sum and dot product".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Pair = tuple[Array, Array]
_SPLITTER = 2.0**27 + 1


def exact_sum(a: Array, b: Array) -> Pair:
    """a + b, without error: high + low. Knuth, The Art of Computer Programming, volume 2, 4.2.2.

    >>> [float(part) for part in exact_sum(np.float64(1), np.float64(1e-20))]
    [1.0, 1e-20]
    """
    high = a + b
    part = high - a
    return high, (a - (high - part)) + (b - part)


def exact_product(a: Array, b: Array) -> Pair:
    """a b entry by entry, without error as long as nothing comes near the ends of the range of float64.

    >>> high, low = exact_product(np.float64(2**30 + 1), np.float64(2**30 + 1))
    >>> int(high) + int(low) == (2**30 + 1) ** 2
    True
    """
    high = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return high, a2 * b2 - (((high - a1 * b1) - a2 * b1) - a1 * b2)


def _halves(a: Array) -> Pair:
    """a as two numbers of 26 bits, whose products float64 holds."""
    shifted = _SPLITTER * a
    upper = shifted - (shifted - a)
    return upper, a - upper


def added(x: Pair, y: Pair) -> Pair:
    """x + y of pairs."""
    high, low = exact_sum(x[0], y[0])
    return exact_sum(high, low + (x[1] + y[1]))


def times(a: Array, x: Pair) -> Pair:
    """a x of numbers and pairs, entry by entry."""
    high, low = exact_product(a, x[0])
    return exact_sum(high, low + a * x[1])


def negative(x: Pair) -> Pair:
    """−x."""
    return -x[0], -x[1]


def total(x: Pair) -> Pair:
    """The sum over the first axis, added in pairs of halves. x: parts (n, ...)."""
    while len(x[0]) > 1:
        half = len(x[0]) // 2
        folded = added((x[0][:half], x[1][:half]), (x[0][half : 2 * half], x[1][half : 2 * half]))
        if len(x[0]) % 2:
            last = (x[0][-1:], x[1][-1:])
            folded = (np.concatenate([folded[0], last[0]]), np.concatenate([folded[1], last[1]]))
        x = folded
    return (x[0][0], x[1][0]) if len(x[0]) else (x[0].sum(axis=0), x[1].sum(axis=0))


def product(X: Array, b: Pair) -> Pair:
    """X b. X: (n, p). b: parts (p, k). Result: parts (n, k)."""
    sum_so_far = (np.zeros((len(X), b[0].shape[1])), np.zeros((len(X), b[0].shape[1])))
    for j in range(X.shape[1]):
        sum_so_far = added(sum_so_far, times(X[:, j, None], (b[0][j], b[1][j])))
    return sum_so_far


def transposed_product(X: Array, r: Pair) -> Pair:
    """Xᵀ r. X: (n, p). r: parts (n, k). Result: parts (p, k)."""
    rows = [total(times(X[:, j, None], r)) for j in range(X.shape[1])]
    parts = [np.array([row[part] for row in rows]).reshape(X.shape[1], r[0].shape[1]) for part in (0, 1)]
    return parts[0], parts[1]
