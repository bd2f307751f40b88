"""Reads a whole formula back: its first line, with the lines for named parts as definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from support import latex_reader, text_reader
from support.formula_values import ReadingError

READERS: dict[str, ModuleType] = {"latex": latex_reader, "text": text_reader}


def rows(formula: str) -> list[tuple[str, str]]:
    """The lines of a formula as left and right sides."""
    body = formula.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}")
    lines = re.split(r" \\\\\n|\n +(?:where )?", body)
    found = []
    for line in lines:
        left, sign, right = line.partition(" &= " if " &= " in line else " = ")
        if not sign:
            raise ReadingError(f"a line without a left side: {line!r}")
        found.append((left, right))
    return found


def read(
    kind: str,
    formula: str,
    values: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    index: bool,
    first: int = 1,
) -> Any:
    """What a formula computes.

    kind: latex or text. values: the symbols with their values. shapes: those of the left sides, by their
    symbols; a part called t is given its own. index: whether the lines are for single entries.
    """
    reader = READERS[kind]
    known, value = dict(values), None
    for left, right in reversed(rows(formula)):
        name, letters = _split(left, shapes, kind) if index else (left, [])
        shape = shapes.get(name)
        if index and shape is None:
            raise ReadingError(f"a line for {left!r}, which nobody knows")
        value = reader.read(right, known, letters, shape or (), first)
        if shape is not None and value.shape != shape:
            raise ReadingError(f"the shape {value.shape} of {left!r}")
        known[name] = value
    return np.asarray(value)


def _split(left: str, shapes: Mapping[str, tuple[int, ...]], kind: str) -> tuple[str, list[str]]:
    """The symbol and the index letters of a left side."""
    for name, shape in shapes.items():
        letters = _letters(left, name, len(shape), kind)
        if letters is not None:
            return name, letters
    raise ReadingError(f"the left side {left!r}")


def _letters(left: str, name: str, rank: int, kind: str) -> list[str] | None:
    if not rank:
        return [] if left == name else None
    if kind == "text":
        found = re.fullmatch(rf"{re.escape(name)}\[([^\]]*)\]", left)
        return found[1].split(",") if found and found[1].count(",") == rank - 1 else None
    if left.startswith("("):
        found = re.fullmatch(rf"\({re.escape(name)}\)_\{{(.*)\}}", left)
        return found[1].split(",") if found else None
    whole, symbol = latex_reader.symbol(left), latex_reader.symbol(name)
    further = whole.below[len(symbol.below) :]
    if not all(re.fullmatch(r"[a-z](_\{\d+\})?", letter) for letter in further):
        return None
    same = (whole.stem, whole.primes, whole.above) == (symbol.stem, symbol.primes, symbol.above)
    return (
        list(further)
        if same and len(further) == rank and whole.below[: len(symbol.below)] == symbol.below
        else None
    )
