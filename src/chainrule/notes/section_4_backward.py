"""Section 4.4, equations (99) to (114): backpropagation through one layer."""

from __future__ import annotations

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
from chainrule.notes.parts import total_of
from chainrule.notes.plain import squash
from chainrule.notes.relation import (
    Entries,
    Equal,
    Lowers,
    Means,
    Rate,
    Relation,
    Shaped,
)
from chainrule.notes.section_4_network import TURNED, network

σ = cr.sigmoid


def slope(z: cr.Expr) -> cr.Expr:
    """σ′(z), entry by entry."""
    prime = cr.OPS["sigmoid"].prime
    if prime is None:
        raise cr.ChainruleError("an op with a derivative", "sigmoid", "σ′")
    return prime(z)


def rate(of: cr.Expr, by: cr.Expr, of_name: str, by_name: str) -> cr.Expr:
    return cr.gradient(of, by).named(rf"\partial {of_name}/\partial {by_name}")


@equation(99, "4.4", DEFINITION, "The network and its loss, once more")
def equation_99(size: Size) -> Claims:
    n = network(size)
    return [
        Means(n.guess, (n.U, n.W, n.x, n.b), lambda U, W, x, b: sum(U * squash(W @ x + b))),
        Equal(n.z, n.W @ n.x + n.b),
        Equal(n.a, σ(n.z)),
        Equal(n.guess, n.U @ n.a),
        Means(
            n.loss, (n.y, n.U, n.W, n.x, n.b), lambda y, U, W, x, b: (y - sum(U * squash(W @ x + b))) ** 2 / 2
        ),
    ]


@equation(100, "4.4", DERIVATIVE, "The derivative by W, with its dimensions")
def equation_100(size: Size) -> Claims:
    n = network(size)
    δ = n.U * slope(n.z)
    right = Rate(n.loss, n.W, (n.guess - n.y) * cr.outer(δ, n.x))
    return [
        Claim(
            Rate(n.loss, n.W, lambda: ((n.y - n.guess) * δ) @ n.x),
            right,
            "x is a column; the row vector is xᵀ",
            notation=True,
        ),
        Claim(Rate(n.loss, n.W, (n.y - n.guess) * cr.outer(δ, n.x)), right, TURNED),
    ]


@equation(101, "4.4.1", DEFINITION, "The output of the network, once more")
def equation_101(size: Size) -> Claims:
    n = network(size)
    return [
        Equal(n.guess, n.U @ σ(n.W @ n.x + n.b)),
        Equal(n.guess, n.U @ n.a),
        Means(n.guess, (n.U, n.W, n.x, n.b), lambda U, W, x, b: np.dot(U, squash(W @ x + b))),
    ]


@equation(102, "4.4.1", DEFINITION, "What the two indices of W mean")
def equation_102(size: Size) -> Claims:
    n = network(size)
    d, h = size.widths[:2]
    rows = [[n.x[j] if i == h - 1 else cr.constant(0) for j in range(d)] for i in range(h)]
    return [
        Entries(cr.gradient(n.z[h - 1], n.W).named(rf"\partial z_{h}/\partial W"), rows),
        Rate(n.a[h - 1], n.W[h - 1, d - 1], slope(n.z[h - 1]) * n.x[d - 1]),
        Rate(n.a[0], n.W[h - 1, d - 1], cr.constant(0)),
    ]


def _factors(size: Size) -> tuple[cr.Expr, ...]:
    """∂ℓ/∂ŷ, ∂ŷ/∂a_i, ∂a_i/∂z_i and ∂z_i/∂W_ij for the last i and j."""
    n = network(size)
    d, h = size.widths[:2]
    i, j = h - 1, d - 1
    pre = n.W[i] @ n.x + n.b[i]
    neuron = σ(pre.named("z_i"))
    return (
        rate(n.loss, n.guess, r"\ell", r"\hat{y}"),
        cr.gradient(n.guess, n.a)[i].named(r"\partial \hat{y}/\partial a_i"),
        cr.gradient(neuron, neuron.operands[0]).named(r"\partial a_i/\partial z_i"),
        cr.gradient(pre, n.W)[i, j].named(r"\partial z_i/\partial W_{i,j}"),
    )


@equation(103, "4.4.1", DERIVATIVE, "The chain rule for one weight")
def equation_103(size: Size) -> Claims:
    n = network(size)
    d, h = size.widths[:2]
    one, two, three, four = _factors(size)
    whole = one * cr.outer(cr.gradient(n.guess, n.a) * slope(n.z), n.x)
    return [Rate(n.loss, n.W, whole), Rate(n.loss, n.W[h - 1, d - 1], one * two * three * four)]


