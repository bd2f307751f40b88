"""What the functions in a formula mean, written once more in NumPy, from textbooks and not from our ops."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from support.formula_index import parts, place
from support.formula_values import ReadingError, Value, array, entrywise
from support.formula_windows import at_maxima, diagonals, pooled, sizes_of, spread_over, to_maxima, toeplitz

_ERF = np.vectorize(math.erf, otypes=[float])
_ROOT = math.sqrt(2 / math.pi)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _gelu(x: Any, words: str) -> Any:
    if words == "tanh":
        return 0.5 * x * (1 + np.tanh(_ROOT * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + _ERF(x / math.sqrt(2)))


def _gelu_slope(x: Any, words: str) -> Any:
    if words == "tanh":
        t = np.tanh(_ROOT * (x + 0.044715 * x**3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * _ROOT * (1 + 0.134145 * x**2)
    return 0.5 * (1 + _ERF(x / math.sqrt(2))) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


ENTRYWISE: dict[str, Callable[[Any, str], Any]] = {
    "exp": lambda x, _: np.exp(x),
    "log": lambda x, _: np.log(x),
    "erf": lambda x, _: _ERF(x),
    "erf′": lambda x, _: 2 / math.sqrt(math.pi) * np.exp(-(x**2)),
    "cos": lambda x, _: np.cos(x),
    "sin": lambda x, _: np.sin(x),
    "tanh": lambda x, _: np.tanh(x),
    "tanh′": lambda x, _: 1 / np.cosh(x) ** 2,
    "σ": lambda x, _: _sigmoid(x),
    "σ′": lambda x, _: _sigmoid(x) * _sigmoid(-x),
    "ReLU": lambda x, _: np.where(x > 0, x, 0),
    "ReLU′": lambda x, _: np.where(x > 0, 1, 0),
    "LeakyReLU": lambda x, words: np.where(x > 0, x, _number(words, 0.01) * x),
    "LeakyReLU′": lambda x, words: np.where(x > 0, 1, _number(words, 0.01)),
    "softplus": lambda x, _: np.logaddexp(x, 0),
    "ELU": lambda x, words: np.where(x > 0, x, _number(words, 1) * np.expm1(np.minimum(x, 0))),
    "ELU′": lambda x, words: np.where(x > 0, 1, _number(words, 1) * np.exp(np.minimum(x, 0))),
    "GELU": _gelu,
    "GELU′": _gelu_slope,
}
"""Functions of one number, by their name in the text form; the second argument is the subscript."""


def _number(words: str, otherwise: float) -> float:
    if not words:
        return otherwise
    fraction = re.fullmatch(r"(-?\d+)/(\d+)", words)
    return int(fraction[1]) / int(fraction[2]) if fraction else float(words)


def _axis(words: str, x: Value) -> int | None:
    """The axis that the words name, counted from 0."""
    found = re.fullmatch(r"axis (\d+)", words)
    if words and (found is None or not 0 <= int(found[1]) < x.rank or x.rank < 2):
        raise ReadingError(f"no axis {words!r} in the shape {x.shape}")
    return int(found[1]) if found else None


def _reduction(how: Callable[..., Any]) -> Callable[[Value, str], Value]:
    return lambda x, words: array(how(x.array, axis=_axis(words, x)))


def _summed(x: Value, words: str) -> Value:
    """The sum of all entries, along an axis, or over images of the sizes that are said."""
    if not re.fullmatch(r"[\d×]+", words):
        return _reduction(np.sum)(x, words)
    sizes = sizes_of(words)
    if x.shape[-len(sizes) :] != sizes:
        raise ReadingError(f"images of {words} in the shape {x.shape}")
    return array(np.sum(x.array, axis=tuple(range(-len(sizes), 0))))


def _logsumexp(x: Any, axis: int | None) -> Any:
    peak = np.max(np.asarray(x, float), initial=-1e300)
    return np.log(np.sum(np.exp(x - peak), axis=axis)) + peak


def _last(words: str, x: Value) -> int:
    axis = _axis(words, x)
    return x.rank - 1 if axis is None else axis


def _softmax(x: Value, words: str) -> Value:
    if not x.rank:
        raise ReadingError("softmax of a number")
    powers = np.exp(x.array - np.max(np.asarray(x.array, float), initial=-1e300))
    return array(powers / np.sum(powers, axis=_last(words, x), keepdims=True))


def _indicator(x: Value, words: str) -> Value:
    """𝟙 with a subscript: of the positive numbers, or of the first maximum."""
    if words in (">0", "+"):
        return entrywise(lambda z: np.where(z > 0, 1.0, 0.0), x)
    if not words.startswith("max"):
        raise ReadingError(f"an indicator of {words!r}")
    axis = _axis(words.removeprefix("max").lstrip(", "), x)
    result = np.zeros(x.array.shape)
    if axis is None:
        result.flat[int(np.argmax(x.array))] = 1
    else:
        np.put_along_axis(result, np.expand_dims(np.argmax(x.array, axis), axis), 1, axis)
    return array(result)


def _reshaped(x: Value, words: str) -> Value:
    return array(np.reshape(x.array, () if words == "1" else sizes_of(words)))


def _spread(x: Value, words: str) -> Value:
    found = re.fullmatch(r"axis (\d+), size (\d+)", words)
    if found is None:
        raise ReadingError(f"spread along {words!r}")
    return array(np.repeat(np.expand_dims(x.array, int(found[1])), int(found[2]), axis=int(found[1])))


def _padded(x: Value, words: str) -> Value:
    pairs = re.findall(r"(\d+),\s*(\d+)", words)
    return array(np.pad(x.array, [(int(before), int(after)) for before, after in pairs]))


def _placed(x: Value, words: str) -> Value:
    at, _, sizes = words.partition(" of ")
    result = np.zeros(sizes_of(sizes))
    key = tuple(place(part, 0) for part in parts(at))
    if np.shape(result[key]) != x.shape:
        raise ReadingError(f"the shape {x.shape} put at {words!r}")
    result[key] = x.array
    return array(result)


def _permuted(x: Value, words: str) -> Value:
    return array(np.transpose(x.array, [int(axis) for axis in words.split(",")]))


WHOLE: dict[str, Callable[[Value, str], Value]] = {
    "sum": _summed,
    "mean": _reduction(np.mean),
    "max": _reduction(np.max),
    "logsumexp": _reduction(_logsumexp),
    "softmax": _softmax,
    "logsoftmax": lambda x, words: array(
        x.array - np.expand_dims(_logsumexp(x.array, _last(words, x)), _last(words, x))
    ),
    "𝟙": _indicator,
    "vec": lambda x, words: array(np.ravel(x.array)),
    "reshape": _reshaped,
    "spread": _spread,
    "pad": _padded,
    "place": _placed,
    "permute": _permuted,
    "maxpool": lambda x, words: pooled(x, words, np.max),
    "avgpool": lambda x, words: pooled(x, words, np.mean),
    "spreadpool": spread_over,
    "sumpool": lambda x, words: pooled(x, words, np.sum),
    "T": toeplitz,
    "diagonals": diagonals,
    "flip": lambda x, words: array(np.flip(x.array, axis=(-2, -1) if x.rank in (2, 4) else (-1,))),
}
"""Functions of one array, by their name in the text form."""

WINDOWED: dict[str, Callable[[Value, Value, str], Value]] = {
    "tomax": to_maxima,
    "atmax": at_maxima,
}
PAIRS: dict[str, Callable[..., Any]] = {"max": np.maximum, "min": np.minimum}
NAMES = frozenset({*ENTRYWISE, *WHOLE, *WINDOWED, *PAIRS, "concatenate"})


def from_zero(name: str, words: str, first: int) -> str:
    """The subscript with its places and axes counted from 0."""

    def less(found: re.Match[str]) -> str:
        return str(int(found[0]) - first)

    if name == "place":
        at, of, sizes = words.partition(" of ")
        steps = [
            ":".join(re.sub(r"\d+", less, n) if k < 2 else n for k, n in enumerate(part.split(":")))
            for part in at.split(",")
        ]
        return ",".join(steps) + of + sizes
    return re.sub(r"\d+", less, words) if name == "permute" else re.sub(r"(?<=axis )\d+", less, words)


def called(name: str, words: str, arguments: Sequence[Value], first: int) -> Value:
    """A function of its arguments; words: its subscript, in which places and axes count from `first`."""
    words = from_zero(name, words, first)
    if any(argument.row for argument in arguments):
        raise ReadingError(f"{name} of a row")
    if name == "concatenate":
        axis = _axis(words, arguments[0]) or 0
        return array(np.concatenate([argument.array for argument in arguments], axis))
    if len(arguments) == 2 and name in PAIRS and not words:
        return entrywise(PAIRS[name], *arguments)
    if len(arguments) == 2 and name in WINDOWED:
        return WINDOWED[name](*arguments, words)
    if len(arguments) != 1 or name not in (ENTRYWISE.keys() | WHOLE.keys()):
        raise ReadingError(f"the function {name!r} of {len(arguments)} arguments")
    with np.errstate(all="ignore"):
        if name in ENTRYWISE:
            return entrywise(lambda x: ENTRYWISE[name](x, words), arguments[0])
        return WHOLE[name](arguments[0], words)
