"""A matrix of numbers as coloured cells with names: confusion matrices, a quantity by layer and epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.documents.drawing.axes import number
from chainrule.documents.drawing.canvas import Canvas, text_width
from chainrule.documents.model import Picture, Table
from chainrule.readings.working import Array

_ROOM = 330.0
_WIDEST, _TALLEST, _FLATTEST = 60.0, 34.0, 16.0
_DARK = 0.55  # shares of the colour above which the text in a cell is paper
_LABEL = 11.0
_MOST_COLUMNS = 60
_MOST_NAMES = 12  # of columns, beside one another


def grid(
    values: Array,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    across: str = "",
    down: str = "",
    caption: str = "",
    shares: Array | None = None,
    write: Callable[[float], str] | None = None,
    log: bool = False,
) -> Picture:
    """values: (rows, columns). shares: how strong the colour of each cell is, from 0 to 1; by default from
    the smallest to the largest value, or their logarithms. write: the text in a cell, where there is room;
    None for none. Of more than 60 columns every so many are shown.
    """
    step = -(-values.shape[1] // _MOST_COLUMNS)
    values, columns = values[:, ::step], list(columns)[::step]
    strength = _shares(values, log) if shares is None else shares[:, ::step]
    widest = max((text_width(name, _LABEL) for name in rows), default=0)
    texts = [[write(value) if write else "" for value in row] for row in values]
    longest = max((text_width(text, _LABEL) for row in texts for text in row), default=0)
    width = _ROOM / max(len(columns), 1)
    if longest and len(columns) <= _MOST_NAMES * 2:
        width = max(width, longest + 6)
    named = max((text_width(name, _LABEL) for name in columns), default=0) + 8
    width = min(width, max(_WIDEST, named if named * len(columns) <= _ROOM else 0.0))
    height = min(_TALLEST, max(_FLATTEST, width))
    canvas = Canvas()
    for i, name in enumerate(rows):
        canvas.text(-7, (i + 0.5) * height, name, _LABEL, "end", "quiet")
        for j, value in enumerate(values[i]):
            share = float(strength[i, j])
            say = f"{down or 'row'} {name}, {across or 'column'} {columns[j]}: {number(value)}"
            canvas.rect(
                j * width,
                i * height,
                width,
                height,
                "accent",
                "rule",
                say=say,
                fill_opacity=round(share, 3),
                stroke_width=0.6,
            )
            if texts[i][j] and text_width(texts[i][j], _LABEL) <= width - 2:
                fill = "paper" if share > _DARK else ""
                canvas.text((j + 0.5) * width, (i + 0.5) * height, texts[i][j], _LABEL, fill=fill, say=say)
    bottom = len(rows) * height
    last = -math.inf
    for j, name in enumerate(columns):
        half = text_width(name, _LABEL) / 2
        if (j + 0.5) * width - half > last + 5:
            canvas.text((j + 0.5) * width, bottom + 13, name, _LABEL, fill="quiet")
            last = (j + 0.5) * width + half
    if across:
        canvas.text(len(columns) * width / 2, bottom + 30, across, _LABEL, fill="quiet")
    top = -16 if down else -4
    if down:
        canvas.text(-7, -11, down, _LABEL, "end", "quiet")
    left = -max(widest, text_width(down, _LABEL)) - 7
    canvas.text(left, top - 16, title, 13, "start", bold=True)
    finite = values[np.isfinite(values)]
    low, high = (number(n) for n in (finite.min(), finite.max())) if finite.size else ("", "")
    words = (
        f"{len(rows)} rows ({down or 'row'}) by {len(columns)} columns ({across or 'column'}), "
        f"numbers from {low} to {high}"
    )
    table = Table(
        (f"{down} \\ {across}" if down or across else "", *columns),
        tuple((name, *(number(value) for value in row)) for name, row in zip(rows, values, strict=True)),
    )
    return canvas.drawing(title, words).picture(caption, table)


def _shares(values: Array, log: bool) -> Array:
    """From 0.05 for the smallest to 0.95 for the largest; what is no number has no colour."""
    with np.errstate(all="ignore"):
        scaled = np.log10(values) if log else np.asarray(values, float)
    finite = np.isfinite(scaled)
    if not finite.any():
        return np.zeros(values.shape)
    low, high = scaled[finite].min(), scaled[finite].max()
    return np.where(finite, 0.05 + 0.9 * (np.where(finite, scaled, low) - low) / max(high - low, 1e-12), 0.0)
