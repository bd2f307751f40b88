"""A document as data: sections of lines, formulas, arrays, tables and pictures. Renderers print it.

A formula is a function from a style to text, so that every renderer has it printed by the one printer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chainrule.documents.entry import EntryWorking
from chainrule.graph.shape import Shape
from chainrule.readings.formula import Style
from chainrule.readings.working import Array

TEXT, LATEX = Style(latex=False), Style(latex=True)


@dataclass(frozen=True)
class Formula:
    """A formula in any style. symbols: for names in it, the key of the line that each stands for.

    base: the style but for LaTeX or text: how indices count, and whether vectors are rows.
    """

    write: Callable[[Style], str]
    symbols: tuple[tuple[str, str], ...] = ()
    base: Style = TEXT

    @cached_property
    def latex(self) -> str:
        """The formula in LaTeX."""
        return self.write(self.base.as_latex)

    @cached_property
    def text(self) -> str:
        """The formula in Unicode."""
        return self.write(self.base.as_text)


@dataclass(frozen=True)
class Reference:
    """A link to a line."""

    key: str
    name: Formula


@dataclass(frozen=True)
class ArrayView:
    """An array of a line, with the printed form and the arithmetic of each entry.

    written: whether it is written out; a larger one is drawn as a heat map. terms: about how many an entry adds up.
    first: the index of the first entry. opens: whether a page holds the arithmetic of its entries.
    """

    name: str
    values: Array
    shown: Callable[[tuple[int, ...]], str]
    entry: Callable[[tuple[int, ...]], EntryWorking]
    written: bool
    terms: int = 1
    first: int = 1
    opens: bool = True


@dataclass(frozen=True)
class Line:
    """One line: a name, its relations (=, ≈ or ∈) with what stands behind them, and where it comes from.

    cf: the equation of the notes that it instantiates. sources, uses: the lines that it is computed
    from, and those that are computed from it.
    """

    key: str
    name: Formula
    rows: tuple[tuple[str, Formula], ...]
    shape: Shape
    cf: str = ""
    sources: tuple[Reference, ...] = ()
    uses: tuple[Reference, ...] = ()
    array: ArrayView | None = None

    has_shape: bool = True

    @property
    def size(self) -> str:
        """The shape in words; empty where the line has none."""
        return ("×".join(map(str, self.shape)) or "scalar") if self.has_shape else ""


@dataclass(frozen=True)
class Note:
    """A paragraph. tone: "" plain, "good" or "bad" for the outcome of a check."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head; numbers are cells of text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture as the bytes of a PNG or the text of an SVG. alt: what it shows, in words.

    numbers: those that it shows, for whoever cannot see it or wants them exactly. size: how wide it is meant to
    be seen, in pixels; None for as wide as it is.
    """

    image: bytes | str
    alt: str
    caption: str = ""
    numbers: Table | None = None
    size: int | None = None


@dataclass(frozen=True)
class Gallery:
    """Pictures side by side, as many in a row as there is room for."""

    pictures: tuple[Picture, ...]
    caption: str = ""


@dataclass(frozen=True)
class Fold:
    """Parts behind a title that opens them; where nothing can be opened, below it."""

    title: str
    blocks: tuple[Block, ...]
    opened: bool = False


Block = Line | Note | Table | Picture | Gallery | Fold


def every(blocks: Iterable[Block]) -> Iterator[Block]:
    """The parts, and those that are inside of others."""
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from every(block.blocks)
        elif isinstance(block, Gallery):
            yield from block.pictures


@dataclass(frozen=True)
class Section:
    """A part of a document under a title. key: what links point to."""

    title: str
    blocks: tuple[Block, ...]
    key: str = ""


@dataclass(frozen=True)
class Document:
    """A derivation, a working or a report. lead: its first line. facts: what the JSON form holds besides."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
