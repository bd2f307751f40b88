"""Bars: ranked names, and how often values fall between two bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.documents.drawing.axes import HEIGHT, WIDTH, frame, number, scale_of
from chainrule.documents.drawing.canvas import Canvas, text_width
from chainrule.documents.model import Picture, Table
from chainrule.readings.working import Array

_BAR, _LABEL, _ROOM = 20.0, 11.0, 240.0
_BINS = 24


def bars(names: Sequence[str], values: Array, title: str, caption: str = "") -> Picture:
    """A bar for each name, from zero to the left or the right, its number behind it."""
    values = np.asarray(values, float)
    low, high = min(0.0, float(values.min(initial=0))), max(0.0, float(values.max(initial=0)))
    unit = _ROOM / ((high - low) or 1.0)
    canvas = Canvas()
    zero = -low * unit
    widest = max((text_width(name, _LABEL) for name in names), default=0)
    edge = -60.0 if low < 0 else -8.0  # room for the numbers of bars to the left
    for n, (name, value) in enumerate(zip(names, values, strict=True)):
        y = n * _BAR
        end = zero + value * unit
        colour = "negative" if value < 0 else "positive"
        say = f"{name}: {number(value)}"
        canvas.rect(
            min(zero, end),
            y + 3,
            max(abs(end - zero), 0.5),
            _BAR - 6,
            colour,
            None,
            say=say,
            fill_opacity=0.8,
        )
        canvas.text(edge, y + _BAR / 2, name, _LABEL, "end")
        canvas.text(
            end + (4 if value >= 0 else -4),
            y + _BAR / 2,
            number(value),
            _LABEL,
            "start" if value >= 0 else "end",
            "quiet",
        )
    canvas.line(zero, 0, zero, len(names) * _BAR, "quiet", 1)
    canvas.text(edge - widest, -14, title, 13, "start", bold=True)
    largest = ", ".join(
        f"{name} {number(value)}" for name, value in list(zip(names, values, strict=True))[:5]
    )
    table = Table(
        ("name", "value"), tuple((name, number(value)) for name, value in zip(names, values, strict=True))
    )
    return canvas.drawing(title, f"{len(names)} bars, from above: {largest}").picture(caption, table)


def histogram(values: Array, title: str, across: str, caption: str = "") -> Picture:
    """How many of the values fall into each of 24 equal parts of their range."""
    values = np.asarray(values, float).ravel()
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, _BINS)
    x = scale_of((float(edges[0]), float(edges[-1])), 0, WIDTH, tight=True)
    y = scale_of((0.0, float(counts.max())), HEIGHT, 0)
    canvas = Canvas()
    frame(canvas, x, y, title, across)
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        say = f"{number(low)} to {number(high)}: {count}"
        left, right, top = x(float(low)), x(float(high)), y(float(count))
        canvas.rect(
            left, top, max(right - left - 1, 0.5), HEIGHT - top, "first", None, say=say, fill_opacity=0.75
        )
    words = (
        f"{len(values)} values from {number(values.min())} to {number(values.max())}"
        if len(values)
        else "no values"
    )
    rows = tuple(
        (number(low), number(high), str(count))
        for count, low, high in zip(counts, edges, edges[1:], strict=False)
    )
    return canvas.drawing(title, words).picture(caption, Table(("from", "to", "count"), rows))
