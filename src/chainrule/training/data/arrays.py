"""Arrays as examples: vectors are standardised, the pixels of images divided by the largest value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.columns import NUMERIC
from chainrule.training.data.encoder import Column, Moments
from chainrule.training.data.frames import label_column
from chainrule.training.data.later import pa
from chainrule.training.data.source import Array, Where, array_digest, in_column, in_runs, reason, row_of
from chainrule.training.data.target import Target, TargetRule, target_from

_BYTES = 1 << 23  # of a block


@dataclass(frozen=True)
class ArrayBlock:
    """Rows of arrays.

    X: (rows, *shape), any numbers. labels: an Arrow array, or None. rows: their numbers, from 0.
    """

    X: Array
    labels: Any
    rows: Array

    def take(self, chosen: Array) -> ArrayBlock:
        """The rows at these positions."""
        labels = None if self.labels is None else self.labels.take(pa.array(chosen))
        return ArrayBlock(self.X[chosen], labels, self.rows[chosen])


@dataclass(frozen=True)
class ArrayEncoder:
    """Encodes arrays: (X − mean)/scale. shape: of one example, (d,) or (channels, height, width).

    mean, scale: (d,), or one number each. names: of the inputs, for vectors. target: what is to be predicted.
    constant: names of inputs with one value only in the training part. resized: whether images are resized.
    """

    shape: tuple[int, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    names: Sequence[str] = ()
    target: Target | None = None
    constant: Sequence[str] = field(default=())
    resized: bool = False

    def encode(self, block: ArrayBlock, where: Where) -> tuple[NDArray[np.float32], Array | None]:
        """X, float32 (rows, *shape), and y (rows,) if there are labels.

        Raises DataError for what does not fit.
        """
        if tuple(block.X.shape[1:]) != self.shape:
            place = where(block.rows[0]) if len(block.rows) else "open_data"
            came = tuple(block.X.shape[1:])
            raise DataError(
                f"examples of the shape {self.shape}", f"{came}", place, fitting(self.shape, came)
            )
        _finite(block, where)
        if block.X.dtype == np.uint8 and self.mean.ndim == 0:
            X = block.X.astype(np.float32)
            X -= np.float32(self.mean)
            X /= np.float32(self.scale)
        else:
            X = np.clip((block.X.astype(np.float64) - self.mean) / self.scale, -3e38, 3e38).astype(np.float32)
        if self.target is None or block.labels is None:
            return X, None
        return X, self.target.encode(block.labels, block.rows, where)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Of vectors: how each number becomes an input, as of a table with these names; of images none."""
        if len(self.shape) != 1:
            return ()
        mean, scale = (np.broadcast_to(part, self.shape).tolist() for part in (self.mean, self.scale))
        return tuple(map(Column, self.names, (NUMERIC,) * len(self.names), mean, scale))

    def aimed(self, target: Target | None) -> ArrayEncoder:
        """The same inputs for another target."""
        return replace(self, target=target)

    def state(self) -> dict[str, Any]:
        """The encoder as JSON can store it."""
        return {
            "kind": "array", "version": 1, "shape": list(self.shape), "mean": self.mean.tolist(),
            "scale": self.scale.tolist(), "names": list(self.names), "constant": list(self.constant),
            "resized": self.resized, "target": self.target.state() if self.target else None,
        }  # fmt: skip

    def __str__(self) -> str:
        if len(self.shape) == 1:
            tail = f"; constant: {cells.shown(list(self.constant))}" if self.constant else ""
            return f"vectors of {self.shape[0]} numbers{tail}"
        return f"images of {' × '.join(map(str, self.shape))} (channels, height, width)"


def array_encoder_from(state: dict[str, Any]) -> ArrayEncoder:
    """The encoder that `ArrayEncoder.state` stored."""
    return ArrayEncoder(
        tuple(state["shape"]), np.asarray(state["mean"], np.float64), np.asarray(state["scale"], np.float64),
        list(state["names"]), target_from(state["target"]), list(state["constant"]), bool(state["resized"]),
    )  # fmt: skip


def learned_array(
    source: Any, blocks: Iterable[ArrayBlock], where: Where, standardize: bool | None
) -> ArrayEncoder:
    """The encoder of a source of arrays.

    standardize: None for vectors only; images are divided by `source.largest`.
    """
    shape, names, target = source.shape, list(source.names), source.target
    resized = bool(getattr(source, "resized", False))
    if standardize is False or (standardize is None and len(shape) != 1):
        divisor = np.asarray(source.largest if len(shape) != 1 else 1.0, np.float64)
        return ArrayEncoder(shape, np.zeros(()), divisor, names, target, (), resized)
    d = int(np.prod(shape))
    moments = Moments(d if len(shape) == 1 else 1)
    for block in blocks:
        _finite(block, where)
        X = block.X.astype(np.float64)
        moments.meet(X.reshape(len(X), -1) if len(shape) == 1 else X.reshape(-1, 1))
    constant = (
        [name for name, same in zip(names, moments.constant, strict=True) if same] if len(shape) == 1 else []
    )
    mean, scale = moments.centre(), moments.scale()
    if len(shape) != 1:
        mean, scale = mean[0], scale[0]
    return ArrayEncoder(shape, np.asarray(mean), np.asarray(scale), names, target, constant, resized)


