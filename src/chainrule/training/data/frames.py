"""Frames of pandas and Polars, and tables of Arrow: their columns as plain Arrow arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.later import pa, pc
from chainrule.training.data.source import in_column, reason, row_of

BLOCK = 1 << 16  # rows
_KINDS = {"pandas": "a pandas frame", "polars": "a Polars frame", "pyarrow": "an Arrow table"}
_NAMES = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "Table"}


def library(value: object) -> str:
    """ "pandas", "polars" or "pyarrow" for what comes from there, otherwise ""."""
    top = type(value).__module__.partition(".")[0]
    return top if top in _KINDS else ""


class FrameReader:
    """Reads a frame: a Reader of typed columns. label: labels that are no column of it, with their name."""

    typed = True

    def __init__(self, frame: Any, label: tuple[str, Any] | None = None) -> None:
        top = library(frame)
        self.place = _KINDS[top]
        if type(frame).__name__ != _NAMES[top]:
            came = f"a {type(frame).__name__} of {top}"
            raise DataError("a frame", came, "open_data", "collect or convert it to a DataFrame")
        if top == "polars":
            try:
                frame = frame.to_arrow()
            except Exception as fault:  # Polars panics on columns of Python objects
                raise DataError(
                    "columns of one type",
                    reason(fault),
                    self.place,
                    "cast columns of objects to text or numbers, or drop them",
                ) from None
        named = frame.column_names if top != "pandas" else list(frame.columns)
        self.columns = [str(name) for name in named]
        self._table = [self._column(frame, top, i, name) for i, name in enumerate(self.columns)]
        n = len(frame)
        if label is not None:
            name, values = label
            column = label_column(values, name, self.place)
            if len(column) != n:
                raise DataError(
                    f"{n} labels, one for each row",
                    f"{len(column)}",
                    in_column(self.place, name),
                    "give a label for each row of the frame",
                )
            self.columns.append(name)
            self._table.append(column)
        self.sizes = [min(BLOCK, n - start) for start in range(0, n, BLOCK)]
        self.runs = range(len(self.sizes))

    def _column(self, frame: Any, top: str, i: int, name: str) -> Any:
        if top != "pandas":
            return cells.plain(frame.column(i))
        series = frame.iloc[:, i]
        if hasattr(series, "sparse"):
            series = series.sparse.to_dense()
        try:
            return cells.plain(pa.Array.from_pandas(series))
        except Exception as fault:  # of many kinds, by what the cells are
            raise mixed(series, name, self.place, fault) from None

    def expect_numbers(self, names: Iterable[str]) -> None:
        """Columns have types here."""

    def read(self, number: int, names: Sequence[str]) -> dict[str, Any]:
        """The columns of a block."""
        start, size = number * BLOCK, self.sizes[number]
        return {name: self._table[self.columns.index(name)].slice(start, size) for name in names}

    def where(self, row: int) -> str:
        """The frame and the row, counted from 1."""
        return row_of(self.place, row)

    def digest(self) -> str:
        """SHA-256 of names, types and cells, column by column."""
        state = hashlib.sha256()
        for name, column in zip(self.columns, self._table, strict=True):
            state.update(f"{name}\0{column.type}\0{len(column)}\0".encode())
            state.update(np.packbits(cells.missing(column)).tobytes())
            if cells.form(column) == "text":
                state.update(
                    cells.as_numpy(pc.fill_null(pc.binary_length(column), 0)).astype("<i8").tobytes()
                )
                state.update("".join(pc.fill_null(column, "").to_pylist()).encode("utf-8", "surrogatepass"))
            elif cells.form(column) in ("number", "truth"):
                state.update(cells.as_numpy(pc.cast(column, pa.float64(), safe=False).fill_null(0)).tobytes())
        return state.hexdigest()

    def describe(self) -> str:
        """In words, what is read."""
        return self.place


def label_column(values: Any, name: str, place: str) -> Any:
    """Labels given as any one-dimensional sequence, as a plain Arrow array. Raises DataError."""
    where = in_column(place, name)
    try:
        if library(values) == "polars":
            values = values.to_arrow()
        elif library(values) == "pandas":
            values = pa.Array.from_pandas(values)
        if library(values) == "pyarrow":
            return cells.plain(values)
        array = np.asarray(values)
    except Exception as fault:  # whatever a stranger's labels raise
        raise DataError(
            "one label for each example", reason(fault), where, "give a list, an array or a series"
        ) from None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(
            "one label for each example",
            f"labels of the shape {array.shape}",
            where,
            "give them as (n,); of one-hot rows, y.argmax(axis=1)",
        )
    plain = isinstance(values, (list, tuple)) and array.ndim == 1 and np.ndim(values[:1]) == 1
    given = list(values) if plain else array.tolist()  # NumPy would make text of mixed labels
    try:
        return pa.array(given if array.dtype.kind in "OU" else array)
    except Exception as fault:  # of many kinds, by what the labels are
        raise mixed(given, name, place, fault) from None


def mixed(values: Iterable[Any], name: str, place: str, fault: Exception) -> DataError:
    """The error for a column whose cells are of different types: names the first that differs."""
    seen: type | None = None
    for row, value in enumerate(values):
        if (
            value is None
            or type(value).__name__ in ("NAType", "NaTType")
            or (isinstance(value, float) and isnan(value))
        ):
            continue
        if seen is not None and type(value) is not seen and {type(value), seen} != {int, float}:
            where = in_column(row_of(place, row), name)
            came = f"{cells.shown(value)}, a {type(value).__name__}"
            return DataError(
                f"cells of one type, {seen.__name__} as before", came, where, "convert the column"
            )
        seen = type(value)
    return DataError(
        "cells that are numbers, truth values or text",
        reason(fault),
        in_column(place, name),
        "convert the column to one of them",
    )