@equation(104, "4.4.1", DERIVATIVE, "Each factor of the chain")
def equation_104(size: Size) -> Claims:
    n = network(size)
    d, h = size.widths[:2]
    i, j = h - 1, d - 1
    guess, a, z = cr.data(r"\hat{y}"), cr.data("a", h), cr.data("z")
    loss = ((n.y - guess) ** 2 / 2).named(r"\ell")
    inner = total_of([n.U[k] * a[k] for k in range(h)])
    pre = total_of([n.W[i, k] * n.x[k] for k in range(d)]) + n.b[i]
    return [
        Claim(Rate(loss, guess, n.y - guess), Rate(loss, guess, guess - n.y), TURNED),
        Rate((n.U @ a).named(r"\hat{y}"), a[i], n.U[i]),
        Rate(inner, a[i], n.U[i]),
        Rate(σ(z), z, slope(z)),
        Rate(n.W[i] @ n.x + n.b[i], n.W[i, j], n.x[j], "index"),
        Rate(pre, n.W[i, j], n.x[j]),
    ]


@equation(105, "4.4.2", DERIVATIVE, "The derivative by one weight")
def equation_105(size: Size) -> Claims:
    n = network(size)
    d, h = size.widths[:2]
    i, j = h - 1, d - 1
    one, two, three, four = _factors(size)
    pre = n.W[i] @ n.x + n.b[i]
    claims: list[Claim | Relation] = [Rate(n.loss, n.W[i, j], one * two * three * four)]
    for z in (n.z[i], pre):
        δ = n.U[i] * slope(z)
        claims.append(
            Claim(
                Rate(n.loss, n.W[i, j], (n.y - n.guess) * δ * n.x[j], "index"),
                Rate(n.loss, n.W[i, j], (n.guess - n.y) * δ * n.x[j], "index"),
                TURNED,
            )
        )
    return claims


@equation(106, "4.4.3", DERIVATIVE, "The error signal δ, as a vector")
def equation_106(size: Size) -> Claims:
    n = network(size)
    δ = (n.U * slope(n.W @ n.x + n.b)).named(r"\delta")
    return [
        Entries(δ, [n.U[i] * slope(n.W[i] @ n.x + n.b[i]) for i in range(size.widths[1])], "index"),
        Rate(n.guess, n.z, n.U * slope(n.W @ n.x + n.b)),
    ]


@equation(107, "4.4.3", DEFINITION, "The product of entries")
def equation_107() -> Claims:
    U, x = cr.parameter("U", 3), cr.data("x", 3)
    return [
        Entries(U * x, [U[i] * x[i] for i in range(3)]),
        Means(U * x, (U, x), lambda U, x: np.einsum("i,i->i", U, x)),
    ]


@equation(108, "4.4.3", DERIVATIVE, "The derivative by W, as a matrix")
def equation_108(size: Size) -> Claims:
    n = network(size)
    d, h = size.widths[:2]
    δ = (n.U * slope(n.z)).named(r"\delta")
    table = [[δ[i] * n.x[j] for j in range(d)] for i in range(h)]
    gradient = cr.gradient(n.guess, n.W).named(r"\partial \hat{y}/\partial W")
    return [
        Entries(gradient, table),
        Rate(n.guess, n.W, cr.outer(δ, n.x)),
        Claim(
            Rate(n.loss, n.W, (n.y - n.guess) * cr.outer(δ, n.x)),
            Rate(n.loss, n.W, (n.guess - n.y) * cr.outer(δ, n.x)),
            TURNED,
        ),
    ]


_ROW = "W_i,: is a row of W, as in (88): transposed it does not fit x"


@equation(109, "4.4.4", DERIVATIVE, "The error signal, once more")
def equation_109(size: Size) -> Claims:
    n = network(size)
    h = size.widths[1]
    δ = (n.U * slope(n.z)).named(r"\delta")
    return [
        Claim(
            Entries(δ, [lambda i=i: n.U[i] * slope((n.W[i : i + 1].T @ n.x + n.b[i])[0]) for i in range(h)]),
            Entries(δ, [n.U[i] * slope(n.W[i] @ n.x + n.b[i]) for i in range(h)], "index"),
            _ROW,
            notation=True,
            spelled="δ = [U_i σ′(W_{i,:}ᵀ x + b_i)]",
        ),
        Rate(n.guess, n.z, n.U * slope(n.W @ n.x + n.b)),
    ]


