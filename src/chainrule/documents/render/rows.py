"""The relations of a line as rows of LaTeX: the result stands beside the numbers where both are short."""

from __future__ import annotations

import re

from chainrule.documents.model import LATEX, Line, Section
from chainrule.documents.render.breaking import broken, width

_ROW = re.compile(r"\\begin\{bmatrix\}((?:(?!\\\\|\\begin).)*)\\end\{bmatrix\}")
_MOST_IN_ROW = 7


def rows_of(line: Line, widest: int) -> list[tuple[str, str]]:
    """Each relation sign with what stands behind it, in LaTeX."""
    rows = [(LATEX.relation(sign), formula.latex) for sign, formula in line.rows]
    if len(rows) > 2 and width(rows[-2][1]) + width(rows[-1][1]) + 3 <= widest:
        (sign, numbers), (relation, result) = rows[-2:]
        rows[-2:] = [(sign, f"{numbers} {relation} {result}")]
    return rows


def printed_rows(line: Line, widest: int) -> list[tuple[str, str]]:
    """The rows for paper, broken where they are too long; a row that goes on has an empty relation."""
    found = []
    for sign, latex in rows_of(line, widest):
        parts = broken(_ROW.sub(_listed, latex), widest)
        found += [(sign if not n else "", part) for n, part in enumerate(parts)]
    return found


def _listed(matrix: re.Match[str]) -> str:
    """A long row with commas, at which a line can end."""
    entries = matrix[1].split(" & ")
    return matrix[0] if len(entries) <= _MOST_IN_ROW else f"[{', '.join(entries)}]"


def is_given(section: Section) -> bool:
    """Whether a section holds nothing but given numbers, which stand side by side."""
    lines = [block for block in section.blocks if isinstance(block, Line)]
    return len(lines) == len(section.blocks) > 0 and all(
        line.array is not None and len(line.rows) == 1 for line in lines
    )


def given_rows(section: Section, widest: int) -> list[list[tuple[str, Line]]]:
    """The given numbers as equations with their lines, as many in a row as it holds."""
    rows: list[list[tuple[str, Line]]] = []
    room = 0
    for line in section.blocks:
        if not isinstance(line, Line):
            continue
        ((sign, formula),) = line.rows
        size = width(line.name.latex) + width(formula.latex) + 6
        if not rows or size > room:
            rows.append([])
            room = widest
        rows[-1].append((f"{line.name.latex} {LATEX.relation(sign)} {formula.latex}", line))
        room -= size
    return rows


def too_long(row: list[tuple[str, Line]], widest: int) -> bool:
    """Whether a row of given numbers is one list that has to be broken, as other lines are."""
    return len(row) == 1 and len(printed_rows(row[0][1], widest)) > 1
