"""Points on a plane, with the line on which the two are equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.documents.drawing.axes import HEIGHT, WIDTH, Scale, frame, number, scale_of
from chainrule.documents.drawing.canvas import Canvas
from chainrule.documents.model import Picture, Table
from chainrule.readings.working import Array

_MOST = 400
_MOST_ROWS = 30


def points(
    x: Array,
    y: Array,
    title: str,
    across: str,
    up: str,
    line: str = "",
    sizes: Array | None = None,
    caption: str = "",
    names: Sequence[str] | None = None,
    shares: bool = False,
) -> Picture:
    """line: "equal" for y = x, "zero" for y = 0, where a perfect model would have its points; or none.

    sizes: what the area of each circle stands for. names: of the points. shares: both go from 0 to 1.
    Of more than 400 points every so many are shown.
    """
    step = -(-len(x) // _MOST)
    x, y = np.asarray(x, float)[::step], np.asarray(y, float)[::step]
    both = np.concatenate([x, y])
    right = scale_of(both if line == "equal" else x, 0, WIDTH)
    top = scale_of(both if line == "equal" else y, HEIGHT, 0, zero=line == "zero")
    if shares:
        right, top = Scale(0, 1, right.start, right.end), Scale(0, 1, top.start, top.end)
    canvas = Canvas()
    frame(canvas, right, top, title, across, up)
    if line == "equal":
        low, high = max(right.low, top.low), min(right.high, top.high)
        canvas.line(right(low), top(low), right(high), top(high), "quiet", 1.2, stroke_dasharray="5 4")
    elif line == "zero":
        canvas.line(right.start, top(0), right.end, top(0), "quiet", 1.2, stroke_dasharray="5 4")
    radii = np.full(len(x), 3.2)
    if sizes is not None:
        shown_sizes = np.asarray(sizes, float)[::step]
        radii = 3 + 9 * np.sqrt(shown_sizes / max(float(shown_sizes.max(initial=0)), 1e-12))
    for n, (a, b, radius) in enumerate(zip(x, y, radii, strict=True)):
        name = f"{names[n * step]}: " if names is not None else ""
        say = f"{name}{across} {number(a)}, {up} {number(b)}"
        canvas.circle(right(a), top(b), float(radius), "first", None, say=say, fill_opacity=0.55)
    words = f"{len(x)} points, {across} to the right, {up} upwards"
    head = (*(("point",) if names is not None else ()), across, up)
    rows = tuple(
        (*((names[n * step],) if names is not None else ()), number(a), number(b))
        for n, (a, b) in list(enumerate(zip(x, y, strict=True)))[:_MOST_ROWS]
    )
    more = f"the first {_MOST_ROWS} of {len(x)}" if len(x) > _MOST_ROWS else ""
    return canvas.drawing(title, words).picture(caption, Table(head, rows, more))
