"""The page that `--report` writes: on a training run, or on a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.diagnosis.finding import Diagnosis
from chainrule.networks.network import Network
from chainrule.reports.report import report
from chainrule.training.data.learning import Encoder
from chainrule.training.history import History
from chainrule.training.storage.atomic import write_atomically

REPORTED = 5000
"""Examples that a page is about at most."""


@dataclass(frozen=True)
class Shown:
    """What a page says of itself. data: where the examples come from. command: how it was called.

    classes: the labels in the order of the class indices, if any. encoder: knows the names of the inputs.
    """

    title: str
    data: str
    command: str
    classes: Sequence[Any]
    encoder: Encoder | None


def write_page(
    path: str,
    shown: Shown,
    net: Network,
    history: History | None,
    X: Any,
    y: Any,
    diagnosis: Diagnosis | None,
) -> None:
    """Write the page, about the examples (X, y): whole, or not at all."""
    made = report(
        net,
        history,
        X,
        y,
        title=shown.title,
        classes=list(map(str, shown.classes)) or None,
        features=list(getattr(shown.encoder, "names", ())) or None,
        command=shown.command,
        data=shown.data,
        diagnosis=diagnosis,
    )
    write_atomically(path, [made.html().encode()])
