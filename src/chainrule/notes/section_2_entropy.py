"""Section 2.5, equations (19) to (37): entropy, cross entropy, and logistic regression as a likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.draws import binary, distribution, positive, probability
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
from chainrule.notes.parts import product
from chainrule.notes.relation import (
    Cases,
    Equal,
    Maximal,
    Means,
    Rounded,
    Within,
)

log, σ = cr.log, cr.sigmoid


def logistic(size: Size) -> tuple[cr.Expr, cr.Expr, cr.Expr, cr.Expr]:
    """Points X (examples, features), labels y, parameters θ, and the probabilities of label 1."""
    X, y = cr.data("X", (size.examples, size.features)), cr.data("y", size.examples)
    θ = cr.parameter(r"\theta", size.features)
    return X, y, θ, 1 / (1 + cr.exp(-(X @ θ)))


def cost(y: cr.Expr, q: cr.Expr) -> cr.Expr:
    """The cross entropy of labels 0 or 1 with probabilities of label 1, summed over the examples."""
    found: cr.Expr = -(y @ log(q) + (1 - y) @ log(1 - q))
    return found


def likelihood(y: cr.Expr, q: cr.Expr) -> cr.Expr:
    """The product over the examples of q to the power y times 1 − q to the power 1 − y."""
    power = cr.raise_to
    return product([power(q[i], y[i]) * power(1 - q[i], 1 - y[i]) for i in range(y.shape[0])])


@equation(19, "2.5.1", DEFINITION, "Entropy")
def equation_19(size: Size) -> Claims:
    p = cr.data("p", size.classes)
    return under(
        {p: distribution},
        Means(-(p @ log(p)), (p,), lambda p: -sum(u * np.log(u) for u in p), "H(p)", "index"),
    )


@equation(20, "2.5.1", IDENTITY, "Entropy of two outcomes")
def equation_20() -> Claims:
    p = cr.data("p", 2)
    return under({p: distribution}, Equal(-(p @ log(p)), -(p[0] * log(p[0]) + p[1] * log(p[1]))))


@equation(21, "2.5.1", DEFINITION, "Cross entropy of two outcomes")
def equation_21() -> Claims:
    p, q = cr.data("p", 2), cr.data("q", 2)
    written = -(p[0] * log(q[0]) + p[1] * log(q[1]))
    claims = (
        Equal(cr.cross_entropy(q, p), written),
        Means(written, (p, q), lambda p, q: -np.dot(p, np.log(q)), "H(p, q)"),
    )
    return under({p: distribution, q: distribution}, *claims)


def _entropy(p: tuple[float, float], q: tuple[float, float]) -> cr.Expr:
    number = cr.constant
    found: cr.Expr = -(number(p[0]) * log(number(q[0])) + number(p[1]) * log(number(q[1])))
    return found


_CUT = "the digits after the third were cut off; the value rounds up"
_COPIED = "the substitution is copied from (23): p is (1, 0) here"


@equation(22, "2.5.2", NUMBER, "A cross entropy in numbers: p and q opposed")
def equation_22() -> Claims:
    value = _entropy((0.3, 0.7), (0.7, 0.3))
    return [
        Equal(cr.cross_entropy(cr.constant([0.7, 0.3]), cr.constant([0.3, 0.7])), value),
        Claim(Rounded(value, "0.949"), Rounded(value, "0.950"), _CUT),
    ]


@equation(23, "2.5.2", NUMBER, "A cross entropy in numbers: p and q alike")
def equation_23() -> Claims:
    value = _entropy((0.3, 0.7), (0.3, 0.7))
    return [
        Equal(cr.cross_entropy(cr.constant([0.3, 0.7]), cr.constant([0.3, 0.7])), value),
        Claim(Rounded(value, "0.610"), Rounded(value, "0.611"), _CUT),
    ]


@equation(24, "2.5.2", NUMBER, "A cross entropy in numbers: a certain p, a poor q")
def equation_24() -> Claims:
    meant = cr.cross_entropy(cr.constant([0.3, 0.7]), cr.constant([1, 0]))
    right, copied = _entropy((1, 0), (0.3, 0.7)), _entropy((0.3, 0.7), (0.3, 0.7))
    return [
        Claim(Equal(meant, copied), Equal(meant, right), _COPIED),
        Claim(Rounded(right, "1.203"), Rounded(right, "1.204"), _CUT),
    ]


@equation(25, "2.5.2", NUMBER, "A cross entropy in numbers: a certain p, a good q")
def equation_25() -> Claims:
    meant = cr.cross_entropy(cr.constant([0.9, 0.1]), cr.constant([1, 0]))
    right, copied = _entropy((1, 0), (0.9, 0.1)), _entropy((0.3, 0.7), (0.3, 0.7))
    return [Claim(Equal(meant, copied), Equal(meant, right), _COPIED), Rounded(right, "0.105")]


@equation(26, "2.5.3", DEFINITION, "The cost of logistic regression")
def equation_26(size: Size) -> Claims:
    X, y, θ, q = logistic(size)

    def meaning(X: Any, y: Any, θ: Any) -> Any:
        return -sum(
            u * np.log(1 / (1 + np.exp(-r @ θ))) + (1 - u) * np.log(1 - 1 / (1 + np.exp(-r @ θ)))
            for r, u in zip(X, y, strict=True)
        )

    first = cost(y, σ(X @ θ))
    return under(
        {y: binary},
        Means(first, (X, y, θ), meaning, r"\mathcal{C}(\theta)", "index"),
        Equal(first.named(r"\mathcal{C}(\theta)"), cost(y, q), "index"),
    )


@equation(27, "2.5.3", IDENTITY, "One term of the cost is a cross entropy")
def equation_27(size: Size) -> Claims:
    x, y, θ = cr.data("x", size.features), cr.data("y"), cr.parameter(r"\theta", size.features)
    q = 1 / (1 + cr.exp(-(x @ θ)))
    q1, q2, p2 = q.named("q_1"), (1 - q).named("q_2"), (1 - y).named("p_2")
    p = cr.concatenate(cr.reshape(y, (1,)), cr.reshape(1 - y, (1,)))
    both = cr.concatenate(cr.reshape(q, (1,)), cr.reshape(1 - q, (1,)))
    left = -(y * log(q) + (1 - y) * log(1 - q))
    return under({y: binary}, Equal(left, -(y * log(q1) + p2 * log(q2))), Equal(left, -(p @ log(both))))


@equation(28, "2.5.3", IDENTITY, "The cost, sorted by label")
def equation_28(size: Size) -> Claims:
    _, y, _, q = logistic(size)
    total = cost(y, q).named(r"\mathcal{C}(\theta)")
    ones, zeros = -(y @ log(q)), -((1 - y) @ log(1 - q))
    return under(
        {y: binary},
        Claim(
            Cases(total, [ones, zeros], "index"),
            Equal(total, ones + zeros, "index"),
            "the cost is the sum of the two lines: a brace chooses one of them",
            notation=True,
        ),
    )


def _table(t: cr.Expr) -> list[Equal | Within]:
    return [Equal(t + (1 - t), cr.constant(1)), Within(t, 0, 1), Within(1 - t, 0, 1)]


@equation(29, "2.5.4", DEFINITION, "A biased coin")
def equation_29() -> Claims:
    t = cr.data("t")
    return under({t: probability}, *_table(t))


@equation(30, "2.5.4", IDENTITY, "The Bernoulli distribution in one line")
def equation_30() -> Claims:
    t = cr.data("t")
    lines = [cr.raise_to(t, cr.constant(y)) * cr.raise_to(1 - t, cr.constant(1) - y) for y in (1, 0)]
    return under({t: probability}, Equal(lines[0], t), Equal(lines[1], 1 - t))


@equation(31, "2.5.4", DEFINITION, "A label's probability from the sigmoid")
def equation_31(size: Size) -> Claims:
    x, θ = cr.data("x", size.features), cr.parameter(r"\theta", size.features)
    return _table(σ(x @ θ))


@equation(32, "2.5.4", DEFINITION, "The joint likelihood of independent labels")
def equation_32(size: Size) -> Claims:
    X, y, θ, q = logistic(size)
    t = q.named("t")

    def meaning(X: Any, y: Any, θ: Any) -> Any:
        t = 1 / (1 + np.exp(-X @ θ))
        return np.prod(np.where(y == 1, t, 1 - t))

    written = likelihood(y, q)
    return under(
        {y: binary}, Means(written, (X, y, θ), meaning, r"Pr(Y|X, \theta)"), Equal(written, likelihood(y, t))
    )


_MANY = Size(8, 1, 3, ())


@equation(33, "2.5.4", DEFINITION, "The most likely parameters")
def equation_33() -> Claims:
    _, y, θ, q = logistic(_MANY)
    return under({y: binary}, Maximal(likelihood(y, q.named("t")), θ), Maximal(cost(y, q), θ, largest=False))


@equation(
    34,
    "2.5.4",
    DEFINITION,
    "Gaussian maximum likelihood",
    "θ stands for the parameters of the density, μ and σ.",
)
def equation_34() -> Claims:
    y, μ, s = cr.data("y", 4), cr.parameter(r"\mu"), cr.parameter(r"\sigma")
    density = cr.exp(-((y - μ) ** 2) / (2 * s**2)) / (float(np.sqrt(2 * np.pi)) * s)
    joint = product([density[i] for i in range(4)])
    return under({s: positive}, Maximal(joint, μ), Maximal(log(joint), μ))


@equation(35, "2.5.5", IDENTITY, "The cost is the negative log likelihood")
def equation_35(size: Size) -> Claims:
    _, y, _, q = logistic(size)
    total, joint = cost(y, q).named(r"\mathcal{C}(\theta)"), likelihood(y, q.named("t"))
    return under(
        {y: binary},
        Equal(total, -log(joint.named("p(Y|X)"))),
        Claim(Equal(total, -joint), Equal(total, -log(joint)), "the logarithm is missing in the second line"),
    )


@equation(36, "2.5.6", DEFINITION, "A biased coin again")
def equation_36() -> Claims:
    t = cr.data("t")
    return under({t: probability}, *_table(t))


@equation(37, "2.5.6", IDENTITY, "Two functions that combine the lines of the coin")
def equation_37() -> Claims:
    t, y = cr.data("t"), cr.data("y")
    first = cr.raise_to(1 - t, 1 - y) * cr.raise_to(t, y)
    second = (1 - t) * (1 - y) + t * y
    claims = [Equal(first, second)]
    for label, value in ((1, t), (0, 1 - t)):
        n = cr.constant(label)
        claims += [
            Equal(cr.raise_to(1 - t, 1 - n) * cr.raise_to(t, n), value),
            Equal((1 - t) * (1 - n) + t * n, value),
        ]
    return under({t: probability, y: binary}, *claims)
