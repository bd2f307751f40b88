"""Section 3, equations (74) to (77): the three models over one cost."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.draws import binary, one_hot
from chainrule.notes.equation import (
    DEFINITION,
    Claims,
    Size,
    equation,
    under,
)
from chainrule.notes.parts import total_of
from chainrule.notes.plain import plain_softmax, squash
from chainrule.notes.relation import (
    Equal,
    Means,
)

σ = cr.sigmoid


@equation(74, "3", DEFINITION, "The cost of every model: the mean loss")
def equation_74(size: Size) -> Claims:
    X, y = cr.data("X", (size.examples, size.features)), cr.data("y", size.examples)
    θ = cr.parameter(r"\theta", size.features)
    losses = [cr.squared_error(X[i] @ θ, y[i]) for i in range(size.examples)]

    def meaning(X: Any, y: Any, θ: Any) -> Any:
        return np.mean((y - X @ θ) ** 2)

    return [
        Means(cr.mean((y - X @ θ) ** 2), (X, y, θ), meaning, r"\mathcal{L}(\theta)", "index"),
        Equal(cr.mean((y - X @ θ) ** 2), total_of(losses) / size.examples, "index"),
    ]


@equation(75, "3", DEFINITION, "Logistic regression")
def equation_75(size: Size) -> Claims:
    x, y, θ = cr.data("x", size.features), cr.data("y"), cr.parameter(r"\theta", size.features)
    f = σ(x @ θ).named(r"f(x, \theta)")

    def meaning(x: Any, y: Any, θ: Any) -> Any:
        p = np.array([squash(x @ θ), 1 - squash(x @ θ)])
        return -np.array([y, 1 - y]) @ np.log(p)

    return under(
        {y: binary},
        Means(f, (x, θ), lambda x, θ: squash(x @ θ)),
        Means(cr.binary_cross_entropy(f, y), (x, y, θ), meaning, r"\ell"),
    )


@equation(76, "3", DEFINITION, "Multinomial regression")
def equation_76(size: Size) -> Claims:
    x, y = cr.data("x", size.features), cr.data("y", size.classes)
    θ = cr.parameter(r"\theta", (size.features, size.classes))
    f = cr.softmax(x @ θ).named(r"f(x, \theta)")
    return under(
        {y: one_hot},
        Means(f, (x, θ), lambda x, θ: plain_softmax(x @ θ)),
        Means(
            cr.cross_entropy(f, y),
            (x, y, θ),
            lambda x, y, θ: -np.log(plain_softmax(x @ θ)[y.argmax()]),
            r"\ell",
        ),
    )


@equation(77, "3", DEFINITION, "Linear regression", "(85) and (99) take half of this loss.")
def equation_77(size: Size) -> Claims:
    x, y, θ = cr.data("x", size.features), cr.data("y"), cr.parameter(r"\theta", size.features)
    f = (x @ θ).named(r"f(x, \theta)")
    return [
        Means(f, (x, θ), lambda x, θ: sum(x * θ)),
        Means((y - f) ** 2, (x, y, θ), lambda x, y, θ: (y - sum(x * θ)) ** 2, r"\ell"),
    ]
