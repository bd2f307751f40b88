"""Where NumPy arrays lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BYTES = 64
"""An address that is a multiple of it suits XLA."""


def aligned(array: NDArray[Any], copy: bool = False) -> NDArray[Any]:
    """The array, or a copy of it, at an address that is a multiple of 64: XLA reads it there without copying it.

    What is handed to compiled code must not be changed afterwards. copy: a copy even where the address is right; it
    takes a fifth of the time of XLA's own.
    """
    if not copy and array.ctypes.data % BYTES == 0 and array.flags.c_contiguous:
        return array
    room = np.empty(array.nbytes + BYTES, np.uint8)
    start = -room.ctypes.data % BYTES
    made = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    made[...] = array
    return made
