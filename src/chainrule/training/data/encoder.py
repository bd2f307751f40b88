"""From the rows of a table to the numbers that a network takes: standardised, and one-hot for categories.

What is learned, means, standard deviations and categories, is learned from the training part alone, is
plain data that a model file can store, and is applied to other rows by the names of the columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.columns import BOOLEAN, CATEGORICAL, NUMERIC
from chainrule.training.data.later import pa, pc
from chainrule.training.data.source import Array, Where, in_column, several
from chainrule.training.data.table import TableBlock
from chainrule.training.data.target import Target, target_from

UNSEEN = ("refuse", "zeros")


class Moments:
    """Running mean and standard deviation of d columns over blocks of rows (Chan, Golub, LeVeque 1979)."""

    def __init__(self, d: int) -> None:
        self.n: float = 0
        """How many rows were met, or the sum of their weights."""
        self.mean, self._squares = np.zeros(d), np.zeros(d)
        self.low, self.high = np.full(d, np.inf), np.full(d, -np.inf)

    def meet(self, X: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> None:
        """Take a block into account. X: (rows, d). weights: how much each row counts, (rows,)."""
        more = len(X) if weights is None else float(weights.sum())
        if not more:
            return
        mean = np.average(X, axis=0, weights=weights)
        step, n = mean - self.mean, self.n + more
        squares = (X - mean) ** 2 if weights is None else weights[:, None] * (X - mean) ** 2
        self._squares += squares.sum(axis=0) + step**2 * (self.n * more / n)
        self.mean += step * (more / n)
        self.low, self.high = np.minimum(self.low, X.min(axis=0)), np.maximum(self.high, X.max(axis=0))
        self.n = n

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which columns hold one value only."""
        return np.asarray(self.low == self.high)

    @property
    def variance(self) -> NDArray[np.float64]:
        """The mean squared distance from the mean."""
        return self._squares / max(self.n, 1)

    def scale(self) -> NDArray[np.float64]:
        """The standard deviation, with divisor n; 1 for constant columns, which so become 0."""
        deviation = np.sqrt(self.variance)
        return np.where(self.constant | (deviation == 0), 1.0, deviation)

    def centre(self) -> NDArray[np.float64]:
        """The mean; of constant columns exactly their value."""
        return np.where(self.constant, self.low, self.mean)


