"""Section 4.3, equations (87) to (98): the network forward, with its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.equation import (
    DEFINITION,
    NUMBER,
    Claim,
    Claims,
    Size,
    equation,
)
from chainrule.notes.parts import total_of
from chainrule.notes.plain import squash
from chainrule.notes.relation import (
    Cases,
    Entries,
    Equal,
    Means,
    Rounded,
)
from chainrule.notes.section_4_network import B_, U_, W_, X_, Network

σ = cr.sigmoid


@equation(87, "4.3.1", DEFINITION, "The linear layer, neuron by neuron", "X is the column x.")
def equation_87() -> Claims:
    n = Network()
    claims = []
    for i in range(3):
        terms = total_of([n.W[i, j] * n.x[j] for j in range(3)])
        claims += [Equal(n.z[i], n.W[i] @ n.x + n.b[i], "index"), Equal(n.z[i], terms + n.b[i])]
    return claims


@equation(88, "4.3.1", NUMBER, "The rows of W")
def equation_88() -> Claims:
    return [
        Equal(cr.constant(W_)[i], cr.constant(row))
        for i, row in enumerate(([1, 0, 1], [1, -1, 0], [0, 0, 2]))
    ]


def _numbers() -> list[cr.Expr]:
    """z of the example, each as the sum that is printed."""
    n = cr.constant
    return [
        total_of([n(w) * n(x) for w, x in zip(row, X_, strict=True)]) + n(b)
        for row, b in zip(W_, B_, strict=True)
    ]


@equation(89, "4.3.1", NUMBER, "z in numbers")
def equation_89() -> Claims:
    z = cr.constant(W_) @ cr.constant(X_) + cr.constant(B_)
    claims: list[Equal | Rounded] = []
    for i, (row, printed) in enumerate(zip(_numbers(), ("5", "2", "5"), strict=True)):
        claims += [Equal(z[i], row), Rounded(row, printed, f"z_{i + 1}")]
    return claims


_BRACE = "a brace is a choice between its lines; a vector needs square brackets"


@equation(90, "4.3.2", DEFINITION, "The non-linear layer")
def equation_90() -> Claims:
    z = cr.data("z", 3)
    a, entries = σ(z).named("a"), [σ(z[i]) for i in range(3)]
    return [Claim(Cases(a, entries), Entries(a, entries), _BRACE, notation=True)]


@equation(91, "4.3.2", DEFINITION, "The sigmoid again")
def equation_91() -> Claims:
    t = cr.data("t")
    return [Equal(σ(t), 1 / (1 + cr.exp(-t))), Means(1 / (1 + cr.exp(-t)), (t,), squash, r"\sigma(t)")]


@equation(92, "4.3.2", NUMBER, "a in numbers")
def equation_92() -> Claims:
    z = cr.constant([5, 2, 5])
    a, entries = σ(z).named("a"), [σ(cr.constant(n)) for n in (5, 2, 5)]
    cut = "σ(2) is 0.8808, which rounds up"
    claims: list[Claim | Rounded | Equal] = [
        Claim(Cases(a, entries), Entries(a, entries), _BRACE, notation=True)
    ]
    for n, printed, correct in ((5, "0.993", ""), (2, "0.880", "0.881"), (5, "0.993", "")):
        value = 1 / (1 + cr.exp(-cr.constant(n)))
        claims.append(
            Claim(
                Rounded(value, printed), Rounded(value, correct) if correct else None, cut if correct else ""
            )
        )
    return claims


@equation(93, "4.3.3", DEFINITION, "The output")
def equation_93(size: Size) -> Claims:
    U, a = cr.parameter("U", size.widths[1]), cr.data("a", size.widths[1])
    return [
        Equal(U @ a, total_of([U[i] * a[i] for i in range(size.widths[1])])),
        Means(U @ a, (U, a), lambda U, a: sum(U * a), r"\hat{y}"),
    ]


@equation(94, "4.3.3", NUMBER, "The output in numbers")
def equation_94() -> Claims:
    a = [σ(cr.constant(n)) for n in (5, 2, 5)]
    n = cr.constant
    guess = (n(U_) @ σ(n(W_) @ n(X_) + n(B_))).named(r"\hat{y}")
    printed, correct = (
        total_of([n(u) * one for u, one in zip(U, a, strict=True)]) for U in ((-1, 1, -1), U_)
    )
    return [
        Claim(Equal(guess, printed), Equal(guess, correct), "U_3 is 1 in (86), not −1"),
        Claim(Rounded(guess, "0.880"), Rounded(guess, "0.881"), "0.8808 rounds up"),
    ]


@equation(95, "4.3.4", DEFINITION, "The squared difference", "Twice the loss of (85) and (99).")
def equation_95() -> Claims:
    y, guess = cr.data("y"), cr.data(r"\hat{y}")
    return [Means((guess - y) ** 2, (guess, y), lambda p, y: (p - y) * (p - y), r"\ell(\hat{y}, y)")]


@equation(96, "4.3.4", NUMBER, "The loss in numbers")
def equation_96() -> Claims:
    n = cr.constant
    exact = ((n(U_) @ σ(n(W_) @ n(X_) + n(B_)) - n(1)) ** 2).named(r"\ell")
    rounded = (n(0.88) - n(1)) ** 2
    because = "0.0144 is the square of a number that was cut off; ŷ − 1 is −0.1192"
    return [Equal(rounded, n(0.0144)), Claim(Rounded(exact, "0.0144"), Rounded(exact, "0.0142"), because)]


@equation(97, "4.3.4", DEFINITION, "The average loss")
def equation_97(size: Size) -> Claims:
    losses = cr.data(r"\ell", size.examples)
    average = cr.mean(losses).named(r"\mathcal{L}")
    because = "it is called the average, as in (74), and lacks the factor 1/N"
    return [
        Claim(
            Equal(average, cr.sum(losses), "index"),
            Equal(average, cr.sum(losses) / size.examples, "index"),
            because,
            notation=True,
        )
    ]


@equation(98, "4.3.5", DEFINITION, "A network with two hidden layers")
def equation_98(size: Size) -> Claims:
    d, h, k, _ = size.widths
    x, y = cr.data("x", d), cr.data("y")
    W1, b1 = cr.parameter("W^{(1)}", (h, d)), cr.parameter("b^{(1)}", h)
    W2, b2 = cr.parameter("W^{(2)}", (k, h)), cr.parameter("b^{(2)}", k)
    U = cr.parameter("U", k)
    z1 = (W1 @ x + b1).named("z^{(1)}")
    a1 = σ(z1).named("a^{(1)}")
    z2 = (W2 @ a1 + b2).named("z^{(2)}")
    a2 = σ(z2).named("a^{(2)}")
    guess = (U @ a2).named(r"\hat{y}")
    loss = ((y - guess) ** 2 / 2).named(r"\ell")

    def first(x: Any, W1: Any, b1: Any) -> Any:
        return np.einsum("ij,j->i", W1, x) + b1

    def second(x: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        return np.einsum("ij,j->i", W2, squash(first(x, W1, b1))) + b2

    def last(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, U: Any) -> Any:
        return sum(U * squash(second(x, W1, b1, W2, b2)))

    one, two = (x, W1, b1), (x, W1, b1, W2, b2)
    return [
        Means(z1, one, first),
        Means(a1, one, lambda *v: squash(first(*v))),
        Means(z2, two, second),
        Means(a2, two, lambda *v: squash(second(*v))),
        Means(guess, (*two, U), last),
        Means(loss, (*two, U, y), lambda *v: 0.5 * (v[-1] - last(*v[:-1])) ** 2),
    ]
