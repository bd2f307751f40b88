"""Axes of charts: scales with round ticks, and the frame around the plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chainrule.documents.drawing.canvas import Canvas, text_width
from chainrule.documents.numbers import shown

WIDTH, HEIGHT = 300.0, 180.0
"""Of a plot, in pixels, without its labels."""
_LABEL = 11.0
_DIGITS = 3


@dataclass(frozen=True)
class Scale:
    """Numbers from low to high laid out between two places on the canvas, evenly or by their logarithms."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    counted: bool = False  # whether only whole numbers mean something

    def __call__(self, value: float) -> float:
        """The place of a number; those outside stand at the ends."""
        low, high, at = (math.log10(max(n, 1e-300)) if self.log else n for n in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers on the scale, few enough to read."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, -(-(last - first) // 4))
            return [10.0**power for power in range(first, last + 1, every)]
        step = round_step((self.high - self.low) / 4)
        step = max(1.0, step) if self.counted else step
        lowest = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(lowest, math.floor(self.high / step + 1e-9) + 1)]


def round_step(size: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, not below the size."""
    if not size > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return next((n * power for n in (1, 2, 5) if n * power >= size * (1 - 1e-9)), 10 * power)


def scale_of(
    values: Iterable[float],
    start: float,
    end: float,
    log: bool = False,
    zero: bool = False,
    tight: bool = False,
    counted: bool = False,
) -> Scale:
    """A scale that holds all values that are finite, and zero too if so; its ends are round, or tight.

    counted: the values are whole numbers.
    """
    found = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    low, high = min(found, default=1.0 if log else 0.0), max(found, default=1.0)
    if log:
        return Scale(
            10 ** math.floor(math.log10(low)),
            10 ** math.ceil(math.log10(high * (1 + 1e-9))),
            start,
            end,
            True,
        )
    low, high = (min(low, 0.0), max(high, 0.0)) if zero else (low, high)
    if high <= low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    if tight:
        return Scale(low, high, start, end, counted=counted)
    step = round_step((high - low) / 4)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, start, end)


def number(value: float) -> str:
    """A number as charts write it."""
    return str(shown(value, _DIGITS))


def frame(canvas: Canvas, x: Scale, y: Scale, title: str, across: str, up: str = "") -> None:
    """Title, grid, ticks and the names of the axes."""
    for value in y.ticks:
        place = y(value)
        canvas.line(x.start, place, x.end, place, "rule", 0.8)
        canvas.text(x.start - 7, place, number(value), _LABEL, "end", "quiet")
    last = -math.inf
    for value in x.ticks:
        place, text = x(value), number(value)
        if place - text_width(text, _LABEL) / 2 > last + 6:
            canvas.line(place, y.start, place, y.start + 4, "quiet", 0.8)
            canvas.text(place, y.start + 14, text, _LABEL, fill="quiet")
            last = place + text_width(text, _LABEL) / 2
    canvas.line(x.start, y.start, x.end, y.start, "quiet", 1)
    canvas.text((x.start + x.end) / 2, y.start + 31, across, _LABEL, fill="quiet")
    if up:
        canvas.text(x.start - 38, y.end - 12, up, _LABEL, "start", "quiet")
    canvas.text(x.start - 38, y.end - (46 if up else 34), title, 13, "start", bold=True)


def legend(canvas: Canvas, x: Scale, y: Scale, entries: Sequence[tuple[str, str]]) -> None:
    """Names with their colours, above the plot."""
    at, row = x.start - 38, y.end - 15
    for text, colour in entries:
        canvas.line(at, row, at + 14, row, colour, 2.4)
        at = canvas.text(at + 19, row, text, _LABEL, "start").right + 12
