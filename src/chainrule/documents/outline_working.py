"""From a working to a document: the lines with their numbers, and the agreement of the readings at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chainrule.documents.exact import terms_of_entry
from chainrule.documents.model import ArrayView, Document, Formula, Line, Note, Section, Table
from chainrule.documents.outline import FORMS, Lines, checked_choice, functions_section
from chainrule.documents.step import HEADINGS, PHASES
from chainrule.graph.symbols import text_symbol
from chainrule.readings.agreement import TOLERANCE, Agreement
from chainrule.readings.formula import Style

if TYPE_CHECKING:
    from chainrule.documents.working import Working, WorkingStep


def working_document(working: Working, form: str = "matrix", checked: bool = True) -> Document:
    """A working as a document; its last section is the agreement of the readings on these numbers."""
    checked_choice(form, FORMS[:3], "form")
    lines = Lines(working.derivation.steps, working.derivation.convention.style)
    sections = []
    for phase in PHASES:
        blocks = tuple(_worked(lines, line, form) for line in working.steps if line.phase == phase)
        if blocks:
            sections.append(Section(HEADINGS[phase].capitalize(), blocks, phase))
    sections += functions_section(working.derivation.functions)
    if checked:
        sections.append(agreement_section(working.agreement))
    return Document(
        "Working",
        str(working.derivation.convention),
        tuple(sections),
        {"kind": "working", "digits": working.digits},
    )


def _worked(lines: Lines, line: WorkingStep, form: str) -> Line:
    step, symbols = line.step, lines.symbols(line.step)
    n = len(line.rows(lines.style, form))

    def at(place: int) -> Callable[[Style], str]:
        return lambda style: line.rows(style, form)[place][1]

    signs = [sign for sign, _ in line.rows(lines.style, form)]
    formulas = 0 if step.phase == "given" else n - 1
    rows = [(signs[k], Formula(at(k), symbols if k < formulas else (), lines.style)) for k in range(n)]
    array = ArrayView(
        line.name,
        line.value,
        lambda at: str(line.working.printed.shown(step.expr, at)),
        lambda at: line.working.entry_of_step(step, at),
        line.is_written_out,
        terms_of_entry(step.expr),
        lines.style.first,
    )
    return lines.line(step, rows, array=array)


def agreement_section(agreement: Agreement) -> Section:
    """What the readings of the gradients say to each other, loudly where they disagree."""
    if agreement.ok:
        verdict = Note(
            f"All readings agree to {TOLERANCE:g} on these numbers; compiled code gives the loss too.", "good"
        )
    else:
        bad = [text_symbol(row.leaf) for row in agreement.rows if not row.ok] or ["the loss"]
        verdict = Note(f"The readings DISAGREE on {', '.join(bad)}: do not trust this working.", "bad")
    head = ("gradient", "shape", "largest", "definition", "differences", "compiled", "verdict")
    rows = tuple(
        (
            text_symbol(row.leaf),
            "×".join(map(str, row.shape)) or "scalar",
            f"{row.largest:.4g}",
            f"{row.definition:.1e}",
            f"{row.finite_difference:.1e}",
            f"{row.compiled:.1e}",
            ("agree" if row.ok else "DISAGREE") + (" (at a kink)" if row.at_kink else ""),
        )
        for row in agreement.rows
    )
    caption = (
        "How far the gradients by definition, by finite differences and compiled lie from those above, "
        "relative to the largest entry or 1."
    )
    return Section("Agreement", (verdict, Table(head, rows, caption)), "agreement")
