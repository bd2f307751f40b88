"""The data that commands are given: files, folders and names, with remedies in the words of the options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

from chainrule.graph.errors import DataError
from chainrule.training.data.builtin import SETS
from chainrule.training.data.dataset import Dataset
from chainrule.training.data.learning import Encoder
from chainrule.training.data.opening import column_names, open_data
from chainrule.training.data.shuffle import Pair
from chainrule.training.data.source import close, several

DIAGNOSED = 10_000
"""Examples that a network is diagnosed on at most."""
OBVIOUS = ("target", "label", "labels", "class", "y", "outcome")
"""Names of columns that are taken as the target where none is named, if there is one of them only."""
DATA_HELP = (
    "A CSV, TSV or Parquet file, a folder of images by class, IDX files as MNIST has them, or one of "
    f"{', '.join(SETS)}."
)


def opened(data: str, target: str, **settings: Any) -> Dataset:
    """The data to train on. Raises DataError for what cannot be read, and where no target is obvious."""
    with in_options():
        names = None if data in SETS else column_names(data)
        if names and not target:
            target = _obvious(names, data)
        return open_data(data, target or None, unseen="zeros", **settings)


def opened_for(encoder: Encoder | None, data: str, path: str, missing: str = "") -> Dataset:
    """Data as a model's encoder needs it. Raises DataError where the data does not fit.

    path: of the model. missing: as for `open_data`, where the command has such an option.
    """
    if encoder is None:
        remedy = "train it by chainrule train, or use net.predict in Python"
        raise DataError("a model that knows how to read data", "one without an encoder", path, remedy)
    with in_options(missing=bool(missing)):
        names = None if data in SETS else column_names(data)
        wanted = [column.name for column in encoder.columns]
        absent = [name for name in wanted if names is not None and name not in names]
        if absent:
            near = close(absent[0], names or ())
            raise DataError(
                f"the columns {several(wanted, 20)}",
                f"a table without {several(absent, 20)}; it has {several(names or (), 20)}",
                data,
                near or "add them, or give the data that the model was trained for",
            )
        return open_data(data, encoder=encoder, missing=missing or "refuse")


def labelled_for(
    encoder: Encoder | None,
    data: str,
    path: str,
    missing: str = "",
    remedy: str = "chainrule predict needs none",
) -> Dataset:
    """The same for data that has to have labels. Raises DataError where it has none."""
    examples = opened_for(encoder, data, path, missing)
    if next(examples.labels(), None) is None:
        name = examples.target.name if examples.target else "y"
        raise DataError(f"labels, in a column {name!r}", "none", data, remedy)
    return examples


def some_of(data: Dataset, most: int) -> Pair:
    """Inputs and labels of all examples, in their order; of more than `most`, or than fit in memory, so many by chance.

    By chance, because tables and folders are often sorted by class. The same in each call.
    """
    most = min(most, max(1, data.memory // (4 * prod(data.shape))))
    return next(data.batches(min(data.n, most), shuffle=data.n > most))


def _obvious(names: list[str], data: str) -> str:
    found = [name for name in names if name.lower() in OBVIOUS]
    if len(found) == 1:
        return found[0]
    came = f"{' and '.join(map(repr, found))} among them" if found else "no obvious one"
    raise DataError(
        f"the column to predict, one of {several(names, 40)}",
        came,
        data,
        f"write --target {_quoted(names[-1])}",
    )


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else f"'{name}'"


@contextmanager
def in_options(missing: bool = True) -> Iterator[None]:
    """Errors about data name the options of the command in place of the arguments of `open_data`.

    missing: whether the command has --missing and --ignore; where it has not, no remedy speaks of them.
    """
    try:
        yield
    except DataError as fault:
        remedy = as_options(fault.remedy)
        if "--missing" in remedy and not missing:
            remedy = "fill it in, or leave the row out"
        raise DataError(fault.needed, fault.came, fault.where, remedy) from None


def as_options(remedy: str) -> str:
    """A remedy in the words of the options.

    >>> as_options('leave such rows out with missing="drop", or leave the column out with ignore')
    'leave such rows out with --missing drop, or leave the column out with --ignore'
    """
    text = re.sub(r"\b(\w+)=\[?([\"'])(.+?)\2\]?", lambda found: f"--{found[1]} {_quoted(found[3])}", remedy)
    text = re.sub(r"(?<!\w)size=\((\d+), (\d+)\)", r"--size \1x\2", text)
    return re.sub(r"(?<![-\w])(ignore|categorical)(?!\w)", r"--\1", text)


def size_of_images(text: str) -> tuple[int, int] | None:
    """28x28 as (28, 28). Raises DataError for anything else."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", text)
    if not found or "0" in found.groups():
        raise DataError("height and width in pixels", repr(text)[:40], "--size", "write --size 28x28")
    return int(found[1]), int(found[2])
