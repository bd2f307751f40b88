"""Arrays in a file: the format safetensors, with one text of ours and a digest over everything.

A file is: the length of the header, 8 bytes, little-endian; the header, JSON: for each array its dtype, shape and
place, and under "__metadata__" our text and the digest; the bytes of the arrays, without a gap. Nothing in
it can be executed. The format: github.com/huggingface/safetensors. We read it ourselves, because lengths,
repeated keys and the digest are to be checked before anything is made of them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.graph.shape import size_of
from chainrule.training.storage.atomic import checked_path, write_atomically
from chainrule.training.storage.strict_json import from_text, to_text

Array = NDArray[Any]
DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U32": "<u4", "U8": "|u1", "BOOL": "|b1"}
"""The format's name for each kind of number, and NumPy's."""
MOST_HEADER = 100_000_000
"""Bytes; the limit that other readers of the format have too."""
_NAMES = {name: kind for kind, name in DTYPES.items()}
_LENGTH = 8
_HEX = re.compile("[0-9a-f]{64}")


class Entry(NamedTuple):
    """What the header says of one array: where its bytes begin and end after the header."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


def save_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Any], text: str) -> str:
    """Write arrays and a text to a file, whole or not at all; returns the digest, in hexadecimal.

    Raises DataError where the file cannot be written, ChainruleError for arrays of other dtypes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = save_tensors(f"{folder}/a.safetensors", {"W": np.eye(2)}, "two by two")
    ...     text, tensors = load_tensors(f"{folder}/a.safetensors")
    >>> text, tensors["W"].tolist()
    ('two by two', [[1.0, 0.0], [0.0, 1.0]])
    """
    arrays = {name: _plain(name, tensor) for name, tensor in tensors.items()}
    arrays = dict(sorted(arrays.items(), key=lambda item: -item[1].itemsize))  # so that all are aligned
    digest = digest_of(text, arrays)
    header: dict[str, Any] = {"__metadata__": {"chainrule": text, "sha256": digest}}
    at = 0
    for name, array in arrays.items():
        kind, shape = _NAMES[array.dtype.str], list(array.shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    encoded = to_text(header, str(path)).encode()
    encoded += b" " * (-len(encoded) % _LENGTH)
    if len(encoded) > MOST_HEADER:
        remedy = "store what describes the data elsewhere"
        raise ChainruleError(
            f"a description below {MOST_HEADER:,} bytes", f"{len(encoded):,}", str(path), remedy
        )
    content = [len(encoded).to_bytes(_LENGTH, "little"), encoded, *map(_bytes, arrays.values())]
    write_atomically(path, content)
    return digest


def load_tensors(path: str | os.PathLike[str], what: str = "a model file") -> tuple[str, dict[str, Array]]:
    """The text and the arrays of a file. what: it should be, for messages.

    Raises DataError, which names the file, unless every byte is as it was written.
    """
    file_path = checked_path(path, "load")
    where = _Where(str(file_path), what)
    try:
        with file_path.open("rb") as file:
            return _read(file, where)
    except OSError as fault:
        raise where.error(what, fault.strerror or str(fault), "check the path") from None


class _Where(NamedTuple):
    """The file, for messages."""

    path: str
    what: str

    def error(self, needed: str, came: str, remedy: str = "") -> DataError:
        """The error that says what is wrong with the file."""
        damaged = "the file is damaged or is another one: take another copy, or save it again"
        return DataError(needed, came, self.path, remedy or damaged)


def _read(file: BinaryIO, where: _Where) -> tuple[str, dict[str, Array]]:
    size = os.fstat(file.fileno()).st_size
    header, length = _header(file, size, where)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or not {"chainrule", "sha256"} <= metadata.keys():
        needed = f"{where.what} that chainrule wrote"
        raise where.error(needed, "a safetensors file without our description")
    text, digest = metadata["chainrule"], metadata["sha256"]
    if len(metadata) > 2 or not isinstance(text, str) or not _HEX.fullmatch(str(digest)):
        raise where.error("a description and a digest", f"the metadata {sorted(metadata)}"[:120])
    entries = {name: _entry(name, record, where) for name, record in header.items()}
    at = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != at:
            raise where.error(f"the array {name!r} at byte {at:,} of the arrays", f"byte {entry.begin:,}")
        at = entry.end
    if size != length + at:
        raise where.error(f"a file of {length + at:,} bytes, as its header says", f"{size:,} bytes")
    arrays = {}
    for name, entry in entries.items():
        file.seek(length + entry.begin)
        numbers = np.fromfile(file, DTYPES[entry.kind], size_of(entry.shape))
        if numbers.nbytes != entry.end - entry.begin:
            raise where.error(
                f"{entry.end - entry.begin:,} bytes for the array {name!r}", f"{numbers.nbytes:,}"
            )
        arrays[name] = numbers.reshape(entry.shape)
    found = digest_of(text, arrays)
    if found != digest:
        raise where.error(f"content with the digest {digest[:12]}…, as when it was written", f"{found[:12]}…")
    return text, arrays


def _header(file: BinaryIO, size: int, where: _Where) -> tuple[dict[str, Any], int]:
    """The header, and where the arrays begin."""
    if size < _LENGTH:
        raise where.error(f"{where.what} (safetensors)", f"a file of {size} bytes")
    length = int.from_bytes(file.read(_LENGTH), "little")
    if length > min(size - _LENGTH, MOST_HEADER):
        came = f"a file of {size:,} bytes whose first 8 announce a header of {length:,}"
        raise where.error(f"{where.what} (safetensors)", came)
    encoded = file.read(length)
    if not encoded.startswith(b"{"):
        raise where.error(f"{where.what} (safetensors)", f"a header that begins with {encoded[:8]!r}")
    header = from_text(encoded, where.path, where.error("", "").remedy)
    if not isinstance(header, dict):
        raise where.error("a header with the names of arrays", f"a {type(header).__name__}")
    return header, _LENGTH + length


def _entry(name: str, record: Any, where: _Where) -> Entry:
    """One array as the header has it. Its size must be that of its shape."""
    needed = f"dtype, shape and place of the array {name[:60]!r}"
    if not isinstance(record, dict) or record.keys() != {"dtype", "shape", "data_offsets"}:
        raise where.error(needed, repr(record)[:80])
    kind, shape, offsets = record["dtype"], record["shape"], record["data_offsets"]
    if not isinstance(kind, str) or kind not in DTYPES:
        raise where.error(f"{needed}, with one of the dtypes {', '.join(DTYPES)}", repr(kind)[:80])
    if not _sizes(shape) or not _sizes(offsets) or len(offsets) != 2:
        raise where.error(needed, f"the shape {shape!r}"[:80] + f" at {offsets!r}"[:80])
    entry = Entry(kind, tuple(shape), *offsets)
    if entry.end - entry.begin != size_of(entry.shape) * np.dtype(DTYPES[kind]).itemsize:
        raise where.error(
            f"the bytes of {kind} numbers of the shape {entry.shape} for the array {name[:60]!r}",
            f"{entry.end - entry.begin:,}",
        )
    return entry


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**63 for size in value)


def _plain(name: str, tensor: Any) -> Array:
    """The array in the form of the file: little-endian, in row order."""
    array = np.asarray(tensor)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    if array.dtype.str not in _NAMES:
        needed, remedy = f"an array of {', '.join(_NAMES.values())}", "convert it before it is saved"
        raise ChainruleError(needed, str(array.dtype), f"save, {name}", remedy)
    return array


def _bytes(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def digest_of(text: str, arrays: Mapping[str, Array]) -> str:
    """SHA-256 over the text, and of each array name, dtype, shape and bytes."""
    digest = hashlib.sha256(to_text(text, "digest").encode())
    for name, array in sorted(arrays.items()):
        digest.update(to_text([name, _NAMES[array.dtype.str], list(array.shape)], "digest").encode())
        digest.update(_bytes(array))
    return digest.hexdigest()
