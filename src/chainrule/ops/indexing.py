"""The entry or part of an array at an index, and the opposite: an array put at an index into zeros.

Legend: x the operand; y the result; dy its adjoint; key the index.
"""

from __future__ import annotations

from typing import Any

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.notation import ATOM, PLACE, Form, Notation, named_function
from chainrule.graph.op import case, error, primitive, sign
from chainrule.graph.shape import Shape, as_shape

LETTERS = "ijklmnpqrt"
"""The letters of index equations."""
Part = int | tuple[int, int, int]
"""Where an index reads along an axis: one place, or (start, stop, step)."""


def normal_key(key: Any, shape: Shape) -> tuple[Part, ...]:
    """An index as one part for each axis, counted from the front."""
    where = f"index into the shape {shape}"
    parts = key if isinstance(key, tuple) else (key,)
    dots = [at for at, part in enumerate(parts) if part is Ellipsis]
    if dots:
        at = dots[0]
        parts = (*parts[:at], *(slice(None),) * (len(shape) - len(parts) + 1), *parts[at + 1 :])
    if len(parts) > len(shape):
        raise ShapeError(f"at most {len(shape)} indices", f"{len(parts)}", where, "write one for each axis")
    result: list[Part] = []
    for part, size in zip((*parts, *(slice(None),) * (len(shape) - len(parts))), shape, strict=True):
        if isinstance(part, slice):
            try:
                result.append(part.indices(size))
            except (TypeError, ValueError):
                raise ShapeError(
                    "slices of whole numbers", repr(part), where, "write x[1:3] or x[::2]"
                ) from None
            continue
        try:
            place = part.__index__()
        except (AttributeError, TypeError):
            place = None
        if place is None or isinstance(part, bool):
            remedy = "for several places concatenate x[i:i+1] and x[j:j+1]"
            raise ShapeError("whole numbers and slices", repr(part)[:80], where, remedy)
        if not -size <= place < size:
            remedy = (
                "indices count from 0, and from -1 backwards" if size else "there is no entry along this axis"
            )
            raise ShapeError(f"an index from {-size} to {size - 1}", f"{place}", where, remedy)
        result.append(place % size)
    return tuple(result)


def _slices(key: tuple[Part, ...]) -> tuple[Any, ...]:
    return tuple(_slice(part) if isinstance(part, tuple) else part for part in key)


def _slice(part: tuple[int, int, int]) -> slice:
    """The slice that reads the places of range(start, stop, step): in a slice -1 would be the last place."""
    start, stop, step = part
    if not range(start, stop, step):
        return slice(0, 0)
    return slice(start, None if stop < 0 else stop, step)


def _places(key: tuple[Part, ...], shape: Shape) -> str:
    """An index as a formula writes it, counted from 1 and with the last place included: 2,1:3."""

    def place(part: Part, size: int) -> str:
        if isinstance(part, int):
            return f"{PLACE}{part}"
        start, _, stride = part
        if not range(*part):
            return f"{PLACE}0:{PLACE}-1"
        if part == (0, size, 1):
            return ":"
        last = start + (len(range(*part)) - 1) * stride
        return f"{PLACE}{start}:{PLACE}{last}" + (f":{stride}" if stride != 1 else "")

    return ",".join(place(part, size) for part, size in zip(key, shape, strict=True))


def ranges(shape: Shape) -> str:
    """How far the letters run: over the part, where the whole is larger."""
    return (
        " for " + ", ".join(f"{letter}<{size}" for letter, size in zip(LETTERS, shape, strict=False))
        if shape
        else ""
    )


def _subscript(expr: Expr) -> Notation:
    places = _places(expr.params["key"], expr.operands[0].shape)
    return Notation(Form("#1_{" + places + "}", ATOM, (ATOM,)), Form(f"#1[{places}]", ATOM, (ATOM,)))


def _part_and_whole(key: tuple[Part, ...]) -> tuple[str, str]:
    """Where an entry of a part stands in the part and in the whole, in letters: i and 2*i+1,0."""
    letters = iter(LETTERS)
    part, whole = [], []
    for one in key:
        if isinstance(one, int):
            whole.append(str(one))
        else:
            part.append(next(letters))
            whole.append(f"{one[2]}*{part[-1]}{one[0]:+d}")
    return ",".join(part), ",".join(whole)


