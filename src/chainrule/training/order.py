"""The order in which examples are met: new for each epoch, by the seed and the epoch's number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_ENTRIES = 2**15
_KEY = 0x5EED  # apart from the streams that parameters are drawn from
_MOST = 16
_begun: dict[tuple[int, int, int], tuple[int, np.random.Generator]] = {}
"""Of blocks that were drawn in part, by seed, n and number: how many rows, and the generator that draws the others.
Whoever trains an epoch at a time goes on with it.
"""


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

    def block(self, number: int, first: int = 0, last: int | None = None) -> NDArray[np.int32]:
        """The order in the epochs number × rows to (number + 1) × rows − 1: (rows, n), or of them `first` to `last`."""
        last = self.rows if last is None else min(last, self.rows)
        kind = np.intp if self.rows > 1 else np.int32  # numbers of a pointer's size are shuffled faster
        if not self.shuffle:
            return np.tile(np.arange(self.n, dtype=np.int32), (last - first, 1))
        key = (self.seed, self.n, number)
        drawn, generator = _begun.pop(key, (self.rows, None))
        if generator is None or drawn > first:
            sequence = np.random.SeedSequence(self.seed, spawn_key=(_KEY, number))
            drawn, generator = 0, np.random.Generator(np.random.SFC64(sequence))
        found = np.tile(np.arange(self.n, dtype=kind), (last - drawn, 1))
        generator.permuted(found, axis=1, out=found)
        if last < self.rows:
            if len(_begun) >= _MOST:
                _begun.clear()
            _begun[key] = (last, generator)
        return found[first - drawn :].astype(np.int32, copy=False)
