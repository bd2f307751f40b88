"""Arrays that hold the axes of an expression in another order: inside compiled code images have channels last.

XLA on the CPU is fast in that order, and turning arrays round costs as much as using them. So a value keeps the order
in which the op that made it left it, through everything that acts entry by entry, until an op wants another one. Two
more things can differ from the expression. Where an image was flattened, the one axis lies in the parts that it was
made of. And where an image has few channels the examples lie last: then they are what is computed side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint

from chainrule.graph.shape import Shape
from chainrule.lowering.native import correlate_is_ready
from chainrule.lowering.once import once

Order = tuple[int, ...]
Split = tuple[Shape, ...]


class Place(NamedTuple):
    """How an array lies.

    order[i]: the axis of the expression that lies i-th; or the part of an axis, numbered through all axes. split: for
    each axis the sizes of its parts; () where every axis is one. last: the axis of the examples is last, not first.
    """

    order: Order
    split: Split = ()
    last: bool = False

    @property
    def plain(self) -> bool:
        """Whether all lies as in the expression."""
        return self == Place(tuple(range(len(self.order))))


@dataclass(frozen=True)
class Held:
    """An array, with an axis for the examples or without one, that lies in a place: the fields of `Place`."""

    array: Any
    order: Order
    split: Split = ()
    last: bool = False

    @property
    def place(self) -> Place:
        return Place(self.order, self.split, self.last)

    @property
    def sizes(self) -> Shape:
        """Of the parts, in the order of the expression."""
        found = dict(zip(self.order, self.array.shape[self.lead :], strict=False))
        return tuple(found[part] for part in range(len(self.order)))

    @property
    def shape(self) -> Shape:
        """The shape of the expression, without the examples."""
        return tuple(map(prod, self.split)) if self.split else self.sizes

    @property
    def batched(self) -> bool:
        """Whether there is an axis for the examples."""
        return bool(self.array.ndim > len(self.order))

    @property
    def lead(self) -> int:
        """How many axes come before those of the expression: 1 for the examples, or 0."""
        return int(self.batched and not self.last)

    @property
    def examples(self) -> int | None:
        """How many there are; None without their axis."""
        return int(self.array.shape[-1 if self.last else 0]) if self.batched else None

    def at(self, place: Place) -> Held:
        """The same entries in that place, with the examples first if there are none to be last."""
        place = place._replace(last=place.last and self.batched)
        if place == self.place:
            return self
        x = self._in_parts(place.split)
        axes = [x.lead + x.order.index(part) for part in place.order]
        if x.batched:
            axes.insert(len(axes) if place.last else 0, len(axes) if x.last else 0)
        if x.last != place.last and place.order:
            return Held(once(partial(_turned_round, axes=axes), x.array), *place)
        return Held(x.array.transpose(axes), *place)

    def whole(self) -> Held:
        """The same entries with every axis in one part."""
        if not self.split:
            return self
        x = self.at(Place(tuple(range(len(self.order))), self.split))
        return held(x.array.reshape(*x.array.shape[: x.lead], *x.shape), len(x.shape))

    def ordered(self, order: Order) -> Any:
        """The array with the axes in that order, after that of the examples."""
        return self.at(Place(order)).array

    def plain(self) -> Any:
        """The array with the axes in the order of the expression."""
        return self.ordered(tuple(range(len(self.shape))))

    def _in_parts(self, split: Split) -> Held:
        """The same entries with the axes in these parts; they move only where they lie in other parts."""
        if split == self.split:
            return self
        if self.split:
            return self.whole()._in_parts(split)
        order = parts_in_order(self.order, split)
        found = [size for axis in self.order for size in split[axis]]
        ends = self.array.shape
        shape = (*ends[: self.lead], *found, *(ends[-1:] if self.batched and self.last else ()))
        return Held(self.array.reshape(shape), order, split, self.last)


def _turned_round(array: Any, axes: Sequence[int]) -> Any:
    """With its axes in that order in memory too: XLA would rather leave it as it lies, and read it in strides."""
    moved = array.transpose(axes)
    return with_layout_constraint(moved, Layout(tuple(range(moved.ndim))))  # type: ignore[no-untyped-call]  # JAX has no types for it


def parts_in_order(order: Order, split: Split) -> Order:
    """The parts one after another, of axes that lie in that order."""
    starts = list(accumulate((len(sizes) for sizes in split), initial=0))
    return tuple(part for axis in order for part in range(starts[axis], starts[axis + 1]))


Form = Callable[..., Held | None]
"""form(operands, batched, **params): the value of an op, from those of its operands and whether each has a leading axis
for the examples; None where the op's own rule is to be taken."""


def held(array: Any, rank: int) -> Held:
    """An array whose axes lie as in the expression, which has that many."""
    return Held(array, tuple(range(rank)))


def image_order(rank: int, axes: int) -> Order:
    """Of an image with 1 or 2 axes: channels last, where there are any."""
    return (*range(1, rank), 0) if rank > axes else tuple(range(rank))


def kernel_order(rank: int) -> Order:
    """Of a kernel (outputs, inputs, u, v): (u, v, inputs, outputs)."""
    return (*range(2, rank), 1, 0) if rank > 2 else tuple(range(rank))


def kernel_strides(k: Held, axes: int) -> tuple[int, int, int, int]:
    """How far apart the entries of a kernel lie along (u, v, inputs, outputs), on two axes."""
    rank, shape = len(k.order), k.shape
    found = {axis: prod(shape[inner] for inner in k.order[at + 1 :]) for at, axis in enumerate(k.order)}
    v, u = found[rank - 1], found[rank - 2] if axes == 2 else 1
    outputs, inputs = (found[0], found[1]) if rank > axes else (1, 1)
    return u, v, inputs, outputs


_FEW_CHANNELS, _SOME_CHANNELS = 15, 64
"""Up to so many the examples are what is computed side by side; and where convolutions of such images are native, with
whole vectors of examples that lie close together, or one channel more with many examples. Measured in 60 sizes.
"""
_VECTOR, _CLOSE, _MANY = 16, 256, 96
"""Examples that a native convolution computes at once, the most that lie close together, and how many are many."""


def image_place(shape: Shape, axes: int, *values: Held) -> Place:
    """Where an image with 1 or 2 axes is best: channels last, or the examples, if they are many and channels few.

    values: those that it is computed from, for their examples and dtype.
    """
    given = next((value for value in values if value.examples), None)
    few = len(shape) > axes and shape[0] <= _FEW_CHANNELS
    last = given is not None and (few or are_native(shape, axes, given))
    return Place(image_order(len(shape), axes), (), last)


def are_native(shape: Shape, axes: int, value: Held) -> bool:
    """Whether convolutions of such images are native, for as many examples as the value has."""
    channels, n = shape[0] if len(shape) > axes else 1, value.examples or 0
    some = channels <= _SOME_CHANNELS and n <= _CLOSE and n % _VECTOR == 0
    worth_it = n >= _VECTOR and (some or channels <= _FEW_CHANNELS + (n >= _MANY))
    return worth_it and value.array.dtype == jnp.float32 and correlate_is_ready()


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


def common_place(values: Sequence[Held]) -> Place:
    """In which values of one shape, or scalars among them, meet: that of one which lies otherwise than written."""
    rank = max(len(value.shape) for value in values)
    places = [value.place for value in values if len(value.shape) == rank]
    turned = sorted((place for place in places if not place.plain), key=lambda place: not place.last)
    return turned[0] if turned else Place(tuple(range(rank)))
