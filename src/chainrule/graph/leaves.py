"""The leaves: data differ from example to example, parameters are shared by all, constants are numbers."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from chainrule.graph.errors import ChainruleError, ShapeError
from chainrule.graph.expression import Expr, Number
from chainrule.graph.names import checked_name
from chainrule.graph.op import leaf_op
from chainrule.graph.shape import Shape, as_shape, size_of

DATA = leaf_op("data")
PARAMETER = leaf_op("parameter")
CONSTANT = leaf_op("constant")
_MOST_ENTRIES = 100_000
_LARGEST = int(sys.float_info.max)


def data(name: str, shape: int | Sequence[int] = (), *, distribution: bool = False) -> Expr:
    """A leaf that differs from example to example: an input x, a label y.

    shape: of one example; () is a scalar, 3 or (3,) a vector, (1, 28, 28) an image
        (channels, height, width). The batch is never part of it.
    distribution: the entries sum to 1, as those of a one-hot label do. Gradients then say
        p - y where they would otherwise say p (y_1 + ... + y_K) - y.

    >>> x = data("x", 3)
    >>> x.shape
    (3,)
    """
    name = checked_name(name, "data")
    params = {"distribution": True} if distribution else {}
    return Expr(DATA, (), params, as_shape(shape, f"data {name}"), name)


def parameter(name: str, shape: int | Sequence[int] = ()) -> Expr:
    """A leaf that all examples share and that training changes: a weight matrix W, a bias b.

    >>> parameter("W", (2, 3)).shape
    (2, 3)
    """
    name = checked_name(name, "parameter")
    return Expr(PARAMETER, (), {}, as_shape(shape, f"parameter {name}"), name)


def constant(value: Any, shape: int | Sequence[int] | None = None) -> Expr:
    """A number, or an array of numbers. Whole numbers and fractions stay exact.

    value: a number, a nested list or a NumPy array. shape: with a number, an array filled with it.

    >>> constant([[1, 0], [0, 1]]).shape
    (2, 2)
    """
    if isinstance(value, Expr):
        return value
    if shape is not None:
        return Expr(CONSTANT, (), {"value": _number(value)}, as_shape(shape, "constant"))
    size = tuple(value.shape) if hasattr(value, "tolist") and hasattr(value, "shape") else None
    entries, found = _flatten(value.tolist() if size is not None and _small(size) else value)
    if found == ():
        return Expr(CONSTANT, (), {"value": entries[0]}, ())
    return Expr(CONSTANT, (), {"value": tuple(entries)}, found if size is None else size)


def constant_number(expr: Expr) -> Number | None:
    """The number of a constant scalar or filled array; None for anything else."""
    value = expr.params["value"] if expr.op is CONSTANT else None
    return value if isinstance(value, (int, float, Fraction)) else None


def _number(value: Any) -> Number:
    if isinstance(value, float):
        return math.nan if math.isnan(value) else float(value)  # one NaN: it equals nothing but itself
    if isinstance(value, int):
        return _within_floats(int(value))
    if isinstance(value, Fraction):
        return _within_floats(value)
    if hasattr(value, "is_integer") and hasattr(value, "as_integer_ratio"):  # NumPy's extended precision
        return float(value)
    joined = isinstance(value, Expr)
    raise ChainruleError(
        "a number, an array of numbers or an expression",
        repr(value)[:80],
        "constant",
        "to join expressions write concatenate(a, b)"
        if joined
        else "write numbers as 2, 0.5 or Fraction(1, 3)",
    )


def _within_floats(value: int | Fraction) -> int | Fraction:
    if not -_LARGEST <= value <= _LARGEST:
        raise ChainruleError(
            "a number that a float can hold, below 1.8e308", "a larger one", "constant", "scale it down"
        )
    return value


def _flatten(value: Any) -> tuple[list[Number], Shape]:
    if not isinstance(value, (list, tuple)):
        return [_number(value)], ()
    parts = [_flatten(part) for part in value]
    shapes = {shape for _, shape in parts}
    if len(shapes) > 1:
        raise ShapeError(
            "rows of one length",
            f"rows of the shapes {sorted(shapes)}",
            "constant",
            "fill the shorter rows, with 0 say",
        )
    shape = (len(parts), *(shapes.pop() if shapes else ()))
    _small(shape)
    return [entry for entries, _ in parts for entry in entries], shape


def _small(shape: Shape) -> bool:
    if size_of(shape) > _MOST_ENTRIES:
        needed, remedy = f"at most {_MOST_ENTRIES} entries in a constant", "make it data or a parameter"
        raise ShapeError(needed, f"{size_of(shape)}", "constant", remedy)
    return True
