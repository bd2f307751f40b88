"""Parquet files, in parts of row groups, so that memory does not grow with the size of a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chainrule.graph.errors import DataError
from chainrule.training.data.cells import plain
from chainrule.training.data.later import pa, pq
from chainrule.training.data.source import file_digest, opened, reason, row_of

_CELLS = 1 << 21  # of a block
_BOUNDED = {"buffer_size": 1 << 18, "pre_buffer": False, "page_checksum_verification": True}
"""Settings of PyArrow with which it does not read a whole row group ahead."""


class ParquetReader:
    """Reads a Parquet file: a Reader of typed columns. A row group is a run of blocks."""

    typed = True

    def __init__(self, path: Path) -> None:
        self.place, self._path = str(path), path
        with opened(path) as file:
            if not file.read(1):
                raise DataError(
                    "a Parquet file", "a file of 0 bytes", self.place, "write it again from its source"
                )
        try:
            with pq.ParquetFile(path) as file:
                metadata = file.metadata
                self.columns = list(file.schema_arrow.names)
                groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        except Exception as fault:
            raise self._damaged(fault) from None
        self._rows = max(1, _CELLS // max(1, len(self.columns)))
        self.sizes: list[int] = []
        self.runs: list[int] = []
        for group, n in enumerate(groups):
            sizes = [min(self._rows, n - start) for start in range(0, n, self._rows)]
            self.sizes += sizes
            self.runs += [group] * len(sizes)
        self._stream: tuple[tuple[Any, ...], Iterator[Any]] = ((), iter(()))

    def _damaged(self, fault: Exception) -> DataError:
        """PyArrow raises a dozen kinds of exception for damaged files."""
        if isinstance(fault, DataError):
            return fault
        came = (
            "fewer rows than it says" if isinstance(fault, (StopIteration, RuntimeError)) else reason(fault)
        )
        return DataError("a whole Parquet file", came, self.place, "write it again from its source")

    def expect_numbers(self, names: Iterable[str]) -> None:
        """Columns have types here."""

    def read(self, number: int, names: Sequence[str]) -> dict[str, Any]:
        """The columns of a block. The next one of the same row group goes on where this one ends."""
        key, stream = self._stream
        try:
            if key != (number, *names):
                group = self.runs[number]
                stream = self._blocks(group, names)
                for _ in range(number - self.runs.index(group)):
                    next(stream)
            table = next(stream)
            table.validate(full=True)
            columns = {name: plain(table.column(name)) for name in names}
        except Exception as fault:
            raise self._damaged(fault) from None
        follows = number + 1 < len(self.runs) and self.runs[number + 1] == self.runs[number]
        self._stream = ((number + 1, *names), stream) if follows else ((), iter(()))
        return columns

    def _blocks(self, group: int, names: Sequence[str]) -> Iterator[Any]:
        """Yield the blocks of a row group, each of the size it was said to have."""
        sizes = [size for size, run in zip(self.sizes, self.runs, strict=True) if run == group]
        with pq.ParquetFile(self._path, **_BOUNDED) as file:
            batches = file.iter_batches(self._rows, [group], list(names), use_threads=False)
            rest = None
            for size in sizes:
                while rest is None or rest.num_rows < size:
                    batch = pa.Table.from_batches([next(batches)])
                    rest = batch if rest is None else pa.concat_tables([rest, batch])
                yield rest.slice(0, size)
                rest = rest.slice(size)

    def where(self, row: int) -> str:
        """The file and the row, counted from 1."""
        return row_of(self.place, row)

    def digest(self) -> str:
        """SHA-256 of the bytes of the file."""
        return file_digest(self._path)

    def describe(self) -> str:
        """In words, what is read."""
        return f"{self.place}: Parquet, {self._path.stat().st_size:,} bytes"
