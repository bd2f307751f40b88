"""Parquet files, a row group at a time.

A row group must fit in memory; writers make them of about a million rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from chainrule.graph.errors import DataError
from chainrule.training.data.cells import plain
from chainrule.training.data.later import pq
from chainrule.training.data.source import file_digest, opened, reason, row_of


class ParquetReader:
    """Reads a Parquet file: a Reader of typed columns, a block for each row group."""

    typed = True

    def __init__(self, path: Path) -> None:
        self.place, self._path = str(path), path
        with opened(path) as file:
            if not file.read(1):
                raise DataError("a Parquet file", "a file of 0 bytes", self.place)
        try:
            with pq.ParquetFile(path) as file:
                metadata = file.metadata
                self.columns = list(file.schema_arrow.names)
                self.sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        except Exception as fault:
            raise self._damaged(fault) from None

    def _damaged(self, fault: Exception) -> DataError:
        """PyArrow raises a dozen kinds of exception for damaged files."""
        if isinstance(fault, DataError):
            return fault
        return DataError("a whole Parquet file", reason(fault), self.place, "write it again from its source")

    def expect_numbers(self, names: Iterable[str]) -> None:
        """Columns have types here."""

    def read(self, number: int, names: Sequence[str]) -> dict[str, Any]:
        """The columns of a row group."""
        try:
            with pq.ParquetFile(self._path, page_checksum_verification=True) as file:
                table = file.read_row_group(number, columns=list(names), use_threads=True)
            table.validate(full=True)
            columns = {name: plain(table.column(name)) for name in names}
        except Exception as fault:
            raise self._damaged(fault) from None
        if table.num_rows != self.sizes[number]:
            came = f"{table.num_rows}"
            raise DataError(f"{self.sizes[number]} rows in row group {number + 1}", came, self.place)
        return columns

    def where(self, row: int) -> str:
        """The file and the row, counted from 1."""
        return row_of(self.place, row)

    def digest(self) -> str:
        """SHA-256 of the bytes of the file."""
        return file_digest(self._path)

    def describe(self) -> str:
        """In words, what is read."""
        return f"{self.place}: Parquet, {self._path.stat().st_size:,} bytes"
