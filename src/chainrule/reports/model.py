"""The model: its drawing, its layers, its formulas."""

from __future__ import annotations

from chainrule.documents.keys import rekeyed
from chainrule.documents.model import Fold, Section, Table
from chainrule.documents.outline import derivation_document
from chainrule.reports.findings import FORMULA_KEYS
from chainrule.reports.subject import Subject

_MOST_ROWS = 14  # of the table of layers, which stands open up to there
_MOST_LINES = 14  # of a derivation that stands open


def model_section(subject: Subject) -> Section:
    """The drawing and the table of layers."""
    net = subject.net
    summary = net.summary()
    rows = tuple(
        (row.layer, row.formula, "×".join(map(str, row.shape)) or "scalar", f"{row.parameters:,}")
        for row in summary.rows
    )
    table = Table(("layer", "output", "shape", "parameters"), rows, f"{summary.total:,} parameters in all")
    caption = "Point at a part to see what it is."
    layers = table if len(rows) <= _MOST_ROWS else Fold(f"The {len(rows)} layers", (table,))
    return Section("The model", (net.draw().picture(caption), layers), "model")


def formulas_section(subject: Subject) -> Section:
    """The derivation: forward, backward and the gradients."""
    document = derivation_document(subject.net.derive())
    folds = tuple(
        Fold(section.title, rekeyed(section.blocks, FORMULA_KEYS), len(section.blocks) <= _MOST_LINES)
        for section in document.sections
    )
    return Section("Its formulas", folds, "formulas")
