"""Section 2.10, equations (64) to (73): the derivatives of multinomial regression, one by one."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.notes.draws import distribution, one_hot, positive
from chainrule.notes.equation import (
    DEFINITION,
    DERIVATIVE,
    Claim,
    Claims,
    Size,
    equation,
    under,
)
from chainrule.notes.parts import total_of
from chainrule.notes.plain import plain_softmax
from chainrule.notes.relation import (
    Equal,
    Means,
    Rate,
)
from chainrule.notes.section_2_descent import rows_of_gradient
from chainrule.notes.section_2_softmax import cost, multinomial

exp, log = cr.exp, cr.log


@equation(64, "2.10", DERIVATIVE, "The derivative by the logits")
def equation_64(size: Size) -> Claims:
    n, k = size.examples, size.classes - 1
    Z, Y = cr.data("Z", (n, size.classes)), cr.data("y", (n, size.classes))
    p = cr.softmax(Z, axis=1)
    named = cost(Y, p).named(r"\mathcal{C}")
    whole = total_of([p[i] - Y[i] for i in range(n)])
    one = total_of([p[i, k] - Y[i, k] for i in range(n)])
    because = (
        "Z_k = x_iᵀ θ_k needs the index i of its example, and k is used twice; each Z_i,k then takes its "
        "own term of the sum"
    )
    return under(
        {Y: one_hot},
        Claim(
            Rate(named, Z[:, k], lambda: one),
            Rate(named, Z[n - 1, k], p[n - 1, k] - Y[n - 1, k]),
            because,
            notation=True,
        ),
        Claim(Rate(named, Z, lambda: whole), Rate(named, Z, p - Y), because, notation=True),
    )


@equation(
    65,
    "2.10",
    DERIVATIVE,
    "The derivative by the parameters",
    "Z without an index stands for the logits of all examples.",
)
def equation_65(size: Size) -> Claims:
    X, Y, θ, q = multinomial(size)
    named = cost(Y, q).named(r"\mathcal{C}(\theta)")
    Z = cr.data("Z", (size.examples, size.classes))
    by_logits = cr.softmax(X @ θ, axis=1) - Y
    return under(
        {Y: one_hot},
        Rate(cost(Y, cr.softmax(Z, axis=1)), Z, cr.softmax(Z, axis=1) - Y),
        Rate(named, θ, X.T @ by_logits),
        Rate(named, θ, rows_of_gradient(X, Y, θ)),
    )


def _softmax(size: Size) -> tuple[cr.Expr, list[cr.Expr], list[cr.Expr]]:
    """Logits z, the exponentials of each, and each p_k as a quotient of sums."""
    z = cr.data("z", size.classes)
    powers = [exp(z[k]) for k in range(size.classes)]
    return z, powers, [power / total_of(powers) for power in powers]


@equation(
    66,
    "2.10",
    DEFINITION,
    "Softmax and its cross entropy",
    "exp with an exponent is read as the exponential function.",
)
def equation_66(size: Size) -> Claims:
    z, y = cr.data("z", size.classes), cr.data("y", size.classes)
    _, _, p = _softmax(size)
    written = -total_of([y[k] * log(p[k].named(f"p_{k + 1}")) for k in range(size.classes)])
    return under(
        {y: distribution},
        *(Means(p[k], (z,), lambda z, k=k: plain_softmax(z)[k], f"p_{k + 1}") for k in range(size.classes)),
        Means(written, (z, y), lambda z, y: -y @ np.log(plain_softmax(z)), r"\mathcal{C}"),
        Equal(cr.sum(y), cr.constant(1)),
    )


def _through(size: Size, k: int, i: int) -> tuple[cr.Expr, cr.Expr, cr.Expr, cr.Expr]:
    """p_k as a function of exp(z_i): z, p_k, the part exp(z_i), and the sum of the other exponentials."""
    z, powers, _ = _softmax(size)
    part = powers[i].named(f"e^{{z_{i + 1}}}")
    others = total_of([power for j, power in enumerate(powers) if j != i])
    above = part if k == i else powers[k]
    return z, above / (part + others), part, others


def _chain(p: cr.Expr, part: cr.Expr, z: cr.Expr, k: int, i: int) -> cr.Expr:
    """∂p_k/∂exp(z_i) times ∂exp(z_i)/∂z_i."""
    outer = cr.gradient(p, part).named(rf"\partial p_{k + 1}/\partial e^{{z_{i + 1}}}")
    return outer * cr.gradient(part, z)[i].named(rf"\partial e^{{z_{i + 1}}}/\partial z_{i + 1}")


@equation(67, "2.10", DERIVATIVE, "The derivative of p_k by its own logit")
def equation_67(size: Size) -> Claims:
    z, p, part, _ = _through(size, 1, 1)
    return [Rate(p.named("p_2"), z[1], _chain(p, part, z, 1, 1))]


@equation(68, "2.10", DERIVATIVE, "The derivative of a share")
def equation_68() -> Claims:
    x, c = cr.data("x"), cr.parameter("c")
    lines = (
        cr.gradient(x * (x + c) ** -1, x),
        (x + c) ** -1 - x * (x + c) ** -2,
        ((x + c) - x) / (x + c) ** 2,
        c / (x + c) ** 2,
    )
    return under({x: positive, c: positive}, *(Rate(x / (x + c), x, line) for line in lines))


@equation(69, "2.10", DERIVATIVE, "The derivative of p_k by its own logit, in p")
def equation_69(size: Size) -> Claims:
    k = 1
    z, share, part, others = _through(size, k, k)
    _, powers, p = _softmax(size)
    total, name = total_of(powers), p[k].named("p_2")
    lines = (
        _chain(share, part, z, k, k),
        others / total**2 * powers[k],
        (others / total) * (powers[k] / total),
        name * (1 - name),
    )
    return [Rate(name, z[k], line) for line in lines]


@equation(70, "2.10", DERIVATIVE, "The derivative of a quotient by its denominator")
def equation_70() -> Claims:
    y, z, c = cr.data("y"), cr.data("z"), cr.parameter("c")
    lines = (cr.gradient(y * (z + c) ** -1, z), -y / (z + c) ** 2)
    return under({z: positive, c: positive}, *(Rate(y / (z + c), z, line) for line in lines))


@equation(71, "2.10", DERIVATIVE, "The derivative of p_k by another logit")
def equation_71(size: Size) -> Claims:
    k, i = 0, 1
    z, share, part, _ = _through(size, k, i)
    _, powers, p = _softmax(size)
    total, pk, pi = total_of(powers), p[k].named("p_1"), p[i].named("p_2")
    lines = (
        _chain(share, part, z, k, i),
        -powers[k] / total**2 * powers[i],
        -((powers[i] / total) * (powers[k] / total)),
        -(pi * pk),
    )
    return [Rate(pk, z[i], line) for line in lines]


@equation(72, "2.10", DERIVATIVE, "The derivative of softmax, both cases")
def equation_72(size: Size) -> Claims:
    z, _, p = _softmax(size)
    p = [one.named(f"p_{k}") for k, one in enumerate(p, 1)]
    last = size.classes - 1
    pairs = ((0, 0), (last, last), (0, last), (last, 0))
    return [Rate(p[k], z[i], p[i] * (1 - p[i]) if i == k else -(p[i] * p[k])) for k, i in pairs]


@equation(73, "2.10", DERIVATIVE, "The derivative of the cross entropy by a logit")
def equation_73(size: Size) -> Claims:
    z, _, p = _softmax(size)
    y, n = cr.data("y", size.classes), range(size.classes)
    p = [one.named(f"p_{k}") for k, one in enumerate(p, 1)]
    named = (-total_of([y[k] * log(p[k]) for k in n])).named(r"\mathcal{C}")
    claims = []
    for i in (0, size.classes - 1):
        others = [k for k in n if k != i]
        lines = (
            -total_of(
                [
                    y[k] * cr.gradient(log(p[k]), z)[i].named(rf"\partial log p_{k + 1}/\partial z_{i + 1}")
                    for k in n
                ]
            ),
            -total_of(
                [
                    y[k]
                    * (1 / p[k])
                    * cr.gradient(p[k], z)[i].named(rf"\partial p_{k + 1}/\partial z_{i + 1}")
                    for k in n
                ]
            ),
            -y[i] * (1 - p[i]) - total_of([y[k] * (1 / p[k]) * -(p[k] * p[i]) for k in others]),
            -y[i] * (1 - p[i]) + total_of([y[k] * p[i] for k in others]),
            -y[i] + y[i] * p[i] + total_of([y[k] * p[i] for k in others]),
            p[i] * total_of([y[k] for k in n]) - y[i],
            p[i] - y[i],
        )
        claims += [Rate(named, z[i], line) for line in lines]
    return under({y: distribution}, *claims)
