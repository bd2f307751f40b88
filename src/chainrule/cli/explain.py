"""chainrule explain: what a model says of one row, which inputs matter, and every number on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import typer

from chainrule.cli.models import DATA_FOR_MODEL, classes_of, model_of
from chainrule.cli.options import (
    WORKING_FORMS,
    Digits,
    Format,
    Json,
    ModelFile,
    Open,
    Out,
    Unseen,
    WorkingForm,
)
from chainrule.cli.output import chosen_format, give, print_document
from chainrule.cli.rows import Example, answer_words, example_of, inputs_section, shown_size
from chainrule.cli.words import number
from chainrule.documents.convention import Convention
from chainrule.documents.heatmap import heat_map
from chainrule.documents.model import Block, Document, Note, Picture, Section, Table
from chainrule.documents.outline import checked_choice
from chainrule.graph.expression import Expr
from chainrule.readings.gradient import gradient
from chainrule.readings.working import evaluate

app = typer.Typer(add_completion=False)
_BAR = 12  # columns
_MOST = 20  # rows of a table

EXAMPLES = """
**Examples**

    chainrule explain iris.safetensors iris --row 51

    chainrule explain iris.safetensors flowers.csv --row 3 --format html --out row.html

    chainrule explain iris.safetensors iris --row 51 --json
"""


@app.command(epilog=EXAMPLES)
def explain(
    model: ModelFile,
    data: str = typer.Argument(metavar="DATA", help=f"{DATA_FOR_MODEL} Labels may be absent."),
    row: int = typer.Option(..., "--row", min=1, metavar="N", help="Which example, from 1."),
    unseen: Unseen = "",
    working: bool = typer.Option(
        True, "--working/--no-working", help="With every number of forward and backward."
    ),
    form: WorkingForm = "matrix",
    digits: Digits = 4,
    format: Format = "",
    out: Out = "",
    open_: Open = False,
    as_json: Json = False,
) -> None:
    """Explain what a model says of one row: probabilities, the inputs that matter, and the whole working."""
    kind = chosen_format(format, out, as_json, open_)
    checked_choice(form, WORKING_FORMS, "--form")
    example = example_of(model_of(model, unseen), model, data, row)
    worked = example.model.network.work(example.x, example.y, Convention(), digits)
    if kind.startswith("code:"):
        give(worked.derivation.code(kind.removeprefix("code:")), out, open_, kind)
        return
    sections, facts = explained(example)
    shown = worked.document(form)
    further = shown.sections if working else ()
    title = f"Row {row} of {data}"
    document = Document(
        title, f"{title}, by {model}.", (*sections, inputs_section(example), *further), shown.facts
    )
    print_document(replace(document, facts={**shown.facts, **facts}), kind, out, open_)


def explained(example: Example) -> tuple[list[Section], dict[str, Any]]:
    """What the model says and which inputs matter: sections, and the same as plain data."""
    said, target = _aim(example)
    network = example.model.network
    values = network.values(example.x, example.y)
    slope = np.asarray(evaluate([gradient(target, network.input)], values)[0])
    effect = slope * example.x
    sections = [_answer(example), _effects(example, said, slope, effect)]
    classes = classes_of(example.model)
    facts = {
        "kind": "explanation",
        "row": example.row,
        "data": example.place,
        "prediction": example.answer,
        "label": example.given,
        "probabilities": None
        if example.shares is None
        else [
            {"class": label, "probability": float(p)}
            for label, p in zip(classes, example.shares, strict=True)
        ],
        "explained": said,
        "gradient": slope.tolist(),
        "gradient_times_input": effect.tolist(),
        "cells": {
            name: cell
            for name, cell in example.cells.items()
            if cell is None or isinstance(cell, (int, float, str))
        },
    }
    return sections, facts


def _aim(example: Example) -> tuple[str, Expr]:
    """What is explained, in words and as an expression: log-odds of the answer, or ŷ itself."""
    network, classes = example.model.network, classes_of(example.model)
    z = network.logits
    z = z[0] if z.shape else z
    if example.shares is None:
        return "the prediction", z
    first, second = (int(k) for k in np.argsort(-example.shares, kind="stable")[:2])
    words = f"the log-odds of {classes[first]} against {classes[second]}"
    if network.logits.shape in ((), (1,)):
        return words, z if first == 1 else -z
    return words, network.logits[first] - network.logits[second]


def _answer(example: Example) -> Section:
    tone = (
        ""
        if example.given is None or example.shares is None
        else "good"
        if example.given == example.answer
        else "bad"
    )
    blocks: list[Block] = [Note(f"{answer_words(example)}.", tone)]
    if example.shares is not None:
        classes = classes_of(example.model)
        order = np.argsort(-example.shares, kind="stable")[:_MOST]
        rows = tuple(
            (str(classes[k]), f"{example.shares[k]:.4g}", bar(float(example.shares[k]), 1.0)) for k in order
        )
        blocks.append(Table(("class", "probability", ""), rows))
    return Section("What the model says", tuple(blocks), "answer")


def _effects(example: Example, said: str, slope: Any, effect: Any) -> Section:
    """Gradient × input: of each column, or as a picture of the pixels."""
    title = "What speaks for it"
    if not example.columns:
        return Section(title, tuple(_pixels(said, effect)), "effects")
    found, at = [], 0
    for column in example.columns:
        n = len(column.names)
        part, total = slope[at : at + n], float(effect[at : at + n].sum())
        on = float(part[int(np.argmax(example.x[at : at + n]))]) if column.categories else float(part[0])
        cell = example.cells.get(column.name)
        found.append((column.name, f"{cell:.6g}" if isinstance(cell, float) else str(cell), on, total))
        at += n
    found.sort(key=lambda row: -abs(row[3]))
    largest = max(abs(row[3]) for row in found) or 1.0
    rows = tuple(
        (name, cell, number(on), number(total, sign=True), bar(total, largest))
        for name, cell, on, total in found[:_MOST]
    )
    left = f" {len(found) - _MOST} columns with smaller effects are left out." if len(found) > _MOST else ""
    caption = (
        f"The gradient says how fast {said} grows with the input, which is standardised. Times the input it is, to "
        f"first order, what the column adds compared with an input of 0: its mean, or none of its categories.{left}"
    )
    note = Note(f"Gradient × input of {said}, the largest first.")
    return Section(
        title, (note, Table(("column", "cell", "gradient", "× input", ""), rows, caption)), "effects"
    )


def _pixels(said: str, effect: Any) -> list[Block]:
    """A picture of the pixels, and the strongest ones as a table."""
    order = np.argsort(-np.abs(effect).reshape(-1), kind="stable")[:10]
    places = [np.unravel_index(k, effect.shape) for k in order]
    rows = tuple(
        (", ".join(str(int(i) + 1) for i in at[-2:]), number(float(effect[at]), sign=True)) for at in places
    )
    numbers = Table(("row, column", "gradient × input"), rows, "The ten strongest pixels, counted from 1.")
    alt = f"Gradient × input of {said}: pixels that speak for it (orange) and against it (blue)"
    flat = effect.sum(axis=0) if effect.ndim == 3 else effect
    return [Picture(heat_map(flat), alt, f"{alt}.", numbers, shown_size(flat.shape))]


def bar(value: float, largest: float) -> str:
    """A number as a bar of blocks, of _BAR columns for the largest; a negative one is hollow.

    >>> bar(0.5, 1.0), bar(-1.0, 1.0)
    ('██████', '░░░░░░░░░░░░')
    """
    columns = round(abs(value) / largest * _BAR)
    return ("█" if value > 0 else "░") * columns
