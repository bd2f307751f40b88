"""A document as LaTeX: one display for notebooks, or a whole document that compiles as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from chainrule.documents.model import LATEX, Block, Document, Fold, Gallery, Line, Note, Picture, Table
from chainrule.documents.render.rows import given_rows, is_given, printed_rows, too_long

PREAMBLE = (files("chainrule.documents") / "assets" / "preamble.tex").read_text(encoding="utf-8")
_ESCAPES = {c: "\\" + c for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_WIDEST = 66  # rough characters that a line of a page holds beside the name and the shape
_MOST_COLUMNS = 12  # of the numbers of a picture, whose rows fit on paper
_SIGNS = re.compile(r"[^\x00-\x7f\u00a0-\u017f–—‘’“”…]+")


def display(document: Document) -> str:
    """All lines as one aligned display."""
    rows = []
    for section in document.sections:
        for line in section.blocks:
            if isinstance(line, Line) and section.key not in ("where",):
                rows += [
                    f"{line.name.latex if not n else ''} &{LATEX.relation(sign)} {formula.latex}".lstrip()
                    for n, (sign, formula) in enumerate(line.rows)
                ]
    return "% {}\n\\begin{{aligned}}\n{}\n\\end{{aligned}}".format(document.lead, " \\\\\n".join(rows))


def latex_document(document: Document) -> str:
    """The document as a LaTeX document of its own: amsmath and graphicx are all that it needs."""
    body = [
        r"\begin{document}",
        rf"{{\LARGE\bfseries {escaped(document.title)}\par}}",
        r"\medskip",
        escaped(document.lead),
    ]
    for section in document.sections:
        body.append(rf"\section*{{{escaped(section.title)}}}")
        if is_given(section):
            body += [
                _line(row[0][1]) if too_long(row, _WIDEST) else _beside([formula for formula, _ in row])
                for row in given_rows(section, _WIDEST)
            ]
            continue
        for block in section.blocks:
            body += _block(block)
    return PREAMBLE + "\n".join([*body, r"\end{document}", ""])


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Line):
        yield _line(block)
    elif isinstance(block, Note):
        yield rf"\{'alert' if block.tone == 'bad' else 'remark'}{{{escaped(block.text)}}}"
    elif isinstance(block, Table):
        columns = "l" * len(block.head)
        rows = [" & ".join(map(escaped, row)) + r" \\" for row in (block.head, *block.rows)]
        yield "\n".join(
            [
                rf"\fittable{{\begin{{tabular}}{{{columns}}}",
                rows[0],
                r"\hline",
                *rows[1:],
                r"\end{tabular}}",
                "",
            ]
        )
        if block.caption:
            yield rf"\remark{{{escaped(block.caption)}}}"
    elif isinstance(block, Picture):
        yield rf"\remark{{{escaped(f'[{block.caption or block.alt}]')}}}"
        if block.numbers is not None and len(block.numbers.head) <= _MOST_COLUMNS:
            yield from _block(block.numbers)
    elif isinstance(block, Gallery):
        for picture in block.pictures:
            yield from _block(picture)
    elif isinstance(block, Fold):
        yield rf"\subsection*{{{escaped(block.title)}}}"
        for one in block.blocks:
            yield from _block(one)


def _beside(equations: list[str]) -> str:
    """Given numbers side by side."""
    return "\\[\n\\fitline{" + " \\qquad\n".join(equations) + "}\n\\]"


def _line(line: Line) -> str:
    rows = []
    facts = " · ".join(part for part in (line.size, line.cf) if part)
    for n, (sign, latex) in enumerate(printed_rows(line, _WIDEST)):
        tag = rf" \tag*{{\facts{{{escaped(facts)}}}}}" if facts and n == 0 else r" \notag"
        rows.append(f"{line.name.latex if n == 0 else ''} &{sign or chr(92) + 'quad'} \\fit{{{latex}}}{tag}")
    return "\\begin{align}\n" + " \\\\\n".join(rows) + "\n\\end{align}"


def escaped(text: str) -> str:
    """Text for LaTeX; a run of signs beyond Latin letters goes through the macro that prints them as mathematics."""
    plain = "".join(_ESCAPES.get(c, c) for c in text)
    return _SIGNS.sub(lambda found: "".join(_sign(c) for c in found.group()), plain)


def _sign(character: str) -> str:
    return rf"\sign{{{ord(character):x}}}"
