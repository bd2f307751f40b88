"""Where in a file of records something is wrong: a slow and exact second reading, for messages only."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from chainrule.graph.errors import DataError
from chainrule.training.data.cells import shown


@dataclass(frozen=True)
class RecordForm:
    """The form of the records of a file. end: of lines. width: how many cells each record has."""

    place: str
    end: bytes
    delimiter: str
    width: int

    def lines(self, part: bytes, first: int) -> Iterator[tuple[int, list[str]]]:
        """Yield each record of a block with the line on which it begins; the block begins on line `first`."""
        text = part.decode("utf-8", "replace").replace("\0", "\ufffd")
        records = csv.reader(io.StringIO(text, newline=""), delimiter=self.delimiter)
        before = 0
        while True:
            try:
                record = next(records)
            except StopIteration:
                return
            except csv.Error:
                record = ["?"] * self.width  # a cell of more than 128 KiB
            if record:
                yield first + before, record
            before = records.line_num

    def refuse(self, part: bytes, first: int) -> None:
        """Raise DataError for the first line of a block that is not UTF-8, or the first ragged record."""
        for i, line in enumerate(part.split(self.end)):
            decoded(line, f"{self.place}, line {first + i}")
        for number, record in self.lines(part, first):
            if len(record) != self.width:
                came = f"{len(record)}: {shown(self.delimiter.join(record))}"
                remedy = "quote cells that hold the delimiter" if len(record) > self.width else ""
                place = f"{self.place}, line {number}"
                raise DataError(f"{self.width} cells, as in line 1", came, place, remedy)

    def refuse_quotes(self, part: bytes, first: int) -> None:
        """Raise DataError for the line on which a quote is opened for good."""
        quotes, at = 0, first
        for i, line in enumerate(part.split(self.end)):
            if line.count(b'"') % 2:
                quotes += 1
                at = first + i if quotes % 2 else at
        remedy = 'close it; a quote inside a cell is written "" and the cell quoted'
        raise DataError("quotes in pairs", "one that is not closed", f"{self.place}, line {at}", remedy)


def decoded(line: bytes, where: str) -> str:
    """A line as text. Raises DataError for what is not UTF-8 and for NUL bytes."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as fault:
        before = line[: fault.start].decode("utf-8")[-20:]
        came = f"the byte 0x{line[fault.start]:02x} after {shown(before)}"
        raise DataError("UTF-8", came, where, "save the file as UTF-8") from None
    if "\0" in text:
        raise DataError("text", "a NUL byte", where, "is the file damaged, or UTF-16?")
    return text.rstrip("\r")
