"""Arrays in a file: the format safetensors, with one text of ours and a digest over everything.

The format's library writes and reads, and holds a file to its header: the length of each array to its shape and
dtype, and all lengths to that of the file, before anything is allocated. Nothing in such a file can be executed.
Ours are the digest, which finds a changed bit in a number, and one error for whatever is wrong with a file.
The format and its library: github.com/huggingface/safetensors.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.training.storage.atomic import checked_path, write_atomically
from chainrule.training.storage.strict_json import to_text

Array = NDArray[Any]
DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U32": "<u4", "U8": "|u1", "BOOL": "|b1"}
"""The format's name for each kind of number, and NumPy's."""
_NAMES = {name: kind for kind, name in DTYPES.items()}
_KEY = "chainrule"
"""The one key of the metadata: the library writes several in an order that changes from call to call."""
_DESCRIPTION = re.compile("([0-9a-f]{64}) (.*)", re.DOTALL)
_DAMAGED = "the file is damaged or is another one: take another copy, or save it again"


def save_tensors(path: str | os.PathLike[str], tensors: Mapping[str, Any], text: str) -> str:
    """Write arrays and a text to a file, whole or not at all; returns the digest, in hexadecimal.

    Raises DataError where the file cannot be written, ChainruleError for arrays of other dtypes and for a text
    of 100 MB or more.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = save_tensors(f"{folder}/a.safetensors", {"W": np.eye(2)}, "two by two")
    ...     text, tensors = load_tensors(f"{folder}/a.safetensors")
    >>> text, tensors["W"].tolist()
    ('two by two', [[1.0, 0.0], [0.0, 1.0]])
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    arrays = {name: _plain(name, tensor) for name, tensor in tensors.items()}
    digest = digest_of(text, arrays)
    try:
        content = save(arrays, {_KEY: f"{digest} {text}"})
    except SafetensorError as fault:
        remedy = "store what describes the data elsewhere"
        raise ChainruleError("a description below 100 MB", _said(fault), str(path), remedy) from None
    write_atomically(path, [content])
    return digest


def load_tensors(path: str | os.PathLike[str], what: str = "a model file") -> tuple[str, dict[str, Array]]:
    """The text and the arrays of a file. what: it should be, for messages.

    Raises DataError, which names the file, unless the text and every number are as they were written.
    """
    from safetensors import SafetensorError

    file_path, needed = checked_path(path, "load"), f"{what} (safetensors)"
    try:
        with file_path.open("rb") as file:  # Python says in plain words why a path cannot be read
            size = os.fstat(file.fileno()).st_size
        metadata, arrays = _read(file_path)
    except OSError as fault:
        raise DataError(needed, fault.strerror or str(fault), str(path), "check the path") from None
    except (SafetensorError, ValueError) as fault:  # ValueError: a shape that NumPy cannot have
        came = f"a file of {size:,} bytes: {_said(fault)}"
        raise DataError(needed, came, str(path), _DAMAGED) from None
    described = _DESCRIPTION.fullmatch(metadata.get(_KEY, ""))
    if metadata.keys() != {_KEY} or not described:
        came = "a safetensors file without our description"
        raise DataError(f"{what} that chainrule wrote", came, str(path), _DAMAGED)
    digest, text = described.groups()
    found = digest_of(text, arrays)
    if found != digest:
        needed = f"content with the digest {digest[:12]}…, as when it was written"
        raise DataError(needed, f"{found[:12]}…", str(path), _DAMAGED)
    return text, arrays


def _read(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    """Metadata and arrays. Raises SafetensorError, ValueError and OSError."""
    from safetensors import safe_open

    with safe_open(
        path, "numpy", backend="pread"
    ) as file:  # a file that is cut meanwhile is an error, no crash
        for name in file.keys():
            kind = file.get_slice(name).get_dtype()
            if kind not in DTYPES:
                raise ValueError(f"the dtype {kind} of the array {name[:60]!r}")
        return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}


def _said(fault: Exception) -> str:
    """What the library or NumPy says, short."""
    return re.sub(r"^Error while [a-z ]+: ", "", str(fault))[:160]


def _plain(name: str, tensor: Any) -> Array:
    """The array in the form of the file: little-endian, in row order."""
    array = np.asarray(tensor)
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
    if array.dtype.str not in _NAMES:
        needed, remedy = f"an array of {', '.join(_NAMES.values())}", "convert it before it is saved"
        raise ChainruleError(needed, str(array.dtype), f"save, {name}", remedy)
    return array


def digest_of(text: str, arrays: Mapping[str, Array]) -> str:
    """SHA-256 over the text, and of each array name, dtype, shape and bytes."""
    digest = hashlib.sha256(to_text(text, "digest").encode())
    for name, array in sorted(arrays.items()):
        digest.update(to_text([name, _NAMES[array.dtype.str], list(array.shape)], "digest").encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
