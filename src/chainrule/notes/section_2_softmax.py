"""Sections 2.6 and 2.7, equations (38) to (53): softmax and multinomial regression."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.draws import distribution, one_hot
from chainrule.notes.equation import (
    DEFINITION,
    IDENTITY,
    Claim,
    Claims,
    Size,
    equation,
    under,
)
from chainrule.notes.parts import column, product, total_of
from chainrule.notes.plain import plain_softmax
from chainrule.notes.relation import (
    Cases,
    Entries,
    Equal,
    Maximal,
    Means,
    Within,
)

exp, log = cr.exp, cr.log


def one_point(size: Size) -> tuple[cr.Expr, list[cr.Expr]]:
    """A point x (features,) and the parameters θ_1, ..., θ_K (features,) of its classes."""
    x = cr.data("x", size.features)
    return x, [cr.parameter(rf"\theta_{k + 1}", size.features) for k in range(size.classes)]


def multinomial(size: Size, name: str = r"\theta") -> tuple[cr.Expr, cr.Expr, cr.Expr, cr.Expr]:
    """Points X (n, features), one-hot labels Y (n, K), θ (features, K) under a name, and the softmax of X θ."""
    X, Y = cr.data("X", (size.examples, size.features)), cr.data("y", (size.examples, size.classes))
    θ = cr.parameter(name, (size.features, size.classes))
    powers = exp(X @ θ)
    return X, Y, θ, powers / cr.spread(cr.sum(powers, axis=1), axis=1, size=size.classes)


def cost(Y: cr.Expr, q: cr.Expr) -> cr.Expr:
    """The cross entropy of one-hot labels with probabilities q, summed over the examples."""
    found: cr.Expr = -cr.sum(Y * log(q))
    return found


@equation(38, "2.6.1", DEFINITION, "Softmax of three classes")
def equation_38() -> Claims:
    x, θ = one_point(Size(1, 2, 3, ()))
    powers = [exp(x @ parameters) for parameters in θ]
    f = cr.softmax(column(*(x @ parameters for parameters in θ))).named(r"f(\theta, x)")
    total = total_of(powers)
    return [
        Entries(f, [power / total for power in powers]),
        Means(f, (x, *θ), lambda x, *θ: plain_softmax(np.array([x @ one for one in θ]))),
    ]


@equation(
    39, "2.6.2", DEFINITION, "A composite function as layers", "Here f_1 = exp, f_2 = σ, f_3 = the square."
)
def equation_39() -> Claims:
    x = cr.data("x")
    f1, f2 = exp, cr.sigmoid

    def f3(u: cr.Expr) -> cr.Expr:
        return u**2

    composed = Means(f3(f2(f1(x))), (x,), lambda x: (1 / (1 + np.exp(-np.exp(x)))) ** 2, "f_3(f_2(f_1(x)))")
    left = f3(f2(f1(x))).named("f_3(f_2(f_1(x)))")
    return [
        composed,
        Claim(
            Equal(left, f1(f2(f1(x)))), Equal(left, f3(f2(f1(x)))), "the outermost function is f_3, not f_1"
        ),
    ]


@equation(40, "2.6.2", DEFINITION, "The parameters of three classes")
def equation_40() -> Claims:
    θ = cr.parameter(r"\theta", (3, 3))
    return [Entries(θ[k], [θ[k, j] for j in range(3)]) for k in range(3)]


@equation(41, "2.6.2", DEFINITION, "The logits")
def equation_41() -> Claims:
    x, θ = one_point(Size(1, 3, 3, ()))
    claims = [Equal(x @ one, total_of([x[i] * one[i] for i in range(3)]), "index") for one in θ]
    return [
        *claims,
        *(Means(x @ one, (x, one), lambda x, θ: sum(x * θ), f"u_{k}") for k, one in enumerate(θ, 1)),
    ]


@equation(42, "2.6.2", DEFINITION, "The probabilities of the classes")
def equation_42() -> Claims:
    x, θ = one_point(Size(1, 2, 3, ()))
    u = [(x @ one).named(f"u_{k}") for k, one in enumerate(θ, 1)]
    π = cr.softmax(column(*u))
    lines = []
    for k in range(3):
        lines += [
            Equal(π[k].named(rf"\pi_{k + 1}"), exp(u[k]) / total_of([exp(v) for v in u])),
            Equal(
                exp(u[k]) / total_of([exp(v) for v in u]),
                exp(x @ θ[k]) / total_of([exp(x @ one) for one in θ]),
            ),
        ]
    return lines


@equation(43, "2.6.2", IDENTITY, "The probabilities sum to one")
def equation_43() -> Claims:
    u = cr.data("u", 3)
    π = cr.softmax(u)
    return [Equal(total_of([π[k].named(rf"\pi_{k + 1}") for k in range(3)]), cr.constant(1)), Within(π, 0, 1)]


@equation(44, "2.6.3", IDENTITY, "Softmax of two classes is the sigmoid")
def equation_44(size: Size) -> Claims:
    x, both = cr.data("x", size.features), cr.parameter(r"\theta", (size.features, 2))
    one, two = exp(x @ both[:, 0]), exp(x @ both[:, 1])
    π, difference = (one / (one + two)).named(r"\pi_1"), both[:, 0] - both[:, 1]
    because = "θ was {θ_1, θ_2} and is their difference θ_1 − θ_2 from the third line on, which is not said"
    return [
        Equal(cr.softmax(x @ both)[0], π.unnamed),
        Equal(π, 1 / (1 + exp(x @ (both[:, 1] - both[:, 0])))),
        Claim(
            Equal(π, lambda: 1 / (1 + exp(x @ (-both)))),
            Equal(π, 1 / (1 + exp(x @ (-difference)))),
            because,
            notation=True,
        ),
        Claim(
            Equal(π, lambda: exp(x @ both) / (exp(x @ both) + 1)),
            Equal(π, exp(x @ difference) / (exp(x @ difference) + 1)),
            because,
            notation=True,
        ),
        Equal(π, cr.sigmoid(x @ difference)),
    ]


@equation(45, "2.7", DEFINITION, "The cost of multinomial regression")
def equation_45(size: Size) -> Claims:
    X, Y, θ, q = multinomial(size)
    powers = exp(X @ θ)
    logs = log(powers) - cr.spread(log(cr.sum(powers, axis=1)), axis=1, size=size.classes)
    named = cost(Y, q).named(r"\mathcal{C}(\theta)")

    def meaning(X: Any, Y: Any, θ: Any) -> Any:
        return -sum(np.log(plain_softmax(x @ θ)[y.argmax()]) for x, y in zip(X, Y, strict=True))

    return under(
        {Y: one_hot},
        Means(named.unnamed, (X, Y, θ), meaning, r"\mathcal{C}(\theta)", "index"),
        Equal(named, -cr.sum(Y * logs), "index"),
    )


@equation(46, "2.7", IDENTITY, "The cost is a cross entropy", "n and N are one number, that of the examples.")
def equation_46(size: Size) -> Claims:
    X, Y, θ, q = multinomial(size)
    named = cost(Y, q).named(r"\mathcal{C}(\theta)")
    rows = total_of([cr.cross_entropy(cr.softmax(X[i] @ θ), Y[i]) for i in range(size.examples)])
    return under(
        {Y: one_hot},
        Equal(named, cost(Y, q.named("q")), "index"),
        Equal(rows, cost(Y, q.named("q")), "index"),
    )


@equation(47, "2.7", IDENTITY, "The cost, sorted by class")
def equation_47(size: Size) -> Claims:
    _, Y, _, q = multinomial(size)
    named, classes = (
        cost(Y, q).named(r"\mathcal{C}(\theta)"),
        [-(Y[:, k] @ log(q.named("q")[:, k])) for k in range(size.classes)],
    )
    return under(
        {Y: one_hot},
        Claim(
            Cases(named, classes, "index"),
            Equal(named, total_of(classes), "index"),
            "the cost is the sum of all the lines: a brace chooses one of them",
            notation=True,
        ),
    )


@equation(48, "2.7.1", DEFINITION, "The probabilities of one-hot outcomes")
def equation_48(size: Size) -> Claims:
    t = cr.data("t", size.classes)
    rows = np.eye(size.classes, dtype=int)
    claims = [
        Equal(product([t[j] ** int(row[j]) for j in range(size.classes)]), t[k]) for k, row in enumerate(rows)
    ]
    return under({t: distribution}, *claims, Equal(cr.sum(t), cr.constant(1)))


@equation(
    49,
    "2.7.1",
    IDENTITY,
    "The multinomial distribution in one line",
    "With the index i on t too: t_i belongs to example i.",
)
def equation_49(size: Size) -> Claims:
    t, y = cr.data("t", size.classes), cr.data("y", size.classes)
    T, Y = cr.data("t", (2, size.classes)), cr.data("y", (2, size.classes))
    one = product([cr.raise_to(t[k], y[k]) for k in range(size.classes)])
    many = product([cr.raise_to(T[1, k], Y[1, k]) for k in range(size.classes)])
    return [
        *under({t: distribution, y: one_hot}, Equal(y @ t, one)),
        *under({T: distribution, Y: one_hot}, Equal(Y[1] @ T[1], many)),
    ]


@equation(50, "2.7.1", DEFINITION, "The probabilities from softmax")
def equation_50(size: Size) -> Claims:
    X, _, θ, q = multinomial(size)
    i, k = size.examples - 1, size.classes - 1
    below = total_of([exp(X[i] @ θ[:, j]) for j in range(size.classes)])
    return [
        Equal(q.named("t")[i, k], exp(X[i] @ θ[:, k]) / below),
        Means(cr.softmax(X @ θ, axis=1), (X, θ), lambda X, θ: plain_softmax(X @ θ), "t"),
    ]


def likelihood(Y: cr.Expr, q: cr.Expr) -> cr.Expr:
    """The product over examples and classes of q to the power y."""
    rows, columns = Y.shape
    return product([cr.raise_to(q[i, k], Y[i, k]) for i in range(rows) for k in range(columns)])


@equation(51, "2.7.1", DEFINITION, "The joint likelihood of one-hot labels")
def equation_51(size: Size) -> Claims:
    X, Y, θ, q = multinomial(size)

    def meaning(X: Any, Y: Any, θ: Any) -> Any:
        return np.prod([plain_softmax(x @ θ)[y.argmax()] for x, y in zip(X, Y, strict=True)])

    return under({Y: one_hot}, Means(likelihood(Y, q.named("t")), (X, Y, θ), meaning, r"Pr(Y|X, \theta)"))


@equation(52, "2.7.1", IDENTITY, "The cost is the negative log likelihood")
def equation_52(size: Size) -> Claims:
    _, Y, _, q = multinomial(size)
    joint = likelihood(Y, q.named("t"))
    named = (-log(joint.named("Pr(Y|X)"))).named(r"\mathcal{C}(\theta)")
    return under({Y: one_hot}, Equal(named, -log(joint)), Equal(named, cost(Y, q), "index"))


@equation(53, "2.7.2", DEFINITION, "The parameters of least cost")
def equation_53() -> Claims:
    _, Y, θ, q = multinomial(Size(12, 1, 3, ()))
    return under({Y: one_hot}, Maximal(cost(Y, q), θ, largest=False))
