"""Windows: the examples of some steps, in the order in which the steps meet them.

Examples in memory are one window, which serves whole epochs; a source larger than memory gives many, one after
the other, the next of which is read by a thread while steps are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.lowering.memory import aligned_zeros
from chainrule.training.order import Order
from chainrule.training.storage.tensors import digest_of

Array = NDArray[Any]
Arrays = tuple[Any, ...]
Rows = Callable[[Any], Any]
Read = Callable[[int, int | None], Iterator[Arrays]]
"""read(size, epoch): the arrays of one epoch in parts of a multiple of `size` examples, but the last, in the
order of that epoch; for None in the order of the source."""
T = TypeVar("T")
_ENTRIES, _EPOCHS = 2**17, 2**12
"""Of the order in a window, at most, where it has more than one block: few are drawn in less time than it takes to
start a thread, and to call compiled code once more.
"""


@dataclass(frozen=True)
class Window:
    """The examples of the steps `step` to `step + steps − 1` of the epochs `epoch` to `epoch + epochs − 1`.

    arrays: of its n examples. order: which of them each step takes, (epochs, steps × size), filled up with
    row 0 where n is no multiple of size; at an address where XLA reads it in place. size: examples in a step.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    n: int
    size: int
    arrays: Arrays
    order: NDArray[np.int32]

    def holds(self, epoch: int, step: int) -> bool:
        """Whether it has the examples of this step."""
        return 0 <= epoch - self.epoch < self.epochs and 0 <= step - self.step < self.steps


Windows = Generator[Window, None, None]


class Feed:
    """Data leaves with their arrays, (n, ...), and how rows become values of the leaf; see Problem.

    require_finite: raises FeedError for numbers that are not finite in an array that was not looked through before,
    since training notices them.
    """

    def __init__(
        self,
        arrays: Mapping[Expr, Any],
        rows: Mapping[Expr, Rows | None] | None = None,
        require_finite: Callable[[], Any] = lambda: None,
    ) -> None:
        self.leaves = tuple(arrays)
        self.arrays: Arrays = tuple(arrays.values())
        self.rows = tuple((rows or {}).get(leaf) for leaf in self.leaves)
        self.n, self.require_finite = len(self.arrays[0]), require_finite

    def parts(self) -> Iterator[Arrays]:
        """All examples once, in their order."""
        yield self.arrays

    def digest(self) -> str:
        """What tells these examples from others: SHA-256, in hexadecimal."""
        return digest_of("", {str(i): array for i, array in enumerate(self.arrays)})

    def windows(self, size: int, seed: int, shuffle: bool, epoch: int, step: int, end: int) -> Windows:
        """The windows from a step of an epoch on, before the epoch `end`. size: examples in a step.

        seed, shuffle: of the order; shuffle False keeps that of the arrays.
        """
        order = Order(seed, self.n, shuffle and size < self.n)
        most = order.rows * max(1, min(_ENTRIES // (order.rows * self.n), _EPOCHS // order.rows))
        windows = self._windows(order, most, size, epoch, end)
        yield from ahead(windows) if end - epoch // order.rows * order.rows > most else windows

    def _windows(self, order: Order, most: int, size: int, epoch: int, end: int) -> Iterator[Window]:
        """The windows of so many epochs at the most, that end where a block does."""
        steps = -(-self.n // size)
        while epoch < end:
            stop = epoch // order.rows * order.rows + most
            rows = aligned_zeros((most, steps * size), np.int32)
            for block in range(epoch // order.rows, -(-min(stop, end) // order.rows)):
                begin = block * order.rows
                drawn = order.block(block, max(epoch - begin, 0), end - begin)
                at = max(begin - epoch, 0)
                rows[at : at + len(drawn), : self.n] = drawn
            yield Window(epoch, stop - epoch, 0, steps, self.n, size, self.arrays, rows)
            epoch = stop


class StreamedFeed(Feed):
    """The same for examples that are read while they are used. arrays: of the first few examples only.

    identity: tells the examples, and how they are read, from others; asked for by `digest`.
    """

    def __init__(self, first: Feed, n: int, read: Read, identity: Callable[[], str]) -> None:
        super().__init__(
            dict(zip(first.leaves, first.arrays, strict=True)),
            dict(zip(first.leaves, first.rows, strict=True)),
        )
        self.n, self._read, self._identity = n, read, identity

    def digest(self) -> str:
        return digest_of(self._identity(), {})

    def parts(self) -> Iterator[Arrays]:
        yield from ahead(self._read(1, None))

    def windows(self, size: int, seed: int, shuffle: bool, epoch: int, step: int, end: int) -> Windows:
        yield from ahead(self._read_windows(size, shuffle, epoch, step, end))

    def _read_windows(self, size: int, shuffle: bool, first: int, step: int, end: int) -> Iterator[Window]:
        for epoch in range(first, end):
            at = 0
            for arrays in self._read(size, epoch if shuffle else None):
                n = len(arrays[0])
                here = min(size, n)
                steps = -(-n // here)
                if epoch > first or at + steps > step:
                    order = aligned_zeros((1, steps * here), np.int32)
                    order[0, :n] = np.arange(n)
                    yield Window(epoch, 1, at, steps, n, here, arrays, order)
                at += steps


def ahead(items: Iterable[T]) -> Generator[T]:
    """The items, each made by a thread while the one before it is used.

    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    iterator, end = iter(items), object()
    item = next(iterator, end)
    with ThreadPoolExecutor(1, "chainrule-reader") as pool:
        while item is not end:
            pending = pool.submit(next, iterator, end)
            yield item  # type: ignore[misc]  # it is no end
            item = pending.result()
