"""Shapes: tuples of sizes. They describe one example and never mention the batch."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from chainrule.graph.errors import ShapeError

Shape = tuple[int, ...]


def as_shape(shape: int | Sequence[int], where: str = "shape") -> Shape:
    """An int or a sequence of ints as a tuple of sizes; () is a scalar."""
    given: Any = shape
    try:
        given = tuple(given)
    except TypeError:
        given = (given,)
    try:
        sizes = tuple(-1 if isinstance(size, bool) else index(size) for size in given)
    except TypeError:
        sizes = (-1,)
    if any(size < 0 for size in sizes):
        needed, remedy = (
            "sizes that are whole numbers, none negative",
            "write 3 or (3,) for a vector, (2, 3) for a matrix",
        )
        raise ShapeError(needed, repr(shape)[:80], where, remedy)
    return sizes


def size_of(shape: Shape) -> int:
    """The number of entries; 1 for a scalar."""
    total = 1
    for size in shape:
        total *= size
    return total


def elementwise_shape(where: str, *shapes: Shape) -> Shape:
    """The shape of an elementwise operation: all alike, or scalars beside one shape."""
    found = {shape for shape in shapes if shape}
    if len(found) > 1:
        listed = " and ".join(str(shape) for shape in shapes)
        raise ShapeError(
            "operands of one shape (only scalars broadcast)",
            listed,
            where,
            "for a product of linear algebra write @; to repeat along an axis write spread(x, axis, size)",
        )
    return found.pop() if found else ()


def normal_axis(axis: int, shape: Shape, where: str) -> int:
    """An axis counted from the front; negative ones count from the back."""
    if isinstance(axis, bool) or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        raise ShapeError(
            f"an axis from {-len(shape)} to {len(shape) - 1}" if shape else "an operand with axes",
            f"axis {axis!r} for the shape {shape}",
            where,
            "axes count from 0, and from -1 backwards"
            if shape
            else "give it an axis first: reshape(x, (1,))",
        )
    return axis % len(shape)
