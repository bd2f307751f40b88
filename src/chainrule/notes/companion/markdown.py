"""A choice of the notes as Markdown, with formulas that MathJax or KaTeX typesets."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.notes.companion.choice import LEAD, Choice, chosen
from chainrule.notes.companion.page import sentence
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import Table
from chainrule.notes.equation import RIGHT
from chainrule.notes.figures import FIGURES
from chainrule.notes.judgement import Judgement
from chainrule.notes.remark import Remark


def companion_markdown(choice: Choice | None = None) -> str:
    """The choice, or all of the notes, as Markdown. Figures are named: `chainrule figures` draws them."""
    choice = choice or chosen()
    parts = [f"# {choice.title}", LEAD]
    for number in choice.sections:
        title, text = SECTIONS[number]
        parts += [f"{'#' * min(4, 1 + len(number.split('.')))} {number} {title}", _marked(text)]
        for one in choice.equations(number):
            parts += _equation(one)
        parts += [f"*Figure {name}: {_marked(FIGURES[name].caption)}.*" for name in choice.figures(number)]
        for table in choice.tables(number):
            parts += _table(table)
        parts += map(_remark, choice.said(number))
    return "\n\n".join(parts) + "\n"


def _equation(one: Judgement) -> Iterator[str]:
    entry = one.equation
    yield f"**({entry.eq}) {_marked(entry.title)}** · {entry.kind} · **{one.verdict}**"
    yield _formula(one.printed)
    if one.verdict != RIGHT:
        yield _marked(sentence(one.reason)) + " Correct:"
        yield _formula(one.correct_latex or "")
        yield _marked(f"As printed: {one.evidence}. Corrected: {one.proof}.")
    if one.values:
        yield "Values: " + ", ".join(f"{value:.15g}" for value in one.values).replace("-", "−") + "."
    if entry.remark:
        yield _marked(entry.remark)
    yield _marked(f"Checked: {one.check}.")


def _formula(latex: str) -> str:
    return f"$$\n{latex}\n$$"


def _table(table: Table) -> Iterator[str]:
    rows = [table.head, ("---",) * len(table.head), *table.rows]
    yield "\n".join(
        "| " + " | ".join(_marked(cell).replace("|", "\\|") for cell in row) + " |" for row in rows
    )
    yield f"*{_marked(table.caption)}*"


def _remark(remark: Remark) -> str:
    return _marked(
        f"> In the text, {remark.verdict}: {remark.says} Correct: {remark.correct} ({remark.evidence}.)"
    )


def _marked(text: str) -> str:
    """A text whose signs mean nothing to Markdown."""
    return "".join("\\" + letter if letter in "*_`[]<" else letter for letter in text)
