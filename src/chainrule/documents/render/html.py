"""A document as one page that needs no other file: typeset by KaTeX inside it, light and dark, for screens and paper.

Every formula stands in the page as Unicode text and as LaTeX; the page's program typesets the LaTeX and links its
symbols to the lines that they stand for. Without the program the Unicode stays.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from chainrule.documents.drawing.colours import page_style
from chainrule.documents.heatmap import columns_of, heat_map
from chainrule.documents.katex import inline_assets
from chainrule.documents.model import (
    ArrayView,
    Block,
    Document,
    Formula,
    Gallery,
    Line,
    Note,
    Picture,
    Reference,
    Section,
    Table,
    every,
)
from chainrule.documents.render.pictures import address
from chainrule.documents.render.symbols import linked
from chainrule.readings.working import Array

_ASSETS = files("chainrule.documents") / "assets"
_MOST_TERMS = 30  # terms of an entry up to which the page holds its arithmetic
_MOST_ENTRIES = 700  # cells whose arithmetic a page holds
_LONGEST_COLUMN = 6
_NARROWEST = 112  # pixels of a picture's caption
_LONGEST_CELL = 60  # characters of a cell of a table, above which it is broken into lines
_SMALL_MAP = 80  # entries of a heat map up to which the page holds the arithmetic of each
_MOST_NUMBERS = 250_000  # entries of large arrays that a page holds, about five bytes each


def page(document: Document) -> str:
    """The document as a page: one text, no network, no other file."""
    css, js = inline_assets()
    builder = _Page(document)
    body = builder.body()
    own_css, own_js = ((_ASSETS / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    data = json.dumps(builder.data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)} · chainrule</title>\n"
        f"<style>{css}</style>\n<style>{page_style()}{own_css}</style>\n</head>\n<body>\n{body}\n"
        f'<script type="application/json" id="data">{data}</script>\n'
        f"<script>{js}</script>\n<script>{own_js}</script>\n</body>\n</html>\n"
    )


def framed(html: str) -> str:
    """A page inside another page, such as a notebook, from which nothing leaks in or out."""
    return (
        f'<iframe srcdoc="{escape(html, quote=True)}" title="chainrule" '
        'style="width: 100%; height: 40em; border: 1px solid #ccc"></iframe>'
    )


class _Page:
    """The parts of one page; `data` is what its program reads: the arithmetic of entries and large arrays."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.data: dict[str, Any] = {"entries": {}, "arrays": {}}
        self.left, self.room = _MOST_ENTRIES, _MOST_NUMBERS
        blocks = [block for section in document.sections for block in every(section.blocks)]
        self.keys = {block.key for block in blocks if isinstance(block, Line)}

    def body(self) -> str:
        links = "".join(
            f'<a href="#{section.key}">{escape(section.title)}</a>' for section in self.document.sections
        )
        sections = "\n".join(self.section(section) for section in self.document.sections)
        return (
            f'<a class="skip" href="#main">To the content</a><header><p class="brand">chainrule</p>'
            f'<h1>{escape(self.document.title)}</h1><button type="button" id="shade" aria-pressed="false">dark</button>'
            f'<p class="lead">{escape(self.document.lead)}</p><nav aria-label="Sections">{links}</nav></header>\n'
            f'<main id="main">{sections}</main>'
        )

    def section(self, section: Section) -> str:
        blocks = "\n".join(part for block in section.blocks for part in self.block(block))
        lines = [block for block in section.blocks if isinstance(block, Line)]
        kind = (
            "given" if lines and all(line.array is not None and len(line.rows) == 1 for line in lines) else ""
        )
        title = f'<h2 id="{section.key}-title">{escape(section.title)}</h2>'
        opening = f'<section id="{section.key}" class="{kind}" aria-labelledby="{section.key}-title">'
        return f"{opening}{title}\n{blocks}</section>"

    def block(self, block: Block) -> Iterator[str]:
        if isinstance(block, Line):
            yield self.line(block)
        elif isinstance(block, Note):
            role = ' role="alert"' if block.tone == "bad" else ""
            yield f'<p class="note {block.tone}"{role}>{escape(block.text)}</p>'
        elif isinstance(block, Table):
            yield _table(block)
        elif isinstance(block, Picture):
            yield _picture(block)
        elif isinstance(block, Gallery):
            caption = f'<p class="caption">{escape(block.caption)}</p>' if block.caption else ""
            yield f'<div class="gallery">{"".join(map(_picture, block.pictures))}</div>{caption}'
        else:
            inside = "\n".join(part for one in block.blocks for part in self.block(one))
            opened = " open" if block.opened else ""
            yield f'<details class="fold"{opened}><summary>{escape(block.title)}</summary>{inside}</details>'

    def line(self, line: Line) -> str:
        facts = " · ".join(escape(fact) for fact in (line.size, line.cf) if fact)
        parts = [(sign, self.math(formula, "formula")) for sign, formula in line.rows]
        if line.array is not None:
            parts[-1] = (parts[-1][0], self.array(line, line.array))
        rows: list[str] = []
        while parts:
            name = self.math(line.name, "name") if not rows else "<span></span>"
            if rows and len(parts) == 2 and line.array is not None and line.array.written:
                chain = "".join(
                    f'<span class="result"><span class="sign">{sign}</span>{shown}</span>'
                    for sign, shown in parts
                )
                rows.append(f'<div class="row">{name}<div class="right chain">{chain}</div></div>')
                break
            sign, shown = parts.pop(0)
            rows.append(
                f'<div class="row">{name}<span class="sign">{sign}</span><div class="right">{shown}</div></div>'
            )
        ways = self.ways("from", line.sources) + self.ways("used in", line.uses)
        meta = f'<p class="facts">{facts}</p>' if facts else ""
        foot = f'<p class="ways">{ways}</p>' if ways else ""
        label = escape(line.name.text, quote=True)
        return f'<article class="line" id="{line.key}" aria-label="{label}">{meta}{"".join(rows)}{foot}</article>'

    def math(self, formula: Formula, kind: str) -> str:
        """A formula: its Unicode, which the program replaces by typeset LaTeX; the Unicode stays its alternative."""
        text = escape(formula.text, quote=True)
        symbols = [(name, key) for name, key in formula.symbols if key in self.keys]
        latex = escape(linked(formula.latex, symbols), quote=True)
        return f'<span class="math {kind}" role="math" aria-label="{text}" data-tex="{latex}">{text}</span>'

    def ways(self, word: str, references: tuple[Reference, ...]) -> str:
        """Links to other lines of the page."""
        links = ", ".join(
            f'<a href="#{one.key}" data-line="{one.key}">{escape(one.name.text)}</a>'
            for one in references
            if one.key in self.keys
        )
        return f'<span class="way">{word} {links}</span> ' if links else ""

    # numbers

    def array(self, line: Line, array: ArrayView) -> str:
        if array.written and array.values.size:
            return self.cells(line, array) if array.values.ndim else self.single(line, array)
        return self.map(line, array)

    def single(self, line: Line, array: ArrayView) -> str:
        self.keep(line, array, ())
        return _button(line, array, (), array.shown(()))

    def cells(self, line: Line, array: ArrayView) -> str:
        """A small array as a table of buttons."""
        turned = (
            array.values.ndim == 1 and array.values.size > _LONGEST_COLUMN
        )  # a long vector is a row, transposed
        columns = array.values.shape[-1] if array.values.ndim == 2 or turned else 1
        rows = []
        for start in range(0, array.values.size, columns):
            cells = []
            for flat in range(start, start + columns):
                at = tuple(int(i) for i in np.unravel_index(flat, array.values.shape))
                self.keep(line, array, at)
                cells.append(f"<td>{_button(line, array, at, array.shown(at))}</td>")
            rows.append(f"<tr>{''.join(cells)}</tr>")
        label = f"{array.name}, {line.size}"
        kind = "matrix turned" if turned else "matrix"
        table = f'<table class="{kind}" aria-label="{escape(label, quote=True)}">{"".join(rows)}</table>'
        return f'<div class="scroll">{table}</div>'

    def keep(self, line: Line, array: ArrayView, at: tuple[int, ...]) -> None:
        """Put the arithmetic of an entry into the page, as long as there is room."""
        if self.left <= 0 or array.terms > _MOST_TERMS or not array.opens:
            return
        entry = array.entry(at)
        self.left -= 1
        style = entry.base.as_latex
        rows = [[style.relation(sign), right] for sign, right in entry.rows(style)]
        self.data["entries"][_id(line.key, at)] = [entry.left(style), rows, entry.text]

    def map(self, line: Line, array: ArrayView) -> str:
        """A large array as a heat map, with its corners; any entry can be asked for by its indices."""
        values = array.values
        if not values.size:
            return '<span class="empty">[]</span>'
        flat = values.size <= self.room
        self.room -= values.size if flat else 0
        self.data["arrays"][line.key] = {
            "shape": list(values.shape),
            "name": array.name,
            "call": line.name.text,
            "across": columns_of(values.shape),
            "first": array.first,
            "numbers": base64.b64encode(values.astype("<f4").tobytes()).decode() if flat else "",
        }
        corners = _corners(values)
        for at in np.ndindex(values.shape) if values.size <= _SMALL_MAP else corners:
            self.keep(line, array, at)
        listed = "".join(
            f"<li><span>{_place(at, array.first)}</span> {_button(line, array, at, array.shown(at))}</li>"
            for at in corners
        )
        inputs = "".join(
            f'<label>axis {axis + 1} <input type="number" min="{array.first}" '
            f'max="{size - 1 + array.first}" value="{array.first}" data-axis="{axis}"></label>'
            for axis, size in enumerate(values.shape)
        )
        low, high = float(values.min()), float(values.max())
        alt = f"Heat map of {array.name}, {line.size} numbers from {low:.4g} to {high:.4g}; blue: negative"
        source = address(heat_map(values))
        height = 1 if values.ndim == 1 else values.shape[-2]
        return (
            f'<div class="large" data-line="{line.key}"><figure>'
            f'<img class="map" src="{source}" alt="{escape(alt, quote=True)}" '
            f'data-height="{height}"><figcaption>{self.math(line.rows[-1][1], "formula")}</figcaption></figure>'
            f'<details><summary>entries</summary><ul class="corners">{listed}</ul>'
            f'<div class="pick">{inputs}<output aria-live="polite"></output></div></details></div>'
        )


