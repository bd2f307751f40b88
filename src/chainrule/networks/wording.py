"""Layers as text: "conv 32 3 relu, pool 2, 64 relu, 10". Nothing in the text is executed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from chainrule.graph.errors import ParseError
from chainrule.graph.shape import Shape
from chainrule.networks.dropout import Dropout
from chainrule.networks.layers import (
    ELU,
    GELU,
    Activation,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    Softplus,
    Tanh,
)
from chainrule.networks.spatial import AvgPool1d, AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d

ACTIVATIONS: dict[str, type[Activation]] = {
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "leaky_relu": LeakyReLU,
    "softplus": Softplus,
    "elu": ELU,
    "gelu": GELU,
}
"""Each has the name of its op."""
_SPATIAL: dict[str, dict[int, Any]] = {
    "conv": {1: Conv1d, 2: Conv2d},
    "pool": {1: MaxPool1d, 2: MaxPool2d},
    "average": {1: AvgPool1d, 2: AvgPool2d},
}
_PADDINGS = ("valid", "same", "full")
_OPTIONS = ("stride", "padding", "dilation", "groups")
SYNTAX = (
    ("64", "a dense layer of 64 units"),
    ("conv 32 3", "a convolution: 32 channels, kernel 3×3 (or 3x5)"),
    ("pool 2", "max-pooling of 2×2; average 2: their means"),
    ("stride 2", "after conv or pool; so padding 1, same, full"),
    ("dilation 2", "after conv; so groups 2"),
    ("no bias", "after 64 or conv: without b"),
    ("relu", "or another of the activations below, after a layer"),
    ("dropout 0.5", "drops half of the numbers by chance, in training"),
    ("flatten", "is not needed before the first dense layer"),
)
"""What can be written, and what it means."""
_MOST = 1_000_000  # of a number in the text
_MOST_LAYERS = 1000


def layers_from_text(text: str, input_shape: Shape) -> list[Layer]:
    """The layers that a text stands for, on inputs of a shape.

    text: items with commas between them, each a layer with its options, then perhaps its activation and
        dropout: "64 relu", "conv 32 3 same relu", "pool 2", "average 2 stride 1", "dropout 0.5". `SYNTAX` has
        all words. A number alone is a dense layer. Images are flattened before the first dense layer.
    input_shape: (n,) vectors; (channels, n) sequences, where conv and pool have one size; (channels,
        height, width) images.

    Raises ParseError, which names the item and what could stand there.

    >>> print(*layers_from_text("conv 8 3 relu, pool 2, 32 relu dropout 0.5, 10", (1, 8, 8)), sep=", ")
    Conv2d(8, 3), ReLU, MaxPool2d(2), Flatten, Linear(32), ReLU, Dropout(0.5), Linear(10)
    """
    found: list[Layer] = []
    items = text.split(",")
    if len(items) > _MOST_LAYERS:
        raise ParseError(f"at most {_MOST_LAYERS} layers", f"{len(items)}", "layers")
    vectors = len(input_shape) < 2
    for number, item in enumerate(items, 1):
        words = _Words(item.lower().split(), f"layers, item {number} of {len(items)}, {item.strip()[:60]!r}")
        if not words.left:
            raise ParseError("a layer such as 64 relu", "nothing", words.where, "remove the comma too much")
        while words.left:
            layer = _layer(words, input_shape, vectors)
            if isinstance(layer, Linear) and not vectors:
                found.append(Flatten())
            vectors = vectors or isinstance(layer, (Linear, Flatten))
            found.append(layer)
    return found


def text_of_layers(layers: Sequence[Layer], input_shape: Shape) -> str | None:
    """The text that stands for layers on inputs of a shape; None where the syntax has none for them.

    >>> text_of_layers(layers_from_text("CONV 8 3x5 relu,pool 2,   10", (1, 8, 8)), (1, 8, 8))
    'conv 8 3x5 relu, pool 2, 10'
    """
    items: list[str] = []
    vectors = len(input_shape) < 2
    for place, layer in enumerate(layers):
        following = layers[place + 1] if place + 1 < len(layers) else None
        if isinstance(layer, Flatten) and not vectors and isinstance(following, Linear):
            vectors = True
            continue
        vectors = vectors or isinstance(layer, (Flatten, Linear))
        words = _written(layer)
        if words is None:
            return None
        if isinstance(layer, Activation) and items and place and _has_parameters(layers[place - 1]):
            items[-1] += f" {words}"
        else:
            items.append(words)
    text = ", ".join(items)
    return text if items and layers_from_text(text, input_shape) == list(layers) else None


def described_syntax() -> str:
    """All words, a line each, indented as code."""
    lines = [f"    {word:12} {says}" for word, says in SYNTAX]
    names = list(ACTIVATIONS)
    return "\n".join([*lines, "", f"    activations  {', '.join(names)}"])


class _Words:
    """The words of one item, taken one after the other."""

    def __init__(self, words: list[str], where: str) -> None:
        self.left, self.where = words, where

    def take(self, word: str) -> bool:
        """Whether the next word is this one; then it is gone."""
        found = bool(self.left) and self.left[0] == word
        if found:
            self.left.pop(0)
        return found

    def count(self, what: str) -> int:
        """The next word as a whole number from 1."""
        return self._counts(what, 1)[0]

    def sizes(self, what: str, axes: int) -> Any:
        """The next word as a size, 3, or one for each axis, 3x5."""
        sizes = self._counts(what, axes)
        return sizes[0] if len(sizes) == 1 else sizes

    def _counts(self, what: str, most: int, least: int = 1) -> tuple[int, ...]:
        word = self.left.pop(0) if self.left else "nothing"
        parts = word.replace("×", "x").split("x")
        if len(parts) in (1, most) and all(re.fullmatch("[0-9]{1,7}", part) for part in parts):
            numbers = tuple(map(int, parts))
            if all(least <= number <= _MOST for number in numbers):
                return numbers
        pair = ", or one for each axis as in 3x5" if most == 2 else ""
        raise ParseError(f"{what}: a whole number from {least} to {_MOST:,}{pair}", word[:40], self.where)

    def padding(self, axes: int) -> Any:
        """The next word as a padding: a number, or one for each axis."""
        sizes = self._counts("padding", axes, 0)
        return sizes[0] if len(sizes) == 1 else sizes

    def number(self) -> float | None:
        """The next word as a decimal number, if it is one."""
        if not self.left or not re.fullmatch(r"\d{0,7}\.?\d{1,7}", self.left[0]):
            return None
        return float(self.left.pop(0))


def _layer(words: _Words, shape: Shape, vectors: bool) -> Layer:
    """The next layer of an item."""
    first = words.left[0]
    if first[0].isdigit():
        return _dense(words)
    words.left.pop(0)
    if first in ACTIVATIONS:
        return _activation(words, ACTIVATIONS[first])
    if first == "dropout":
        rate = words.number()
        if rate is None or not 0 <= rate < 1:
            raise ParseError("a rate from 0 to below 1, as in dropout 0.5", _next(words), words.where)
        return Dropout(rate)
    if first == "flatten":
        return Flatten()
    if first in _SPATIAL:
        return _spatial(words, first, shape, vectors)
    known = [*_SPATIAL, *ACTIVATIONS, "dropout", "flatten"]
    near = difflib.get_close_matches(first, [*known, *_OPTIONS, *_PADDINGS], n=1)
    remedy = f"did you mean {near[0]}?" if near and near[0] != first else ""
    if first in (*_OPTIONS, *_PADDINGS, "no"):
        remedy = f"{first} comes once, right after its layer, as in conv 32 3 stride 2 relu"
    raise ParseError(
        f"a number of units, or one of {', '.join(known)}", repr(first)[:40], words.where, remedy
    )


def _next(words: _Words) -> str:
    return repr(words.left[0])[:40] if words.left else "nothing"


def _dense(words: _Words) -> Linear:
    units = words.count("units of a dense layer")
    if words.left and words.left[0][0].isdigit():
        raise ParseError(
            "an activation or a comma after the units",
            _next(words),
            words.where,
            f"write {units}, {words.left[0]}",
        )
    return Linear(units, bias=not _no_bias(words))


def _no_bias(words: _Words) -> bool:
    if not words.take("no"):
        return False
    if not words.take("bias"):
        raise ParseError("no bias", f"no {_next(words)}", words.where)
    return True


def _activation(words: _Words, kind: type[Activation]) -> Activation:
    if kind not in (ELU, LeakyReLU):
        return kind()
    number = words.number()
    return kind() if number is None else kind(number)


def _spatial(words: _Words, first: str, shape: Shape, vectors: bool) -> Layer:
    """A convolution or pooling with its options."""
    axes = len(shape) - 1
    if vectors or axes not in (1, 2):
        came = f"{first} on vectors" if vectors else f"{first} on inputs of the shape {shape}"
        remedy = (
            "put it before the first dense layer"
            if len(shape) > 1
            else "write dense layers: 64 relu, 32 relu"
        )
        raise ParseError(f"images or sequences before {first}", came, words.where, remedy)
    settings: dict[str, Any] = {}
    if first == "conv":
        settings["channels"] = words.count("channels of conv, as in conv 32 3")
    settings["size"] = words.sizes(f"the size of {first}", axes)
    options = _OPTIONS if first == "conv" else _OPTIONS[:2]
    while words.left:
        word = words.left[0]
        if word in _PADDINGS and "padding" not in settings:
            settings["padding"] = words.left.pop(0)
        elif word in options and word not in settings:
            words.left.pop(0)
            settings[word] = (
                words.padding(axes)
                if word == "padding"
                else words.sizes(word, 1 if word == "groups" else axes)
            )
        elif word == "no" and first == "conv" and "bias" not in settings:
            settings["bias"] = not _no_bias(words)
        elif word[0].isdigit():
            raise ParseError("a comma, an option or an activation", repr(word)[:40], words.where)
        else:
            break
    layer: Layer = _SPATIAL[first][axes](**settings)
    return layer


def _written(layer: Layer) -> str | None:
    """One layer as words; None where there are none."""
    names: dict[type[Layer], str] = {kind: word for word, kind in ACTIVATIONS.items()}
    names |= {kind: word for word, kinds in _SPATIAL.items() for kind in kinds.values()}
    names |= {Linear: "", Dropout: "dropout", Flatten: "flatten"}
    if type(layer) not in names:
        return None
    words = [names[type(layer)]]
    for field in fields(layer):
        value = getattr(layer, field.name)
        if value == field.default:
            continue
        if field.name == "bias":
            words.append("no bias")
        elif isinstance(value, str):
            words.append(value)
        elif isinstance(value, bool) or value == () or not isinstance(value, (int, float, tuple)):
            return None
        else:
            shown = (
                "x".join(map(str, value))
                if isinstance(value, tuple)
                else f"{value:.7f}".rstrip("0").rstrip(".")
            )
            words.append(f"{field.name} {shown}" if field.name in _OPTIONS else shown)
    return " ".join(word for word in words if word)


def _has_parameters(layer: Layer) -> bool:
    return isinstance(layer, (Linear, Conv1d, Conv2d))
