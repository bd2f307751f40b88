"""Files in the form of ours with anything wrong that a test wants, and the right digest all the same.

The digest is computed here anew, from its description: SHA-256 over the text as JSON, and of each array, by
name, over [name, dtype, shape] as JSON and the bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

KINDS = {"<f4": "F32", "<f8": "F64", "<i8": "I64", "|u1": "U8"}


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(text: str, tensors: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(compact(text))
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(compact([name, KINDS[array.dtype.str], list(array.shape)]))
        digest.update(array.tobytes())
    return digest.hexdigest()


def described(text: str, tensors: Mapping[str, np.ndarray]) -> str:
    """What the metadata say: the digest, a space, the text."""
    return f"{digest_of(text, tensors)} {text}"


def header_of(text: str, tensors: Mapping[str, np.ndarray]) -> dict[str, Any]:
    header: dict[str, Any] = {"__metadata__": {"chainrule": described(text, tensors)}}
    at = 0
    for name, array in tensors.items():
        place = [at, at + array.nbytes]
        header[name] = {"dtype": KINDS[array.dtype.str], "shape": list(array.shape), "data_offsets": place}
        at += array.nbytes
    return header


def packed(header: Any, tensors: Mapping[str, np.ndarray]) -> bytes:
    """A file with this header, a text or what JSON makes of it, and these arrays."""
    encoded = header if isinstance(header, bytes) else compact(header)
    return len(encoded).to_bytes(8, "little") + encoded + b"".join(a.tobytes() for a in tensors.values())


def forged(text: str, tensors: Mapping[str, np.ndarray]) -> bytes:
    return packed(header_of(text, tensors), tensors)


def unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a file, and the bytes of its arrays."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]
