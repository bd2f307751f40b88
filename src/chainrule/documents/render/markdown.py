"""A document as Markdown with LaTeX formulas, for notebooks and for pages that MathJax or KaTeX typesets."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.documents.model import Block, Document, Fold, Gallery, Line, Note, Picture, Table
from chainrule.documents.render.pictures import address
from chainrule.documents.render.rows import rows_of

_WIDEST = 70


def markdown(document: Document) -> str:
    """The document as Markdown."""
    parts = [f"*{document.lead}*"]
    for section in document.sections:
        parts.append(f"### {section.title}")
        for block in section.blocks:
            parts += _block(block)
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Line):
        rows = " \\\\\n".join(f"&{sign} {latex}" for sign, latex in rows_of(block, _WIDEST))
        yield f"$$\n\\begin{{aligned}}\n{block.name.latex} {rows}\n\\end{{aligned}}\n$$"
        facts = ", ".join(part for part in (block.size, block.cf) if part)
        if facts:
            yield f"<sub>{facts}</sub>"
    elif isinstance(block, Note):
        yield f"**{block.text}**" if block.tone == "bad" else block.text
    elif isinstance(block, Table):
        rule = "|".join([" --- "] * len(block.head))
        cells = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in block.rows]
        yield "\n".join([f"| {' | '.join(block.head)} |", f"|{rule}|", *cells])
        if block.caption:
            yield f"*{block.caption}*"
    elif isinstance(block, Picture):
        yield f"![{block.alt}]({address(block.image)})"
        if block.caption:
            yield f"*{block.caption}*"
    elif isinstance(block, Gallery):
        for picture in block.pictures:
            yield from _block(picture)
    elif isinstance(block, Fold):
        yield f"<details><summary>{block.title}</summary>"
        for one in block.blocks:
            yield from _block(one)
        yield "</details>"