def fitting(shape: Sequence[int], came: Sequence[int]) -> str:
    """A remedy for examples of another shape. Only from vectors to images or back does reshaping help."""
    if len(shape) != len(came) and prod(shape) == prod(came):
        return f"give arrays, reshaped: X.reshape{(-1, *shape)}"
    return "give the features, or images of the size, that the model was trained on"


def _finite(block: ArrayBlock, where: Where) -> None:
    """Raise DataError for the first number that is not finite."""
    if block.X.dtype.kind in "biu":
        return
    short = block.X.dtype.itemsize < 8  # these cannot hold the bound
    bad = ~np.isfinite(block.X) if short else ~(np.abs(block.X) <= cells.LARGEST)
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        place = in_column(where(block.rows[at[0]]), ", ".join(str(i + 1) for i in at[1:]))
        raise DataError(
            f"a finite number, at most {cells.LARGEST:g} in size",
            f"{block.X[at]}",
            place,
            "correct it or leave the row out",
        )


class ArraySource:
    """Examples held in memory as arrays: a Source of ArrayBlock.

    X: (n, d) vectors, (n, height, width) or (n, channels, height, width) images. y: (n,) labels or None.
    names: of the features. largest: what pixels are divided by; None: 255 for bytes, otherwise 1. known: the
    target of an encoder that these labels must fit.
    """

    def __init__(
        self,
        X: Any,
        y: Any = None,
        task: str | None = None,
        names: Sequence[str] = (),
        place: str = "X",
        largest: float | None = None,
        target_name: str = "y",
        known: Target | None = None,
    ) -> None:
        self.place = place
        self.X = checked(X, place)
        self.shape = tuple(int(size) for size in self.X.shape[1:])
        self.names = list(names) or (
            [f"x{i + 1}" for i in range(self.shape[0])] if len(self.shape) == 1 else []
        )
        self.largest = largest or (255.0 if self.X.dtype == np.uint8 else 1.0)
        self.kept = len(self.X)
        rows = max(1, _BYTES // max(1, self.X[:1].nbytes))
        self._rows = rows
        self.sizes = [min(rows, self.kept - start) for start in range(0, self.kept, rows)]
        self.labels, self.target = None, known
        if y is not None:
            self.labels = label_column(y, target_name, place)
            if len(self.labels) != self.kept:
                raise DataError(
                    f"{self.kept} labels, one for each example",
                    f"{len(self.labels)}",
                    target_name,
                    "give a label for each row of X",
                )
            self.target = known or judged(self.labels, target_name, task, place, self.where)

    def read(self, number: int) -> ArrayBlock:
        """A block of rows."""
        rows = slice(number * self._rows, number * self._rows + self.sizes[number])
        labels = None if self.labels is None else self.labels.slice(rows.start, self.sizes[number])
        return ArrayBlock(self.X[rows], labels, np.arange(rows.start, rows.stop))

    def order(self, rng: np.random.Generator) -> list[int]:
        """The blocks in random order."""
        return in_runs(range(len(self.sizes)), rng)

    def where(self, row: int) -> str:
        """The row, counted from 1."""
        return row_of(self.place, row)

    def digest(self) -> str:
        """SHA-256 of dtype, shape and numbers of X, then of y."""
        return array_digest(self.X, None if self.labels is None else np.asarray(self.labels.to_pylist()))

    def describe(self) -> str:
        """In words, what the examples are read from."""
        return f"{self.place}: an array of {self.X.dtype}, {' × '.join(map(str, self.X.shape))}"


def judged(labels: Any, name: str, task: str | None, place: str, where: Where) -> Target:
    """What labels held in memory are."""
    rule = TargetRule(name, task, typed=True)
    rule.meet(labels, np.arange(len(labels)), where)
    return rule.decided(place)


def checked(X: Any, place: str) -> Array:
    """X as an array of numbers with one example per row, images with their channels first.

    Raises DataError.
    """
    wish = "numbers as (n, d), (n, height, width) or (n, channels, height, width)"
    if hasattr(X, "toarray"):
        raise DataError(wish, "a sparse matrix", place, "make a full one: X.toarray()")
    if isinstance(X, np.ma.MaskedArray) and np.ma.getmaskarray(X).any():
        row = int(np.argwhere(np.ma.getmaskarray(X))[0][0])
        raise DataError("a number", "a masked one", row_of(place, row), "fill it in or leave the row out")
    try:
        array = np.asarray(X)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except Exception as fault:  # whatever a stranger's __array__ raises
        raise DataError(
            wish, f"{type(X).__name__}: {reason(fault)}", place, "rows of one length, numbers only"
        ) from None
    if array.dtype.kind not in "biuf":
        raise DataError(wish, f"values of the type {array.dtype}", place, "tables with text come as frames")
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim not in (2, 4):
        raise DataError(
            wish, f"the shape {array.shape}", place, "write X.reshape(-1, 1) if there is one feature"
        )
    if 0 in array.shape:
        raise DataError(
            wish, f"the shape {array.shape}: nothing", place, "give an example, with a number in it"
        )
    return array
