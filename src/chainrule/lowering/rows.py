"""Rows of an array that stays where it lies: compiled code reads those of a step from NumPy's own memory.

XLA takes arrays over without copying them where their address is a multiple of 64, which that of a NumPy array rarely
is. So it is given all entries from the first such address on, as one line, and each step takes its rows out of it. A
few rows at either end, that are not whole in the line, are given once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.shape import Shape
from chainrule.lowering import native
from chainrule.lowering.memory import BYTES, aligned

Array = NDArray[Any]
_SMALL = 2**22
"""Bytes of an array that may as well be copied."""
_MANY = 2**16
"""Entries that are gathered sooner by several threads than by XLA's one."""
_MOST = 2**32
"""Entries that are counted in 32 bits."""
_ROWS = jax.lax.GatherDimensionNumbers(offset_dims=(1,), collapsed_slice_dims=(), start_index_map=(0,))


@partial(jax.tree_util.register_dataclass, data_fields=["line", "skipped", "ends"], meta_fields=["n", "row"])
@dataclass(frozen=True)
class Lying:
    """An array of n rows in NumPy's memory, for use inside compiled code; it must not be changed while it is used.

    line: its entries but for some at either end. skipped: how many at the first. ends: so many of its first and last
    rows that all others are whole in the line. row: the shape of one.
    """

    line: Any
    skipped: Any
    ends: Any
    n: int
    row: Shape

    def __getitem__(self, where: Any) -> jax.Array:
        """The rows of these numbers, (B,)."""
        few, width = len(self.ends) // 2, prod(self.row)
        if self.line.dtype == jnp.float32 and len(where) * width >= _MANY and native.ready():
            ends, where = self.ends.reshape(2 * few, width), where.astype(np.int32)
            return native.rows(self.line, ends, self.skipped, where, self.n).reshape(len(where), *self.row)
        starts = where.astype(np.uint32) * np.uint32(width) - self.skipped
        at_end = (where < few) | (where >= self.n - few)

        def inner() -> jax.Array:
            found = jax.lax.gather(self.line, starts[:, None], _ROWS, (width,), mode="clip")
            return found.reshape(len(where), *self.row)

        def outer() -> jax.Array:
            place = jnp.clip(jnp.where(where < few, where, where + (2 * few - self.n)), 0, 2 * few - 1)
            chosen = at_end.reshape(-1, *(1 for _ in self.row))
            return jnp.where(chosen, jnp.asarray(self.ends)[place], inner())

        found: jax.Array = jax.lax.cond(at_end.any(), outer, inner)
        return found


def lying(array: Array) -> Lying | None:
    """The array as compiled code reads it: in place, or a copy where its entries do not lie side by side.

    None where rows of XLA's own arrays are the better way: that is decided by sizes alone, for the last bits of what is
    computed may be others.
    """
    entries, row = BYTES // array.itemsize, array.shape[1:]
    few = -(-entries // max(prod(row), 1))
    small = array.nbytes < _SMALL or len(array) < 2 * few
    if small or array.size >= _MOST or jax.default_backend() != "cpu":
        return None
    if not array.flags.c_contiguous or array.ctypes.data % array.itemsize:
        array = aligned(array, copy=True)
    skipped = -array.ctypes.data % BYTES // array.itemsize
    line = array.reshape(-1)[skipped : array.size - entries + skipped]
    ends = np.concatenate([array[:few], array[-few:]])
    return Lying(line, np.uint32(skipped), ends, len(array), row)
