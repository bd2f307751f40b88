"""A document on a terminal: matrices as matrices, long lines folded at operators, colours where there are any."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from io import StringIO

from rich.console import Console
from rich.text import Text

from chainrule.documents.model import Block, Document, Fold, Gallery, Line, Note, Picture, Section, Table
from chainrule.documents.render.boxes import Box, beside, box_of, folded, row

_NARROWEST = 40
_LONGEST_NAME = 16
_WIDEST = 110  # columns at which the shapes stand at most
_MOST_ROWS = 12  # of the numbers of a picture
_TONES = {"good": "green", "bad": "bold white on red", "": ""}


def plain_text(document: Document, width: int = 100) -> str:
    """The document as text without colours."""
    return "\n".join(line.plain.rstrip() for line in lines_of(document, width))


def show(document: Document, console: Console | None = None) -> None:
    """Print the document on a terminal, in its width and colours."""
    console = console or Console()
    for line in lines_of(document, console.width):
        console.print(line, soft_wrap=True)


def coloured(document: Document, width: int = 100) -> str:
    """The document as text with the codes of a terminal's colours."""
    out = StringIO()
    show(document, Console(file=out, width=width, force_terminal=True, color_system="256"))
    return out.getvalue()


def lines_of(document: Document, width: int) -> Iterator[Text]:
    """The lines of the document, each as a text with styles."""
    width = max(width, _NARROWEST)
    for line in textwrap.wrap(document.lead, width):
        yield Text(line, style="dim")
    for section in document.sections:
        yield Text()
        yield Text(section.title, style="bold")
        yield from _section(section, width)


def _section(section: Section, width: int) -> Iterator[Text]:
    lines = [block for block in section.blocks if isinstance(block, Line)]
    indent = min(_LONGEST_NAME, max((box_of(line.name.text).width for line in lines), default=0))
    if lines and all(line.array is not None and len(line.rows) == 1 for line in lines):
        yield from _side_by_side(lines, width)
        return
    tall = False
    for n, block in enumerate(section.blocks):
        printed = list(_block(block, width, indent))
        if n and (tall or len(printed) > 1) and isinstance(block, Line):
            yield Text()
        tall = len(printed) > 1
        yield from printed


def _side_by_side(lines: Sequence[Line], width: int) -> Iterator[Text]:
    """Given numbers beside one another, as many as the width holds."""
    packed: list[Box] = []
    for line in lines:
        ((sign, formula),) = line.rows
        boxes = folded(formula.text, width - len(line.name.text) - 5)
        whole = beside([row(f"  {line.name.text} {sign} "), boxes[0]])
        if packed and (len(boxes) > 1 or sum(box.width + 2 for box in packed) + whole.width > width):
            yield from _styled(beside(packed), 0)
            yield Text()
            packed = []
        packed += [row("  "), whole] if packed else [whole]
        if len(boxes) > 1:
            for box in packed:
                yield from _styled(box, 0)
            for box in boxes[1:]:
                yield from _styled(beside([row(" " * (len(line.name.text) + 5)), box]), 0)
            yield Text()
            packed = []
    if packed:
        yield from _styled(beside(packed), 0)


def _block(block: Block, width: int, indent: int) -> Iterator[Text]:
    if isinstance(block, Line):
        yield from _line(block, width, indent)
    elif isinstance(block, Note):
        for line in textwrap.wrap(block.text, width - 2):
            yield Text("  ") + Text(line, style=_TONES[block.tone])
    elif isinstance(block, Table):
        yield from _table(block, width)
    elif isinstance(block, Picture):
        for line in textwrap.wrap(f"[{block.caption or block.alt}]", width - 2):
            yield Text(f"  {line}", style="dim")
        if block.numbers is not None and len(block.numbers.rows) <= _MOST_ROWS:
            yield from _table(block.numbers, width)
    elif isinstance(block, Gallery):
        for picture in block.pictures:
            yield from _block(picture, width, indent)
    elif isinstance(block, Fold):
        yield Text("  ") + Text(block.title, style="bold")
        for one in block.blocks:
            yield from _block(one, width, indent)


def _line(line: Line, width: int, indent: int) -> Iterator[Text]:
    """The name, then each relation below the one before, its sign below the first sign; the shape at the right."""
    facts = " · ".join(part for part in (line.size, line.cf) if part)
    name = line.name.text
    if len(name) > indent:
        yield Text("  ") + Text(name, style="bold")
        name = ""
    start = 2 + indent + 3
    edge = min(width, _WIDEST)
    for n, (sign, boxes) in enumerate(_packed(line, width - start)):
        for k, box in enumerate(boxes):
            head, mark = (name if n == k == 0 else "").rjust(indent), sign if k == 0 else " "
            whole = beside([row("  "), row(head), row(f" {mark} "), box])
            shown = facts if len(facts) <= edge - whole.width - 2 else ""
            if shown:
                whole = beside([whole, row(" " * (edge - whole.width - len(facts))), row(facts)])
                facts = ""
            yield from _styled(whole, len(head) + 2, len(shown))
    if facts:
        yield Text(facts.rjust(edge), style="dim")


def _packed(line: Line, room: int) -> list[tuple[str, list[Box]]]:
    """The relations of a line, one below the other; the last joins the one before where it fits beside it."""
    rows = [(sign, folded(formula.text, room)) for sign, formula in line.rows]
    if len(rows) > 2 and len(rows[-1][1]) == len(rows[-2][1]) == 1:
        (sign, (box,)), (last, (result,)) = rows[-2:]
        joined = beside([box, row(f" {last} "), result])
        if joined.width <= room:
            return [*rows[:-2], (sign, [joined])]
    return rows


def _styled(box: Box, name_until: int, facts: int = 0) -> Iterator[Text]:
    for n, line in enumerate(box.lines):
        text = Text(line.rstrip())
        if n == box.along:
            text.stylize("bold", 2, name_until)
            if facts:
                text.stylize("dim", len(text) - facts)
        yield text


def _table(table: Table, width: int) -> Iterator[Text]:
    cells = [table.head, *table.rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(table.head))]
    if sum(widths) + 2 * len(widths) > width:
        yield from _listed(table, width)
        return
    for n, one in enumerate(cells):
        line = "  ".join(cell.ljust(size) for cell, size in zip(one, widths, strict=True)).rstrip()
        yield Text("  ") + Text(line, style="dim" if n == 0 else "")
    for part in textwrap.wrap(table.caption, width - 2):
        yield Text(f"  {part}", style="dim")


def _listed(table: Table, width: int) -> Iterator[Text]:
    """A table that is too wide: for each row its cells below one another."""
    for one in table.rows:
        pairs: Sequence[str] = [f"{head}: {cell}" for head, cell in zip(table.head, one, strict=True) if cell]
        for part in textwrap.wrap("; ".join(pairs), width - 4):
            yield Text(f"  {part}")
