"""Products of two matrices by oneDNN, called from compiled code without Python in between: `product.c`.

XLA makes such a product in up to twice the time. The call is C, for what `calls` does takes longer than a small
product; it is compiled where there is a C compiler, once for each machine. Without one, or without oneDNN, XLA makes
the products.
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
import jax.numpy as jnp

from chainrule.lowering.cache import folder
from chainrule.lowering.onednn import library

_SOURCE = Path(__file__).with_name("product.c")
_COMPILER = "CC"
"""The variable that names another compiler than cc."""
_SETTINGS = ("-std=c11", "-O2", "-shared", "-fPIC")
_FORMS = ("nn", "nt", "tn", "tt")
_SECONDS = 60


def product(a: Any, b: Any, a_turned: bool, b_turned: bool) -> jax.Array:
    """A B, float32, (m, n), inside compiled code. a, b: row by row; turned: given as the transpose. See `ready`."""
    m, n = a.shape[1 if a_turned else 0], b.shape[0 if b_turned else 1]
    result = jax.ShapeDtypeStruct((m, n), jnp.float32)  # type: ignore[no-untyped-call]  # JAX has no types for it
    made: jax.Array = jax.ffi.ffi_call(_target(_FORMS[2 * a_turned + b_turned]), result)(a, b)
    return made


@cache
def ready() -> bool:
    """Whether `product` can be called: on a processor, with oneDNN and a C compiler."""
    onednn = library() if jax.default_backend() == "cpu" else None
    binary = None if onednn is None else _built()
    if onednn is None or binary is None:
        return False
    given = ("dnnl_sgemm", "omp_get_max_threads", "omp_set_num_threads")
    binary.chainrule_use(*(ctypes.cast(getattr(onednn.binary, name), ctypes.c_void_p) for name in given))
    for form in _FORMS:
        capsule = jax.ffi.pycapsule(getattr(binary, _target(form)))  # type: ignore[no-untyped-call]  # as above
        jax.ffi.register_ffi_target(_target(form), capsule, platform="cpu")
    return True


def _target(form: str) -> str:
    return f"chainrule_product_{form}"


def _built() -> ctypes.CDLL | None:
    """The compiled source, kept beside XLA's compiled code; None where it cannot be compiled."""
    command = [*shlex.split(os.environ.get(_COMPILER) or "cc"), *_SETTINGS]
    told = "\n".join([*command, jax.__version__, _SOURCE.read_text(encoding="utf-8")])
    name = f"product-{hashlib.sha256(told.encode()).hexdigest()[:12]}.so"
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
