"""What was found: each finding with its evidence, its line of the derivation, and what to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chainrule.diagnosis.finding import Diagnosis, Finding
from chainrule.documents.drawing.axes import number
from chainrule.documents.model import Block, Fold, Formula, Line, Note, Section, Table
from chainrule.documents.outline import derivation_document
from chainrule.networks.network import Network
from chainrule.readings.formula import Style

_TEXT = Style(latex=False)
_MOST_NUMBERS = 8  # of a list in the evidence
FORMULA_KEYS = "formula-"
"""What stands before the keys of the lines in the section of formulas."""


def findings_section(net: Network, diagnosis: Diagnosis) -> Section:
    """The findings, or that there are none; suspicions that an experiment did not confirm, behind a click."""
    blocks: list[Block] = []
    if not diagnosis.findings:
        blocks.append(Note("Nothing was found that keeps this network from learning.", "good"))
    lines = _lines(net) if diagnosis.findings else {}
    blocks += [_finding(n, finding, lines) for n, finding in enumerate(diagnosis.findings)]
    if diagnosis.withdrawn:
        rows = tuple((dropped.name.replace("_", " "), dropped.why) for dropped in diagnosis.withdrawn)
        blocks.append(
            Fold("Suspicions that an experiment did not confirm", (Table(("suspicion", "why not"), rows),))
        )
    return Section("Findings", tuple(blocks), "findings")


def _finding(n: int, finding: Finding, lines: Mapping[str, Line]) -> Fold:
    blocks: list[Block] = [Note(f"Because {finding.cause.words}")]
    line = lines.get(finding.cause.line)
    if line is not None:
        blocks.append(replace(line, key=f"finding-{n}"))
    elif finding.cause.text:
        blocks.append(Note(finding.cause.text))
    if finding.experiment:
        blocks.append(Note(f"Checked: {finding.experiment}"))
    blocks.append(Note(f"Try: {finding.remedy}"))
    rows = tuple((name.replace("_", " "), _told(value)) for name, value in finding.evidence.items())
    if rows:
        blocks.append(Table(("evidence", "measured"), rows))
    return Fold(finding.sentence, tuple(blocks), opened=True)


def _told(value: Any) -> str:
    """A measured value in a few words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_told(part)}" for key, part in value.items())
    if value is None:
        return ""
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int | float) or getattr(value, "ndim", None) == 0:
        return number(float(value))
    parts = [_told(part) for part in value]
    return ", ".join(parts[:_MOST_NUMBERS]) + (
        f", … ({len(parts)} in all)" if len(parts) > _MOST_NUMBERS else ""
    )


def _lines(net: Network) -> dict[str, Line]:
    """The lines of the derivation by the names that findings call them; their links lead to the section of formulas."""
    derivation = net.derive()
    shown = {
        block.name.text: block
        for section in derivation_document(derivation).sections
        for block in section.blocks
        if isinstance(block, Line)
    }
    found = {}
    for step in derivation.steps:
        line = shown.get(step.left(_TEXT))
        if line is not None:
            found[step.name] = replace(
                line,
                name=_linked(line.name),
                rows=tuple((sign, _linked(formula)) for sign, formula in line.rows),
                sources=(),
                uses=(),
            )
    return found


def _linked(formula: Formula) -> Formula:
    return replace(formula, symbols=tuple((name, FORMULA_KEYS + key) for name, key in formula.symbols))
