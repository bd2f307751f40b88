"""Sections 4.5 and 4.6, equations (115) to (124): backpropagation through two layers and through many."""

from __future__ import annotations

import chainrule as cr
from chainrule.notes.equation import (
    DEFINITION,
    DERIVATIVE,
    Claim,
    Claims,
    Size,
    equation,
)
from chainrule.notes.parts import later
from chainrule.notes.relation import (
    Equal,
    Rate,
)
from chainrule.notes.section_4_backward import rate, slope
from chainrule.notes.section_4_network import network

σ = cr.sigmoid


class Deep:
    """Hidden layers z^(l) = W^(l) a^(l−1) + b^(l), a^(l) = σ(z^(l)), and ŷ = U·a^(L). Lists count from 1."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        self.depth = len(widths) - 1
        self.x, self.y = cr.data("x", widths[0]), cr.data("y")
        self.W, self.b, self.z, self.a = (
            [self.x],
            [self.x],
            [self.x],
            [self.x],
        )  # place 0 but of a is not used
        for n in range(1, len(widths)):
            self.W.append(cr.parameter(f"W^{{({n})}}", (widths[n], widths[n - 1])))
            self.b.append(cr.parameter(f"b^{{({n})}}", widths[n]))
            self.z.append((self.W[n] @ self.a[n - 1] + self.b[n]).named(f"z^{{({n})}}"))
            self.a.append(σ(self.z[n]).named(f"a^{{({n})}}"))
        self.U = cr.parameter("U", widths[-1])
        self.guess = (self.U @ self.a[-1]).named(r"\hat{y}")
        self.loss = ((self.y - self.guess) ** 2 / 2).named(r"\ell")

    def δ(self, n: int) -> cr.Expr:
        """The adjoint of z^(n) as the notes define it, ∂ŷ/∂z^(n), under its name."""
        return cr.gradient(self.guess, self.z[n]).named(rf"\delta^{{({n})}}")


@equation(115, "4.5", DEFINITION, "Two layers in one line")
def equation_115(size: Size) -> Claims:
    n = Deep(size.widths[:3])
    inner = n.W[2] @ σ(n.W[1] @ n.x + n.b[1]) + n.b[2]
    because = (
        "f and σ are two names for one function: with any other f, here tanh, it is not the network of (117)"
    )
    return [
        Claim(
            Equal(n.guess, n.U @ cr.tanh(inner)),
            Equal(n.guess, n.U @ σ(inner)),
            because,
            notation=True,
            spelled="ŷ = Uᵀ f(W⁽²⁾ σ(W⁽¹⁾ x + b⁽¹⁾) + b⁽²⁾), any f: here tanh",
        )
    ]


@equation(116, "4.5.1", DERIVATIVE, "The derivative by the last W")
def equation_116(size: Size) -> Claims:
    one, n = network(size), Deep(size.widths[:3])
    d, h, k = size.widths[:3]
    δ = (n.U * slope(n.z[2])).named(r"\delta^{(2)}")
    return [
        Rate(one.guess, one.W[h - 1, d - 1], one.U[h - 1] * slope(one.z[h - 1]) * one.x[d - 1]),
        Rate(n.guess, n.W[2][k - 1, h - 1], n.U[k - 1] * slope(n.z[2][k - 1]) * n.a[1][h - 1]),
        Rate(n.guess, n.W[2], cr.outer(δ, n.a[1])),
        Rate(n.guess, n.z[2], n.U * slope(n.z[2])),
    ]


@equation(117, "4.5.2", DEFINITION, "The parts of the two layers")
def equation_117(size: Size) -> Claims:
    n = Deep(size.widths[:3])
    return [
        Equal(n.guess, n.U @ σ(n.W[2] @ σ(n.W[1] @ n.x + n.b[1]) + n.b[2])),
        Equal(n.z[1], n.W[1] @ n.x + n.b[1]),
        Claim(
            Equal(n.z[2], n.W[2] @ σ(n.z[1])),
            Equal(n.z[2], n.W[2] @ σ(n.z[1]) + n.b[2]),
            "the brace for z⁽²⁾ leaves b⁽²⁾ out",
            notation=True,
        ),
    ]


@equation(
    118,
    "4.5.2",
    DERIVATIVE,
    "The derivative by the first W, as if all were scalars",
    "The notes say that this abuses notation.",
)
def equation_118(size: Size) -> Claims:
    n = Deep(size.widths[:3])
    δ2 = (n.U * slope(n.z[2])).named(r"\delta^{(2)}")
    δ1 = ((n.W[2].T @ δ2) * slope(n.z[1])).named(r"\delta^{(1)}")
    order = "the factors stand in the order of scalars; as matrices they fit only as in (119)"
    brace = "the brace for δ⁽¹⁾ takes x in; it is the derivative by z⁽¹⁾, without x"
    return [
        Claim(
            Rate(n.guess, n.W[1], lambda: ((δ2 @ n.W[2]) @ slope(n.z[1])) @ n.x),
            Rate(n.guess, n.W[1], cr.outer((n.W[2].T @ δ2) * slope(n.z[1]), n.x)),
            order,
            notation=True,
            spelled="∂ŷ/∂W⁽¹⁾ = δ⁽²⁾ W⁽²⁾ σ′(z⁽¹⁾) x",
        ),
        Claim(
            Equal(δ1, lambda: cr.outer((n.W[2].T @ δ2) * slope(n.z[1]), n.x)),
            Equal(δ1, (n.W[2].T @ δ2) * slope(n.z[1])),
            brace,
            notation=True,
        ),
        *_scalar_chain(),
    ]


def _scalar_chain() -> list[Rate]:
    """The same with all widths 1, where the printed order is right."""
    x, U = cr.data("x"), cr.parameter("U")
    W1, W2, b1, b2 = (cr.parameter(name) for name in ("W^{(1)}", "W^{(2)}", "b^{(1)}", "b^{(2)}"))
    z1 = (W1 * x + b1).named("z^{(1)}")
    z2 = (W2 * σ(z1) + b2).named("z^{(2)}")
    guess = (U * σ(z2)).named(r"\hat{y}")
    δ2 = (U * slope(z2)).named(r"\delta^{(2)}")
    return [Rate(guess, W1, U * slope(z2) * W2 * slope(z1) * x), Rate(guess, W1, δ2 * W2 * slope(z1) * x)]


LAYER = "by z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾, as in (98), the matrix between the layers l and l + 1 is W⁽ˡ⁺¹⁾"


def recursion(size: Size, layers: range) -> list[Claim]:
    """δ^(l) from δ^(l+1), with the matrix as printed and as it has to be."""
    n = Deep(size.widths)

    def right(m: int, matrix: int) -> cr.Expr:
        return (n.W[matrix].T @ n.δ(m + 1)) * slope(n.z[m])

    return [
        Claim(Rate(n.guess, n.z[m], later(right, m, m)), Rate(n.guess, n.z[m], right(m, m + 1)), LAYER)
        for m in layers
    ]


@equation(119, "4.6", DERIVATIVE, "The matrix form, and the recursion")
def equation_119(size: Size) -> Claims:
    n = Deep(size.widths[:3])
    δ2 = n.δ(2)
    δ1 = n.δ(1)
    inner = (n.W[2].T @ δ2) * slope(n.z[1])
    return [
        Rate(n.guess, n.W[1], cr.outer(inner, n.x)),
        Claim(
            Equal(δ1, lambda: cr.outer(inner, n.x)),
            Equal(δ1, inner),
            "the brace for δ⁽¹⁾ takes xᵀ in",
            notation=True,
        ),
        Rate(n.guess, n.z[1], inner),
        *recursion(size, range(1, 3)),
    ]


@equation(120, "4.6", DERIVATIVE, "The recursion")
def equation_120(size: Size) -> Claims:
    return recursion(size, range(1, 3))


@equation(121, "4.6", DERIVATIVE, "The error signal of the last layer")
def equation_121(size: Size) -> Claims:
    n = Deep(size.widths)
    return [Rate(n.guess, n.z[n.depth], n.U * slope(n.z[n.depth]))]


@equation(122, "4.6", DERIVATIVE, "The recursion, for the whole sequence")
def equation_122(size: Size) -> Claims:
    return recursion(size, range(2, 0, -1))


_SHIFTED = (
    "by (98) and (116) layer l has δ⁽ˡ⁾ and the input a⁽ˡ⁻¹⁾; as printed the matrix belongs to the next layer"
)


def shifted(n: Deep, m: int) -> cr.Expr:
    """δ^(m+1) a^(m)ᵀ, which is printed for the gradient of W^(m)."""
    printed: cr.Expr = cr.outer(n.δ(m + 1), n.a[m])
    return printed


@equation(123, "4.6", DERIVATIVE, "The gradient of each layer")
def equation_123(size: Size) -> Claims:
    n = Deep(size.widths)
    return [
        Claim(
            Rate(n.guess, n.W[m], later(shifted, n, m)),
            Rate(n.guess, n.W[m], cr.outer(n.δ(m), n.a[m - 1])),
            _SHIFTED,
        )
        for m in range(1, n.depth)
    ]


@equation(124, "4.6", DERIVATIVE, "The gradient of the loss in each layer")
def equation_124(size: Size) -> Claims:
    n = Deep(size.widths)
    by_guess = rate(n.loss, n.guess, r"\ell", r"\hat{y}")
    return [
        Claim(
            Rate(n.loss, n.W[m], later(lambda m: by_guess * shifted(n, m), m)),
            Rate(n.loss, n.W[m], by_guess * cr.outer(n.δ(m), n.a[m - 1])),
            _SHIFTED,
        )
        for m in range(1, n.depth)
    ]
