"""Sections 4 to 4.2, equations (78) to (86): networks as composite functions, and the example."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.equation import (
    DEFINITION,
    DERIVATIVE,
    Claim,
    Claims,
    Size,
    equation,
)
from chainrule.notes.parts import product, total_of
from chainrule.notes.plain import squash
from chainrule.notes.relation import (
    Brackets,
    Entries,
    Equal,
    Lowers,
    Means,
    Rate,
    Same,
    Shaped,
)

σ = cr.sigmoid


@equation(78, "4", DEFINITION, "A layer of neurons", "The bias is in Wx, as 2.3.4 allows.")
def equation_78(size: Size) -> Claims:
    inside, outside = size.widths[:2]
    W, x = cr.parameter("W", (outside, inside)), cr.data("x", inside)
    return [
        Means(σ(W @ x), (W, x), lambda W, x: squash(np.einsum("ij,j->i", W, x)), "a"),
        Shaped(σ(W @ x), (outside,)),
    ]


def chain(size: Size) -> tuple[cr.Expr, list[cr.Expr], list[cr.Expr]]:
    """An input x, parameters W_1, W_2, W_3 of three layers, and what each layer gives."""
    d, h, k, m = size.widths
    x = cr.data("x", d)
    W = [cr.parameter(rf"\theta_{n}", shape) for n, shape in enumerate(((h, d), (k, h), (m, k)), 1)]
    f = [x]
    for n, one in enumerate(W, 1):
        f.append(σ(one @ f[-1]).named(f"f_{n}"))
    return x, W, f


_UNPAIRED = "a bracket closes that was never opened, before the last parameter"


_PRINTED = Brackets(r"f_L(\ldots f_2(f_1(x; \theta_1); \theta_2) \ldots), \theta_L)")
_PAIRED = Brackets(r"f_L(\ldots f_2(f_1(x; \theta_1); \theta_2) \ldots; \theta_L)")


@equation(79, "4.1", DEFINITION, "A network as a composite function")
def equation_79(size: Size) -> Claims:
    x, W, f = chain(size)
    a, b, c = W
    return [
        Means(
            σ(c @ σ(b @ σ(a @ x))),
            (x, *W),
            lambda x, a, b, c: squash(c @ squash(b @ squash(a @ x))),
            r"f(\theta)",
        ),
        Equal(f[-1], σ(c @ σ(b @ σ(a @ x)))),
        Claim(_PRINTED, _PAIRED, _UNPAIRED, notation=True),
    ]


@equation(80, "4.1", DEFINITION, "All parameters of a network")
def equation_80(size: Size) -> Claims:
    _, W, f = chain(size)
    found = [leaf for leaf in cr.leaves([f[-1]]) if leaf.op.name == "parameter"]
    names = "{θ_1, …, θ_L} are the parameters of f", r"\theta = \{\theta_1, \ldots, \theta_L\}"
    return [Same(sorted(str(leaf.name) for leaf in found), sorted(str(leaf.name) for leaf in W), *names)]


@equation(81, "4.1", DEFINITION, "Gradient descent for a network")
def equation_81(size: Size) -> Claims:
    x, y = cr.data("x", size.features), cr.data("y")
    θ, η = cr.parameter(r"\theta", size.features), cr.constant(0.1)
    f = (x @ θ).named("f_L")
    loss = ((y - f) ** 2 / 2).named(r"\mathcal{L}")
    steps = [Lowers(θ - η * cr.gradient(of, θ).named(rf"\nabla {of.name}"), θ, loss) for of in (f, loss)]
    because = "f_L is the network's last layer; what has to descend is the loss 𝓛, as in (111)"
    return [Claim(steps[0], steps[1], because)]


def _layers(count: int) -> tuple[list[cr.Expr], list[cr.Expr]]:
    """Scalar layers f_l = σ(θ_l f_{l−1}) and their parameters."""
    f, θ = [cr.data("x")], [cr.parameter(rf"\theta_{n + 1}") for n in range(count)]
    for n, one in enumerate(θ, 1):
        f.append(σ(one * f[-1]).named(f"f_{n}"))
    return f, θ


def _by(of: cr.Expr, by: cr.Expr) -> cr.Expr:
    return cr.gradient(of, by).named(rf"\frac{{\partial {of.name}}}{{\partial {by.name}}}")


@equation(82, "4.1.1", DERIVATIVE, "The chain rule through the layers")
def equation_82() -> Claims:
    because = "the last factor between layers is ∂f_{l+1}/∂f_l; as printed layer l+2 is passed twice"
    claims = [Claim(_PRINTED, _PAIRED, _UNPAIRED, notation=True)]
    for layers in (3, 4):  # L layers, l = 1
        f, θ = _layers(layers)
        before = [_by(f[n], f[n - 1]) for n in range(layers, 2, -1)]
        last = _by(f[1], θ[0])
        printed, correct = [_by(f[3], f[1])], [_by(f[2], f[1])]
        claims.append(
            Claim(
                Rate(f[layers], θ[0], product([*before, *printed, last])),
                Rate(f[layers], θ[0], product([*before, *correct, last])),
                because,
            )
        )
    return claims


class Network:
    """The network of section 4.2: x (d,), z = W x + b (h,), a = σ(z), ŷ = U·a, ℓ = ½ (y − ŷ)²."""

    def __init__(self, d: int = 3, h: int = 3) -> None:
        self.x, self.y = cr.data("x", d), cr.data("y")
        self.W, self.b, self.U = cr.parameter("W", (h, d)), cr.parameter("b", h), cr.parameter("U", h)
        self.z = (self.W @ self.x + self.b).named("z")
        self.a = σ(self.z).named("a")
        self.guess = (self.U @ self.a).named(r"\hat{y}")
        self.loss = ((self.y - self.guess) ** 2 / 2).named(r"\ell")


def network(size: Size) -> Network:
    """The network of section 4.2 with widths of a size."""
    return Network(*size.widths[:2])


@equation(83, "4.2", DEFINITION, "A network with one hidden layer")
def equation_83(size: Size) -> Claims:
    n = network(size)
    inside = n.W @ n.x + n.b
    return [
        Means(
            n.U @ σ(inside), (n.U, n.W, n.x, n.b), lambda U, W, x, b: sum(U * squash(W @ x + b)), r"\hat{y}"
        ),
        Claim(
            Equal(n.z, σ(inside)),
            Equal(n.z, inside),
            "the brace for z is under σ(Wx + b), which is a; z is Wx + b alone, as in (99)",
            notation=True,
        ),
        Equal(n.guess, n.U @ n.a),
    ]


@equation(84, "4.2", DEFINITION, "The network with its entries")
def equation_84() -> Claims:
    n = Network()
    rows = [total_of([n.W[i, j] * n.x[j] for j in range(3)]) + n.b[i] for i in range(3)]
    return [
        Entries(n.z, rows),
        Equal(n.guess, total_of([n.U[i] * σ(row) for i, row in enumerate(rows)])),
        Shaped(n.guess, ()),
    ]


TURNED = "the sign is turned: the derivative of ½ (y − ŷ)² by ŷ is ŷ − y"


@equation(85, "4.2", DERIVATIVE, "The loss and its derivative")
def equation_85() -> Claims:
    y, guess = cr.data("y"), cr.data(r"\hat{y}")
    loss = ((y - guess) ** 2 / 2).named(r"\ell")
    return [
        Means(loss, (y, guess), lambda y, p: 0.5 * (y - p) ** 2),
        Claim(Rate(loss, guess, y - guess), Rate(loss, guess, guess - y), TURNED),
    ]


X_, W_, B_, U_ = [2, 1, 2], [[1, 0, 1], [1, -1, 0], [0, 0, 2]], [1, 1, 1], [-1, 1, 1]
"""The numbers of the example (86)."""
EXAMPLE: dict[str, Any] = {"x": X_, "W": W_, "b": B_, "U": U_, "y": 1}


@equation(86, "4.2.1", DEFINITION, "The numbers of the example")
def equation_86() -> Claims:
    W = cr.constant(W_)
    rows, columns = [cr.constant([v]) for v in (X_, B_)], [cr.constant(v) for v in (X_, B_)]
    because = "X, b and U are set as rows; Wx + b and Uᵀa need columns: transpose them"
    return [
        Claim(
            Shaped(lambda: W @ rows[0] + rows[1], (3,)),
            Shaped(W @ columns[0] + columns[1], (3,)),
            because,
            notation=True,
            spelled="W X + b with X = [2 1 2] and b = [1 1 1], rows",
        ),
        Claim(
            Shaped(lambda: cr.constant([U_]).T @ σ(columns[0]), ()),
            Shaped(cr.constant(U_) @ σ(columns[0]), ()),
            because,
            notation=True,
            spelled="Uᵀ a with U = [−1 1 1], a row",
        ),
    ]
