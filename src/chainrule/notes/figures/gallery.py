"""The list of figures, and how one is drawn and saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.notes.figures.style import SETTINGS, THEMES, Pen

Data = dict[str, Any]
FORMATS = ("png", "svg", "pdf")


@dataclass(frozen=True)
class Entry:
    """A figure: its name (the number in the notes, or a word), section, our caption, and what draws it.

    remark: where the caption of the notes contradicts the mathematics.
    """

    name: str
    section: str
    caption: str
    draw: Callable[[Pen], Data]
    remark: str = ""

    @property
    def file(self) -> str:
        """The stem of its file's name."""
        return f"figure-{int(self.name):02d}" if self.name.isdigit() else f"figure-{self.name}"


FIGURES: dict[str, Entry] = {}
"""All figures by name, those of the notes first."""


def figure(
    name: str, section: str, caption: str, remark: str = ""
) -> Callable[[Callable[[Pen], Data]], Callable[[Pen], Data]]:
    """Enter the function below as a figure. It draws with the pen and returns its numbers."""

    def enter(draw: Callable[[Pen], Data]) -> Callable[[Pen], Data]:
        FIGURES[name] = Entry(name, section, caption, draw, remark)
        return draw

    return enter


def in_order() -> None:
    """Put the figures in the order of the notes: numbers first, then the others by section."""
    entries = list(FIGURES.values())
    entries.sort(
        key=lambda entry: (
            not entry.name.isdigit(),
            int(entry.name) if entry.name.isdigit() else 0,
            entry.section,
        )
    )
    FIGURES.clear()
    FIGURES.update({entry.name: entry for entry in entries})


@dataclass(frozen=True)
class Drawn:
    """A drawn figure: the entry, Matplotlib's figure, and the numbers that are in it."""

    entry: Entry
    figure: Any
    data: Data

    def save(self, folder: Path, form: str = "png") -> Path:
        """Write it to a folder; png, svg or pdf. The same figure gives the same bytes."""
        from matplotlib import rc_context

        path = folder / f"{self.entry.file}.{form}"
        dates: dict[str, Any] = {
            "svg": {"Date": None},
            "pdf": {"CreationDate": None},
            "png": {"Software": None},
        }
        with rc_context(SETTINGS):
            self.figure.savefig(path, format=form, dpi=200, metadata=dates[form])
        return path


def draw(name: str, theme: str = "light") -> Drawn:
    """A figure by its name, "1" to "19" or a word, in the light or the dark theme.

    Raises ChainruleError for a name or a theme there is not.
    """
    from matplotlib import rc_context

    if name not in FIGURES:
        raise ChainruleError(f"one of {', '.join(FIGURES)}", name, "figure")
    if theme not in THEMES:
        raise ChainruleError(f"one of {', '.join(THEMES)}", theme, "theme")
    pen = Pen(THEMES[theme])
    with rc_context(SETTINGS):
        data = FIGURES[name].draw(pen)
    return Drawn(FIGURES[name], pen.figure, data)