def _corners(values: Array) -> list[tuple[int, ...]]:
    """The first and the last entry, the smallest and the largest."""
    flat = dict.fromkeys((0, values.size - 1, int(np.argmin(values)), int(np.argmax(values))))
    return [tuple(int(i) for i in np.unravel_index(at, values.shape)) for at in flat]


def _place(at: tuple[int, ...], first: int) -> str:
    return f"[{', '.join(str(i + first) for i in at)}]"


def _id(key: str, at: tuple[int, ...]) -> str:
    return f"{key}:{','.join(map(str, at))}"


def _button(line: Line, array: ArrayView, at: tuple[int, ...], shown: str) -> str:
    label = f"{array.name}{_place(at, array.first) if at else ''} is {shown}"
    opening = f'<button type="button" class="cell" data-at="{_id(line.key, at)}" '
    return f'{opening}aria-label="{escape(label, quote=True)}">{escape(shown)}</button>'


def _picture(picture: Picture) -> str:
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    if picture.numbers is not None:
        caption += f'<details class="numbers"><summary>numbers</summary>{_table(picture.numbers)}</details>'
    width = f' style="width:{max(picture.size, _NARROWEST)}px"' if picture.size else ""
    if isinstance(picture.image, str):  # inside the page, so that its ink is the page's
        return f'<figure{width}><div class="scroll">{picture.image}</div>{caption}</figure>'
    alt = escape(picture.alt, quote=True)
    sized = f' width="{picture.size}" class="pixels"' if picture.size else ""
    return f'<figure{width}><img src="{address(picture.image)}" alt="{alt}"{sized}>{caption}</figure>'


def _cell(text: str) -> str:
    words = ' class="words"' if len(text) > _LONGEST_CELL else ""
    return f"<td{words}>{escape(text)}</td>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell) or "&nbsp;"}</th>' for cell in table.head)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    inside = f"{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="scroll"><table class="plain">{inside}</table></div>'
