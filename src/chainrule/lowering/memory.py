"""Where NumPy arrays lie in memory."""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.shape import Shape

BYTES = 64
"""An address that is a multiple of it suits XLA."""


def aligned(array: NDArray[Any], copy: bool = False) -> NDArray[Any]:
    """The array, or a copy of it, at an address that is a multiple of 64: XLA reads it there without copying it.

    What is handed to compiled code must not be changed afterwards. copy: a copy even where the address is right; it
    takes a fifth of the time of XLA's own.
    """
    if not copy and array.ctypes.data % BYTES == 0 and array.flags.c_contiguous:
        return array
    made = aligned_zeros(array.shape, array.dtype)
    made[...] = array
    return made


def handed(array: NDArray[Any]) -> Any:
    """A copy that one compiled call after the other takes: read in place on a processor, otherwise where XLA has it."""
    kind = jax.dtypes.canonicalize_dtype(array.dtype)
    if jax.default_backend() == "cpu":
        return aligned(array.astype(kind, copy=False), copy=True)
    return jax.device_put(array)


def aligned_zeros(shape: Shape, dtype: Any) -> NDArray[Any]:
    """Zeros at such an address."""
    size = prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(size + BYTES, np.uint8)
    start = -room.ctypes.data % BYTES
    made: NDArray[Any] = room[start : start + size].view(dtype).reshape(shape)
    return made
