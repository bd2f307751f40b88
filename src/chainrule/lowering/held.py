"""Arrays that hold the axes of an expression in another order: inside compiled code images have channels last.

XLA on the CPU is fast in that order, and turning arrays round costs as much as using them. So a value keeps the order
in which the op that made it left it, through everything that acts entry by entry, until an op wants another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp

Order = tuple[int, ...]


@dataclass(frozen=True)
class Held:
    """An array, with a leading axis for the examples or without one.

    order[i]: the axis of the expression that lies i-th.
    """

    array: jax.Array
    order: Order

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the expression, without the examples."""
        sizes = dict(zip(self.order, self.array.shape[self.lead :], strict=True))
        return tuple(sizes[axis] for axis in range(len(self.order)))

    @property
    def lead(self) -> int:
        """How many axes come before: 1 for the examples, or 0."""
        return self.array.ndim - len(self.order)

    def ordered(self, order: Order) -> jax.Array:
        """The array with the axes in that order."""
        if order == self.order:
            return self.array
        places = (self.lead + self.order.index(axis) for axis in order)
        return jnp.transpose(self.array, (*range(self.lead), *places))

    def plain(self) -> jax.Array:
        """The array with the axes in the order of the expression."""
        return self.ordered(tuple(range(len(self.order))))


Form = Callable[..., Held | None]
"""form(operands, batched, **params): the value of an op, from those of its operands and whether each has a leading axis
for the examples; None where the op's own rule is to be taken."""


def held(array: jax.Array, rank: int) -> Held:
    """An array whose axes lie as in the expression, which has that many."""
    return Held(array, tuple(range(rank)))


def image_order(rank: int, axes: int) -> Order:
    """Of an image with 1 or 2 axes: channels last, where there are any."""
    return (*range(1, rank), 0) if rank > axes else tuple(range(rank))


def kernel_order(rank: int) -> Order:
    """Of a kernel (outputs, inputs, u, v): (u, v, inputs, outputs)."""
    return (*range(2, rank), 1, 0) if rank > 2 else tuple(range(rank))


_NARROW = 128
_LARGE = 2**18
"""Entries of a matrix that is turned round only where that makes its products faster: turning it takes time too."""


def matrix_order(rows: int, columns: int) -> Order:
    """Of W in W x for many examples: as it is where it has few rows, otherwise (columns, rows).

    What the two forms of the three products W x, Wᵀ δ and δ xᵀ take together was measured in 24 sizes, by 32, 128 and
    1,024 examples: the right one is up to twice as fast. Square and large matrices are as fast in both.
    """
    as_it_is = rows <= columns and (rows <= _NARROW or rows * columns >= _LARGE)
    return (0, 1) if as_it_is else (1, 0)


def common_order(values: Sequence[Held]) -> Order:
    """In which values of one shape, or scalars among them, meet: that of the first which was turned."""
    orders = [value.order for value in values]
    rank = max(map(len, orders))
    full = [order for order in orders if len(order) == rank]
    return next((order for order in full if order != tuple(range(rank))), tuple(range(rank)))
