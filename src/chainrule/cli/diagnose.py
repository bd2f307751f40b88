"""chainrule diagnose: what is wrong with a model, its data or its training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from chainrule.cli.datasets import opened_for
from chainrule.cli.defaults import optimizer_for
from chainrule.cli.models import DATA_FOR_MODEL, MODEL_HELP, classes_of, model_of, target_name
from chainrule.cli.output import width
from chainrule.cli.runs import output_path
from chainrule.cli.waiting import DIAGNOSING, under_way
from chainrule.diagnosis import diagnose as diagnosed
from chainrule.diagnosis.finding import Diagnosis
from chainrule.graph.errors import DataError
from chainrule.networks.loading import Model
from chainrule.reports.report import report as reported
from chainrule.training.storage.atomic import write_atomically
from chainrule.training.update import Optimizer

app = typer.Typer(add_completion=False)
_REPORTED = 5000  # examples that a page is about at most

EXAMPLES = """
**Examples**

    chainrule diagnose iris.safetensors iris

    chainrule diagnose iris.safetensors iris --report page.html

    chainrule diagnose iris.safetensors flowers.csv --validation iris --json
"""


@app.command(epilog=EXAMPLES)
def diagnose(
    context: typer.Context,
    model: str = typer.Argument(help=MODEL_HELP),
    data: str = typer.Argument(help=f"{DATA_FOR_MODEL} With labels: the training data."),
    validation: str = typer.Option(
        "", "--validation", metavar="DATA", help="Examples whose labels can be trusted."
    ),
    report: str = typer.Option(
        "", "--report", metavar="PAGE", help="Write a page with the findings and what they rest on."
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on standard output."),
) -> None:
    """Say what is wrong with a model, its data or its training: findings with evidence, cause and remedy.

    Suspicions are tried out by training copies of the network for a few hundred steps; the model stays as it is. How it
    was trained is in the model file where `chainrule train` wrote it; otherwise the learning rate is not judged.
    """
    if report:
        output_path(report, data, "--report")
    found = model_of(model)
    X, y = _examples(found, data, model)
    held = _examples(found, validation, model) if validation else None
    optimizer, size = _training(found)
    names = list(getattr(found.encoder, "names", ()))
    classes = [str(label) for label in classes_of(found)]
    with under_way(DIAGNOSING):
        result = diagnosed(found.network, X, y, held, None, optimizer, size, names, classes)
    if report:
        with under_way(f"writing {report}"):
            _write(report, found, held or (X, y), result, validation or data, str(context.obj))
    if as_json:
        typer.echo(
            json.dumps(
                {"model": model, "data": data, "examples": len(y), **result.to_dict()}, ensure_ascii=False
            )
        )
        return
    typer.echo(result.text(width()))
    if report:
        typer.echo(f"\nThe page with what this rests on: {report}")


def _write(
    path: str, model: Model, examples: tuple[Any, Any], diagnosis: Diagnosis, data: str, command: str
) -> None:
    """The page of a diagnosis, about the examples whose labels can be trusted, where there are such."""
    X, y = (part[:_REPORTED] for part in examples)
    names = [str(label) for label in classes_of(model)] or None
    made = reported(
        model.network, None, X, y, title=f"A diagnosis of {Path(data).name}", diagnosis=diagnosis, command=command,
        data=data, classes=names, features=getattr(model.encoder, "names", None) or None,
    )  # fmt: skip
    write_atomically(path, [made.html().encode()])


def _examples(model: Model, data: str, path: str) -> tuple[Any, Any]:
    """Inputs and labels, in memory. Raises DataError where there are no labels."""
    X, y = opened_for(model, data, path).arrays()
    if y is None:
        raise DataError(
            f"labels, in a column {target_name(model)!r}", "none", data, "chainrule predict needs none"
        )
    return X, y


def _training(model: Model) -> tuple[Optimizer | None, int | None]:
    """The optimiser and the size of the batches that the model file tells of."""
    settings: Any = model.training.get("settings")
    if not isinstance(settings, dict) or not settings.get("optimizer"):
        return None, None
    size = settings.get("batch_size")
    return optimizer_for(str(settings["optimizer"]), float(settings.get("learning_rate") or 0)), int(
        size
    ) if size else None
