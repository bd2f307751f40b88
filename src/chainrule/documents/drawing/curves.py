"""Curves over the epochs, or over anything that is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from chainrule.documents.drawing.axes import HEIGHT, WIDTH, frame, legend, number, scale_of
from chainrule.documents.drawing.canvas import Canvas
from chainrule.documents.drawing.colours import SERIES
from chainrule.documents.model import Picture, Table

_MOST_POINTS = 150  # of a curve that can be pointed at
_SPREAD = 100.0  # from the smallest to the largest value, above which the scale is logarithmic
_MOST_ROWS = 40  # of the table of numbers


def curves(
    series: Mapping[str, Sequence[float]],
    title: str,
    across: str = "epoch",
    first: int = 1,
    caption: str = "",
) -> Picture:
    """Up to four curves: {"training": [...], "held out": [...]}, over first, first + 1, ...

    The scale is logarithmic where all values are positive and the largest is a hundred times the smallest.
    """
    shown = {name: values for name, values in series.items() if len(values)}
    every = [value for values in shown.values() for value in values if math.isfinite(value)]
    log = bool(every) and min(every) > 0 and max(every) / min(every) > _SPREAD
    count = max((len(values) for values in shown.values()), default=1)
    x = scale_of((first, first + max(count - 1, 1)), 0, WIDTH, tight=True, counted=True)
    y = scale_of(every, HEIGHT, 0, log)
    canvas = Canvas()
    frame(canvas, x, y, title, across)
    legend(
        canvas,
        x,
        y,
        [
            (f"{name} {number(values[-1])}", c)
            for (name, values), c in zip(shown.items(), SERIES, strict=False)
        ],
    )
    for (name, values), colour in zip(shown.items(), SERIES, strict=False):
        points = [(x(first + n), y(value)) for n, value in enumerate(values) if math.isfinite(value)]
        if len(points) > 1:
            canvas.polyline(points, colour, 1.8, stroke_linejoin="round")
        step = -(-len(values) // _MOST_POINTS)
        for n in range(0, len(values), step):
            if math.isfinite(values[n]):
                say = f"{name}, {across} {first + n}: {number(values[n])}"
                faint = 1.0 if len(values) == 1 else 0.0
                canvas.circle(x(first + n), y(values[n]), 5, colour, None, say=say, fill_opacity=faint)
    last = "; ".join(f"{name} ends at {number(values[-1])}" for name, values in shown.items())
    words = f"{count} points over the {across}; {last}" + ("; logarithmic scale" if log else "")
    return canvas.drawing(title, words).picture(caption, _numbers(shown, across, first, count))


def _numbers(series: Mapping[str, Sequence[float]], across: str, first: int, count: int) -> Table:
    """The numbers, of many points every so many."""
    step = -(-count // _MOST_ROWS)
    places = sorted({*range(0, count, step), count - 1})
    rows = tuple(
        (str(first + n), *(number(values[n]) if n < len(values) else "" for values in series.values()))
        for n in places
    )
    return Table((across, *series), rows)
