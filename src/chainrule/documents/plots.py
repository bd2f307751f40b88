"""Pictures of training for documents: SVG whose ink is the page's own, so that light and dark both fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from chainrule.documents.model import Picture
from chainrule.readings.working import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Okabe and Ito's, told apart by colour-blind readers too."""
_INK = "#010203"  # stands for the colour of the page's text
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "chainrule",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlesize": 10,
    "legend.frameon": False,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), _INK),
}


def _drawn(draw: Callable[P, Picture]) -> Callable[P, Picture]:
    """The same function, drawing in our style whatever the user's settings are."""

    @wraps(draw)
    def styled(*arguments: P.args, **options: P.kwargs) -> Picture:
        import matplotlib as mpl

        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            return draw(*arguments, **options)

    return styled


def _figure(width: float, height: float, layout: Any = "constrained") -> Figure:
    """An empty figure of a size in inches."""
    from matplotlib.figure import Figure as NewFigure

    return NewFigure(figsize=(width, height), layout=layout)


def _svg(figure: Any, alt: str) -> str:
    """The figure as SVG text for use inside a page: no prologue, its own ids, the page's ink."""
    out = StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    mark = f"p{_mark(alt):x}-"
    text = re.sub(r'\bid="([^"]+)"', rf'id="{mark}\1"', text)
    text = re.sub(r'(url\(#|xlink:href="#)', rf"\1{mark}", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(alt, quote=True)}" ', 1)


def _mark(text: str) -> int:
    """A number from a text, the same in every run."""
    return int.from_bytes(text.encode()[-6:], "big") + len(text)


@_drawn
def curves(
    panels: Mapping[str, Mapping[str, Sequence[float]]], across: str, alt: str, caption: str = ""
) -> Picture:
    """Curves over the epochs, a panel for each quantity: {"loss": {"training": [...], "held out": [...]}}."""
    figure = _figure(7.2, 2.5)
    for place, (title, series) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        for colour, (label, values) in zip(COLOURS, series.items(), strict=False):
            if len(values):
                axes.plot(
                    range(1, len(values) + 1),
                    values,
                    color=colour,
                    lw=1.4,
                    label=f"{label}, {values[-1]:.3g}",
                )
        axes.set_title(title, loc="left")
        axes.set_xlabel(across)
        axes.legend(fontsize=8)
    return Picture(_svg(figure, alt), alt, caption)


@_drawn
def confusion(truth: Array, predicted: Array, names: Sequence[str], caption: str = "") -> Picture:
    """How often each class was taken for each: a row for each true class, a column for each answer."""
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (np.asarray(truth, int), np.asarray(predicted, int)), 1)
    figure = _figure(4.4, 4.2)
    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.pcolormesh(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1, alpha=0.85)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "#ffffff" if shares[row, column] > 0.3 else _INK
            axes.text(column + 0.5, row + 0.5, str(count), ha="center", va="center", color=colour, fontsize=8)
    ticks = np.arange(len(names)) + 0.5
    axes.set_xticks(ticks, list(names))
    axes.set_yticks(ticks, list(names))
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set_visible(False)
    wrong = int(counts.sum() - np.trace(counts))
    alt = f"Confusion matrix of {counts.sum()} examples, {wrong} of them wrong"
    return Picture(_svg(figure, alt), alt, caption)


@_drawn
def image(pixels: Array, alt: str, caption: str = "") -> Picture:
    """A grey image, each pixel a square; the largest number is the darkest."""
    figure = _figure(1.8, 1.8, None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.pcolormesh(np.asarray(pixels), cmap="Greys")
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.set_axis_off()
    return Picture(_svg(figure, alt), alt, caption)


@_drawn
def signed_image(values: Array, alt: str, caption: str = "") -> Picture:
    """An image of numbers with signs, each a square: positive ones orange, negative ones blue."""
    figure = _figure(1.8, 1.8, None)
    axes = figure.add_axes((0, 0, 1, 1))
    largest = float(np.abs(values).max()) or 1.0
    axes.pcolormesh(np.asarray(values), cmap="PuOr_r", vmin=-largest, vmax=largest)
    axes.invert_yaxis()
    axes.set_aspect("equal")
    axes.set_axis_off()
    return Picture(_svg(figure, alt), alt, caption)
