"""Shapes: tuples of sizes. They describe one example and never mention the batch."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.errors import ShapeError

Shape = tuple[int, ...]


def as_shape(shape: int | Sequence[int], where: str = "shape") -> Shape:
    """An int or a sequence of ints as a tuple of sizes; () is a scalar."""
    sizes = (shape,) if isinstance(shape, int) else shape
    try:
        result = tuple(int(size) for size in sizes)
        whole = all(size == given for size, given in zip(result, sizes, strict=True))
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or any(isinstance(size, bool) or size < 0 for size in sizes):
        raise ShapeError("sizes that are whole numbers, none negative", repr(shape), where)
    return result


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
        )
    return axis % len(shape)
