"""Model files as the commands use them: their network, and rows of raw data as its inputs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

import chainrule as cr
from chainrule.training.data.encoder import UNSEEN, TableEncoder
from chainrule.training.data.source import several

if TYPE_CHECKING:
    from chainrule.networks.loading import Model

MODEL_HELP = "A model file, as `chainrule train` and `net.save` write them."
DATA_FOR_MODEL = (
    "Data with the columns, or images of the size, that the model was trained on; columns in any order."
)
UNSEEN_HELP = "refuse categories that training did not have, or make their inputs zeros."


def is_model(text: str) -> bool:
    """Whether a text that may be an expression is the name of a model file."""
    return text.endswith(".safetensors")


def refuse_with_model(options: Mapping[str, Any]) -> None:
    """Raise for options that say what an expression lacks and a model has. The call is at fault."""
    for option, value in options.items():
        if value:
            raise typer.BadParameter("a model file has its own shapes, values and leaves", param_hint=option)


def model_of(path: str, unseen: str = "") -> Model:
    """The model in a file. unseen: what its encoder is to do with new categories; empty for what it says itself.

    Raises DataError for what is no model file.
    """
    if unseen and unseen not in UNSEEN:
        raise typer.BadParameter(f"{unseen!r} is not one of {', '.join(UNSEEN)}", param_hint="--unseen")
    model = cr.load_model(path)
    encoder = model.encoder
    if unseen and isinstance(encoder, TableEncoder):
        return replace(model, encoder=TableEncoder(encoder.columns, encoder.target, unseen))
    return model


def classes_of(model: Model) -> tuple[Any, ...]:
    """The labels in the order of the class indices; empty for real labels."""
    if model.classes:
        return model.classes
    target = model.encoder.target if model.encoder else None
    return tuple(target.classes) if target else ()


def target_name(model: Model) -> str:
    """What is predicted."""
    target = model.encoder.target if model.encoder else None
    return target.name if target else "y"


def report_unseen(model: Model) -> None:
    """Say on standard error which categories were passed over."""
    encoder = model.encoder
    if not isinstance(encoder, TableEncoder) or not encoder.passed_over:
        return
    for name in dict.fromkeys(column for column, _ in encoder.passed_over):
        new = {text: count for (column, text), count in encoder.passed_over.items() if column == name}
        words = f'{sum(new.values()):,} cells of column "{name}" that training did not have: {several(new)}'
        typer.echo(f"chainrule: note: {words}; their inputs are 0", err=True)
    encoder.passed_over.clear()
    sys.stderr.flush()
