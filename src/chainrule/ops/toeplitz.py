"""Convolution as a matrix: one row for each place of the result, one column for each entry of the input. Notes (135).

Every row holds the kernel, shifted by one: a Toeplitz matrix, constant along each diagonal. Few parameters stand in
many places; that is what parameter sharing means.

Legend: w the kernel (m entries); T its matrix (rows, n); dT the adjoint of T; u the place in w that stands at T_{i,j}.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ShapeError
from chainrule.graph.notation import Notation, named_function
from chainrule.graph.op import Case, case, error, primitive
from chainrule.ops.windows import Window, windows_of

_CONVENTIONS = ("convolve", "correlate")


def _window(m: int, n: Any, padding: Any, convention: str, where: str = "toeplitz") -> Window:
    if convention not in _CONVENTIONS:
        raise ShapeError(
            'the convention "convolve" or "correlate"', repr(convention), where, 'networks use "correlate"'
        )
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ShapeError(
            "the length n of the input, at least 1",
            f"n = {n!r}",
            where,
            "n is how many entries the input has",
        )
    return windows_of(where, (n,), (m,), 1, padding)[0]


def _sign_and_offset(window: Window, convention: str) -> tuple[int, int]:
    """u = i − j + M − 1 − p for convolution, j − i + p for correlation."""
    return (1, window.mirrored[0]) if convention == "convolve" else (-1, window.before)


def toeplitz_entries(
    m: int, n: int, padding: Any = "full", convention: str = "convolve"
) -> tuple[tuple[int | None, ...], ...]:
    """Which entry of w stands where in its matrix: an index from 0 to m − 1, or None for a zero.

    m: the entries of w. n, padding, convention: as for `toeplitz`, and the same errors.

    >>> import chainrule as cr
    >>> cr.toeplitz_entries(2, 2)
    ((0, None), (1, 0), (None, 1))
    """
    table = _table(_window(m, n, padding, convention), convention)
    return tuple(tuple(None if u == m else int(u) for u in row) for row in table)


def _table(window: Window, convention: str) -> NDArray[Any]:
    """For each entry of T the entry of w that it is, or m for a zero."""
    sign, offset = _sign_and_offset(window, convention)
    u = sign * (np.arange(window.count)[:, None] - np.arange(window.n)) + offset
    return np.where((u >= 0) & (u < window.size), u, window.size)


def _samples() -> tuple[Case, ...]:
    return tuple(
        case((m,), n=n, padding=padding, convention=convention)
        for m, n in ((3, 5), (2, 4), (1, 1), (1, 3))
        for padding in ("full", "valid", "same", 1, (0, 2))
        for convention in _CONVENTIONS
        if (m, n, padding)
        in ((3, 5, padding), (2, 4, "full"), (2, 4, "same"), (1, 1, "valid"), (1, 3, "full"))
    )


@primitive(
    lambda expr: _named("T", **expr.params),
    linear="joint",
    equation=lambda shapes, params: _equation(shapes[0][0], **params),
    samples=_samples(),
    errors=(
        error((2, 2), n=3, match="a kernel with one axis"),
        error((3,), n=0, match="at least 1; came n = 0"),
        error((3,), n=2, padding="valid", match="padded input of 2"),
        error((3,), n=4, convention="flip", match="the convention"),
        error((3,), n=4, padding=-1, match="came padding -1"),
    ),
)
def toeplitz(w, /, n, padding="full", convention="convolve"):
    """The matrix of a convolution: toeplitz(w, n, padding) @ a = convolve(a, w, padding=padding). Notes (135).

    w: (m,). n: the length of a. Returns (rows, n), where rows = n + padding − m + 1: with padding="full", as in the
    notes, n + m − 1. padding: as for `convolve`. convention: "convolve", or "correlate" for the matrix of
    correlate(a, w, padding=padding), in which the kernel stands the other way round.
    Raises ShapeError where the kernel does not fit or n is not positive.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.toeplitz(cr.parameter("w", 2), 3), {"w": [1, 2]}).astype(int).tolist()
    [[1, 0, 0], [2, 1, 0], [0, 2, 1], [0, 0, 2]]
    """
    if len(w) != 1:
        raise ShapeError("a kernel with one axis", f"{w}", "toeplitz", "take one row of it, or flatten it")
    window = _window(w[0], n, padding, convention)
    return (window.count, window.n)


def _named(name: str, padding: Any, convention: str, n: int | None = None, m: int | None = None) -> Notation:
    """T(w) with what its entries need: how long the input is, padding and convention where they are not plain."""
    size = f"n={n}" if m is None else f"m={m}"
    words = [padding if isinstance(padding, str) else f"p={padding}"] if padding != "full" else []
    return named_function(
        name, ", ".join([size, *words, *([convention] if convention != "convolve" else [])])
    )


def _equation(m: int, n: int, padding: Any, convention: str) -> str:
    sign, offset = _sign_and_offset(_window(m, n, padding, convention), convention)
    return f"Y[i,j] = W[{'i-j' if sign > 0 else 'j-i'}{offset:+d}]"


@toeplitz.value
def _(xp, w, n, padding, convention):
    w = xp.asarray(w)
    table = _table(_window(w.shape[0], n, padding, convention), convention)
    return xp.concatenate([w, xp.zeros(1, w.dtype)])[table]


@toeplitz.gradient
def _(dy, y, w, n, padding, convention):
    return (diagonal_sums(dy, m=w.shape[0], padding=padding, convention=convention),)


@primitive(
    lambda expr: _named("diagonals", **expr.params),
    linear="joint",
    equation=lambda shapes, params: _sums_equation(shapes[0], **params),
    samples=tuple(
        case(
            (_window(c.shapes[0][0], **c.params).count, c.params["n"]),
            m=c.shapes[0][0],
            padding=c.params["padding"],
            convention=c.params["convention"],
        )
        for c in _samples()
    ),
    errors=(
        error((3, 3), m=2, padding="full", convention="convolve", match=r"an adjoint of the matrix \(4, 3\)"),
    ),
    public=False,
)
def diagonal_sums(T, /, m, padding, convention):
    """The sum of each diagonal on which an entry of the kernel stands: the gradient of `toeplitz`.

    T: (rows, n). m: the entries of the kernel. Returns (m,). Raises ShapeError where the sizes do not fit.
    """
    if len(T) != 2:
        raise ShapeError("a matrix", f"{T}", "diagonal_sums", "give what the matrix of toeplitz receives")
    window = _window(m, T[1], padding, convention, "diagonal_sums")
    if T[0] != window.count:
        wish = f"an adjoint of the matrix {(window.count, window.n)}"
        raise ShapeError(wish, f"{T}", "diagonal_sums", "give what the matrix of toeplitz receives")
    return (m,)


def _sums_equation(T, m, padding, convention):
    sign, offset = _sign_and_offset(_window(m, T[1], padding, convention), convention)
    row = f"j+u{-offset:+d}" if sign > 0 else f"j-u{offset:+d}"
    return f"Y[u] = sum(j) T[{row},j]"


@diagonal_sums.value
def _(xp, T, m, padding, convention):
    window = _window(m, T.shape[1], padding, convention)
    sign, offset = _sign_and_offset(window, convention)
    j = np.arange(window.n)
    rows = j + sign * (np.arange(m)[:, None] - offset)
    rows = np.where((rows >= 0) & (rows < window.count), rows, window.count)
    return xp.sum(xp.pad(T, ((0, 1), (0, 0)))[rows, j], axis=1)


@diagonal_sums.gradient
def _(dy, y, T, m, padding, convention):
    return (toeplitz(dy, n=T.shape[1], padding=padding, convention=convention),)
