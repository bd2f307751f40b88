"""Sections 2.8 and 2.9, equations (54) to (63): gradient descent, and that of multinomial regression."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.draws import one_hot, positive
from chainrule.notes.equation import (
    DEFINITION,
    DERIVATIVE,
    NUMBER,
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
    Lowers,
    Means,
    Rate,
    Rounded,
)
from chainrule.notes.section_2_softmax import cost, multinomial

exp, log = cr.exp, cr.log
η, λ = cr.parameter(r"\eta"), cr.parameter(r"\lambda")


@equation(54, "2.8", DEFINITION, "Gradient descent")
def equation_54(size: Size) -> Claims:
    x, a = cr.data("x", size.features), cr.parameter("a", size.features)
    f = (cr.softplus(x @ a) + x @ x).named("f(x)")
    slope = cr.gradient(f, x).named(r"\nabla f(x)")

    def meaning(x: Any, a: Any, η: Any) -> Any:
        return x - η * (a / (1 + np.exp(-x @ a)) + 2 * x)

    return under({η: positive}, Lowers(x - η * slope, x, f), Means(x - η * slope, (x, a, η), meaning, "x"))


@equation(55, "2.8.1", DERIVATIVE, "The slope of a parabola")
def equation_55() -> Claims:
    x = cr.data("x")
    return [Rate(x**2, x, 2 * x)]


def _step(start: float, end: str) -> Claims:
    """One step of descent on x² from a start with η = 0.1, in letters and in numbers."""
    x = cr.data("x")
    number = cr.constant(start) - cr.constant(0.1) * 2 * cr.constant(start)
    letters = Equal(x - η * cr.gradient(x**2, x).named(r"\nabla f(x)"), x - η * 2 * x)
    return [letters, Rounded(number, end, "x")]


@equation(56, "2.8.1", NUMBER, "The first step from −2")
def equation_56() -> Claims:
    return _step(-2, "-1.6")


@equation(57, "2.8.1", NUMBER, "The second step from −2")
def equation_57() -> Claims:
    return _step(-1.6, "-1.28")


@equation(58, "2.8.2", NUMBER, "The first step from 2")
def equation_58() -> Claims:
    return _step(2, "1.6")


@equation(59, "2.8.2", NUMBER, "The second step from 2")
def equation_59() -> Claims:
    return _step(1.6, "1.28")


_ITERATE = "θ in the softmax needs the index n: the slope is taken where the iteration stands, at θⁿ"


def rows_of_gradient(X: cr.Expr, Y: cr.Expr, θ: cr.Expr) -> cr.Expr:
    """The sum over the examples of x_i (softmax − y_i)ᵀ, written out."""
    return total_of([cr.outer(X[i], cr.softmax(X[i] @ θ) - Y[i]) for i in range(X.shape[0])])


def _iteration(size: Size, weight: cr.Expr | None = None) -> Claims:
    """A step of descent, with the softmax at a θ without index, as printed, and at θ^n. weight: the λ of (62)."""
    X, Y, now, q = multinomial(size, r"\theta^n")
    total = cost(Y, q) if weight is None else cost(Y, q) + weight / 2 * cr.sum(now**2)
    named = total.named(r"\mathcal{C}(\theta^n)")
    full = now - η * cr.gradient(named, now).named(r"\nabla \mathcal{C}(\theta^n)")
    printed, step = (
        now - η * (rows if weight is None else rows + weight * now)
        for rows in (rows_of_gradient(X, Y, at) for at in (cr.parameter(r"\theta", now.shape), now))
    )
    return under(
        {Y: one_hot, λ: positive, η: positive},
        Claim(Equal(full, printed), Equal(full, step), _ITERATE, notation=True),
        Lowers(step, now, named),
    )


@equation(60, "2.9", DERIVATIVE, "The gradient of the multinomial cost")
def equation_60(size: Size) -> Claims:
    X, Y, θ, q = multinomial(size)
    named = cost(Y, q).named(r"\mathcal{C}(\theta)")
    because = (
        "the sum over the examples and the factor x_i are missing: as printed it has the shape of one label"
    )
    printed = cr.softmax(X[0] @ θ) - Y[0]
    right = Rate(named, θ, rows_of_gradient(X, Y, θ))
    return under(
        {Y: one_hot},
        Claim(Rate(named, θ, printed), right, because),
        Claim(Rate(named, θ, lambda: cr.reshape(printed, (1, size.classes))), right, because),
    )


@equation(
    61,
    "2.9.1",
    DEFINITION,
    "Gradient descent for the multinomial cost",
    "θ is the matrix with the columns θ_1, ..., θ_K.",
)
def equation_61(size: Size) -> Claims:
    return _iteration(size)


def regularised(size: Size) -> tuple[cr.Expr, ...]:
    """X, Y, θ and the multinomial cost with half λ times the sum of squares of all parameters."""
    X, Y, θ, q = multinomial(size)
    return X, Y, θ, cost(Y, q) + λ / 2 * cr.sum(θ**2)


@equation(
    62,
    "2.9.1",
    DEFINITION,
    "The cost with a regulariser",
    "m is the number of features, the length of each θ_k.",
)
def equation_62(size: Size) -> Claims:
    X, Y, θ, total = regularised(size)

    def meaning(X: Any, Y: Any, θ: Any, λ: Any) -> Any:
        fit = -sum(np.log(plain_softmax(x @ θ)[y.argmax()]) for x, y in zip(X, Y, strict=True))
        return fit + λ / 2 * sum(number**2 for number in θ.ravel())

    return under(
        {Y: one_hot, λ: positive}, Means(total, (X, Y, θ, λ), meaning, r"\mathcal{C}(\theta)", "index")
    )


@equation(63, "2.9.1", DEFINITION, "Gradient descent with the regulariser")
def equation_63(size: Size) -> Claims:
    return _iteration(size, λ)
