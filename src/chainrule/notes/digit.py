"""Which part of an input causes most of the error (4.4.7), on a real handwritten digit.

A network of one hidden layer is trained on scikit-learn's 8 × 8 digits by the descent of section 2.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.notes.models import descend

_PIXELS, _HIDDEN, _CLASSES, _TRAIN = 64, 24, 10, 400


@dataclass(frozen=True)
class Blame:
    """A digit (8, 8) that the network gets wrong, its label, what the network says, and ∂ℓ/∂x (8, 8).

    loss: before. repaired: the loss after the few pixels with the largest rate were moved against it.
    """

    image: Any
    label: int
    said: int
    gradient: Any
    loss: float
    repaired: float
    accuracy: float


def _logits(X: Expr, θ: Expr) -> Expr:
    """tanh(X V) U with V (pixels, hidden) and U (hidden, classes) cut from one vector of parameters."""
    cut = _PIXELS * _HIDDEN
    V = cr.reshape(θ[:cut], (_PIXELS, _HIDDEN))
    U = cr.reshape(θ[cut:], (_HIDDEN, _CLASSES))
    found: Expr = cr.tanh(X @ V) @ U
    return found


@cache  # a figure in two themes and a table show it
def blame(steps: int = 60, moved: int = 6, step: float = 0.3) -> Blame:
    """Train, take the held-out digit with the largest loss, and ask which of its pixels are to blame."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = images / 16
    X, Y = cr.data("X", (_TRAIN, _PIXELS)), cr.data("y", (_TRAIN, _CLASSES))
    θ = cr.parameter(r"\theta", _PIXELS * _HIDDEN + _HIDDEN * _CLASSES)
    cost = -cr.sum(Y * cr.log(cr.softmax(_logits(X, θ), axis=1))) / _TRAIN
    start = 0.2 * np.random.default_rng(0).normal(size=θ.shape)
    values = {X: images[:_TRAIN], Y: np.eye(_CLASSES)[labels[:_TRAIN]]}
    learnt = descend(cost, θ, start, rate=0.8, steps=steps, values=values).last

    held, truth = images[_TRAIN:], labels[_TRAIN:]
    many = cr.data("X", held.shape)
    shares = cr.evaluate(cr.softmax(_logits(many, θ), axis=1), {many: held, θ: learnt})
    worst = int(np.argmin(shares[np.arange(len(truth)), truth]))

    one, y = cr.data("x", (1, _PIXELS)), cr.data("y", _CLASSES)
    loss = cr.cross_entropy(cr.softmax(_logits(one, θ)[0]), y)
    at = {one: held[worst : worst + 1], y: np.eye(_CLASSES)[truth[worst]], θ: learnt}
    before, gradient = cr.evaluate([loss, cr.gradient(loss, one)], at)
    changed = at[one].copy()
    order = np.argsort(-np.abs(gradient[0]))[:moved]
    changed[0, order] -= step * np.sign(gradient[0, order])
    after = cr.evaluate(loss, {**at, one: changed})
    return Blame(
        held[worst].reshape(8, 8),
        int(truth[worst]),
        int(shares[worst].argmax()),
        gradient.reshape(8, 8),
        float(before),
        float(after),
        float(np.mean(shares.argmax(axis=1) == truth)),
    )
