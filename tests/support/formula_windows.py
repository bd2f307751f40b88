"""Convolution and pooling in a formula, by brute force: the words in the subscript say how windows lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from support.formula_values import ReadingError, Value, array


def sizes_of(words: str) -> tuple[int, ...]:
    return tuple(int(size) for size in words.split("×"))


def starred(x: Value, k: Value, star: str, words: str) -> Value:
    """x ⋆ k or x ∗ k: the kernel slides along x, and each place gives a sum of products.

    With ᵀ it is the transposed of the map from x to x ⋆ k; "outer" takes every pair of channels.
    """
    if words.startswith("outer"):
        return _every_pair(x, k, words.removeprefix("outer").lstrip(", "))
    if (x.rank, k.rank) not in ((1, 1), (2, 2), (2, 3), (3, 4)):
        raise ReadingError(f"a kernel of the shape {k.shape} over {x.shape}")
    axes, given = _axes(k), _given(words)
    kernel = k.array[(..., *(slice(None, None, -1),) * axes)] if star.startswith("∗") else k.array
    kernel = kernel if k.rank > 2 else kernel[None, None]
    image = x.array if k.rank > 2 else x.array[None]
    if star.endswith("ᵀ"):
        image = np.zeros((kernel.shape[1] * int(given.get("g", 1)), *sizes_of(given["n"])))
    padded, sides, windows, places = _windows_of(image, kernel.shape, given, axes)
    if star.endswith("ᵀ"):
        dy = x.array if k.rank > 2 else x.array[None]
        if dy.shape != places:
            raise ReadingError(f"the shape {dy.shape}, where there are {places} windows")
        for (o, *at), window in windows:
            padded[window] += dy[(o, *at)] * kernel[o]
        sides = [(-before, -after) for before, after in sides]
        result = _with_sides(padded, sides)
    else:
        result = np.zeros(places)
        for (o, *at), window in windows:
            result[(o, *at)] = np.sum(padded[window] * kernel[o])
    return array(result if k.rank > 2 else result[0])


def _windows_of(
    image: Any, kernel: tuple[int, ...], given: dict[str, str], axes: int
) -> tuple[Any, Any, Any, Any]:
    """The padded image, its sides, each place of the result with its window, and the shape of the result."""
    step, apart = (_each(given.get(letter, "1"), axes) for letter in "sd")
    reach = [d * (n - 1) + 1 for d, n in zip(apart, kernel[2:], strict=True)]
    sides = _padding(given, reach, step, image.shape[1:])
    padded, groups = _with_sides(image, sides), int(given.get("g", 1))
    counts = [(n - r) // s + 1 for n, r, s in zip(padded.shape[1:], reach, step, strict=True)]
    if min(counts, default=1) < 0 or len(image) != groups * kernel[1]:
        raise ReadingError(f"a kernel {kernel} over {image.shape} with {given}")
    windows = []
    for o, *at in product(range(kernel[0]), *map(range, counts)):
        first = o // (kernel[0] // groups) * kernel[1]
        window = tuple(slice(s * i, s * i + r, d) for s, i, r, d in zip(step, at, reach, apart, strict=True))
        windows.append(((o, *at), (slice(first, first + kernel[1]), *window)))
    return padded, sides, windows, (kernel[0], *counts)


def _with_sides(image: Any, sides: Sequence[tuple[int, int]]) -> Any:
    """An image with zeros added, or with its sides cut off where their number is negative."""
    image = np.pad(image, [(0, 0), *((max(before, 0), max(after, 0)) for before, after in sides)])
    cut = tuple(
        slice(max(-before, 0), n - max(-after, 0))
        for (before, after), n in zip(sides, image.shape[1:], strict=True)
    )
    return image[(slice(None), *cut)]


def _every_pair(x: Value, dy: Value, words: str) -> Value:
    """Each channel of x correlated with each of dy, within its group."""
    groups = int(_given(words).get("g", 1))
    channels, outputs = len(x.array), len(dy.array)
    each = channels // groups
    plain = re.sub(r",? ?g=\d+", "", words)
    sizes = starred(array(np.zeros(x.shape[1:])), array(np.zeros(dy.shape[1:])), "⋆", plain).shape
    result = np.zeros((outputs, each, *sizes))
    for o, c in product(range(outputs), range(each)):
        channel = x.array[o // (outputs // groups) * each + c]
        result[o, c] = starred(array(channel), array(dy.array[o]), "⋆", plain).array
    return array(result)


def _axes(k: Value) -> int:
    return 2 - k.rank % 2


def _given(words: str) -> dict[str, str]:
    found = dict(re.findall(r"(\w)=(\((?:[^()]|\([^()]*\))*\)|[^,]+)", words))
    word = re.search(r"\b(same|full)\b", words)
    return found | ({"word": word[1]} if word else {})


def _each(text: str, axes: int) -> list[int]:
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    return numbers if len(numbers) == axes else numbers * axes


def _padding(
    given: dict[str, str], reach: Sequence[int], step: Sequence[int], sizes: Sequence[int]
) -> list[tuple[int, int]]:
    """How much is added before and after along each axis; one pair is for all of them."""
    if given.get("word") == "full":
        return [(r - 1, r - 1) for r in reach]
    if given.get("word") == "same":
        missing = [max((-(-n // s) - 1) * s + r - n, 0) for r, s, n in zip(reach, step, sizes, strict=True)]
        return [(m // 2, m - m // 2) for m in missing]
    text = given.get("p", "0")
    if text.startswith("((") or re.search(r"\), |, \(", text):
        parts = [
            re.findall(r"-?\d+", part)
            for part in re.findall(r"\([^()]*\)|-?\d+", text.removeprefix("(").removesuffix(")"))
        ]
        return [(int(part[0]), int(part[-1])) for part in parts]
    numbers = [int(number) for number in re.findall(r"-?\d+", text)]
    if text.startswith("(") and len(numbers) == 2:
        return [(numbers[0], numbers[1])] * len(reach)
    return [(numbers[0], numbers[0])] * len(reach)


def pooled(x: Value, words: str, how: Callable[[Any], Any]) -> Value:
    """Of each window one number; padding is left out, unless it is to be counted."""
    places, image, windows = _pools(x, words)
    result = np.zeros(places)
    for at, window in windows:
        part = image[window]
        result[at] = how(part[~np.isnan(part)])
    return array(result.reshape(*x.shape[: x.rank - len(places) + 1], *places[1:]))


def spread_over(dy: Value, words: str) -> Value:
    """Each number of dy added at all places of its window."""
    size, _, rest = words.partition(", ")
    given = _given(rest)
    image = array(np.zeros((*dy.shape[: dy.rank - len(sizes_of(size))], *sizes_of(given["n"]))))
    rest = re.sub(r"n=[\d×]+(, )?", "", rest)
    places, padded, windows = _pools(image, f"{size}, {rest}")
    result, numbers = np.zeros(padded.shape), dy.array.reshape(places)
    for at, window in windows:
        result[window] += numbers[at]
    return array(result[~np.isnan(padded)].reshape(image.shape))


def to_maxima(dy: Value, x: Value, words: str) -> Value:
    """Each number of dy at the first largest entry of its window of x, added up."""
    places, image, windows = _pools(x, words)
    result, numbers = np.zeros(image.shape), dy.array.reshape(places)
    for at, window in windows:
        part = result[window]
        part[np.unravel_index(np.nanargmax(image[window]), part.shape)] += numbers[at]
    inside = result[~np.isnan(image)] if image.size else result
    return array(inside.reshape(x.shape))


def at_maxima(v: Value, x: Value, words: str) -> Value:
    """The entry of v where each window of x has its first largest entry."""
    places, image, windows = _pools(x, words)
    _, other, _ = _pools(v, words)
    result = np.zeros(places)
    for at, window in windows:
        result[at] = other[window].flat[int(np.nanargmax(image[window]))]
    return array(result.reshape(*x.shape[: x.rank - len(places) + 1], *places[1:]))


def _pools(x: Value, words: str) -> tuple[tuple[int, ...], Any, list[Any]]:
    """The places of a pooling's result, the padded image with its channels, and the window of each place."""
    size = [int(number) for number in words.split(",", maxsplit=1)[0].split("×")]
    given, axes = _given(words.partition(",")[2]), len(size)
    step = _each(given["s"], axes) if "s" in given else size
    channels = int(np.prod(x.shape[: x.rank - axes]))
    image = x.array.astype(float).reshape(channels, *x.shape[x.rank - axes :])
    sides = _padding(given, size, step, image.shape[1:])
    along = zip(image.shape[1:], size, step, sides, strict=True)
    places = (channels, *(_windows(n, r, s, side, "ceil" in words) for n, r, s, side in along))
    image = np.pad(image, [(0, 0), *sides], constant_values=0.0 if "with padding" in words else np.nan)
    windows = [
        ((c, *at), (c, *(slice(s * i, s * i + r) for s, i, r in zip(step, at, size, strict=True))))
        for c, *at in product(*map(range, places))
    ]
    return places, image, windows


