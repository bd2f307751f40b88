"""One entry for all data: arrays, frames, files, folders and built-in sets, by what they are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data.arrays import ArrayEncoder, ArraySource, fitting
from chainrule.training.data.builtin import SETS, builtin
from chainrule.training.data.dataset import MEMORY, Dataset
from chainrule.training.data.delimited import MISSING_WORDS, DelimitedReader
from chainrule.training.data.encoder import TableEncoder
from chainrule.training.data.frames import FrameReader, library
from chainrule.training.data.idx import IdxSource, is_idx, pair
from chainrule.training.data.images import SUFFIXES, ImageSource
from chainrule.training.data.learning import Encoder, encoder_from
from chainrule.training.data.parquet import ParquetReader
from chainrule.training.data.source import close, found, several
from chainrule.training.data.split import checked_whole
from chainrule.training.data.table import Choice, Reader, TableSource
from chainrule.training.data.target import Target

_WHERE = "open_data"
_DELIMITED = {".csv": None, ".tsv": "\t", ".tab": "\t", ".txt": None}
_PARQUET = (".parquet", ".pq")


def open_data(  # noqa: PLR0913 - the settings of a data set, each with a default
    spec: Any,
    target: Any = None,
    *,
    task: str | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    missing: str = "refuse",
    missing_words: Sequence[str] = MISSING_WORDS,
    unseen: str = "refuse",
    standardize: bool | None = None,
    delimiter: str | None = None,
    size: tuple[int, int] | None = None,
    colour: str | None = None,
    part: str = "train",
    encoder: Encoder | dict[str, Any] | None = None,
    memory: int = MEMORY,
) -> Dataset:
    """Open examples, whatever they are kept in, and read them once, so that what is wrong is said at once.

    spec: one of
        arrays (X, y): X (n, d) vectors, (n, height, width) or (n, channels, height, width) images;
        a frame of pandas or Polars or an Arrow table, with its label column, or the labels, as target;
        a path to a CSV (.csv, .txt), TSV (.tsv, .tab) or Parquet file (.parquet, .pq), with the target;
        a path to an IDX file of images beside its labels, a pair of paths, or a folder laid out as MNIST;
        a path to a folder with a folder of PNG or JPEG images for each class;
        the name of a set of scikit-learn: "digits", "iris", "wine", "breast_cancer", "diabetes".
    target: the name of the label column, or the labels (n,).
    task: "classification" or "regression". None: labels that are text, truth values or at most 20
        different whole numbers are classes, others are real.
    ignore: columns to leave out. categorical: columns to take as text although they have numbers.
    missing: "refuse" cells without a value, or "drop" their rows.
    missing_words: the cells of CSV files that mean: missing.
    unseen: "refuse" categories that the training part did not have, or make them "zeros".
    standardize: None for numeric columns and vectors; pixels are divided by their largest value instead.
    delimiter: of a CSV file; None takes that of , ; | and tab which the first line has most of.
    size: (height, width) to which images are resized. colour: "grey" or "rgb".
    part: of a folder laid out as MNIST, "train" or "test".
    encoder: of a trained model, or its state. The data is read as that model needs it: columns by name,
        further ones passed over; labels may be absent. Vectors with names can come from a table, too.
    memory: bytes that encoded examples may take; larger data is read in blocks.

    Raises DataError, which names file, line or row, and column, what was found and what was expected.

    >>> train, held_out = open_data("iris").split(0.2, seed=0)
    >>> X, y = train.arrays()
    >>> X.shape, y.shape, train.classes
    ((120, 4), (120,), ('setosa', 'versicolor', 'virginica'))
    >>> [X.shape for X, y in held_out.batches(16)]
    [(16, 4), (14, 4)]
    """
    memory = checked_whole(memory, "memory, bytes", 1)
    known = encoder_from(encoder) if isinstance(encoder, dict) else encoder
    if isinstance(known, TableEncoder) and isinstance(target, str):
        known = known.aimed(replace(known.target, name=target) if known.target else None)
    aim = known.target if known else None
    if isinstance(spec, tuple) and len(spec) == 2 and target is None:
        spec, target = spec
    choice = Choice(None, task, ignore, categorical, missing)
    source: Any
    if library(spec):
        known = _by_name(known)
        source = _frame(spec, target, choice, known)
    elif isinstance(spec, (str, os.PathLike)):
        name = os.fspath(spec)
        path = Path(name)
        if not name:
            raise DataError(
                "a path or the name of a set",
                "an empty text",
                _WHERE,
                'write a path, or a name such as "iris"',
            )
        if name in SETS:
            source = builtin(name, task, aim)
        elif (reader := _reader(path, delimiter, missing_words)) is not None:
            known = _by_name(known)
            source = _table(reader, replace(choice, target=target), known)
        elif isinstance(target, os.PathLike) or (isinstance(target, str) and "idx" in path.name):
            source = IdxSource(_there(path), Path(target), memory, task, aim)
        elif is_idx(_there(path)):
            source = IdxSource(*pair(path, part), memory, task, aim)
        else:
            source = _images(path, size, colour, known, memory)
    else:
        source = ArraySource(spec, target, task, known=aim)
    _require_kind(source, known)
    options = {"standardize": standardize, "unseen": unseen}
    return Dataset(source, memory, known, options)


def _by_name(known: Encoder | None) -> Encoder | None:
    """The encoder for a table: that of vectors takes columns with the names of its numbers."""
    table = isinstance(known, ArrayEncoder) and known.columns
    return TableEncoder(table, known.target) if known and table else known


def column_names(path: str | os.PathLike[str], delimiter: str | None = None) -> list[str] | None:
    """The names of the columns of a file with a table; None for what is no such file.

    Only the first line, or the schema, is read. Raises DataError where that cannot be.
    """
    reader = _reader(Path(path), delimiter, MISSING_WORDS, names_only=True)
    return list(reader.columns) if reader else None


def _reader(
    path: Path, delimiter: str | None, missing_words: Sequence[str], names_only: bool = False
) -> Reader | None:
    suffix = path.suffix.lower()
    if suffix in _DELIMITED:
        delimiter = delimiter or _DELIMITED[suffix]
        return DelimitedReader(path, delimiter, missing_words, names_only=names_only)
    return ParquetReader(path) if suffix in _PARQUET else None


def _frame(spec: Any, target: Any, choice: Choice, known: Encoder | None) -> TableSource:
    if target is None or isinstance(target, str) or np.ndim(target) == 0:
        target = target if target is None else str(target)
        return _table(FrameReader(spec), replace(choice, target=target), known)
    name = getattr(target, "name", None)
    name = name if isinstance(name, str) and name else "y"
    if known is not None and known.target is not None:
        name = known.target.name
    return _table(FrameReader(spec, (name, target)), replace(choice, target=name), known)


def _table(reader: Reader, choice: Choice, known: Encoder | None) -> TableSource:
    if known is None:
        if choice.target is None:
            columns = list(reader.columns)
            remedy = f"write target={columns[-1]!r}, if it is the last column"
            raise DataError(
                "target, the name of the label column",
                f"none; there are {several(columns)}",
                reader.place,
                remedy,
            )
        return TableSource(reader, choice).profiled()
    if not isinstance(known, TableEncoder):
        raise DataError(
            str(known), "a table", reader.place, "use the kind of data that the model was trained on"
        )
    label = choice.target or (known.target.name if known.target else None)
    if label is not None and choice.target is None and label not in reader.columns:
        label = None
    return TableSource(reader, replace(choice, target=label, features=known.features), known).checked()


def _images(
    path: Path, size: tuple[int, int] | None, colour: str | None, known: Encoder | None, memory: int
) -> ImageSource:
    aim: Target | None = None
    if path.is_file() and (path.suffix.lower() not in SUFFIXES or known is None):
        kinds = ".csv, .tsv, .parquet, IDX, or a folder of images"
        came = path.suffix or "a name without ending"
        remedy = "save it as one of these, or read it yourself and give the arrays: open_data((X, y))"
        if path.suffix.lower() in SUFFIXES:
            remedy = "give the folder with a folder for each class, or the encoder of a model for one image"
        raise DataError(f"a file of a known kind: {kinds}", came, str(path), remedy)
    if isinstance(known, ArrayEncoder) and len(known.shape) == 3:
        aim = known.target
        colour = colour or ("grey" if known.shape[0] == 1 else "rgb")
        size = size or (known.shape[1:] if known.resized else None)
    return ImageSource(path, size, colour, aim, memory)


def _require_kind(source: Any, known: Encoder | None) -> None:
    """Raise DataError where an encoder is for other data."""
    if known is None or isinstance(source, TableSource):
        return
    if not isinstance(known, ArrayEncoder):
        wish = f"a table with the columns {several(known.features)}"
        raise DataError(wish, source.describe(), _WHERE, "a frame has names for its columns")
    if tuple(source.shape) != tuple(known.shape):
        remedy = fitting(known.shape, source.shape)
        if isinstance(source, ImageSource) and len(known.shape) == 3:
            colour = "grey" if known.shape[0] == 1 else "rgb"
            remedy = f'write size={tuple(known.shape[1:])}, colour="{colour}"'
        raise DataError(f"examples of the shape {known.shape}", f"{source.shape}", source.place, remedy)


def _there(path: Path) -> Path:
    """The path, if something is there; the names of built-in sets are near too."""
    try:
        return found(path, "a file or folder")
    except DataError as fault:
        remedy = fault.remedy or close(str(path), SETS)
        raise DataError(fault.needed, fault.came, fault.where, remedy) from None
