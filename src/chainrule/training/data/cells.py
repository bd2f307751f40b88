"""The cells of a column as numbers, truth values or text; a cell that is none of them is named by its place.

A column is an Arrow array of one of four forms: numbers (integers, decimals and floating point), truth
values, text, or nothing but missing values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import DataError
from chainrule.training.data.later import pa, pc
from chainrule.training.data.source import Array, Where, in_column

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?([iI][nN][fF]([iI][nN][iI][tT][yY])?|[nN][aA][nN])$"
INTEGER = r"^[+-]?\d{1,18}$"
TRUTH = ("false", "true")
LARGEST = 1e150
"""Squares of larger numbers overflow, and with them the standard deviation of their column."""


def form(column: Any) -> str:
    """ "number", "truth", "text", "nothing", or "" for what has no place in a table of examples."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_boolean(kind):
        return "truth"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    return "nothing" if pa.types.is_null(kind) else ""


def plain(column: Any) -> Any:
    """The column without a dictionary and in one piece."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column


def first(mask: Any) -> int:
    """The position of the first true value; −1 where there is none."""
    return int(pc.index(mask, True).as_py())


def missing(column: Any) -> Array:
    """Which cells are missing: a mask (rows,)."""
    return as_numpy(column.is_null())


def as_numpy(column: Any) -> NDArray[Any]:
    """A column without missing values, as a NumPy array."""
    return np.asarray(column.to_numpy(zero_copy_only=False))


def refuse_missing(column: Any, name: str, rows: Array, where: Where) -> None:
    """Raise DataError for the first missing value."""
    if column.null_count:
        at = first(column.is_null())
        raise DataError(
            "a value",
            "a missing one",
            in_column(where(rows[at]), name),
            'fill it in, leave such rows out with missing="drop", or leave the column out with ignore',
        )


def numbers(column: Any, name: str, rows: Array, where: Where) -> NDArray[np.float64]:
    """The cells as finite numbers, (rows,). Truth values are 0 and 1."""
    refuse_missing(column, name, rows, where)
    try:
        values = as_numpy(pc.cast(column, pa.float64(), safe=False)).astype(np.float64, copy=False)
    except pa.ArrowInvalid:
        refuse_text(column, name, rows, where)
        raise DataError(
            "numbers", "something else", in_column(where(rows[0]), name), "write them as 2, -0.5 or 1e3"
        ) from None
    bad = ~(np.abs(values) <= LARGEST)
    if bad.any():
        at = int(np.argmax(bad))
        came = shown(column[at].as_py())
        raise DataError(
            f"a finite number, at most {LARGEST:g} in size",
            came,
            in_column(where(rows[at]), name),
            "correct it",
        )
    return values


def refuse_text(column: Any, name: str, rows: Array, where: Where) -> None:
    """Raise DataError for the first cell that is no number."""
    at = first(pc.invert(pc.match_substring_regex(column, NUMBER)))
    if at >= 0:
        raise DataError(
            "a number",
            shown(column[at].as_py()),
            in_column(where(rows[at]), name),
            f'correct the cell, or say that the column is text: categorical=["{name}"]',
        )


def truths(column: Any, name: str, rows: Array, where: Where) -> NDArray[np.float64]:
    """The cells as 0 for false and 1 for true, (rows,)."""
    refuse_missing(column, name, rows, where)
    if form(column) == "truth":
        return as_numpy(column).astype(np.float64)
    if form(column) == "text":
        at = pc.index_in(pc.utf8_lower(column), value_set=pa.array(TRUTH))
        if not at.null_count:
            return as_numpy(at).astype(np.float64)
        place = first(at.is_null())
    else:
        place = 0
    came = shown(column[place].as_py())
    raise DataError("true or false", came, in_column(where(rows[place]), name), "correct the cell")


def texts(column: Any, name: str, rows: Array, where: Where) -> Any:
    """The cells as text, an Arrow array of strings. Numbers read as Python writes them."""
    refuse_missing(column, name, rows, where)
    if form(column) == "text":
        return column
    if form(column) == "truth":
        return pc.if_else(column, TRUTH[1], TRUTH[0])
    return pc.cast(column, pa.string())


def positions(column: Any, known: Sequence[Any]) -> tuple[NDArray[np.int64], int]:
    """Where each cell stands among the known values, (rows,), and the first that does not: its row, or −1."""
    at = pc.index_in(column, value_set=pa.array(list(known), column.type))
    unseen = first(at.is_null()) if at.null_count else -1
    return as_numpy(at.fill_null(-1)).astype(np.int64), unseen


def shown(value: Any) -> str:
    """A cell in a message."""
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "..."
