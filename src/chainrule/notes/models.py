"""Section 3: linear, logistic and multinomial regression as three choices in one cost, (74) to (77).

A model says what its labels are, what f is and what the loss is. The cost is the mean loss over the examples,
with half λ times the squares of the parameters where that is wanted, (62).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr


@dataclass(frozen=True)
class Model:
    """(label set, f, ℓ). f(X, θ) takes points (n, m) and parameters; loss(ŷ, y) sums over the examples.

    labels: the label set in words. allows: whether labels, an array, are of it.
    """

    name: str
    labels: str
    allows: Callable[[Any], bool]
    f: Callable[[Expr, Expr], Expr]
    loss: Callable[[Expr, Expr], Expr]
    classes: bool = False  # whether θ has a column for each class, and y a column for each label

    def cost(self, examples: int, features: int, classes: int = 2, l2: float = 0.0) -> Cost:
        """The cost (74) for so many examples, with l2 as the λ of (62)."""
        columns = (classes,) if self.classes else ()
        X, y = cr.data("X", (examples, features)), cr.data("y", (examples, *columns))
        θ = cr.parameter(r"\theta", (features, *columns))
        guess = self.f(X, θ).named(r"\hat{y}")
        total = self.loss(guess, y) / examples
        if l2:
            total = total + l2 / 2 * cr.sum(θ**2)
        return Cost(total.named(r"\mathcal{L}"), guess, X, y, θ)


@dataclass(frozen=True)
class Cost:
    """The cost as an expression, and its parts: the prediction, points X (n, m), labels y, parameters θ."""

    expr: Expr
    guess: Expr
    X: Expr
    y: Expr
    θ: Expr


def _cross_entropy(p: Expr, y: Expr) -> Expr:
    found: cr.Expr = -cr.sum(y * cr.log(p))
    return found


def _one_hot(y: Any) -> bool:
    return y.ndim == 2 and bool(np.all((y == 0) | (y == 1)) and np.all(y.sum(axis=1) == 1))


LINEAR = Model(
    "linear regression",
    "y is a real number",
    lambda y: y.ndim == 1 and bool(np.all(np.isfinite(y))),
    lambda X, θ: X @ θ,
    cr.squared_error,
)
LOGISTIC = Model(
    "logistic regression",
    "y is 0 or 1",
    lambda y: y.ndim == 1 and bool(np.all((y == 0) | (y == 1))),
    lambda X, θ: cr.sigmoid(X @ θ),
    cr.binary_cross_entropy,
)
MULTINOMIAL = Model(
    "multinomial regression",
    "y is a one-hot vector",
    _one_hot,
    lambda X, θ: cr.softmax(X @ θ, axis=1),
    _cross_entropy,
    classes=True,
)
MODELS = (LINEAR, LOGISTIC, MULTINOMIAL)


def absorbed(X: Any) -> Any:
    """Points (n, m) with a last entry 1 each, (n, m + 1): the last parameter is then the bias, (11), (12)."""
    X = np.asarray(X, float)
    return np.column_stack([X, np.ones(len(X))])


@dataclass(frozen=True)
class Descent:
    """Every iterate of gradient descent: points x_1, x_2, ..., values f(x_n), slopes ∇f(x_n), rates η_n.

    There is one rate less than points. stopped: "tolerance" where |x_{n+1} − x_n| ≤ δ; "diverged" where the
    next point would not be finite, so that the last one still is; else "steps".
    """

    points: tuple[Any, ...]
    values: tuple[float, ...]
    slopes: tuple[Any, ...]
    rates: tuple[float, ...]
    stopped: str

    @property
    def last(self) -> Any:
        """The point at which it stopped."""
        return self.points[-1]


def descend(
    f: Expr,
    leaf: Expr,
    start: Any,
    rate: float | Callable[[int], float] = 0.1,
    steps: int = 100,
    tolerance: float = 0.0,
    values: dict[Any, Any] | None = None,
) -> Descent:
    """Gradient descent (54): x_{n+1} = x_n − η_n ∇f(x_n), with every iterate.

    f: a scalar. leaf: what is moved, from start. rate: η, or a function of n, which counts from 1. steps: at
    most so many. tolerance: the δ of the stopping rule |x_{n+1} − x_n| ≤ δ. values: of the other leaves.

    >>> import chainrule as cr
    >>> from chainrule.notes.models import descend
    >>> x = cr.parameter("x")
    >>> descend(x**2, x, -2, rate=0.1, steps=2).points
    (array(-2.), array(-1.6), array(-1.28))
    """
    slope = cr.gradient(f, leaf)
    points, found, slopes, rates = [np.asarray(start, float)], [], [], []
    stopped = "steps"
    for n in range(1, steps + 2):
        with np.errstate(over="ignore", invalid="ignore"):
            value, up = cr.evaluate([f, slope], {**(values or {}), leaf: points[-1]})
        found.append(float(value))
        slopes.append(up)
        if n > steps or stopped == "tolerance":
            break
        η = rate(n) if callable(rate) else rate
        with np.errstate(over="ignore", invalid="ignore"):
            ahead = np.asarray(points[-1] - η * up)
        if not np.all(np.isfinite(ahead)):
            stopped = "diverged"
            break
        rates.append(η)
        points.append(ahead)
        if float(np.linalg.norm(points[-1] - points[-2])) <= tolerance:
            stopped = "tolerance"
    return Descent(tuple(points), tuple(found), tuple(slopes), tuple(rates), stopped)


def fit(
    model: Model,
    X: Any,
    y: Any,
    rate: float = 0.1,
    steps: int = 1000,
    tolerance: float = 0.0,
    l2: float = 0.0,
) -> Descent:
    """The model's parameters by gradient descent from 0.

    X: (n, m). y: (n,), for multinomial regression one-hot rows (n, K). The rest as for descend. Raises
    ChainruleError for labels that are not of the model's set, and where X and y are not of one length.
    """
    X, y = np.asarray(X, float), np.asarray(y, float)
    if not model.allows(y):
        came = f"an array of the shape {y.shape}" if y.ndim != 1 else f"labels such as {y[:5].tolist()}"
        raise ChainruleError(f"labels of which each {model.labels}".replace("y is", "is"), came, model.name)
    if X.ndim != 2 or len(X) != len(y):
        raise ChainruleError(
            f"points of the shape (n, m) with n = {len(y)}", f"the shape {X.shape}", model.name
        )
    cost = model.cost(X.shape[0], X.shape[1], y.shape[-1] if y.ndim > 1 else 2, l2)
    return descend(cost.expr, cost.θ, np.zeros(cost.θ.shape), rate, steps, tolerance, {cost.X: X, cost.y: y})
