"""Examples ready for training: in memory or in batches, encoded, split and shuffled by seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data.learning import Encoder, learned
from chainrule.training.data.shuffle import Pair, batches, generator
from chainrule.training.data.source import Array, Block, Source, several
from chainrule.training.data.split import (
    Drawn,
    Listed,
    Part,
    Whole,
    checked_fraction,
    checked_whole,
    held_out,
)
from chainrule.training.data.table import TableSource
from chainrule.training.data.target import Target

MEMORY = 1 << 28
"""Bytes that examples may take, encoded, unless more are allowed: 256 MiB."""
_WINDOW = 1 << 23  # bytes


class Dataset:
    """Examples for training and prediction. Made by `open_data`.

    source: where the rows come from. part: which of them. memory: bytes that the encoded examples may take;
    more are read in blocks, at most `memory` at once. options: `standardize` and `unseen`, for the encoder.
    encoder: given, or learned from this part when it is first needed.
    """

    def __init__(
        self,
        source: Any,
        memory: int = MEMORY,
        encoder: Encoder | None = None,
        options: dict[str, Any] | None = None,
        part: Part | None = None,
    ) -> None:
        self.source: Source = source
        self.memory = memory
        self._options = options or {}
        self._part = part or Whole()
        self._encoder = encoder
        self._teacher: Dataset | None = None
        self._arrays: Pair | None = None
        self._digest = ""
        self._n = self.source.kept if isinstance(self._part, Whole) else -1
        self._reading = Lock()  # a source is read by one thread at a time

    @property
    def n(self) -> int:
        """How many examples there are."""
        if self._n < 0:
            if sum(self.source.sizes) == self.source.kept:
                starts = np.cumsum([0, *self.source.sizes])
                spans = pairwise(starts)
                self._n = sum(int(self._part.mask(np.arange(*span)).sum()) for span in spans)
            else:
                self._n = sum(len(block.rows) for block in self._blocks())
        return self._n

    def __len__(self) -> int:
        return self.n

    @property
    def names(self) -> list[str]:
        """The names of the features, before encoding; none for images.

        `encoder.names` has those of the inputs.
        """
        return list(getattr(self.source, "names", ()))

    @property
    def target(self) -> Target | None:
        """What is to be predicted: its name, its kind "classes" or "real", and the classes."""
        return self._encoder.target if self._encoder else getattr(self.source, "target", None)

    @property
    def classes(self) -> tuple[str | int | bool, ...]:
        """The labels in the order of their indices; empty for a real target."""
        return self.target.classes if self.target else ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one encoded example: (inputs,), or (channels, height, width)."""
        if self._encoder is None and not isinstance(self.source, TableSource):
            return tuple(getattr(self.source, "shape", ()))
        return self.encoder.shape

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all that the source has, whatever the part.

        Of a file: of its bytes, as `sha256sum` prints. Of several files (IDX, images): of the lines that
        `sha256sum` prints for them, IDX files without gzip. Of arrays: of dtype, shape and numbers. Of
        frames: of names, types and cells.
        """
        self._digest = self._digest or self.source.digest()
        return self._digest

    @property
    def part(self) -> str:
        """Which rows of the source these are: a text that is another one for other rows."""
        return self._part.name

    @property
    def encoder(self) -> Encoder:
        """How rows become inputs; learned by a pass over the training part where it was not given."""
        if self._encoder is None:
            self._encoder = (
                self._teacher.encoder
                if self._teacher
                else learned(self.source, self._blocks(), **self._options)
            )
        return self._encoder

    def scaled(self, mean: float, scale: float) -> Dataset:
        """The same examples with real labels v as (v − mean)/scale."""
        target = replace(self.target, mean=mean, scale=scale) if self.target else None
        same = Dataset(self.source, self.memory, self.encoder.aimed(target), self._options, self._part)
        same._reading = self._reading
        return same

    @property
    def in_memory(self) -> bool:
        """Whether the encoded examples fit in `memory`."""
        return self.n * prod(self.shape) * 4 <= self.memory

    def take(self, row: int) -> Dataset:
        """One example as a data set of its own. row: its number in the source, from 0, left-out rows included.

        Raises DataError for a number that no row has, and for a row that is left out.
        """
        total = sum(self.source.sizes)
        chosen = np.zeros(total, bool)
        if 0 <= row < total:
            chosen[row] = True
        one = Dataset(self.source, self.memory, self.encoder, self._options, Listed(chosen))
        one._reading = self._reading
        if not one.n:
            came = "one that is left out, because a cell is missing" if 0 <= row < total else f"row {row + 1}"
            raise DataError(f"a row from 1 to {total:,}", came, self.source.place, "choose another row")
        return one

    def blocks(self) -> Iterator[Block]:
        """The rows of this part, block by block, as they are in the source: columns, or X and labels."""
        return self._blocks()

    def _blocks(self, order: Sequence[int] | None = None) -> Iterator[Block]:
        """The blocks of this part, unencoded."""
        starts = np.cumsum([0, *self.source.sizes])
        for number in range(len(self.source.sizes)) if order is None else order:
            if isinstance(self._part, Listed) and not self._part.mask(np.arange(*starts[number:][:2])).any():
                continue
            with self._reading:
                block = self.source.read(number)
            chosen = self._part.mask(block.rows)
            yield block if chosen.all() else block.take(np.flatnonzero(chosen))

    def _encoded(self, order: Sequence[int] | None = None) -> Iterator[Pair]:
        encoder: Any = self.encoder
        for block in self._blocks(order):
            yield encoder.encode(block, self.source.where)

    def arrays(self) -> Pair:
        """All examples: X, float32 (n, *shape), and y (n,): class indices, real numbers; None without labels.

        They stay in memory for the next call, and are not to be written to. Raises DataError where they do
        not fit in `memory`, and for the first cell that is at fault.
        """
        if self._arrays is None:
            self._require_fit()
            X = np.empty((self.n, *self.shape), np.float32)
            y: Array | None = None
            at = 0
            for part, labels in self._encoded():
                X[at : at + len(part)] = part
                if labels is not None:
                    y = np.empty(self.n, labels.dtype) if y is None else y
                    y[at : at + len(part)] = labels
                at += len(part)
            self._arrays = X, y
        return self._arrays

    def _require_fit(self) -> None:
        if not self.in_memory:
            size = self.n * prod(self.shape) * 4
            wish = f"examples that fit in memory={self.memory:,} bytes"
            raise DataError(wish, f"{size:,} bytes", self.source.place, "use batches(), or allow more memory")

    def split(self, fraction: float = 0.2, seed: int = 0) -> tuple[Dataset, Dataset]:
        """A training part, from which the encoder is learned, and a held-out part with this fraction.

        Examples that fit in memory: exactly round(fraction·n) are held out, stratified where the target is
        classes (see `held_out`). Others: each row by itself, by a hash of seed and row number, so that the
        fraction holds on average and classes are not counted. The same source, fraction, seed and `memory`
        give the same parts. Raises DataError for a fraction outside of (0, 1), or too few examples.
        """
        checked_fraction(fraction, seed)
        if self._small:
            rows = np.concatenate([block.rows for block in self._blocks()])
            chosen = held_out(len(rows), self._class_indices(), fraction, seed)
            parts: list[Part] = []
            for mask in (~chosen, chosen):
                listed = np.zeros(sum(self.source.sizes), bool)
                listed[rows[mask]] = True
                parts.append(Listed(listed))
        else:
            parts = [Drawn(self._part, fraction, seed, held) for held in (False, True)]
        train, held = (
            Dataset(self.source, self.memory, self._encoder, self._options, part) for part in parts
        )
        held._teacher = train
        train._digest = held._digest = self._digest
        train._reading = held._reading = self._reading
        if not (train.n and held.n):
            raise DataError(
                "examples in both parts", f"{train.n} and {held.n}", "split", "choose another fraction"
            )
        return train, held

    @property
    def _small(self) -> bool:
        return self.n * (len(self.names) or prod(self.shape)) * 4 <= self.memory

    def _class_indices(self) -> Array | None:
        if self.target is None or self.target.kind != "classes":
            return None
        parts = list(self.labels())
        return np.concatenate(parts) if parts else None

    def batches(
        self, batch_size: int = 32, epoch: int = 0, seed: int = 0, shuffle: bool = True
    ) -> Iterator[Pair]:
        """The examples of one epoch in batches of (X, y) as in `arrays`; the last batch may be smaller.

        epoch: numbers the orders: each is another one, and the same seed and epoch give the same batches.
        shuffle: False keeps the order of the source. `shuffling` says how well they are mixed.
        Raises DataError for the first cell that is at fault.
        """
        size = checked_whole(batch_size, "batch_size", 1)
        rng = (
            generator(checked_whole(seed, "a seed", 0), checked_whole(epoch, "epoch", 0)) if shuffle else None
        )
        return self._batches(size, rng)

    def windows(
        self, batch_size: int = 32, epoch: int = 0, seed: int = 0, shuffle: bool = True
    ) -> Iterator[Pair]:
        """The same, many batches at a time: each window has a multiple of batch_size rows, but the last.

        A window has at most some megabytes, or one batch. Raises DataError for a batch larger than `memory`.
        """
        each = 4 * prod(self.shape)
        rows, most = min(_WINDOW, self.memory // 8) // each, max(1, self.memory // each)
        size = checked_whole(batch_size, "batch_size", 1)
        if size > most and not self.in_memory:
            wish = f"batches of at most {most:,} examples, which fit in memory={self.memory:,} bytes"
            remedy = f"write batch_size={min(most, 256)}, or allow more memory"
            raise DataError(wish, f"{size:,}", self.source.place, remedy)
        return self.batches(max(1, rows // size) * size, epoch, seed, shuffle)

    def labels(self) -> Iterator[Array]:
        """The encoded labels (rows,), block by block in the order of the source; nothing where there are none."""
        if self.target is None:
            return
        for block in self._blocks():
            columns = getattr(block, "columns", {})
            labels = columns.get(self.target.name) if columns else getattr(block, "labels", None)
            if labels is not None:
                yield self.target.encode(labels, block.rows, self.source.where)

    def _batches(self, size: int, rng: np.random.Generator | None) -> Iterator[Pair]:
        if self.in_memory:
            X, y = self.arrays()
            order = np.arange(self.n) if rng is None else rng.permutation(self.n)
            for start in range(0, self.n, size):
                rows = order[start : start + size]
                yield X[rows], None if y is None else y[rows]
            return
        if hasattr(self.source, "rows"):
            yield from self._single(size, rng)
            return
        blocks = None if rng is None else self.source.order(rng)
        yield from batches(self._encoded(blocks), size, self._window, rng)

    def _single(self, size: int, rng: np.random.Generator | None) -> Iterator[Pair]:
        """Batches of a source of which each row can be read by itself."""
        source: Any = self.source
        encoder: Any = self.encoder
        rows = np.flatnonzero(self._part.mask(np.arange(source.kept)))
        rows = rows if rng is None else rng.permutation(rows)
        for start in range(0, len(rows), size):
            with self._reading:
                block = source.rows(rows[start : start + size])
            yield encoder.encode(block, source.where)

    @property
    def _window(self) -> int:
        """Rows gathered before they are shuffled: two windows and a block must fit in memory."""
        return max(1, self.memory // 3 // (4 * prod(self.shape) + 8))

    def shuffling(self) -> str:
        """In words, how well an epoch is mixed. `shuffle` has the whole statement."""
        if self.in_memory or hasattr(self.source, "rows"):
            return "every order of the examples is equally likely"
        B = len(self.source.sizes)
        W = min(B, max(1, -(-self._window * B // max(1, self.n))))
        if getattr(self.source, "in_order", False):
            return f"read in the order of the file; rows move by at most a window of {self._window:,}"
        return (
            f"{B} blocks in random order, rows shuffled in windows of {self._window:,}, about {W} blocks; "
            "rows of one block stay in one window"
        )

    def __str__(self) -> str:
        dropped = sum(self.source.sizes) - self.source.kept
        lines = [
            self.source.describe(),
            f"{self.n:,} examples" + (f"; {dropped:,} rows with missing cells left out" if dropped else ""),
            str(self.encoder),
            str(self.target) if self.target else "no target",
            f"order: {self.shuffling()}",
        ]
        if self.names and len(self.names) <= 20:
            lines.insert(2, f"features {several(self.names, 20)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Dataset {self.source.place}: {self.n:,} examples>"
