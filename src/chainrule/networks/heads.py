"""Heads: the three models of section 3 of the notes, each a label set, an output function and a loss.

Legend: z what the last layer puts out (the logits); ŷ the output; y the label; K the number of classes.
The loss is written from probabilities, as in the notes, and computed from logits, which never overflows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.shape import Shape
from chainrule.networks.examples import binary_labels, class_labels, real_labels
from chainrule.ops.activation import sigmoid
from chainrule.ops.exponential import step
from chainrule.ops.loss import binary_cross_entropy, cross_entropy, half_squared_error, squared_error
from chainrule.ops.reduction import first_max
from chainrule.ops.reduction import sum as total
from chainrule.ops.softmax import softmax
from chainrule.training.data.encoder import Moments

Array = NDArray[Any]
Labels = Callable[[], Iterable[tuple[Array, Array | None]]]
ONE = ((), (1,))
"""The shapes of one number: a scalar, or a vector of one as Linear(1) makes it."""


@dataclass(frozen=True)
class OneHot:
    """Class indices as one-hot rows: 1 at the class, 0 elsewhere. Notes 2.6. Of NumPy or JAX arrays."""

    classes: int
    dtype: str

    def __call__(self, labels: Any) -> Any:
        return (labels[:, None] == np.arange(self.classes, dtype=labels.dtype)).astype(self.dtype)


@dataclass(frozen=True)
class Head(ABC):
    """What stands behind the last layer: which labels there are, how ŷ comes from z, and the loss."""

    name: ClassVar[str]
    metric_name: ClassVar[str]
    probabilities: ClassVar[bool] = True
    """Whether ŷ is one."""

    @abstractmethod
    def label(self, z: Shape) -> Expr:
        """The leaf y for logits of a shape. Raises ShapeError for a shape that the head cannot use."""

    @abstractmethod
    def output(self, z: Expr) -> Expr:
        """ŷ."""

    @abstractmethod
    def loss(self, y_hat: Expr, y: Expr) -> Expr:
        """ℓ, of one example."""

    @abstractmethod
    def metric(self, y_hat: Expr, y: Expr) -> Expr:
        """What the metric is made from, of one example; see `scored`."""

    @abstractmethod
    def labels(self, y: Any, n: int, shape: Shape) -> Array:
        """The labels of n examples for an output of a shape. Raises FeedError where they do not fit."""

    @abstractmethod
    def predicted(self, y_hat: Array) -> Array:
        """The labels that a batch of outputs stands for."""

    def rows(self, shape: Shape, dtype: str) -> Callable[[Any], Any] | None:
        """How rows of labels become values of y inside compiled code; None where they are values already."""
        return None

    def scored(self, labels: Labels) -> Callable[[float], float]:
        """How the metric comes from the mean of `metric` over the examples.

        labels: gives theirs, in parts (rows, ...) with their weights; called only where the metric needs them.
        """
        return float


@dataclass(frozen=True)
class CrossEntropy(Head):
    """Multinomial regression: classes 0 to K − 1, softmax, cross entropy. Notes (76)."""

    name = "cross_entropy"
    metric_name = "accuracy"

    def label(self, z: Shape) -> Expr:
        if len(z) != 1 or z[0] < 2:
            raise ShapeError(
                "a vector with one number for each class, two at least",
                f"the shape {z}",
                f'loss="{self.name}"',
                'for one probability write loss="binary_cross_entropy"'
                if z in ONE
                else "end with Flatten() and Linear(classes)",
            )
        return data("y", z, distribution=True)

    def output(self, z: Expr) -> Expr:
        return softmax(z)

    def loss(self, y_hat: Expr, y: Expr) -> Expr:
        return cross_entropy(y_hat, y)

    def metric(self, y_hat: Expr, y: Expr) -> Expr:
        return first_max(y_hat) @ y

    def labels(self, y: Any, n: int, shape: Shape) -> Array:
        return class_labels(y, n, shape[0])

    def predicted(self, y_hat: Array) -> Array:
        best: Array = np.argmax(y_hat, axis=1)
        return best

    def rows(self, shape: Shape, dtype: str) -> Callable[[Any], Any] | None:
        return OneHot(shape[0], dtype)


@dataclass(frozen=True)
class BinaryCrossEntropy(Head):
    """Logistic regression: labels 0 and 1, sigmoid, binary cross entropy. Notes (75)."""

    name = "binary_cross_entropy"
    metric_name = "accuracy"

    def label(self, z: Shape) -> Expr:
        if z not in ONE:
            raise ShapeError(
                "one number, the log-odds of label 1",
                f"the shape {z}",
                f'loss="{self.name}"',
                'end with Linear(1), or write loss="cross_entropy" for several classes',
            )
        return data("y", z)

    def output(self, z: Expr) -> Expr:
        return sigmoid(z)

    def loss(self, y_hat: Expr, y: Expr) -> Expr:
        return binary_cross_entropy(y_hat, y)

    def metric(self, y_hat: Expr, y: Expr) -> Expr:
        one = step(2 * y_hat - 1)
        return total(one * y + (1 - one) * (1 - y))

    def labels(self, y: Any, n: int, shape: Shape) -> Array:
        return binary_labels(y, n)

    def predicted(self, y_hat: Array) -> Array:
        return (y_hat > 0.5).astype(np.int64).reshape(len(y_hat))


@dataclass(frozen=True)
class SquaredError(Head):
    """Linear regression: real labels, ŷ = z, the squared error. Notes (77)."""

    name = "squared_error"
    metric_name = "r2"
    probabilities = False

    def label(self, z: Shape) -> Expr:
        return data("y", z)

    def output(self, z: Expr) -> Expr:
        return z

    def loss(self, y_hat: Expr, y: Expr) -> Expr:
        return squared_error(y_hat, y)

    def metric(self, y_hat: Expr, y: Expr) -> Expr:
        return squared_error(y_hat, y)

    def labels(self, y: Any, n: int, shape: Shape) -> Array:
        return real_labels(y, n, shape)

    def predicted(self, y_hat: Array) -> Array:
        return y_hat.reshape(len(y_hat)) if y_hat.shape[1:] in ONE else y_hat

    def scored(self, labels: Labels) -> Callable[[float], float]:
        """r² = 1 − Σ (ŷ − y)² / Σ (y − ȳ)², over all entries; for labels that are all alike 1 or 0."""
        moments: Moments | None = None
        for part, weights in labels():
            y = np.asarray(part, np.float64).reshape(len(part), -1)
            moments = moments or Moments(y.shape[1])
            moments.meet(y, weights)
        spread = float(moments.variance.sum()) if moments else 0.0
        return lambda mean: 1 - mean / spread if spread > 0 else float(mean == 0)


@dataclass(frozen=True)
class HalfSquaredError(SquaredError):
    """Linear regression with half the squared error, as the notes' networks have it. Notes (85), (99)."""

    name = "half_squared_error"

    def loss(self, y_hat: Expr, y: Expr) -> Expr:
        return half_squared_error(y_hat, y)


HEADS: dict[str, Head] = {
    head.name: head for head in (CrossEntropy(), BinaryCrossEntropy(), SquaredError(), HalfSquaredError())
}
"""By the name that `Network` takes as its loss."""


def of_each_class(probabilities: Array) -> Array:
    """Probabilities as (n, K), also where only that of the second of two classes is given, (n,).

    >>> of_each_class(np.array([0.25])).tolist()
    [[0.75, 0.25]]
    """
    return np.stack([1 - probabilities, probabilities], axis=1) if probabilities.ndim == 1 else probabilities


def head_named(name: Any) -> Head:
    """The head of that name. Raises ChainruleError for a name that is none."""
    if not isinstance(name, str) or name not in HEADS:
        raise ChainruleError(f"one of {', '.join(map(repr, HEADS))}", repr(name)[:80], "loss")
    return HEADS[name]
