"""IDX files, the format of MNIST: gzipped or not, a pair of files, or a folder in the layout of MNIST.

The format (Y. LeCun): two zero bytes, a byte for the type of the numbers, a byte for how many dimensions,
each dimension as four bytes, then the numbers, the highest byte first.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data.arrays import ArrayBlock, judged
from chainrule.training.data.later import pa
from chainrule.training.data.source import (
    PIECE,
    Array,
    close,
    digest_of,
    in_runs,
    joint_digest,
    listed,
    opened,
    row_of,
)
from chainrule.training.data.target import Target

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_IMAGES = re.compile(r"(train|t10k|test)?-?images?[-.]idx\d(-ubyte)?(\.gz)?$")
_BLOCK = 1 << 23  # bytes
_CUT = "the file is cut short: get it again"
_PARTS = {"train": ("train",), "test": ("t10k", "test")}


class IdxFile:
    """One IDX file: its header is read and checked. dims: how many numbers along each dimension.

    Raises DataError for what is no IDX file, and for one whose size contradicts its header.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.place = path, str(path)
        with opened(path) as file:
            start = file.read(2)
        if not start:
            raise DataError("an IDX file", "a file of 0 bytes", self.place, "get it again")
        self.zipped = start == b"\x1f\x8b"
        with self.unpacked() as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not 1 <= magic[3] <= 8:
                wish = "an IDX file, which begins 00 00, a type (08, 09, 0b to 0e) and 1 to 8 dimensions"
                place = f"{self.place}, bytes 1 to 4"
                raise DataError(
                    wish, magic.hex(" ") or "nothing", place, "get the file again, or give another"
                )
            self.dtype = np.dtype(TYPES[magic[2]])
            numbers = file.read(4 * magic[3])
            if len(numbers) < 4 * magic[3]:
                place = f"{self.place}, byte {5 + len(numbers)}"
                raise DataError(f"{magic[3]} dimensions", "the end of the file", place, _CUT)
        self.dims = tuple(int(size) for size in np.frombuffer(numbers, ">u4"))
        self.start = 4 + 4 * magic[3]
        self.example = prod(self.dims[1:]) * self.dtype.itemsize
        self.bytes = self.dims[0] * self.example
        if 0 in self.dims:
            came = f"the dimensions {self._said()}"
            raise DataError("at least one example", came, self.place, "give a file with examples")
        if not self.zipped:
            self.require(path.stat().st_size - self.start)

    def _said(self) -> str:
        return " × ".join(map(str, self.dims))

    def require(self, size: int, whole: bool = True) -> None:
        """Raise DataError unless this many bytes are what the header says. whole: there are no more."""
        if size != self.bytes:
            came = f"{'' if whole else 'at least '}{size:,} bytes"
            remedy = _CUT if size < self.bytes else "is it another file's header?"
            raise DataError(f"{self.bytes:,} bytes of numbers for {self._said()}", came, self.place, remedy)

    @contextmanager
    def unpacked(self) -> Iterator[IO[bytes]]:
        """The bytes of the file, without gzip. Raises DataError where gzip finds them damaged."""
        with opened(self.path) as file:
            if not self.zipped:
                yield file
                return
            try:
                with gzip.open(file) as inner:
                    yield inner  # type: ignore[misc]  # typeshed: GzipFile is no IO[bytes], but reads as one
            except (EOFError, zlib.error, gzip.BadGzipFile) as fault:
                came = "an end before its end" if isinstance(fault, EOFError) else str(fault)
                raise DataError("a whole gzip file", came, self.place, "get the file again") from None

    def blocks(self, rows: int, skip: int = 0) -> Iterator[Array]:
        """Yield the examples after the first `skip`, (rows, *dims[1:]) at a time; check the size last."""
        with self.unpacked() as file:
            file.seek(self.start + skip * self.example)
            met = skip
            while met < self.dims[0]:
                n = min(rows, self.dims[0] - met)
                parts, size = [], 0
                while size < n * self.example and (piece := file.read(min(PIECE, n * self.example - size))):
                    parts.append(piece)
                    size += len(piece)
                if size < n * self.example:
                    self.require(met * self.example + size)
                met += n
                yield self.numbers(b"".join(parts), n)
            if file.read(1):
                self.require(self.bytes + 1, whole=False)

    def numbers(self, text: bytes, n: int) -> Array:
        """Bytes as numbers, (n, *dims[1:]), in the machine's byte order."""
        return np.frombuffer(text, self.dtype).reshape(n, *self.dims[1:]).astype(self.dtype.newbyteorder("="))

    def digest(self) -> str:
        """SHA-256 of the bytes without gzip."""
        with self.unpacked() as file:
            return digest_of(file)

    @property
    def name(self) -> str:
        """The name without .gz."""
        return self.path.name.removesuffix(".gz")


