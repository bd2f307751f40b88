"""Calls out of compiled code with no Python in between: products of two matrices by oneDNN, and rows of an array.

XLA takes up to twice the time for such a product, and one thread for the rows. The calls are C, `native.c`, for what
`calls` does takes longer than a small product. It is compiled where there is a C compiler, once for each machine.
Without one, or without oneDNN, XLA does all.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shlex
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import jax

from chainrule.lowering.cache import folder
from chainrule.lowering.calls import called
from chainrule.lowering.onednn import library

_SOURCE = Path(__file__).with_suffix(".c")
_COMPILER = "CC"
"""The variable that names another compiler than cc."""
_SETTINGS = ("-std=c11", "-O2", "-shared", "-fPIC")
_FORMS = ("product_nn", "product_nt", "product_tn", "product_tt")
_ROWS = "rows"
_SECONDS = 60


def product(a: Any, b: Any, a_turned: bool, b_turned: bool) -> jax.Array:
    """A B, float32, (m, n), inside compiled code. a, b: row by row; turned: given as the transpose. See `ready`."""
    m, n = a.shape[1 if a_turned else 0], b.shape[0 if b_turned else 1]
    return called(_target(_FORMS[2 * a_turned + b_turned]), (m, n), a, b)


def rows(line: Any, starts: Any, width: int) -> jax.Array:
    """Pieces of a line, float32, (B, width), inside compiled code. See `ready`.

    starts: where each begins, uint32; what is too far is as far as it can be.
    """
    return called(_target(_ROWS), (len(starts), width), line, starts)


@cache
def ready() -> bool:
    """Whether they can be called: on a processor, with oneDNN and a C compiler."""
    onednn = library() if jax.default_backend() == "cpu" else None
    binary = None if onednn is None else _built()
    if onednn is None or binary is None:
        return False
    given = ("dnnl_sgemm", "omp_get_max_threads", "omp_set_num_threads")
    binary.chainrule_use(*(ctypes.cast(getattr(onednn.binary, name), ctypes.c_void_p) for name in given))
    for name in (*_FORMS, _ROWS):
        capsule = jax.ffi.pycapsule(getattr(binary, _target(name)))  # type: ignore[no-untyped-call]  # as above
        jax.ffi.register_ffi_target(_target(name), capsule, platform="cpu")
    return True


def _target(name: str) -> str:
    return f"chainrule_{name}"


def _built() -> ctypes.CDLL | None:
    """The compiled source, kept beside XLA's compiled code; None where it cannot be compiled."""
    try:
        command = [*shlex.split(os.environ.get(_COMPILER) or "cc"), *_SETTINGS]
    except ValueError:  # quotes that do not close
        return None
    told = "\n".join([*command, jax.__version__, _SOURCE.read_text(encoding="utf-8")])
    name = f"native-{hashlib.sha256(told.encode()).hexdigest()[:12]}.so"
    kept = folder()
    try:
        if kept is not None and (kept / name).exists():
            return ctypes.CDLL(str(kept / name))
        with tempfile.TemporaryDirectory(dir=kept, prefix="building-") as room:
            made = Path(room) / name
            call = [*command, f"-I{jax.ffi.include_dir()}", "-o", str(made), str(_SOURCE)]
            subprocess.run(call, check=True, capture_output=True, timeout=_SECONDS)
            return ctypes.CDLL(str(made if kept is None else made.replace(kept / name)))
    except (OSError, subprocess.SubprocessError):
        return None
