"""Indices of a formula: 2i−1, (i+1)/2, ⌊(i−1)/2⌋+1; slices; ranges of sums."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from support.formula_values import ReadingError

Place = Callable[[Mapping[str, Any]], Any]
_TOKEN = re.compile(r"\s*(?:(\d+)|([a-z](?:_\{\d+\}|[₀-₉]+)?)|([-−+/()⌊⌋]))\s*")


def parts(text: str) -> list[str]:
    """A subscript at its commas, but not at those in brackets."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign in "({") - (sign in ")}")
        if sign == "," and not depth:
            found.append("")
        else:
            found[-1] += sign
    return [part.strip() for part in found]


def affine(text: str, letters: Collection[str]) -> Place:
    """An index made of the letters; a number beside a letter is its factor."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (match[2] and match[2] not in letters):
            raise ReadingError(f"the index {text!r}")
        tokens.append((match[1] or match[2] or match[3]).replace("−", "-"))
        at = match.end()
    place = _sum(tokens)
    if tokens:
        raise ReadingError(f"the index {text!r}")
    return place


def _sum(tokens: list[str]) -> Place:
    minus = _taken(tokens, "-")
    total = _product(tokens)
    if minus:
        total = _combined(lambda one, _: -one, total, total)
    while tokens and tokens[0] in "+-":
        how = np.add if tokens.pop(0) == "+" else np.subtract
        total = _combined(how, total, _product(tokens))
    return total


def _product(tokens: list[str]) -> Place:
    total = _factor(tokens)
    while tokens and (tokens[0] in "(⌊/" or tokens[0][0].isalpha()):
        how = np.true_divide if _taken(tokens, "/") else np.multiply
        total = _combined(how, total, _factor(tokens))
    return total


def _factor(tokens: list[str]) -> Place:
    token = tokens.pop(0) if tokens else ""
    if token in ("(", "⌊"):
        inner = _sum(tokens)
        if not _taken(tokens, ")" if token == "(" else "⌋"):
            raise ReadingError("an open bracket in an index")
        return inner if token == "(" else _combined(lambda one, _: np.floor(one), inner, inner)
    if token.isdigit():
        return lambda letters: float(token)
    if not token[:1].isalpha():
        raise ReadingError(f"{token!r} in an index")
    return lambda letters: _value(token, letters)


def _value(letter: str, letters: Mapping[str, Any]) -> Any:
    if letter not in letters:
        raise ReadingError(f"the index {letter} stands for nothing here")
    return letters[letter]


def _combined(how: Callable[..., Any], left: Place, right: Place) -> Place:
    return lambda letters: how(left(letters), right(letters))


def _taken(tokens: list[str], token: str) -> bool:
    if tokens[:1] != [token]:
        return False
    tokens.pop(0)
    return True


def place(part: str, first: int) -> int | slice:
    """A place as a formula writes it, counted from `first`, its last one included: 2, :, 2:3, 3:1:-1."""
    if part == ":":
        return slice(None)
    numbers = [int(number) for number in part.replace("−", "-").split(":")]
    if len(numbers) == 1:
        return numbers[0] - first
    step = numbers[2] if len(numbers) == 3 else 1
    stop = numbers[1] - first + (1 if step > 0 else -1)
    return slice(numbers[0] - first, None if stop < 0 else stop, step)


def span(text: str) -> tuple[str, int | None, int | None]:
    """The letter of a sum and from where to where it runs, where that is said: i, i=1..3, i≤3."""
    plain = text.replace(" ", "")
    found = re.fullmatch(r"([a-z]\S*?)(?:=(\d+)\.\.|≤)(-?\d+)", plain)
    if found:
        return found[1], int(found[2]) if found[2] else None, int(found[3])
    if not re.fullmatch(r"[a-z](_\{\d+\}|[₀-₉]+)?", plain):
        raise ReadingError(f"the range {text!r}")
    return plain, None, None
