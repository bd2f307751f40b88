"""Sections 2.1 to 2.4, equations (1) to (18): the sigmoid, its parameters and derivative, and tanh."""

from __future__ import annotations

from math import inf

import numpy as np

import chainrule as cr
from chainrule.notes.equation import DEFINITION, DERIVATIVE, IDENTITY, NUMBER, Claim, Claims, Size, equation
from chainrule.notes.parts import total_of
from chainrule.notes.plain import squash
from chainrule.notes.relation import Equal, Means, Rate, Rounded, Shaped, Tends, Within

t, b, x = cr.data("t"), cr.parameter("b"), cr.data("x")
σ, exp = cr.sigmoid, cr.exp


def _vectors(n: int) -> tuple[cr.Expr, cr.Expr]:
    return cr.data("x", n), cr.parameter(r"\theta", n)


@equation(1, "2.1.1", DEFINITION, "Two ways to write the model's output")
def equation_1(size: Size) -> Claims:
    x, θ = _vectors(size.features)
    return [Means(σ(x @ θ), (x, θ), lambda x, θ: squash(x @ θ), r"\hat{y}")]


@equation(
    2,
    "2.1.2",
    DEFINITION,
    "The overall loss, as a sum or as a mean",
    "Two definitions to choose from; (74) takes the mean.",
)
def equation_2(size: Size) -> Claims:
    guess, y = cr.data(r"\hat{y}", size.examples), cr.data("y", size.examples)
    loss = (guess - y) ** 2
    return [
        Means(
            cr.sum(loss),
            (guess, y),
            lambda p, y: sum((u - v) ** 2 for u, v in zip(p, y, strict=True)),
            r"\mathcal{L}",
            "index",
        ),
        Means(cr.mean(loss), (guess, y), lambda p, y: np.mean((p - y) ** 2), r"\mathcal{L}", "index"),
    ]


@equation(3, "2.2", DEFINITION, "The sigmoid")
def equation_3() -> Claims:
    return [
        Means(1 / (1 + exp(-t)), (t,), squash, r"\sigma(t)"),
        Equal(σ(t), 1 / (1 + exp(-t))),
        Equal(σ(t), exp(t) / (exp(t) + 1)),
    ]


@equation(4, "2.2", IDENTITY, "The ends of the sigmoid", "Values at infinity are limits.")
def equation_4() -> Claims:
    return [Tends(1 / (1 + exp(-t)), t, -1, 0), Tends(1 / (1 + exp(-t)), t, 1, 1)]


@equation(5, "2.3", DEFINITION, "A linear function inside the sigmoid")
def equation_5(size: Size) -> Claims:
    x, θ = _vectors(size.features)
    return [Means(x @ θ + b, (x, θ, b), lambda x, θ, b: sum(x * θ) + b, "t"), Shaped(x @ θ + b, ())]


@equation(6, "2.3", DEFINITION, "The sigmoid with its parameters")
def equation_6(size: Size) -> Claims:
    x, θ = _vectors(size.features)
    right = 1 / (1 + exp(-(x @ θ + b)))
    return [
        Claim(
            Equal(σ(x @ θ), right),
            Equal(σ(x @ θ + b), right),
            "the bias b is on the right only: the left side needs it too",
            notation=True,
        )
    ]


_ROWS = "set as rows, though 2.6 and (128) write a column with ᵀ: of rows, xᵀθ is a matrix"


@equation(7, "2.3.1", DEFINITION, "The inner product")
def equation_7(size: Size) -> Claims:
    n = size.features + 1
    x, θ = _vectors(n)
    row_x, row_θ = cr.data("x", (1, n)), cr.parameter(r"\theta", (1, n))
    return [
        Claim(
            Equal(lambda: row_x.T @ row_θ, total_of([row_x[0, i] * row_θ[0, i] for i in range(n)])),
            Equal(x @ θ, total_of([x[i] * θ[i] for i in range(n)])),
            _ROWS,
            notation=True,
            spelled="xᵀ θ = Σᵢ xᵢ θᵢ with x = [x₁, …, xₙ] and θ = [θ₁, …, θₙ], rows",
        ),
        Means(x @ θ, (x, θ), lambda x, θ: sum(x * θ), "", "index"),
    ]


@equation(8, "2.3.1", NUMBER, "An inner product in numbers")
def equation_8() -> Claims:
    x, θ = cr.constant([2, 3, 2]), cr.constant([1, 3, 4])
    rows = cr.constant([[2, 3, 2]]), cr.constant([[1, 3, 4]])
    terms = cr.constant(2) * 1 + cr.constant(3) * 3 + cr.constant(2) * 4
    return [
        Claim(
            Equal(lambda: rows[0].T @ rows[1], terms),
            Equal(x @ θ, terms),
            _ROWS,
            notation=True,
            spelled="[2, 3, 2]ᵀ · [1, 3, 4] = 2 · 1 + 3 · 3 + 2 · 4, rows",
        ),
        Rounded(x @ θ, "19"),
    ]


