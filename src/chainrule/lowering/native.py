"""Calls out of compiled code with no Python in between: products of two matrices, large ones by oneDNN, convolutions on
a few places as such products, rows of an array, and convolutions of images whose examples lie last.

XLA takes up to twice the time for a product, one thread for the rows, and no library has those last ones. The
calls are C, for what `calls` does takes longer than a small product. They are compiled where there is a C compiler,
once for each machine. Without one, or for products without oneDNN, XLA does all.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import jax
import numpy as np

from chainrule.graph.shape import Shape
from chainrule.lowering.cache import folder
from chainrule.lowering.calls import called
from chainrule.lowering.onednn import library
from chainrule.ops.windows import Window

_FOLDER = Path(__file__).parent
_COMPILER = "CC"
"""The variable that names another compiler than cc."""
_SETTINGS = ("-std=c11", "-O2", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
_FORMS = ("product_nn", "product_nt", "product_tn", "product_tt")
_ROWS, _CORRELATE, _KERNEL_GRADIENT = "rows", "correlate", "correlate_kernel_gradient"
_TAP_BY_TAP, _TAPS_KERNEL_GRADIENT = "tap_by_tap", "tap_by_tap_kernel_gradient"
_SECONDS = 60


def product(a: Any, b: Any, a_turned: bool, b_turned: bool) -> jax.Array:
    """A B, float32, (m, n), inside compiled code. a, b: row by row; turned: given as the transpose. See `ready`."""
    m, n = a.shape[1 if a_turned else 0], b.shape[0 if b_turned else 1]
    return called(_target(_FORMS[2 * a_turned + b_turned]), (m, n), a, b)


def rows(line: Any, ends: Any, skipped: Any, where: Any, n: int) -> jax.Array:
    """Rows of an array of n, float32, (B, width), inside compiled code. See `ready`.

    line, skipped: its entries but for some at either end, how many at the first, uint32. ends: so many of its first
    and last rows that all others are whole in the line. where: which rows, int32.
    """
    told = np.array([n], np.int64)
    return called(_target(_ROWS), (len(where), ends.shape[1]), line, ends, skipped, where, numbers=told)


def correlate(
    x: Any, k: Any, shape: Shape, windows: Sequence[Window], strides: Sequence[int], first: int
) -> jax.Array:
    """y, (h, w, outputs, n) of that shape, of x (h, w, inputs, n) and a kernel, float32. See `correlate_is_ready`.

    strides: how far apart the entries of k lie along (u, v, inputs, outputs); first: where the first of them lies.
    """
    return called(_target(_CORRELATE), shape, x, k, numbers=_numbers(windows, *strides, first))


def correlate_kernel_gradient(x: Any, dy: Any, windows: Sequence[Window]) -> jax.Array:
    """What the kernel receives, (u, v, inputs, outputs), of x and dy as in `correlate`."""
    rows, columns = windows
    shape = (rows.size, columns.size, x.shape[2], dy.shape[2])
    return called(_target(_KERNEL_GRADIENT), shape, x, dy, numbers=_numbers(windows))


def tap_by_tap(
    kind: str, x: Any, k: Any, shape: Shape, windows: Sequence[Window], turned: bool, swapped: bool
) -> jax.Array:
    """The "result" of images x, or the "input" that receives from dy, here x; of that shape, float32. See `ready`.

    Channels last; k: (u, v, channels of x, of what is made), or swapped those two; turned: by 180°. For images of a few
    places: a product for each of them and each entry of the kernel.
    """
    numbers = _numbers(windows, kind == "input", turned, swapped)
    return called(_target(_TAP_BY_TAP), shape, x, k, numbers=numbers)


def tap_by_tap_kernel_gradient(x: Any, dy: Any, windows: Sequence[Window], turned: bool) -> jax.Array:
    """What the kernel receives, (u, v, inputs, outputs), of x and dy as in `tap_by_tap`."""
    shape = (*(w.size for w in windows), x.shape[3], dy.shape[3])
    return called(_target(_TAPS_KERNEL_GRADIENT), shape, x, dy, numbers=_numbers(windows, turned))


def _numbers(windows: Sequence[Window], *others: int) -> Any:
    """As C reads them."""
    told = ((w.n, w.size, w.count, w.stride, w.dilation, w.before) for w in windows)
    return np.array([*chain(*told), *others], np.int64)


@cache
def ready() -> bool:
    """Whether products, `tap_by_tap` and `rows` can be called: on a processor, with oneDNN and a C compiler."""
    onednn = library() if jax.default_backend() == "cpu" else None
    binary = None if onednn is None else _built("native", "multiply")
    if onednn is None or binary is None:
        return False
    given = ("dnnl_sgemm", "omp_get_max_threads", "omp_set_num_threads")
    binary.chainrule_use(*(ctypes.cast(getattr(onednn.binary, name), ctypes.c_void_p) for name in given))
    return _registered(binary, *_FORMS, _ROWS, _TAP_BY_TAP, _TAPS_KERNEL_GRADIENT)


@cache
def correlate_is_ready() -> bool:
    """Whether `correlate` and `correlate_kernel_gradient` can be called: on a processor, with a C compiler."""
    binary = _built("examples_last", "examples_last_gradient") if jax.default_backend() == "cpu" else None
    return binary is not None and _registered(binary, _CORRELATE, _KERNEL_GRADIENT)


def _registered(binary: ctypes.CDLL, *names: str) -> bool:
    for name in names:
        capsule = jax.ffi.pycapsule(getattr(binary, _target(name)))  # type: ignore[no-untyped-call]  # as in `calls`
        jax.ffi.register_ffi_target(_target(name), capsule, platform="cpu")
    return True


def _target(name: str) -> str:
    return f"chainrule_{name}"


def _built(*names: str) -> ctypes.CDLL | None:
    """Compiled sources, kept beside XLA's compiled code; None where they cannot be compiled."""
    sources, headers = [_FOLDER / f"{name}.c" for name in names], sorted(_FOLDER.glob("*.h"))
    try:
        command = [*shlex.split(os.environ.get(_COMPILER) or "cc"), *_SETTINGS]
    except ValueError:  # quotes that do not close
        return None
    told = "\n".join(
        [*command, jax.__version__, *(path.read_text(encoding="utf-8") for path in (*headers, *sources))]
    )
    file = f"{names[0]}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.so"
    kept = folder()
    try:
        if kept is not None and (kept / file).exists():
            return ctypes.CDLL(str(kept / file))
        with tempfile.TemporaryDirectory(dir=kept, prefix="building-") as room:
            made, objects = Path(room) / file, [str(Path(room) / f"{name}.o") for name in names]
            run = partial(subprocess.run, check=True, capture_output=True, timeout=_SECONDS)
            compiling = [*command, f"-I{jax.ffi.include_dir()}", "-c", "-o"]
            with ThreadPoolExecutor() as pool:  # side by side
                list(pool.map(lambda object, source: run([*compiling, object, source]), objects, sources))
            run([*command, "-o", str(made), *objects])
            return ctypes.CDLL(str(made if kept is None else made.replace(kept / file)))
    except (OSError, subprocess.SubprocessError):
        return None
