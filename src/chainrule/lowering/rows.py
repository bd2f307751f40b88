"""Rows of an array that stays where it lies: compiled code reads those of a step from NumPy's own memory.

XLA reads only memory at addresses of its liking and copies all other arrays whole, before the first step. Where data
fill a good part of the memory there is no room for a copy. A step's rows take a tenth of a millisecond more here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.shape import Shape
from chainrule.lowering.calls import register

Array = NDArray[Any]
_SMALL = 2**29
"""Bytes of an array that is copied sooner than read in place."""
_STEP = 2**16
"""Bytes of the rows of one step that are worth a call out of compiled code."""


@partial(jax.tree_util.register_dataclass, data_fields=["place"], meta_fields=["row", "dtype"])
@dataclass(frozen=True)
class Lying:
    """An array in NumPy's memory, for use inside compiled code; who made it keeps the memory alive.

    place: its address in two halves, and how many rows it has. row: the shape of one.
    """

    place: Any
    row: Shape
    dtype: str

    def __getitem__(self, where: Any) -> jax.Array:
        """The rows of these numbers, (B,)."""
        (size,), width = where.shape, prod(self.row) * np.dtype(self.dtype).itemsize
        name = f"chainrule_rows_{size}_{width}"
        register(name, lambda: _reader(size, width))
        rows = jax.ShapeDtypeStruct((size, *self.row), self.dtype)  # type: ignore[no-untyped-call]  # JAX has no types for it
        read: jax.Array = jax.ffi.ffi_call(name, rows)(self.place, where)
        return read


def lying(array: Array, size: int) -> Lying | None:
    """The array as compiled code reads it in place, `size` rows a step; None where a copy is the better way."""
    worth = array.nbytes >= _SMALL and array.nbytes // len(array) * size >= _STEP
    if not worth or not array.flags.c_contiguous or jax.default_backend() != "cpu":
        return None
    address = array.ctypes.data
    place = np.array([address & 0xFFFFFFFF, address >> 32, len(array)], np.uint32)
    return Lying(jnp.asarray(place), array.shape[1:], array.dtype.name)


def _reader(size: int, width: int) -> Callable[[list[int], list[int]], None]:
    """Reads `size` rows of `width` bytes."""

    def read(operands: list[int], results: list[int]) -> None:
        low, high, n = (int(part) for part in _at(operands[0], np.uint32, 3))
        rows = _at(low + (high << 32), np.uint8, n, width)
        numbers = _at(operands[1], np.int32, size)
        rows.take(numbers, axis=0, out=_at(results[0], np.uint8, size, width), mode="clip")

    return read


def _at(address: int, dtype: Any, *shape: int) -> Array:
    """The array at an address."""
    room = (ctypes.c_char * (prod(shape) * np.dtype(dtype).itemsize)).from_address(address)
    return np.frombuffer(room, dtype).reshape(shape)