@equation(9, "2.3.2", IDENTITY, "Sigmoids that rise slowly and steeply")
def equation_9() -> Claims:
    return [Equal(σ(0.5 * x), 1 / (1 + exp(-0.5 * x))), Equal(σ(2 * x), 1 / (1 + exp(-2 * x)))]


@equation(10, "2.3.2", IDENTITY, "Sigmoids with the sign of θ turned")
def equation_10() -> Claims:
    because = "the left side lacks the minus sign: with θ negative it is σ of a negative multiple of x"
    return [
        Claim(Equal(σ(0.5 * x), 1 / (1 + exp(0.5 * x))), Equal(σ(-0.5 * x), 1 / (1 + exp(0.5 * x))), because),
        Claim(Equal(σ(2 * x), 1 / (1 + exp(2 * x))), Equal(σ(-2 * x), 1 / (1 + exp(2 * x))), because),
    ]


@equation(11, "2.3.4", DEFINITION, "The bias as one more entry")
def equation_11(size: Size) -> Claims:
    x, θ = _vectors(size.features)
    one, last = cr.constant([1]), cr.reshape(b, (1,))
    return [
        Means(cr.concatenate(x, one), (x,), lambda x: np.append(x, 1), r"\tilde{x}"),
        Means(cr.concatenate(θ, last), (θ, b), np.append, r"\tilde{\theta}"),
    ]


@equation(12, "2.3.4", IDENTITY, "The absorbed bias gives the same number")
def equation_12(size: Size) -> Claims:
    x, θ = _vectors(size.features)
    wide_x = cr.concatenate(x, cr.constant([1])).named(r"\tilde{x}")
    wide_θ = cr.concatenate(θ, cr.reshape(b, (1,))).named(r"\tilde{\theta}")
    return [Equal(wide_x @ wide_θ, x @ θ + 1 * b), Equal(wide_x @ wide_θ, x @ θ + b)]


@equation(13, "2.3.5", DERIVATIVE, "The derivative of the sigmoid")
def equation_13() -> Claims:
    return [Rate(σ(t), t, σ(t) * (1 - σ(t))), Within(σ(t) * (1 - σ(t)), 0, inf)]


@equation(14, "2.3.5", IDENTITY, "The sigmoid's complement")
def equation_14() -> Claims:
    below = 1 + exp(-t)
    lines = (1 - 1 / below, (1 + exp(-t) - 1) / below, exp(-t) / below, σ(-t))
    return [Equal(1 - σ(t), line) for line in lines]


@equation(15, "2.3.6", DERIVATIVE, "The derivative of the sigmoid, step by step")
def equation_15() -> Claims:
    below = 1 + exp(-t)
    lines = (
        cr.gradient(1 / below, t),
        exp(-t) / below**2,
        (1 / below) * (exp(-t) / below),
        σ(t) * (1 - σ(t)),
    )
    return [*(Rate(σ(t), t, line) for line in lines), Within(lines[-1], 0, inf)]


@equation(16, "2.3.6", DERIVATIVE, "The derivative of σ(−t)")
def equation_16() -> Claims:
    above = 1 + exp(t)
    lines = (
        cr.gradient(1 / above, t),
        -exp(t) / above**2,
        -((1 / above) * (exp(t) / above)),
        -(σ(t) * (1 - σ(t))),
    )
    return [
        *(Rate(σ(-t), t, line) for line in lines),
        Equal(σ(-t), 1 / above),
        Equal(1 - σ(t), 1 / above),
        Equal(σ(t), exp(t) / above),
        Within(lines[-1], -inf, 0),
    ]


@equation(
    17,
    "2.4",
    IDENTITY,
    "Three ways to write tanh",
    "exp with an exponent is read as the exponential function.",
)
def equation_17() -> Claims:
    first, second = (exp(2 * x) - 1) / (exp(2 * x) + 1), (1 - exp(-2 * x)) / (1 + exp(-2 * x))
    because = "the factor {} is too much: it was cancelled already"
    return [
        Equal(cr.tanh(x), (exp(x) - exp(-x)) / (exp(x) + exp(-x))),
        Claim(Equal(cr.tanh(x), first * exp(x)), Equal(cr.tanh(x), first), because.format("exp(x)")),
        Claim(Equal(cr.tanh(x), second * exp(-x)), Equal(cr.tanh(x), second), because.format("exp(−x)")),
    ]


@equation(18, "2.4.1", DERIVATIVE, "The derivative of tanh, step by step")
def equation_18() -> Claims:
    u, s = exp(x) - exp(-x), exp(x) + exp(-x)
    du, ds = cr.gradient(u, x), cr.gradient(s, x)
    lines = (
        1 / s * du - u / s**2 * ds,
        s / s**2 * du - u / s**2 * ds,
        s * s / s**2 - u * u / s**2,
        (s**2 - u**2) / s**2,
        1 - (u / s) ** 2,
        1 - cr.tanh(x) ** 2,
    )
    return [Rate(u / s, x, line) for line in lines]