def _windows(n: int, size: int, step: int, side: tuple[int, int], ceil: bool) -> int:
    """How many windows there are; the last may reach beyond the end, if it begins before it."""
    starts = range(0, sum(side) + n - (0 if ceil else size - 1), step)
    whole = len(range(0, sum(side) + n - size + 1, step))
    further = ceil and whole < len(starts) and (sum(side) + n - size) % step and starts[whole] < n + side[0]
    return whole + bool(further)


def toeplitz(w: Value, words: str) -> Value:
    """The matrix of a convolution: its columns are the convolutions of the unit vectors."""
    found = re.match(r"n=(\d+)(.*)", words)
    if found is None:
        raise ReadingError(f"the matrix of a convolution without its size: {words!r}")
    rest = found[2].replace("correlate", "").strip(", ")
    rest = {"": "full", "valid": ""}.get(rest, rest)
    star = "⋆" if "correlate" in words else "∗"
    columns = [starred(array(unit), w, star, rest).array for unit in np.eye(int(found[1]))]
    return array(np.stack(columns, axis=1))


def diagonals(t: Value, words: str) -> Value:
    """The sum of each diagonal on which an entry of the kernel stands."""
    found = re.match(r"m=(\d+)(.*)", words)
    if found is None:
        raise ReadingError(f"diagonals without the size of the kernel: {words!r}")
    matrices = [toeplitz(array(unit), f"n={t.shape[1]}{found[2]}").array for unit in np.eye(int(found[1]))]
    return array(np.array([np.sum(t.array * matrix) for matrix in matrices]))
