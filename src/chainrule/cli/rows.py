"""One row of raw data as an example of a model: its cells, its inputs, its label, and what the model makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.cli.datasets import opened_for
from chainrule.cli.models import classes_of, report_unseen, target_name
from chainrule.cli.words import number
from chainrule.documents.model import Picture, Section, Table
from chainrule.documents.pixels import image
from chainrule.networks.heads import of_each_class
from chainrule.networks.loading import Model
from chainrule.readings.formula import Style
from chainrule.readings.formula.printer import Printer
from chainrule.training.data.encoder import Column

_MOST_ROWS = 60  # of a table of inputs
_WIDEST = 200  # pixels of a small image, as it is shown


@dataclass(frozen=True)
class Example:
    """A row as the model sees it.

    x: of the input's shape. y: the index of its class, or a real label; of the model's own answer where the data
    has no label. given: the label that the data has; None for none. cells: the raw value of each column, or
    of each input. shares: the probability of each class; none for real labels. answer: class or number.
    """

    model: Model
    row: int
    place: str
    x: NDArray[Any]
    y: Any
    given: Any
    cells: dict[str, Any]
    shares: NDArray[Any] | None
    answer: Any

    @property
    def columns(self) -> list[Column]:
        """How each column becomes inputs; none for images."""
        return list(self.model.encoder.columns) if self.model.encoder else []


def example_of(model: Model, path: str, data: str, row: int) -> Example:
    """A row of data, from 1. Raises DataError for a row that is not there, and for data that does not fit."""
    examples = opened_for(model.encoder, data, path).take(row - 1)
    report_unseen(model)
    X, labels = examples.arrays()
    block: Any = next(examples.blocks())
    classes = classes_of(model)
    answer = model.network.predict(X)[0]
    y = answer if labels is None else labels[0]
    if hasattr(block, "columns"):
        cells = {name: column[0].as_py() for name, column in block.columns.items()}
    else:
        names = list(getattr(model.encoder, "names", ()))
        cells = dict(zip(names, np.asarray(block.X[0]).reshape(-1).tolist(), strict=False))
    given = None if labels is None else (classes[int(labels[0])] if classes else float(labels[0]))
    shares = of_each_class(model.network.predict_proba(X))[0].astype(float) if classes else None
    said = classes[int(answer)] if classes else float(answer)
    return Example(model, row, data, X[0], y, given, cells, shares, said)


def inputs_section(example: Example) -> Section:
    """How the cells of the row become the inputs x of the network."""
    network = example.model.network
    name = Printer(Style(latex=False)).name(network.input)
    if not example.columns:
        said = f"Row {example.row} of {example.place}, as the network sees it: {name} of {_times(example.x.shape)}"
        picture = Picture(image(example.x), said, said, size=shown_size(example.x.shape))
        return Section("The image", (picture,), "image")
    rows, at = [], 1
    for column in example.columns:
        cell = example.cells.get(column.name)
        for part in column.names:
            value = float(example.x[at - 1])
            rows.append((f"{name}[{at}]", column.name, _cell(cell), _how(column, part), number(value)))
            at += 1
    caption = f"{len(rows) - _MOST_ROWS} further inputs are left out." if len(rows) > _MOST_ROWS else ""
    head = ("input", "column", "cell", "how", "value")
    return Section(
        "From the columns to the inputs", (Table(head, tuple(rows[:_MOST_ROWS]), caption),), "inputs"
    )


def answer_words(example: Example) -> str:
    """What the model says, how sure it is, and what the data says."""
    what = target_name(example.model)
    if example.shares is None:
        said = f"{what}: {number(example.answer)}"
        return said if example.given is None else f"{said}. The data says {number(example.given)}"
    said = f"{what}: {example.answer}, with probability {example.shares.max():.4g}"
    if example.given is None:
        return said
    return said + (
        ", as the data says" if example.given == example.answer else f"; the data says {example.given}"
    )


def shown_size(shape: tuple[int, ...]) -> int:
    """How wide an image is shown, in pixels: a whole number for each of its own."""
    return shape[-1] * max(1, _WIDEST // shape[-1])


def _how(column: Column, part: str) -> str:
    if column.categories:
        return f"1 where it is {part.partition('=')[2]}"
    if column.kind == "boolean":
        return "1 where true"
    if column.scale == 1 and not column.mean:
        return "as it is"
    sign = "−" if column.mean >= 0 else "+"
    return f"(cell {sign} {abs(column.mean):.4g}) / {column.scale:.4g}"


def _cell(cell: Any) -> str:
    return f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
