"""What a source of examples is: blocks of rows that fit in memory, each row with its number and its place."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import DataError

Array = NDArray[Any]
Where = Callable[[int], str]
"""From the number of a row in its source, from 0, to the words that name its place for a person."""

PIECE = 1 << 20  # bytes read at once where a file is only hashed or unpacked


class Block(Protocol):
    """Some rows of a source, unencoded. rows: the number of each in the source, from 0."""

    @property
    def rows(self) -> Array: ...

    def take(self, chosen: Array) -> Any:
        """The same with the rows at these positions only."""


class Source(Protocol):
    """Examples in blocks. Reading one block takes bounded memory; no two need be in memory at once.

    place: what the user calls it. sizes: rows in each block, left-out ones included. kept: rows that are
    examples, all blocks together.
    """

    place: str
    kept: int

    @property
    def sizes(self) -> Sequence[int]: ...

    def order(self, rng: np.random.Generator) -> list[int]:
        """The blocks in an order for one epoch, as random as reading allows."""

    def read(self, number: int) -> Any:
        """The block of this number, without the rows that are left out."""

    def where(self, row: int) -> str:
        """The place of a row."""

    def digest(self) -> str:
        """SHA-256 of what is read, in hexadecimal."""

    def describe(self) -> str:
        """In words, what the examples are read from."""


def in_runs(runs: Sequence[int], rng: np.random.Generator) -> list[int]:
    """The numbers of the blocks, runs in random order, the blocks of one run together and in their order."""
    places = np.asarray(rng.permutation(max(runs, default=-1) + 1))
    return [int(number) for number in np.argsort(places[np.asarray(runs, np.int64)], kind="stable")]


def found(path: Path, what: str = "a file") -> Path:
    """The path, if something is there. Raises DataError, with the names that are close to it."""
    try:
        path.stat()
    except FileNotFoundError:
        near = close(path.name, [entry.name for entry in listed(path.parent)]) if path.parent.is_dir() else ""
        raise DataError(what, "a path where nothing is", str(path), near) from None
    except (OSError, ValueError) as fault:
        raise DataError(
            what, reason(fault), str(path), "correct the path, or the permissions of its folders"
        ) from None
    return path


def listed(folder: Path) -> list[Path]:
    """What is in a folder, by name. Raises DataError where it cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError as fault:
        raise DataError(
            "a folder that can be listed", reason(fault), str(folder), "give a folder that you may read"
        ) from None


def opened(path: Path) -> IO[bytes]:
    """The file, open for reading bytes. Raises DataError for a folder, or where reading is not allowed."""
    found(path)
    if path.is_dir():
        raise DataError("a file", "a folder", str(path), "give the path of a file in it")
    try:
        return path.open("rb")
    except OSError as fault:
        raise DataError(
            "a file that can be read", reason(fault), str(path), "change its permissions, or copy it"
        ) from None


def reason(fault: Exception) -> str:
    """What the system says, without the path, which stands elsewhere in the message."""
    words = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
    return str(words)[:1].lower() + " ".join(str(words)[1:160].split())


def close(name: str, known: Iterable[str]) -> str:
    """A remedy: the names most like this one, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""


def several(names: Iterable[str], most: int = 8) -> str:
    """The names in a row, the first few of many."""
    names = list(names)
    tail = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + tail


def row_of(place: str, row: int) -> str:
    """The place of a row in something that has no lines; rows count from 1."""
    return f"{place}, row {row + 1}"


def in_column(where: str, column: str) -> str:
    """The place of a cell."""
    return f'{where}, column "{column}"'


def file_digest(path: Path) -> str:
    """SHA-256 of the bytes of a file: what `sha256sum FILE` prints."""
    with opened(path) as file:
        return digest_of(file)


def digest_of(file: IO[bytes]) -> str:
    """SHA-256 of the rest of an open file."""
    state = hashlib.sha256()
    while piece := file.read(PIECE):
        state.update(piece)
    return state.hexdigest()


def joint_digest(digests: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of several named digests: what `sha256sum FILES | sha256sum` prints."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests)
    return hashlib.sha256(lines.encode()).hexdigest()


def array_digest(*arrays: Array | None) -> str:
    """SHA-256 of arrays: of each its dtype, its shape and its numbers, row by row."""
    state = hashlib.sha256()
    for array in arrays:
        if array is not None:
            state.update(f"{array.dtype.str}{array.shape}".encode())
            flat = array.astype(str) if array.dtype.kind == "O" else array
            state.update(np.ascontiguousarray(flat).tobytes())
    return state.hexdigest()
