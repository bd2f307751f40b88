"""chainrule evaluate: how good a model is on examples with labels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chainrule.cli.datasets import labelled_for
from chainrule.cli.judging import Verdict, guess_from, judged
from chainrule.cli.models import (
    DATA_FOR_MODEL,
    classes_of,
    model_of,
    report_unseen,
)
from chainrule.cli.options import Json, ModelFile, Unseen
from chainrule.cli.tables import table_of

app = typer.Typer(add_completion=False)
_MOST_CLASSES = 30

EXAMPLES = """
**Examples**

    chainrule evaluate iris.safetensors iris

    chainrule evaluate iris.safetensors flowers.csv --json
"""


@app.command(epilog=EXAMPLES)
def evaluate(
    model: ModelFile,
    data: str = typer.Argument(metavar="DATA", help=f"{DATA_FOR_MODEL} With labels."),
    unseen: Unseen = "",
    as_json: Json = False,
) -> None:
    """Judge a model on labelled examples, beside the best guess that looks at no input."""
    found = model_of(model, unseen)
    examples = labelled_for(found.encoder, data, model)
    report_unseen(found)
    verdict = judged(found.network, examples, guess_from(found.training.get("guess")))
    if as_json:
        facts = {"model": model, "data": data, "examples": examples.n, "classes": list(classes_of(found))}
        typer.echo(json.dumps({**facts, **verdict.as_dict()}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    console.print(f"[dim]{escape(model)} on[/] {escape(data)} [dim]· {examples.n:,} examples[/]\n")
    console.print(table_of(verdict, "model"))
    classes = classes_of(found)
    if verdict.counts is not None and len(classes) <= _MOST_CLASSES:
        console.print()
        console.print(_by_class(verdict, classes))


def _by_class(verdict: Verdict, classes: Any) -> Table:
    """Each class: how many there are, how many of them are found, and what they are most often taken for."""
    counts = np.asarray(verdict.counts)
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name in ("class", "examples", "found", "precision", "most often taken for"):
        table.add_column(name, justify="left" if name in ("class", "most often taken for") else "right")
    for k, label in enumerate(classes):
        there, said, right = int(counts[k].sum()), int(counts[:, k].sum()), int(counts[k, k])
        wrong = counts[k].copy()
        wrong[k] = 0
        worst = int(np.argmax(wrong))
        table.add_row(
            escape(str(label)),
            f"{there:,}",
            f"{right / there:.1%}".replace("%", " %") if there else "",
            f"{right / said:.1%}".replace("%", " %") if said else "",
            f"{escape(str(classes[worst]))} ({int(wrong[worst]):,})" if wrong.any() else "",
        )
    return table
