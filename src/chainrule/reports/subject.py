"""What a report is about: a network, its history, examples, and the names of classes and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.documents.heatmap import heat_map
from chainrule.documents.model import Picture
from chainrule.documents.pixels import image
from chainrule.graph.expression import Expr
from chainrule.graph.shape import size_of
from chainrule.networks.heads import of_each_class
from chainrule.networks.network import Array, Network
from chainrule.training.history import History

_LARGEST_SIDE = 180


@dataclass(frozen=True)
class Subject:
    """A network with the examples that its report speaks of: X (n, *input_shape), y (n,) or (n, *shape).

    classes: a name for each class. features: a name for each input. image: the height and width of inputs that are
    vectors, but images; None where they are none.
    """

    net: Network
    history: History | None
    X: Array
    y: Array
    classes: tuple[str, ...]
    features: tuple[str, ...]
    image: tuple[int, int] | None

    @property
    def is_classifier(self) -> bool:
        """Whether the answers are classes."""
        return self.net.head.probabilities

    @cached_property
    def answers(self) -> Array:
        """What the network says of each example."""
        return self.net.predict(self.X)

    @cached_property
    def probabilities(self) -> Array:
        """Of each class, (n, K); for two classes with one output too."""
        return of_each_class(self.net.predict_proba(self.X))

    @cached_property
    def losses(self) -> Array:
        """The loss of each example, (n,)."""
        return self.net.losses(self.X, self.y)

    @cached_property
    def score(self) -> dict[str, float]:
        """Loss and metric on the examples."""
        return self.net.evaluate(self.X, self.y)

    @cached_property
    def worst(self) -> list[int]:
        """The examples from the largest loss down; of a classifier only those with a wrong answer."""
        order = [int(n) for n in np.argsort(-self.losses, kind="stable")]
        if not self.is_classifier:
            return order
        return [n for n in order if self.answers[n] != self.y[n]]

    def class_name(self, label: Any) -> str:
        """The name of a class."""
        return self.classes[int(label)] if self.classes else str(int(label))

    @property
    def class_names(self) -> list[str]:
        """The names of all classes."""
        return [self.class_name(k) for k in range(self.probabilities.shape[1])]

    @cached_property
    def slope(self) -> Expr:
        """How the loss changes with the input, under the name that derivations give it."""
        step = next(
            step for step in self.net.derive().steps if step.phase == "gradient" and step.of is self.net.input
        )
        return step.expr.unnamed.named(step.name)

    # pictures of inputs

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """The shape of an input as an image; None where it is none."""
        shape = self.net.input_shape
        if len(shape) == 3:
            return shape
        return self.image if self.image is not None and size_of(self.image) == size_of(shape) else None

    def picture(self, x: Array, alt: str, caption: str) -> Picture:
        """An input as an image."""
        pixels = np.asarray(x).reshape(self.image_shape or (1, -1))
        return Picture(image(pixels), alt, caption, size=_size(pixels.shape[-1]))

    def map(self, values: Array, alt: str, caption: str) -> Picture:
        """Numbers for each pixel, blue where they are negative, orange where they are positive."""
        pixels = np.asarray(values, float).reshape(self.image_shape or (1, -1))
        flat = pixels.sum(axis=0) if pixels.ndim == 3 else pixels
        return Picture(heat_map(flat), alt, caption, size=_size(flat.shape[-1]))


def _size(width: int) -> int:
    """How wide an image is to be seen, in whole pixels for each of its own where there is room."""
    return width * max(1, _LARGEST_SIDE * 5 // 8 // width) if width < _LARGEST_SIDE else _LARGEST_SIDE


def counted(n: int, what: str = "example") -> str:
    """A number with what it counts, in the right number: 1 example, 1,200 examples."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def named(names: Sequence[str] | None) -> tuple[str, ...]:
    """Names as they are given, or none."""
    return tuple(map(str, names)) if names is not None else ()
