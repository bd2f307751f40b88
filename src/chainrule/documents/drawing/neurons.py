"""Small networks: a circle for each neuron, a line for each weight, and the numbers of a working on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from chainrule.documents.drawing.canvas import Box, Canvas, Drawing, label_box, text_width
from chainrule.documents.numbers import shown
from chainrule.readings.formula import Style
from chainrule.readings.working import Array

_TEXT = Style(latex=False)
MOST = 12
"""Neurons of a column that are drawn; of a longer one the first and the last."""
_RADIUS = 20.0
_LINE = 15.0  # from one label below a circle to the next
_MOST_LABELLED = 30  # weights between two columns up to which each has its number beside it
_DIGITS = 3


@dataclass(frozen=True)
class Column:
    """Neurons that stand below one another: the inputs, or what one layer computes.

    heads: what stands above, a line each. symbol: the printed name of what they put out. size: how many.
    values: what they put out, for the example. below: further numbers of each, by printed name.
    weights: (size, of the column before), and weight: their printed name. slopes: the gradient of the loss for
    each of them, and slope: its printed name.
    """

    heads: tuple[str, ...]
    symbol: str
    size: int
    values: Array | None = None
    below: tuple[tuple[str, Array], ...] = ()
    weights: Array | None = None
    weight: str = ""
    slopes: Array | None = None
    slope: str = ""

    @property
    def drawn(self) -> list[int]:
        """The places of the neurons that are drawn."""
        if self.size <= MOST:
            return list(range(self.size))
        return [*range(MOST - 4), *range(self.size - 3, self.size)]


def neurons(columns: Sequence[Column], title: str) -> Drawing:
    """The columns from left to right, inputs first. Blue: a negative weight; orange: a positive one."""
    canvas = Canvas()
    with_numbers = any(column.values is not None for column in columns)
    rows = max((len(column.below) for column in columns), default=0) if with_numbers else 0
    pitch = 2 * _RADIUS + 10 + (rows * _LINE + 2 if rows else 0)
    xs = _places(columns, 190 if with_numbers else 130)
    tallest = max(_slots(column) for column in columns)
    top = [(tallest - _slots(column)) * pitch / 2 for column in columns]
    spots = [
        [(x, start + slot * pitch) for slot in _rows(column)]
        for column, x, start in zip(columns, xs, top, strict=True)
    ]
    circles = [
        Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS + rows * _LINE)
        for column in spots
        for x, y in column
    ]
    for k in range(1, len(columns)):
        _edges(canvas, columns[k], columns[k - 1], spots[k], spots[k - 1])
    for column, places in zip(columns, spots, strict=True):
        _circles(canvas, column, places)
        head = -_RADIUS - 14 - 16 * len(column.heads)
        for n, text in enumerate(column.heads):
            canvas.text(places[0][0], head + 16 * n, text, fill="" if n == 0 else "quiet")
        if column.size > MOST:
            x = places[0][0]
            last = places[-4][1]
            for dot in (-6, 0, 6):
                canvas.circle(x, (last + places[-3][1]) / 2 + dot + rows * _LINE / 2, 1.6, "quiet", None)
            foot = (tallest - 1) * pitch + _RADIUS + rows * _LINE + 16
            canvas.text(x, foot, f"{len(places)} of {column.size} drawn", 11, fill="quiet")
    if with_numbers:
        for k in range(1, len(columns)):
            _weight_labels(canvas, columns[k], columns[k - 1], spots[k], spots[k - 1], circles)
    sizes = " to ".join(str(column.size) for column in columns)
    words = (
        f"{sizes} neurons from left to right; a line for each weight, blue where it is negative, "
        "orange where it is positive"
    )
    return canvas.drawing(title, words)


def _places(columns: Sequence[Column], least: float) -> list[float]:
    """Where the columns stand, so that their heads have room."""
    xs = [0.0]
    half = [max((text_width(head) for head in column.heads), default=0) / 2 + 10 for column in columns]
    for before, now in pairwise(half):
        xs.append(xs[-1] + max(least, before + now))
    return xs


def _slots(column: Column) -> float:
    return len(column.drawn) + (column.size > MOST) * 0.5


def _rows(column: Column) -> list[float]:
    """The slot of each neuron that is drawn: a longer column has a gap before its last three."""
    gap = 0.5 if column.size > MOST else 0.0
    return [n + (gap if n >= len(column.drawn) - 3 else 0.0) for n in range(len(column.drawn))]


def _edges(
    canvas: Canvas,
    column: Column,
    before: Column,
    here: Sequence[tuple[float, float]],
    there: Sequence[tuple[float, float]],
) -> None:
    if column.weights is None:
        return
    largest = float(np.max(np.abs(column.weights), initial=0)) or 1.0
    pairs = [
        (abs(float(column.weights[i, j])), i, j, *there[q], *here[p])
        for p, i in enumerate(column.drawn)
        for q, j in enumerate(before.drawn)
    ]
    for size, i, j, x1, y1, x2, y2 in sorted(pairs):
        value, share = float(column.weights[i, j]), size / largest
        say = f"{_entry(column.weight, i, j)} = {_number(value)}"
        if column.slopes is not None:
            say += f", {_entry(column.slope, i, j)} = {_number(column.slopes[i, j])}"
        canvas.line(
            x1,
            y1,
            x2,
            y2,
            "negative" if value < 0 else "positive",
            0.4 + 3 * share,
            say=say,
            stroke_opacity=round(0.2 + 0.8 * share, 2),
        )


def _circles(canvas: Canvas, column: Column, places: Sequence[tuple[float, float]]) -> None:
    for i, (x, y) in zip(column.drawn, places, strict=True):
        name = _entry(column.symbol, i) if column.size > 1 else column.symbol
        say, inside = name, name
        if column.values is not None:
            inside = _number(column.values[i])
            told = [(column.symbol, column.values), *column.below]
            say = ", ".join(f"{_entry(symbol, i)} = {_number(numbers[i])}" for symbol, numbers in told)
        canvas.circle(x, y, _RADIUS, "panel", "", say=say, stroke_width=1.2)
        size = min(12.0, 12.0 * (2 * _RADIUS - 4) / text_width(inside, 12))
        canvas.text(x, y, inside, size, bold=column.values is not None)
        for n, (symbol, numbers) in enumerate(column.below, 1):
            canvas.text(
                x,
                y + _RADIUS - 4 + n * _LINE,
                f"{symbol} {_number(numbers[i])}",
                11,
                fill="quiet",
                halo=True,
            )


def _weight_labels(
    canvas: Canvas,
    column: Column,
    before: Column,
    here: Sequence[tuple[float, float]],
    there: Sequence[tuple[float, float]],
    circles: Sequence[Box],
) -> None:
    """A number beside each line, where it meets no other label and no circle."""
    if column.weights is None or len(here) * len(there) > _MOST_LABELLED:
        return
    for p, i in enumerate(column.drawn):
        for q, j in enumerate(before.drawn):
            (x1, y1), (x2, y2) = there[q], here[p]
            value = float(column.weights[i, j])
            text = _number(value)
            for share in (0.32, 0.68, 0.5, 0.26, 0.74, 0.4, 0.6, 0.2, 0.8):
                x, y = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
                box = label_box(x, y, text, 11)
                if not any(box.meets(other) for other in (*canvas.labels, *circles)):
                    canvas.text(x, y, text, 11, fill="negative" if value < 0 else "positive", halo=True)
                    break


def _entry(symbol: str, *at: int) -> str:
    return _TEXT.indexed(symbol, ",".join(str(i + 1) for i in at))


def _number(value: float) -> str:
    return str(shown(value, _DIGITS))