@primitive(
    _subscript,
    linear="joint",
    equation=lambda shapes, params: "Y[{}] = X[{}]".format(*_part_and_whole(params["key"]))
    + ranges(_index_shape(shapes[0], key=params["key"])),
    samples=(
        case((3,), key=(1,)), case((2, 3), key=(0, (0, 3, 2))), case((4,), key=((3, -1, -1),)),
        case((4,), key=((2, 2, 1),)), case((0, 2), key=((-1, -1, -1), 1)), case((1,), key=((0, -1, -1),)),
    ),
    errors=(error((3,), key=(3,), match="within the 3"), error((3,), key=((0, 4, 1),), match="within the 3")),
)  # fmt: skip
def index(x, /, key):
    """The entry or part of x at an index, written x[...], from 0 as in Python; formulas count from 1.

    key: for each axis a place, or (start, stop, step). Raises ShapeError outside the shape.

    >>> import chainrule as cr
    >>> cr.data("x", (2, 3))[0, 1:].shape
    (2,)
    """
    del key
    return x


@index.value
def _(xp, x, key):
    return xp.asarray(x)[_slices(key)]


def _index_shape(x: Shape, /, key: Any) -> Shape:
    key = tuple(tuple(part) if isinstance(part, (list, tuple)) else part for part in key)
    if len(key) != len(x):
        raise ShapeError(
            f"{len(x)} parts, one for each axis", f"{len(key)}", "index", "write x[...], which fills them up"
        )
    for part, size in zip(key, x, strict=True):
        if not _inside(part, size):
            needed = f"a place or (start, stop, step) within the {size} of its axis"
            raise ShapeError(
                needed, f"{part}", "index", "write x[...], which counts from the back and cuts off too"
            )
    return tuple(len(range(*part)) for part in key if isinstance(part, tuple))


def _inside(part: Part, size: int) -> bool:
    if isinstance(part, int):
        return 0 <= part < size
    if (
        not isinstance(part, tuple)
        or len(part) != 3
        or not all(isinstance(number, int) for number in part)
        or part[2] == 0
    ):
        return False
    places = range(*part)
    return not places or (0 <= places[0] < size and 0 <= places[-1] < size)


index.body = _index_shape


@sign("[]")
def at(x: Expr, key: Any) -> Expr:
    """x[key], with Python's rules for negative numbers, slices and `...`."""
    return index(x, key=normal_key(key, x.shape))


@index.gradient
def _(dy, y, x, key):
    return (place(dy, key=key, shape=x.shape),)


def _placed(expr: Expr) -> Notation:
    shape = expr.params["shape"]
    places = _places(expr.params["key"], shape)
    latex = rf"{places} \text{{ of }} " + r" \times ".join(map(str, shape))
    return named_function("place", f"{places} of {'×'.join(map(str, shape))}", latex=latex)


@primitive(
    _placed,
    linear="joint",
    equation=lambda shapes, params: (
        "Y[{1}] = X[{0}]".format(*_part_and_whole(params["key"])) + ranges(shapes[0])
    ),
    samples=(case((), key=(1,), shape=(3,)), case((2,), key=(0, (0, 3, 2)), shape=(2, 3))),
    errors=(
        error((2,), key=(1,), shape=(3,), match="the shape of the part"),
        error((), key=(3,), shape=(3,), match="within the 3"),
    ),
)
def place(x, /, key, shape):
    """x put at an index into zeros of a shape: the opposite of taking the index.

    key: as for index. shape: of the result. Raises ShapeError where x does not fill the place.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.place(cr.data("x"), key=(1,), shape=(3,)), {"x": 5}).tolist()
    [0.0, 5.0, 0.0]
    """
    shape = as_shape(shape, "place")
    part = _index_shape(shape, key=key)
    if part != x:
        raise ShapeError(
            f"the shape of the part, {part}", f"{x}", "place", f"give x the shape {part}, or another key"
        )
    return shape


@place.value
def _(xp, x, key, shape):
    x = xp.asarray(x)
    zeros = xp.zeros(shape, x.dtype)
    if hasattr(zeros, "at"):
        return zeros.at[_slices(key)].set(x)
    zeros[_slices(key)] = x
    return zeros


@place.gradient
def _(dy, y, x, key, shape):
    return (index(dy, key=key),)
