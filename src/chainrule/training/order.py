"""The order in which examples are met: new for each epoch, by the seed and the epoch's number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_ENTRIES = 2**15
_KEY = 0x5EED  # apart from the streams that parameters are drawn from


@dataclass(frozen=True)
class Order:
    """The order of n examples in every epoch.

    Short epochs are drawn many at once, which is faster: `rows` epochs make a block. Any block can be
    drawn without those before it, so that training can be taken up at any epoch.

    >>> order = Order(seed=0, n=5, shuffle=True)
    >>> sorted(order.block(0)[0].tolist())
    [0, 1, 2, 3, 4]
    """

    seed: int
    n: int
    shuffle: bool

    @cached_property
    def rows(self) -> int:
        """How many epochs a block holds."""
        return max(1, _ENTRIES // self.n)

    def block(self, number: int, most: int | None = None) -> NDArray[np.int32]:
        """The order in the epochs number × rows to (number + 1) × rows − 1: (rows, n), or the first `most` of them."""
        kind = np.intp if self.rows > 1 else np.int32  # numbers of a pointer's size are shuffled faster
        found = np.tile(np.arange(self.n, dtype=kind), (min(self.rows, most or self.rows), 1))
        if self.shuffle:
            sequence = np.random.SeedSequence(self.seed, spawn_key=(_KEY, number))
            np.random.Generator(np.random.Philox(sequence)).permuted(found, axis=1, out=found)
        return found.astype(np.int32, copy=False)
