"""CSV and TSV files in blocks of whole records: PyArrow reads the cells, this file knows where each stands.

The form: UTF-8, a first line with the names of the columns, a record a line, cells in double quotes where
they hold the delimiter, a quote (doubled) or an end of line. Empty lines are passed over. Cells of text lose
the blanks around them.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.later import pa, pacsv, pc
from chainrule.training.data.records import RecordForm, decoded
from chainrule.training.data.source import opened

BLOCK = 4 << 20  # bytes
MISSING_WORDS = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None")
"""The cells that mean: missing."""
DELIMITERS = ",;\t|"
MARKS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip or Excel file",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"%PDF": "a PDF",
    b"\xff\xd8\xff": "a JPEG image",
}
"""What files begin with that are no text in UTF-8."""
_SAVE = "save it as UTF-8 text, a record a line"


class DelimitedReader:
    """Reads a CSV or TSV file: a Reader of columns without types.

    delimiter: None takes the one of `,` `;` tab `|` that the first line has most of. missing_words: the
    cells that mean that a value is missing. block: bytes read at once. names_only: read the first line only.
    """

    typed = False

    def __init__(
        self,
        path: Path,
        delimiter: str | None = None,
        missing_words: Sequence[str] = MISSING_WORDS,
        block: int = BLOCK,
        names_only: bool = False,
    ) -> None:
        self.place, self._path, self._block = str(path), path, block
        if delimiter is not None and (
            not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n'
        ):
            raise DataError(
                "a delimiter of one character",
                repr(delimiter)[:80],
                self.place,
                'write it as delimiter=";", or leave it out',
            )
        self._missing = list(missing_words)
        self._numeric: set[str] = set()
        self._state = hashlib.sha256()
        with opened(path) as file:
            self._stamp = _stamp(file)
            self._header(file, delimiter)
            if not names_only:
                self._index(file)

    def _header(self, file: IO[bytes], delimiter: str | None) -> None:
        """Read the first line: the end of lines, the delimiter and the names."""
        head = file.read(1 << 20)
        if not head.strip():
            raise DataError(
                "a line with the names of the columns",
                f"{len(head) or 'a file of 0'} bytes",
                self.place,
                "write the names on line 1, a record on each line below",
            )
        for mark, what in MARKS.items():
            if head.startswith(mark):
                raise DataError("a text file in UTF-8", what, self.place, _SAVE)
        start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
        self._end = b"\n" if b"\n" in head else b"\r"
        line, end, _ = head[start:].partition(self._end)
        if not end and len(head) == 1 << 20:
            raise DataError(
                "a line with the names of the columns", "a megabyte without an end of line", self.place, _SAVE
            )
        self._first = start + len(line) + len(end)
        where = f"{self.place}, line 1"
        words = decoded(line, where)
        self._delimiter = delimiter or max(DELIMITERS, key=words.count)
        try:
            names = next(csv.reader([words], delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration):
            raise DataError(
                "the names of the columns on one line",
                cells.shown(words),
                where,
                "begin with that line; close its quotes",
            ) from None
        self.columns = [name.strip() for name in names]
        if not self.columns:
            raise DataError(
                "the names of the columns on line 1",
                "a blank line",
                where,
                "delete the blank lines before them",
            )
        self._form = RecordForm(self.place, self._end, self._delimiter, len(self.columns))
        if "" in self.columns:
            number = self.columns.index("") + 1
            raise DataError("a name for each column", f"none for column {number}", where, "name or remove it")
        if pc.all(pc.match_substring_regex(pa.array(self.columns), cells.NUMBER)).as_py():
            came = f"numbers: {cells.shown(words)}"
            raise DataError("the names of the columns", came, where, "add a first line with names")

    def _index(self, file: IO[bytes]) -> None:
        """Pass over the file once: where each block of whole records begins, its first line, its rows."""
        self._blocks: list[tuple[int, int, int]] = []  # offset, length and first line
        self.sizes: list[int] = []
        file.seek(0)
        self._state.update(file.read(self._first))
        line, offset, rest = 2, self._first, b""
        while True:
            fresh = file.read(self._block)
            self._state.update(fresh)
            text = rest + fresh
            cut = len(text) if not fresh else self._last_record(text)
            if cut:
                part = text[:cut]
                self._blocks.append((offset, cut, line))
                self.sizes.append(self._records(part, line))
                offset, line = offset + cut, line + part.count(self._end)
            rest = text[cut:]
            if len(rest) > 16 * self._block:
                if self._end in rest:
                    self._form.refuse_quotes(rest, line)
                came = f"{len(rest):,} bytes without one"
                raise DataError("an end of line", came, f"{self.place}, line {line}", "is this a CSV file?")
            if not fresh:
                self.runs = range(len(self.sizes))
                return

    def _last_record(self, text: bytes) -> int:
        """How many bytes are whole records: up to the last end of line outside of quotes."""
        cut = text.rfind(self._end) + 1
        if b'"' not in text:
            return cut
        quotes = text.count(b'"', 0, cut)
        while cut and quotes % 2:
            before = text.rfind(self._end, 0, cut - 1) + 1
            quotes -= text.count(b'"', before, cut)
            cut = before
        return cut

    def _records(self, part: bytes, line: int) -> int:
        """How many records a block has. Raises DataError for the first that is not as the others."""
        if (quotes := part.count(b'"')) % 2:
            self._form.refuse_quotes(part, line)
        if not quotes and (lines := self._plain_lines(part)):
            return lines
        try:
            return int(self._table(part, dict.fromkeys(self.columns, pa.string()), self.columns[:1]).num_rows)
        except pa.ArrowInvalid:
            self._form.refuse(part, line)
            raise DataError(
                "records of UTF-8 text", "something else", f"{self.place}, from line {line} on", _SAVE
            ) from None

    def _plain_lines(self, part: bytes) -> int:
        """How many lines a block without quotes has, if each is a record, told without reading; else 0."""
        end = b"\r\n" if self._end == b"\n" and b"\r" in part else self._end
        if part.startswith((b"\n", b"\r")) or end + end in part or end + self._end in part:
            return 0
        if end != self._end and not part.count(b"\r") == part.count(end) == part.count(b"\n"):
            return 0
        return part.count(self._end) + (not part.endswith(self._end))

    def _table(self, part: bytes, types: dict[str, Any], names: Sequence[str]) -> Any:
        """Cells as PyArrow reads them; ArrowInvalid where they do not fit."""
        unique = [str(i) for i in range(len(self.columns))]  # PyArrow must not see one name twice
        by_name = dict(zip(self.columns, unique, strict=True))
        if not part.strip():
            return pa.table({name: pa.array([], types.get(name, pa.string())) for name in names})
        # One thread: PyArrow's own sometimes outlive the interpreter, which then aborts at its end.
        table = pacsv.read_csv(
            pa.BufferReader(part),
            read_options=pacsv.ReadOptions(block_size=len(part) + 16, column_names=unique, use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=b'"' in part),
            convert_options=pacsv.ConvertOptions(
                column_types={by_name[name]: kind for name, kind in types.items()},
                include_columns=[by_name[name] for name in names],
                null_values=self._missing,
                strings_can_be_null=True,
            ),
        )
        return table.rename_columns(list(names))

    def expect_numbers(self, names: Iterable[str]) -> None:
        """These columns are read as numbers at once, as long as they are."""
        self._numeric = set(names)

    def read(self, number: int, names: Sequence[str]) -> dict[str, Any]:
        """The columns of a block: numbers where they are expected and found, text otherwise."""
        part = self._bytes(number)
        types = {name: pa.float64() if name in self._numeric else pa.string() for name in names}
        try:
            table = self._table(part, types, names)
        except pa.ArrowInvalid:
            try:
                table = self._table(part, dict.fromkeys(names, pa.string()), names)
            except pa.ArrowInvalid:
                self._form.refuse(part, self._blocks[number][2])
                raise DataError("the file as it was", "another", self.place, "open it again") from None
        if table.num_rows != self.sizes[number]:
            came = f"{table.num_rows}, from line {self._blocks[number][2]} on"
            raise DataError(f"{self.sizes[number]} records", came, self.place, _SAVE)
        columns = {name: cells.plain(table.column(name)) for name in names}
        return {name: self._trimmed(column) for name, column in columns.items()}

    def _trimmed(self, column: Any) -> Any:
        """Text without the blanks around it; nothing but blanks is missing like an empty cell."""
        if cells.form(column) != "text":
            return column
        coded = column.dictionary_encode()
        texts = pc.utf8_trim_whitespace(coded.dictionary)
        texts = pc.if_else(pc.is_in(texts, value_set=pa.array(self._missing, pa.string())), None, texts)
        return texts.take(coded.indices)

    def _bytes(self, number: int) -> bytes:
        offset, length, _ = self._blocks[number]
        with opened(self._path) as file:
            if _stamp(file) != self._stamp:
                raise DataError(
                    "the file as it was when it was opened", "a changed one", self.place, "open it again"
                )
            file.seek(offset)
            return file.read(length)

    def where(self, row: int) -> str:
        """The file and the line on which a record begins; the names are on line 1."""
        starts = np.cumsum([0, *self.sizes])
        number = int(np.searchsorted(starts, row, side="right")) - 1
        part, first = self._bytes(number), self._blocks[number][2]
        for i, (line, _) in enumerate(self._form.lines(part, first)):
            if i == row - starts[number]:
                return f"{self.place}, line {line}"
        return f"{self.place}, from line {first} on"

    def digest(self) -> str:
        """SHA-256 of the bytes of the file."""
        return self._state.hexdigest()

    def describe(self) -> str:
        """In words, what is read."""
        size = self._stamp[0]
        return f"{self.place}: {'tab-separated' if self._delimiter == chr(9) else 'CSV'}, {size:,} bytes"


def _stamp(file: IO[bytes]) -> tuple[int, int]:
    """Size and time of the last change."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    return size, Path(str(file.name)).stat().st_mtime_ns
