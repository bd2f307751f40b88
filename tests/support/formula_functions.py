"""What the functions in a formula mean, written once more in NumPy, from their textbooks and not from ours."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from support.formula_index import parts, place
from support.formula_values import ReadingError, Value, array, entrywise

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
    found = re.fullmatch(r"axis (\d+)", words)
    if words and (found is None or not 1 <= int(found[1]) <= x.rank or x.rank < 2):
        raise ReadingError(f"no axis {words!r} in the shape {x.shape}")
    return int(found[1]) - 1 if found else None


def _reduction(how: Callable[..., Any]) -> Callable[[Value, str], Value]:
    return lambda x, words: array(how(x.array, axis=_axis(words, x)))


def _logsumexp(x: Any, axis: int | None) -> Any:
    peak = np.max(x)
    return np.log(np.sum(np.exp(x - peak), axis=axis)) + peak


def _last(words: str, x: Value) -> int:
    axis = _axis(words, x)
    return x.rank - 1 if axis is None else axis


def _softmax(x: Value, words: str) -> Value:
    if not x.rank:
        raise ReadingError("softmax of a number")
    powers = np.exp(x.array - np.max(x.array))
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


def _sizes(words: str) -> tuple[int, ...]:
    return tuple(int(size) for size in words.split("×"))


def _reshaped(x: Value, words: str) -> Value:
    return array(np.reshape(x.array, () if words == "1" else _sizes(words)))


def _spread(x: Value, words: str) -> Value:
    found = re.fullmatch(r"axis (\d+), size (\d+)", words)
    if found is None:
        raise ReadingError(f"spread along {words!r}")
    return array(np.repeat(np.expand_dims(x.array, int(found[1]) - 1), int(found[2]), axis=int(found[1]) - 1))


def _padded(x: Value, words: str) -> Value:
    pairs = re.findall(r"(\d+),\s*(\d+)", words)
    return array(np.pad(x.array, [(int(before), int(after)) for before, after in pairs]))


def _placed(x: Value, words: str) -> Value:
    at, _, sizes = words.partition(" of ")
    result = np.zeros(_sizes(sizes))
    key = tuple(place(part) for part in parts(at))
    if np.shape(result[key]) != x.shape:
        raise ReadingError(f"the shape {x.shape} put at {words!r}")
    result[key] = x.array
    return array(result)


def _permuted(x: Value, words: str) -> Value:
    return array(np.transpose(x.array, [int(axis) - 1 for axis in words.split(",")]))


WHOLE: dict[str, Callable[[Value, str], Value]] = {
    "sum": _reduction(np.sum),
    "mean": _reduction(np.mean),
    "max": _reduction(np.max),
    "logsumexp": _reduction(_logsumexp),
    "softmax": _softmax,
    "logsoftmax": lambda x, words: array(x.array - np.expand_dims(_logsumexp(x.array, _last(words, x)), _last(words, x))),
    "𝟙": _indicator,
    "vec": lambda x, words: array(np.ravel(x.array)),
    "reshape": _reshaped,
    "spread": _spread,
    "pad": _padded,
    "place": _placed,
    "permute": _permuted,
    "flip": lambda x, words: array(np.flip(x.array, axis=(-1,) if x.rank != 2 and x.rank != 4 else (-2, -1))),
}
"""Functions of one array, by their name in the text form."""

PAIRS: dict[str, Callable[..., Any]] = {"max": np.maximum, "min": np.minimum}
NAMES = frozenset({*ENTRYWISE, *WHOLE, *PAIRS, "concatenate"})


def called(name: str, words: str, arguments: Sequence[Value]) -> Value:
    """A function of its arguments; words: its subscript."""
    if any(argument.row for argument in arguments):
        raise ReadingError(f"{name} of a row")
    if name == "concatenate":
        axis = _axis(words, arguments[0]) or 0
        return array(np.concatenate([argument.array for argument in arguments], axis))
    if len(arguments) == 2 and name in PAIRS and not words:
        return entrywise(PAIRS[name], *arguments)
    if len(arguments) != 1 or name not in (ENTRYWISE.keys() | WHOLE.keys()):
        raise ReadingError(f"the function {name!r} of {len(arguments)} arguments")
    with np.errstate(all="ignore"):
        if name in ENTRYWISE:
            return entrywise(lambda x: ENTRYWISE[name](x, words), arguments[0])
        return WHOLE[name](arguments[0], words)


def starred(x: Value, k: Value, turned: bool, words: str) -> Value:
    """x ⋆ k or x ∗ k by brute force: the kernel slides along x and each place gives the sum of products."""
    kernel = k.array[(..., *(slice(None, None, -1),) * _axes(k))] if turned else k.array
    axes, given = _axes(k), _given(words)
    image = x.array if k.rank > 2 else x.array[None]
    kernel = kernel if k.rank > 2 else kernel[None, None]
    step, apart = (_each(given.get(letter, "1"), axes) for letter in "sd")
    reach = [d * (n - 1) + 1 for d, n in zip(apart, kernel.shape[2:], strict=True)]
    image = np.pad(image, [(0, 0), *_padding(given, reach, step, image.shape[1:])])
    counts = [(n - r) // s + 1 for n, r, s in zip(image.shape[1:], reach, step, strict=True)]
    groups, result = int(given.get("g", 1)), np.zeros((len(kernel), *counts))
    for o, *at in product(range(len(kernel)), *map(range, counts)):
        first = o // (len(kernel) // groups) * kernel.shape[1]
        window = tuple(slice(s * i, s * i + r, d) for s, i, r, d in zip(step, at, reach, apart, strict=True))
        result[(o, *at)] = np.sum(image[(slice(first, first + kernel.shape[1]), *window)] * kernel[o])
    return array(result if k.rank > 2 else result[0])


def _axes(k: Value) -> int:
    return 2 - k.rank % 2


def _given(words: str) -> dict[str, str]:
    found = dict(re.findall(r"(\w)=((?:\([^=]*\))|[^,]+)", words))
    word = re.match(r"(same|full)", words)
    return found | ({"word": word[1]} if word else {})


def _each(text: str, axes: int) -> list[int]:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return numbers if len(numbers) == axes else numbers * axes


def _padding(given: dict[str, str], reach: Sequence[int], step: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, int]]:
    if given.get("word") == "full":
        return [(r - 1, r - 1) for r in reach]
    if given.get("word") == "same":
        missing = [max((-(-n // s) - 1) * s + r - n, 0) for r, s, n in zip(reach, step, sizes, strict=True)]
        return [(m // 2, m - m // 2) for m in missing]
    text = given.get("p", "0")
    sides = re.findall(r"\((\d+), (\d+)\)", text) if "((" in text or ", (" in text or "), " in text else []
    if sides and len(sides) == len(reach):
        return [(int(before), int(after)) for before, after in sides]
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if len(reach) == 1 and len(numbers) == 2:
        return [(numbers[0], numbers[1])]
    return [(n, n) for n in (numbers if len(numbers) == len(reach) else numbers * len(reach))]
