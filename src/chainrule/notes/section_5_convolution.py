"""Sections 5.1 and 5.2, equations (125) to (136): convolution in one and two dimensions, and as a matrix.

⊗ and ⊛ of the notes slide a kernel over a signal and take inner products: a correlation without padding.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.equation import (
    DEFINITION,
    IDENTITY,
    NUMBER,
    Claim,
    Claims,
    Size,
    equation,
    under,
)
from chainrule.notes.parts import later, total_of
from chainrule.notes.relation import (
    Entries,
    Equal,
    Means,
    Rounded,
    Same,
    Shaped,
)

number = cr.constant


def window(f: cr.Expr, g: cr.Expr, i: int, j: int) -> cr.Expr:
    """The part of f (N, M) under g (u, v) with its first corner at i, j."""
    return f[i : i + g.shape[0], j : j + g.shape[1]]


@equation(125, "5.1", DEFINITION, "How many weights a layer has", "W itself is m_l × m_{l−1}, as in z = Wa.")
def equation_125(size: Size) -> Claims:
    claims: list[Shaped | Same] = []
    for inside, outside in zip(size.widths, size.widths[1:], strict=False):
        W, a = cr.parameter("W", (outside, inside)), cr.data("a", inside)
        z = W @ a
        claims += [
            Shaped(z, (outside,)),
            Same(
                prod(W.shape),
                prod(a.shape) * prod(z.shape),
                "|W⁽ˡ⁾| = m_{l−1} × m_l",
                r"|\mathbf{W}^{(l)}| = m_{l-1} \times m_l",
            ),
        ]
    return claims


F1, G1 = [1, 0, -1, 2, 1, 2], [1, 0, 1]
"""The signal and the kernel of (126)."""


@equation(126, "5.2.1", DEFINITION, "A signal and a kernel")
def equation_126() -> Claims:
    return [
        Shaped(number(F1), (6,)),
        Shaped(number(G1), (3,)),
        Shaped(cr.correlate(number(F1), number(G1)), (4,)),
    ]


@equation(
    127,
    "5.2.1",
    NUMBER,
    "The kernel slides over the signal",
    "The kernel is not turned: a correlation. Here it is symmetric.",
)
def equation_127() -> Claims:
    claims: list[Any] = []
    lines = (([1, 0, -1], "0", "0"), ([0, -1, 2], "2", "2"), ([-1, 2, 1], "0", "0"), ([2, 1, 2], "5", "4"))
    for k, (part, printed, correct) in enumerate(lines):
        terms = total_of([number(a) * number(b) for a, b in zip(part, G1, strict=True)])
        value = Rounded(terms, printed, f"(f ⊗ g)({k + 1})")
        right = Rounded(terms, correct, f"(f ⊗ g)({k + 1})")
        claims += [
            Equal(number(F1)[k : k + 3], number(part)),
            Equal(number(part) @ number(G1), terms),
            value if printed == correct else Claim(value, right, "2 × 1 + 1 × 0 + 2 × 1 is 4"),
        ]
    return claims


@equation(128, "5.2.1", NUMBER, "The result of the convolution")
def equation_128() -> Claims:
    whole = cr.correlate(number(F1), number(G1))
    return [
        Claim(
            Entries(whole, [number(n) for n in (0, 2, 0, 5)]),
            Entries(whole, [number(n) for n in (0, 2, 0, 4)]),
            "the last entry is 4, as in (127) corrected",
        )
    ]


F2, G2 = [[1, 0, -1, 2], [2, -1, 2, 1], [-1, 2, 0, 1], [1, -1, 1, 1]], [[1, 0], [0, 1]]
"""The image and the kernel of (129)."""
RESULT = [[0, 2, 0], [4, -1, 3], [-2, 3, 1]]
"""What (131) and (132) print."""


@equation(129, "5.2.2", DEFINITION, "An image and a kernel")
def equation_129() -> Claims:
    return [
        Shaped(number(F2), (4, 4)),
        Shaped(number(G2), (2, 2)),
        Shaped(cr.correlate2d(number(F2), number(G2)), (3, 3)),
    ]


@equation(
    130,
    "5.2.2",
    DEFINITION,
    "A matrix as a vector",
    "Row by row or column by column: here both give the same.",
)
def equation_130() -> Claims:
    return [
        Equal(cr.flatten(number(G2)), number([1, 0, 0, 1])),
        Equal(cr.flatten(number(G2).T), number([1, 0, 0, 1])),
    ]


WINDOWS = (
    ([[1, 0], [2, -1]], [[0, -1], [-1, 2]], [[-1, 2], [2, 1]]),
    ([[2, -1], [-1, 2]], [[-1, 2], [2, 0]], [[2, 1], [0, 1]]),
    ([[-1, 2], [1, -1]], [[2, 0], [-1, 1]], [[0, 1], [1, 1]]),
)
"""The windows that (131) prints."""


@equation(131, "5.2.2", NUMBER, "The kernel slides over the image")
def equation_131() -> Claims:
    f, g = number(F2), number(G2)
    kernel = cr.flatten(g)
    because = "between vecᵀ and vec stands a matrix product; ⊛ of two vectors is a vector again, as in (127)"
    claims: list[Any] = []
    for i, row in enumerate(WINDOWS):
        for j, part in enumerate(row):
            vec, printed = cr.flatten(number(part)), str(RESULT[i][j])
            name = f"(f ⊛ g)({i + 1}, {j + 1})"
            claims += [
                Equal(window(f, g, i, j), number(part)),
                Claim(
                    Rounded(later(cr.correlate, vec, kernel), printed, name),
                    Rounded(vec @ kernel, printed, name),
                    because,
                    notation=True,
                    spelled=f"{name} = vec({part})ᵀ ⊛ vec({G2}) = {printed}",
                ),
            ]
    return claims


@equation(132, "5.2.2", NUMBER, "The result of the convolution of the image")
def equation_132() -> Claims:
    f, g = number(F2), number(G2)
    turned = g[::-1, ::-1]
    return [Equal(cr.correlate2d(f, g), number(RESULT)), Equal(cr.correlate2d(f, turned), number(RESULT))]


def _grid(random: Any, shape: tuple[int, ...]) -> Any:
    del random
    return np.linspace(-12, 12, shape[0])


def _integrals(t: cr.Expr) -> list[Claim]:
    """Both integrals of two functions that fall off fast, by the trapezoidal rule, exact for them."""
    τ = cr.data(r"\tau", 481)
    width = 24 / 480

    def f(u: cr.Expr) -> cr.Expr:
        found: cr.Expr = cr.exp(-(u**2))
        return found

    def g(u: cr.Expr) -> cr.Expr:
        found: cr.Expr = (1 + u) * cr.exp(-((u - 1) ** 2))
        return found

    first, second = cr.sum(f(τ) * g(t - τ)) * width, cr.sum(f(t - τ) * g(τ)) * width
    bell = cr.sum(f(τ) * f(t - τ)) * width
    turned = f"∫ f(τ) g({t.name} − τ) dτ = ∫ f({t.name} − τ) g(τ) dτ, f(u) = exp(−u²), g(u) = (1 + u) exp(−(u − 1)²)"
    known = f"(f ⊛ f)({t.name}) = ∫ f(τ) f({t.name} − τ) dτ = √(π/2) exp(−{t.name}²/2)"
    return under(
        {τ: _grid},
        Claim(Equal(first, second), spelled=turned.replace("t^{\\prime}", "t′")),
        Claim(Equal(bell, sqrt(np.pi / 2) * cr.exp(-(t**2) / 2)), spelled=known.replace("t^{\\prime}", "t′")),
    )


@equation(
    133,
    "5.2.3",
    DEFINITION,
    "Convolution of functions",
    "Here the second function is turned, unlike in (127) and (131).",
)
def equation_133() -> Claims:
    return _integrals(cr.data("t"))


@equation(134, "5.2.3", DEFINITION, "Convolution of functions at another place")
def equation_134() -> Claims:
    return _integrals(cr.data("t^{\\prime}"))


@equation(
    135,
    "5.2.5",
    IDENTITY,
    "Convolution as a matrix",
    "⊛ as defined in (133): kernel turned, zeros outside, n + m − 1 numbers. The sliding of (127) and (143) "
    "has another matrix: rows w_1 … w_m, n − m + 1 of them.",
)
def equation_135(size: Size) -> Claims:
    n, m = size.widths[0] + 2, size.widths[1] if size.widths[1] < size.widths[0] + 2 else 2
    w, a = cr.parameter("w", m), cr.data("a", n)
    # the matrix has w_{i − j + 1} at i, j: each column is w, one place lower than the column before
    rows = [total_of([w[i - j] * a[j] for j in range(n) if 0 <= i - j < m]) for i in range(n + m - 1)]
    whole = cr.convolve(a, w, padding="full")
    return [
        Entries(whole, rows),
        Equal(whole, cr.toeplitz(w, n=n) @ a),
        Means(whole, (w, a), np.convolve, "z"),
        Shaped(whole, (n + m - 1,)),
    ]


@equation(
    136, "5.2.5", DEFINITION, "A fully connected layer, for comparison", "The bias is in Wa, as 2.3.4 allows."
)
def equation_136(size: Size) -> Claims:
    W, a = cr.parameter("W", size.widths[1::-1]), cr.data("a", size.widths[0])
    return [
        Means(W @ a, (W, a), lambda W, a: np.einsum("ij,j->i", W, a), "z"),
        Shaped(W @ a, (size.widths[1],)),
    ]
