"""A table as examples: which columns are features, what each holds, and rows without missing cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.columns import NUMERIC, ColumnRule
from chainrule.training.data.later import pa
from chainrule.training.data.source import Array, close, in_runs, several
from chainrule.training.data.target import Target, TargetRule

MISSING = ("refuse", "drop")
_WHERE = "open_data"


class Reader(Protocol):
    """What reads a table, in blocks.

    columns: all names. typed: whether columns come with types. runs: of each block, the run it belongs to;
    blocks of one run are quicker to read one after the other.
    """

    place: str

    @property
    def columns(self) -> Sequence[str]: ...

    @property
    def sizes(self) -> Sequence[int]: ...

    @property
    def runs(self) -> Sequence[int]: ...

    @property
    def typed(self) -> bool: ...

    def expect_numbers(self, names: Iterable[str]) -> None:
        """These columns are likely to hold numbers only: a hint that makes reading faster."""

    def read(self, number: int, names: Sequence[str]) -> dict[str, Any]:
        """The columns of a block, plain Arrow arrays, null where a cell is missing."""

    def where(self, row: int) -> str:
        """The place of a row, counted from 0."""

    def digest(self) -> str:
        """SHA-256, in hexadecimal."""

    def describe(self) -> str:
        """In words, what is read."""


@dataclass(frozen=True)
class TableBlock:
    """Rows of a table. columns: plain Arrow arrays. rows: the number of each row in the table, from 0."""

    columns: dict[str, Any]
    rows: Array

    def take(self, chosen: Array) -> TableBlock:
        """The rows at these positions."""
        at = pa.array(chosen)
        return TableBlock({name: column.take(at) for name, column in self.columns.items()}, self.rows[chosen])


@dataclass(frozen=True)
class Choice:
    """What of a table is used, and how.

    target: the label column; None for none. task: "classification", "regression" or None for the rule.
    ignore: columns to leave out. categorical: columns to read as text. missing: "refuse" or "drop" rows
    with missing cells. features: names that are wanted, None for all others.
    """

    target: str | None = None
    task: str | None = None
    ignore: Sequence[str] = ()
    categorical: Sequence[str] = ()
    missing: str = "refuse"
    features: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.missing not in MISSING:
            raise DataError(
                'missing as "refuse" or "drop"',
                repr(self.missing),
                _WHERE,
                'write missing="drop", or leave it out',
            )
        for what in ("ignore", "categorical"):
            names = getattr(self, what)
            if isinstance(names, str) or not isinstance(names, (list, tuple)):
                raise DataError(
                    f"{what} as a list of names", repr(names)[:80], _WHERE, f'write {what}=["..."]'
                )


class TableSource:
    """The examples of a table: a Source whose blocks are a TableBlock each.

    names: the features in the order of the table. kinds: what each holds. target: the label, or None.
    encoder: of a trained model, which the table must fit.
    """

    def __init__(self, reader: Reader, choice: Choice, encoder: Any = None) -> None:
        self.place, self.sizes = reader.place, reader.sizes
        self.digest, self.describe, self.where = reader.digest, reader.describe, reader.where
        self._reader, self._choice = reader, choice
        self.names = _features(reader, choice)
        self.kinds: dict[str, str] = {}
        self.target: Target | None = encoder.target if encoder else None
        self._encoder = encoder
        self.kept = sum(self.sizes)
        self._starts = np.concatenate([[0], np.cumsum(self.sizes, dtype=np.int64)])
        if not self.kept:
            raise DataError(
                "rows below the names of the columns", "none", self.place, "add a row for each example"
            )

    @property
    def dropped(self) -> int:
        """How many rows are left out because a cell is missing."""
        return sum(self.sizes) - self.kept

    def read(self, number: int) -> TableBlock:
        """A block, without the rows that are left out."""
        wanted = [*self.names, *([self._choice.target] if self._choice.target else [])]
        columns = self._reader.read(number, wanted)
        rows = np.arange(self._starts[number], self._starts[number + 1])
        block = TableBlock(columns, rows)
        if self._choice.missing == "drop":
            gone = np.zeros(len(rows), bool)
            for column in columns.values():
                gone |= cells.missing(column)
            if gone.any():
                block = block.take(np.flatnonzero(~gone))
        return block

    def order(self, rng: np.random.Generator) -> list[int]:
        """The blocks in random order; those of one run stay together."""
        return in_runs(self._reader.runs, rng)

    def profiled(self) -> TableSource:
        """Pass over the table once: what the columns hold, how many rows are kept, what the target is.

        Raises DataError for the first cell that cannot be right.
        """
        typed, choice = self._reader.typed, self._choice
        rules = [ColumnRule(name, typed, name in choice.categorical) for name in self.names]
        label = TargetRule(choice.target, choice.task, typed) if choice.target else None
        kept = 0
        for number in range(len(self.sizes)):
            block = self.read(number)
            kept += len(block.rows)
            for rule in rules:
                rule.meet(block.columns[rule.name], block.rows, self.where)
            if label:
                label.meet(block.columns[label.name], block.rows, self.where)
            if number == 0:
                numeric = [
                    name for name in self.names if name not in choice.categorical and _numbers(block, name)
                ]
                self._reader.expect_numbers(numeric)
        self.kept = kept
        if not kept:
            raise DataError(
                "a row without missing cells", "none", self.place, "leave out the emptiest columns: ignore"
            )
        self.kinds = {rule.name: rule.decided(self.place, self.where) for rule in rules}
        self.target = label.decided(self.place) if label else None
        return self

    def checked(self) -> TableSource:
        """Pass over the table once: every row can be encoded.

        Raises DataError for the first cell that cannot.
        """
        numeric = [column.name for column in self._encoder.columns if column.kind == NUMERIC]
        self._reader.expect_numbers(numeric)
        kept = 0
        for number in range(len(self.sizes)):
            block = self.read(number)
            kept += len(block.rows)
            self._encoder.encode(block, self.where)
        self.kept = kept
        return self


def _numbers(block: TableBlock, name: str) -> bool:
    column = block.columns[name]
    if cells.form(column) != "text":
        return cells.form(column) == "number"
    try:
        cells.numbers(column, name, block.rows, str)
    except DataError:
        return False
    return True


def _features(reader: Reader, choice: Choice) -> list[str]:
    """The names of the features. Raises DataError for names that are absent or twice there."""
    known, place = list(reader.columns), reader.place
    twice = sorted({name for name in known if known.count(name) > 1}) if len(set(known)) < len(known) else []
    if twice:
        at = [str(i + 1) for i, name in enumerate(known) if name == twice[0]]
        came = f"{twice[0]!r} as columns {' and '.join(at)}"
        raise DataError("a different name for each column", came, place, "rename or remove one")
    if choice.target is not None:
        _require(choice.target, known, place, "the label column")
    for name in [*choice.ignore, *choice.categorical]:
        _require(name, known, place, "the column")
    if choice.features is not None:
        for name in choice.features:
            _require(name, known, place, "the column")
        return list(choice.features)
    names = [name for name in known if name != choice.target and name not in choice.ignore]
    if not names:
        raise DataError(
            "at least one column beside the label",
            f"the columns {several(known)}",
            place,
            "add a column, shorten ignore, or correct the delimiter",
        )
    return names


def _require(name: str, known: Sequence[str], place: str, what: str) -> None:
    if not isinstance(name, str):
        raise DataError(f"a name for {what}", repr(name)[:80], place, f"write one of {several(known)}")
    if name not in known:
        came = f"a table with {several(known)}"
        raise DataError(f"{what} {name!r}", came, place, close(name, known))