@equation(110, "4.4.5", DERIVATIVE, "The derivative by the bias")
def equation_110(size: Size) -> Claims:
    n = network(size)
    i = size.widths[1] - 1
    δ = (n.U[i] * slope(n.z[i])).named(r"\delta_i")
    return [
        Claim(
            Rate(n.guess, n.b[i], lambda: n.U[i] * slope((n.W[i : i + 1].T @ n.x + n.b[i])[0])),
            Rate(n.guess, n.b[i], n.U[i] * slope(n.W[i] @ n.x + n.b[i]), "index"),
            _ROW,
            notation=True,
            spelled="∂ŷ/∂b_i = U_i σ′(W_{i,:}ᵀ X + b_i)",
        ),
        Rate(n.guess, n.b[i], δ),
        Claim(Rate(n.loss, n.b[i], (n.y - n.guess) * δ), Rate(n.loss, n.b[i], (n.guess - n.y) * δ), TURNED),
    ]


@equation(111, "4.4.6", DEFINITION, "Gradient descent on the loss")
def equation_111(size: Size) -> Claims:
    n = network(size)
    η = cr.constant(0.1)
    return [
        Lowers(leaf - η * rate(n.loss, leaf, r"\mathcal{L}", str(leaf.name)), leaf, n.loss)
        for leaf in (n.W, n.b, n.U)
    ]


@equation(112, "4.4.6", DEFINITION, "All parameters and the gradient in one vector")
def equation_112() -> Claims:
    n = network(Size(1, 1, 1, (3, 3)))
    leaves = (n.W, n.b, n.U)
    θ = cr.concatenate(*(cr.flatten(leaf) for leaf in leaves)).named(r"\theta")
    whole = cr.concatenate(*(cr.flatten(g) for g in cr.gradient(n.loss, leaves))).named(r"\nabla \mathcal{L}")
    places = ((n.W[0, 0], 0), (n.W[2, 2], 8), (n.b[0], 9), (n.b[2], 11), (n.U[0], 12), (n.U[2], 14))
    return [
        Shaped(θ, (15,)),
        *(Equal(θ[at], entry) for entry, at in places),
        *(Rate(n.loss, entry, whole[at]) for entry, at in places),
    ]


@equation(113, "4.4.6", DEFINITION, "The loss over all examples")
def equation_113(size: Size) -> Claims:
    y, guess = cr.data("y", size.examples), cr.data(r"\hat{y}", size.examples)
    losses = ((y - guess) ** 2 / 2).named(r"\ell")
    half = cr.sum((y - guess) ** 2) / 2
    because = "the half is in ℓ already, by (85) and (99): with both it is a quarter of the squares"
    return [Claim(Equal(cr.sum(losses) / 2, half, "index"), Equal(cr.sum(losses), half, "index"), because)]


@equation(114, "4.4.7", DERIVATIVE, "The derivative by the input")
def equation_114(size: Size) -> Claims:
    n = network(size)
    d, h = size.widths[:2]
    j = d - 1
    δ = [(n.U[i] * slope(n.z[i])).named(rf"\delta_{i + 1}") for i in range(h)]
    pre = [n.W[i] @ n.x + n.b[i] for i in range(h)]
    a_by_x = [cr.gradient(σ(pre[i]), n.x)[j].named(rf"\partial a_{i + 1}/\partial x_j") for i in range(h)]
    vector = "b is the whole vector; neuron i has the entry b_i"
    steps = total_of([n.U[i] * slope(pre[i]) * n.W[i, j] for i in range(h)])
    return [
        Rate(n.guess, n.x[j], total_of([cr.gradient(n.guess, n.a)[i] * a_by_x[i] for i in range(h)])),
        Rate(n.guess, n.x[j], total_of([n.U[i] * a_by_x[i] for i in range(h)])),
        Claim(
            Rate(
                n.guess,
                n.x[j],
                lambda: total_of([n.U[i] * slope(n.W[i] @ n.x + n.b) * n.W[i, j] for i in range(h)]),
            ),
            Rate(n.guess, n.x[j], steps, "index"),
            vector,
            notation=True,
        ),
        Claim(
            Equal(δ[0], slope(pre[0]), "index"),
            Equal(δ[0], n.U[0] * slope(pre[0]), "index"),
            "the brace for δ_i leaves U_i out",
            notation=True,
        ),
        Rate(n.guess, n.x[j], total_of([δ[i] * n.W[i, j] for i in range(h)])),
        Rate(n.guess, n.x[j], (n.U * slope(n.z)).named(r"\delta") @ n.W[:, j]),
    ]
