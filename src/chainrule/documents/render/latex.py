"""A document as LaTeX: one display for notebooks, or a whole document that compiles as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from chainrule.documents.model import LATEX, Block, Document, Line, Note, Picture, Table
from chainrule.documents.render.breaking import broken

PREAMBLE = (files("chainrule.documents") / "assets" / "preamble.tex").read_text(encoding="utf-8")
_ESCAPES = {c: "\\" + c for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_WIDEST = 66  # rough characters that a line of a page holds beside the name and the shape
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
    body = [rf"\title{{{escaped(document.title)}}}", r"\date{}", r"\begin{document}", r"\maketitle", escaped(document.lead)]
    for section in document.sections:
        body.append(rf"\section*{{{escaped(section.title)}}}")
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
        yield "\n".join([rf"\fittable{{\begin{{tabular}}{{{columns}}}", rows[0], r"\hline", *rows[1:], r"\end{tabular}}", ""])
        if block.caption:
            yield rf"\remark{{{escaped(block.caption)}}}"
    elif isinstance(block, Picture):
        yield rf"\remark{{{escaped(f'[{block.alt}]')}}}"


def _line(line: Line) -> str:
    rows = []
    for n, (sign, formula) in enumerate(line.rows):
        for k, part in enumerate(broken(formula.latex, _WIDEST)):
            left = line.name.latex if n == k == 0 else ""
            relation = LATEX.relation(sign) if k == 0 else r"\quad"
            rows.append(f"{left} &{relation} \\fit{{{part}}}")
    facts = " · ".join(part for part in (line.size, line.cf) if part)
    if facts:
        rows[-1] += rf" \tag*{{\facts{{{escaped(facts)}}}}}"
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def escaped(text: str) -> str:
    """Text for LaTeX; a run of signs beyond Latin letters goes through the macro that prints them as mathematics."""
    plain = "".join(_ESCAPES.get(c, c) for c in text)
    return _SIGNS.sub(lambda found: "".join(_sign(c) for c in found.group()), plain)


def _sign(character: str) -> str:
    return rf"\sign{{{ord(character):x}}}"
