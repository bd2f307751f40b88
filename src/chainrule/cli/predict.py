"""chainrule predict: the label of every row, or the probability of each class, from raw data."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from chainrule.cli.datasets import opened_for
from chainrule.cli.judging import PART
from chainrule.cli.models import (
    DATA_FOR_MODEL,
    classes_of,
    model_of,
    report_unseen,
    target_name,
)
from chainrule.cli.options import ModelFile, Unseen
from chainrule.graph.errors import ChainruleError
from chainrule.networks.heads import of_each_class
from chainrule.networks.loading import Model
from chainrule.training.data.dataset import Dataset
from chainrule.training.storage.atomic import write_atomically

app = typer.Typer(add_completion=False)

EXAMPLES = """
**Examples**

    chainrule predict iris.safetensors iris

    chainrule predict iris.safetensors flowers.csv --proba --out probabilities.csv

    chainrule predict iris.safetensors flowers.csv --json
"""


@app.command(epilog=EXAMPLES)
def predict(
    model: ModelFile,
    data: str = typer.Argument(metavar="DATA", help=DATA_FOR_MODEL),
    proba: bool = typer.Option(False, "--proba", help="The probability of each class in place of the label."),
    unseen: Unseen = "",
    out: str = typer.Option("", "--out", "-o", metavar="FILE", help="Write the CSV or JSON to a file."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document in place of CSV."),
) -> None:
    """Predict the label of each row, in order, as CSV: labels as they were given in training."""
    found = model_of(model, unseen)
    if proba and not classes_of(found):
        raise ChainruleError(
            "a model of classes for --proba", "one of real numbers", model, "leave --proba out"
        )
    examples = opened_for(found.encoder, data, model)
    report_unseen(found)
    parts = (_json if as_json else _csv)(found, examples, proba)
    if out:
        write_atomically(out, (part.encode() for part in parts))
        typer.echo(f"wrote {examples.n:,} predictions to {out}", err=True)
    else:
        for part in parts:
            sys.stdout.write(part)


def _rows(model: Model, data: Dataset, proba: bool) -> Iterator[list[Any]]:
    """The predictions of some examples at a time: a label each, or a list of probabilities."""
    classes = classes_of(model)
    for X, _ in data.batches(PART, shuffle=False):
        if proba:
            yield of_each_class(model.network.predict_proba(X)).tolist()
        else:
            answers = model.network.predict(X).tolist()
            yield [classes[answer] for answer in answers] if classes else answers


def _csv(model: Model, data: Dataset, proba: bool) -> Iterator[str]:
    head: Sequence[Any] = classes_of(model) if proba else [target_name(model)]
    yield _lines([head])
    for rows in _rows(model, data, proba):
        yield _lines([[f"{p:.6g}" for p in row] if proba else [_written(row)] for row in rows])


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _written(label: Any) -> Any:
    """A label as files have it: real numbers in the precision of the network."""
    return f"{label:.7g}" if isinstance(label, float) else label


def _json(model: Model, data: Dataset, proba: bool) -> Iterator[str]:
    kind = "probabilities" if proba else "predictions"
    head = {"target": target_name(model), "classes": list(classes_of(model)), "examples": data.n}
    yield f'{json.dumps(head, ensure_ascii=False)[:-1]}, "{kind}": ['
    between = ""
    for rows in _rows(model, data, proba):
        yield between + json.dumps(rows, ensure_ascii=False)[1:-1]
        between = ", "
    yield "]}\n"