@dataclass(frozen=True)
class Column:
    """How one column becomes inputs.

    numeric: (v − mean)/scale. boolean: 0 or 1. categorical: one-hot, sorted.
    """

    name: str
    kind: str
    mean: float = 0.0
    scale: float = 1.0
    constant: bool = False
    categories: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Of the inputs it becomes."""
        return [f"{self.name}={category}" for category in self.categories] if self.categories else [self.name]


class TableEncoder:
    """Encodes rows of a table. columns: of the features, in the order of the inputs.

    target: what is to be predicted, or None. unseen: "refuse" a category that the training part did not
    have, or make it "zeros" in all its inputs. passed_over: how often that was done, by column and category.

    >>> age, sex = Column("age", "numeric", 40.0, 10.0), Column("sex", "categorical", categories=("f", "m"))
    >>> encoder = TableEncoder([age, sex])
    >>> encoder.names
    ['age', 'sex=f', 'sex=m']
    >>> table_encoder_from(encoder.state()).state() == encoder.state()
    True
    """

    def __init__(
        self, columns: Sequence[Column], target: Target | None = None, unseen: str = "refuse"
    ) -> None:
        if unseen not in UNSEEN:
            raise DataError(
                'unseen as "refuse" or "zeros"',
                repr(unseen),
                "open_data",
                'write unseen="zeros", or leave it out',
            )
        self.columns, self.target, self.unseen = tuple(columns), target, unseen
        self.passed_over: Counter[tuple[str, str]] = Counter()
        self.names = [name for column in self.columns for name in column.names]
        self.shape = (len(self.names),)

    @property
    def features(self) -> list[str]:
        """The names of the columns that are needed."""
        return [column.name for column in self.columns]

    @property
    def constant(self) -> list[str]:
        """Numeric columns with one value only in the training part: they become 0 and teach nothing."""
        return [column.name for column in self.columns if column.constant]

    def encode(self, block: TableBlock, where: Where) -> tuple[NDArray[np.float32], Array | None]:
        """X, float32 (rows, inputs), and y (rows,) if the labels are there.

        Raises DataError for missing cells, cells of another kind, and categories that are not known.
        """
        X = np.zeros((len(block.rows), len(self.names)), np.float32)
        at = 0
        for column in self.columns:
            cell = block.columns[column.name]
            if not len(cell):
                continue
            if column.kind == CATEGORICAL:
                self._one_hot(X[:, at : at + len(column.categories)], cell, column, block.rows, where)
            elif column.kind == BOOLEAN:
                X[:, at] = cells.truths(cell, column.name, block.rows, where)
            else:
                _require_numeric(cell, column.name, block.rows, where)
                values = cells.numbers(cell, column.name, block.rows, where)
                X[:, at] = np.clip((values - column.mean) / column.scale, -3e38, 3e38)
            at += len(column.names)
        if self.target is None or self.target.name not in block.columns:
            return X, None
        return X, self.target.encode(block.columns[self.target.name], block.rows, where)

    def _one_hot(self, X: Array, cell: Any, column: Column, rows: Array, where: Where) -> None:
        texts = cells.texts(cell, column.name, rows, where)
        at, unseen = cells.positions(texts, column.categories)
        if unseen >= 0 and self.unseen == "refuse":
            raise DataError(
                f"one of the categories {several(column.categories)}",
                f"{cells.shown(texts[unseen].as_py())}, which the training part did not have",
                in_column(where(rows[unseen]), column.name),
                'write unseen="zeros" to make such cells 0 in each of the inputs',
            )
        if unseen >= 0:
            new = texts.filter(pc.invert(pc.is_in(texts, value_set=pa.array(column.categories, texts.type))))
            self.passed_over.update((column.name, category) for category in new.to_pylist())
        known = np.flatnonzero(at >= 0)
        X[known, at[known]] = 1

    def aimed(self, target: Target | None) -> TableEncoder:
        """The same inputs for another target."""
        return TableEncoder(self.columns, target, self.unseen)

    def state(self) -> dict[str, Any]:
        """The encoder as JSON can store it."""
        columns = [asdict(column) | {"categories": list(column.categories)} for column in self.columns]
        target = self.target.state() if self.target else None
        return {"kind": "table", "version": 1, "columns": columns, "target": target, "unseen": self.unseen}

    def __str__(self) -> str:
        kinds = [column.kind for column in self.columns]
        counts = [f"{kinds.count(kind)} {kind}" for kind in (NUMERIC, BOOLEAN, CATEGORICAL) if kind in kinds]
        words = f"{', '.join(counts)} columns, {len(self.names)} inputs"
        return words + (f"; constant: {several(self.constant)}" if self.constant else "")


def _require_numeric(cell: Any, name: str, rows: Array, where: Where) -> None:
    form = cells.form(cell)
    if form not in ("number", "text", "nothing"):
        came = f"{form or cell.type} cells" if form != "truth" else "truth values"
        raise DataError("numbers", came, in_column(where(rows[0]), name), "convert the column")


def learned_table(
    kinds: dict[str, str],
    target: Target | None,
    blocks: Iterable[TableBlock],
    where: Where,
    standardize: bool = True,
    unseen: str = "refuse",
) -> TableEncoder:
    """The encoder for columns of these kinds, learned from one pass over the blocks of the training part."""
    numeric = [name for name, kind in kinds.items() if kind == NUMERIC]
    met: dict[str, set[str]] = {name: set() for name, kind in kinds.items() if kind == CATEGORICAL}
    moments = Moments(len(numeric))
    for block in blocks:
        if numeric and len(block.rows):
            columns = [cells.numbers(block.columns[name], name, block.rows, where) for name in numeric]
            moments.meet(np.stack(columns, axis=1))
        for name, categories in met.items():
            categories.update(
                pc.unique(cells.texts(block.columns[name], name, block.rows, where)).to_pylist()
            )
    mean, scale, constant = moments.centre(), moments.scale(), moments.constant
    columns_: list[Column] = []
    for name, kind in kinds.items():
        if kind != NUMERIC:
            columns_.append(Column(name, kind, categories=tuple(sorted(met.get(name, ())))))
            continue
        i = numeric.index(name)
        numbers = (float(mean[i]), float(scale[i])) if standardize else (0.0, 1.0)
        columns_.append(Column(name, kind, *numbers, constant=bool(constant[i])))
    return TableEncoder(columns_, target, unseen)


def table_encoder_from(state: dict[str, Any]) -> TableEncoder:
    """The encoder that `TableEncoder.state` stored."""
    columns = [
        Column(**(column | {"categories": tuple(column["categories"])})) for column in state["columns"]
    ]
    return TableEncoder(columns, target_from(state["target"]), state["unseen"])
