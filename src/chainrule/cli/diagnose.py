"""chainrule diagnose: what is wrong with a model, its data or its training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from chainrule.cli.datasets import DIAGNOSED, labelled_for, some_of
from chainrule.cli.defaults import optimizer_for
from chainrule.cli.models import DATA_FOR_MODEL, classes_of, model_of
from chainrule.cli.options import Json, ModelFile
from chainrule.cli.output import width
from chainrule.cli.pages import REPORTED, Shown, write_page
from chainrule.cli.runs import output_path
from chainrule.cli.waiting import DIAGNOSING, under_way
from chainrule.diagnosis import diagnose as diagnosed
from chainrule.networks.loading import Model
from chainrule.training.update import Optimizer

app = typer.Typer(add_completion=False)

EXAMPLES = """
**Examples**

    chainrule diagnose iris.safetensors iris

    chainrule diagnose iris.safetensors iris --report page.html

    chainrule diagnose iris.safetensors flowers.csv --validation iris --json
"""


@app.command(epilog=EXAMPLES)
def diagnose(
    context: typer.Context,
    model: ModelFile,
    data: str = typer.Argument(metavar="DATA", help=f"{DATA_FOR_MODEL} With labels: the training data."),
    validation: str = typer.Option(
        "", "--validation", metavar="DATA", help="Examples whose labels can be trusted."
    ),
    report: str = typer.Option(
        "", "--report", metavar="PAGE", help="Write a page with the findings and what they rest on."
    ),
    as_json: Json = False,
) -> None:
    """Say what is wrong with a model, its data or its training: findings with evidence, cause and remedy.

    Suspicions are tried out by training copies of the network for a few hundred steps; the model stays as it is. How it
    was trained is in the model file where `chainrule train` wrote it; otherwise the learning rate is not judged. Of
    more than 10,000 examples so many are looked at, by chance.
    """
    if report:
        output_path(report, data, "--report")
    found = model_of(model)
    examples = labelled_for(found.encoder, data, model)
    trusted = labelled_for(found.encoder, validation, model) if validation else None
    X, y = some_of(examples, DIAGNOSED)
    held = some_of(trusted, DIAGNOSED) if trusted else None
    optimizer, size = _training(found)
    names = list(getattr(found.encoder, "names", ()))
    classes = [str(label) for label in classes_of(found)]
    with under_way(DIAGNOSING):
        result = diagnosed(found.network, X, y, held, None, optimizer, size, names, classes)
    if report:
        with under_way(f"writing {report}"):
            place = validation or data
            title = f"A diagnosis of {Path(place).name}"
            shown = Shown(title, place, str(context.obj), classes_of(found), found.encoder)
            write_page(report, shown, found.network, None, *some_of(trusted or examples, REPORTED), result)
    if as_json:
        typer.echo(
            json.dumps(
                {"model": model, "data": data, "examples": len(X), **result.to_dict()}, ensure_ascii=False
            )
        )
        return
    typer.echo(result.text(width()))
    if report:
        typer.echo(f"\nThe page with what this rests on: {report}")


def _training(model: Model) -> tuple[Optimizer | None, int | None]:
    """The optimiser and the size of the batches that the model file tells of."""
    settings: Any = model.training.get("settings")
    if not isinstance(settings, dict) or not settings.get("optimizer"):
        return None, None
    size = settings.get("batch_size")
    return optimizer_for(str(settings["optimizer"]), float(settings.get("learning_rate") or 0)), int(
        size
    ) if size else None