class IdxSource:
    """The examples of a pair of IDX files: a Source of ArrayBlock.

    images: of two dimensions (vectors), three or four (images). labels: of one, or None. memory: bytes; a
    gzipped file that takes more is read in its order, an unpacked one is mapped and read in any order.
    Raises DataError where the two do not fit together.
    """

    names: tuple[str, ...] = ()

    def __init__(
        self,
        images: Path,
        labels: Path | None,
        memory: int,
        task: str | None = None,
        known: Target | None = None,
    ) -> None:
        self._images = file = IdxFile(images)
        self.place = str(images)
        if len(file.dims) not in (2, 3, 4):
            came = f"{len(file.dims)}: {file.dims}, as labels have" if len(file.dims) == 1 else f"{file.dims}"
            raise DataError("images of 2 to 4 dimensions", came, self.place, "are images and labels swapped?")
        self.shape = file.dims[1:] if len(file.dims) != 3 else (1, *file.dims[1:])
        self.largest = 255.0 if file.dtype.itemsize == 1 and file.dtype.kind == "u" else 1.0
        if file.example > memory:
            wish, remedy = f"an example of at most {memory:,} bytes", f"allow more: memory={file.example}"
            raise DataError(wish, f"{file.example:,}", self.place, remedy)
        if len(self.shape) == 1:
            self.names = tuple(f"x{i + 1}" for i in range(self.shape[0]))
        self.kept = file.dims[0]
        self._label_file = IdxFile(labels) if labels else None
        self._labels, self.target = None, known
        if self._label_file:
            self._read_labels(self._label_file, task)
        self._rows = max(1, _BLOCK // file.example)
        self.sizes = [min(self._rows, self.kept - i) for i in range(0, self.kept, self._rows)]
        self._held: list[Array] | None = None
        if file.zipped and file.bytes <= memory:
            self._held = list(file.blocks(self._rows))
        self.in_order = file.zipped and self._held is None
        self._stream: tuple[int, Iterator[Array]] = (0, iter(()))

    def _read_labels(self, file: IdxFile, task: str | None) -> None:
        if len(file.dims) != 1:
            raise DataError(
                "labels of 1 dimension", f"{file.dims}", file.place, "are images and labels swapped?"
            )
        if file.dims[0] != self.kept:
            came = f"{file.dims[0]:,} labels"
            wish = f"{self.kept:,} labels, one for each image of {self.place}"
            raise DataError(wish, came, file.place, "give the labels of the same part, train or test")
        labels = pa.array(np.concatenate(list(file.blocks(PIECE))))
        real = pa.types.is_floating(labels.type)
        task = task or ("regression" if real else "classification")
        place = file.place
        self._labels = labels
        self.target = self.target or judged(labels, "label", task, place, lambda row: row_of(place, row))

    def read(self, number: int) -> ArrayBlock:
        """A block of rows."""
        start, n = number * self._rows, self.sizes[number]
        labels = None if self._labels is None else self._labels.slice(start, n)
        X = self._block(number, start, n)
        return ArrayBlock(X.reshape(n, *self.shape), labels, np.arange(start, start + n))

    def _block(self, number: int, start: int, n: int) -> Array:
        file = self._images
        if self._held is not None:
            return self._held[number]
        if file.zipped:
            follows, stream = self._stream
            if number != follows or number == 0:
                stream = file.blocks(self._rows, skip=start)
            block = next(stream)
            if number + 1 == len(self.sizes):
                for _ in stream:  # the end of the file is checked
                    pass
            self._stream = (number + 1, stream)
            return block
        file.require(file.path.stat().st_size - file.start)
        mapped = np.memmap(file.path, file.dtype, "r", file.start, file.dims)
        return np.array(
            mapped[start : start + n], file.dtype.newbyteorder("=")
        )  # the map is let go: memory stays small

    def order(self, rng: np.random.Generator) -> list[int]:
        """The blocks in random order, if they can be read so."""
        blocks = range(len(self.sizes))
        return list(blocks) if self.in_order else in_runs(blocks, rng)

    def where(self, row: int) -> str:
        """The file and the row, counted from 1."""
        return row_of(self.place, row)

    def digest(self) -> str:
        """SHA-256 of the lines `sha256sum` prints for the unpacked files, images first."""
        files = [self._images, *([self._label_file] if self._label_file else [])]
        return joint_digest((file.name, file.digest()) for file in files)

    def describe(self) -> str:
        """In words, what the examples are read from."""
        file = self._images
        zipped = ", gzipped" if file.zipped else ""
        return f"{self.place}: IDX{zipped}, {' × '.join(map(str, file.dims))} of {file.dtype.name}"


def is_idx(path: Path) -> bool:
    """Whether a file or folder has the names of IDX files."""
    if path.is_dir():
        return any(_IMAGES.search(entry.name) for entry in listed(path))
    return "idx" in path.name and path.name.removesuffix(".gz").rpartition(".")[2] not in (
        "csv",
        "parquet",
        "tsv",
    )


def pair(path: Path, part: str) -> tuple[Path, Path | None]:
    """The files of images and of labels. In a folder: of the part, "train" or "test"."""
    if not path.is_dir():
        name = path.name.replace("images", "labels")
        name = re.sub(r"idx\d", "idx1", name)
        for companion in (name, name.removesuffix(".gz"), f"{name}.gz"):
            if companion != path.name and path.with_name(companion).exists():
                return path, path.with_name(companion)
        if "images" in path.name:
            return path, None
        raise DataError(
            "a file of images, and one of labels", "one file", str(path), "give both: (images, labels)"
        )
    if part not in _PARTS:
        raise DataError(
            'part as "train" or "test"', repr(part), "open_data", 'write part="train" or part="test"'
        )
    entries = [entry for entry in listed(path) if _IMAGES.search(entry.name)]
    mine = [entry for entry in entries if entry.name.startswith(_PARTS[part])] or (
        entries if len(entries) == 1 and not entries[0].name.startswith(("train", "t10k", "test")) else []
    )
    plain = [entry for entry in mine if entry.suffix != ".gz"] or mine
    if not plain:
        wish = f"{_PARTS[part][0]}-images-idx3-ubyte or the same with .gz"
        raise DataError(
            wish, "none of them", str(path), close(wish[:25], [entry.name for entry in listed(path)])
        )
    with suppress(DataError):
        images, labels = pair(plain[0], part)
        if labels is not None:
            return images, labels
    wish = f"the labels of {plain[0].name}"
    raise DataError(
        wish, "no file of that name", str(path), plain[0].name.replace("images-idx3", "labels-idx1")
    )
