"""The same entries in another arrangement: reshape, pad, join, permute.

Legend: x the operand; y the result; dy its adjoint.
"""

from __future__ import annotations

from functools import reduce
from math import prod

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.notation import ATOM, CALL, OPEN, PLACE, POWER, Form, Notation, named_function
from chainrule.graph.op import case, define, error, primitive
from chainrule.graph.shape import Shape, as_shape, normal_axis
from chainrule.ops.arithmetic import add
from chainrule.ops.indexing import LETTERS, index, ranges


@primitive(
    lambda expr: _reshaped(expr.shape),
    linear="joint",
    samples=(
        case((2, 3), shape=(3, 2)),
        case((4,), shape=(2, 2)),
        case((1,), shape=()),
        case((0, 2), shape=(0,)),
    ),
    errors=(error((4,), shape=(3,), match="4 entries"), error((4,), shape=(-2,), match="none negative")),
)
def reshape(x, /, shape):
    """The entries of x, in row order, in another shape with as many entries.

    shape: a tuple of sizes. Raises ShapeError where the numbers of entries differ.

    >>> import chainrule as cr
    >>> cr.reshape(cr.data("x", 6), (2, 3)).shape
    (2, 3)
    """
    shape = as_shape(shape, "reshape")
    if prod(shape) != prod(x):
        raise ShapeError(
            f"a shape with {prod(x)} entries",
            f"{shape}, which has {prod(shape)}",
            "reshape",
            f"write sizes whose product is {prod(x)}",
        )
    return shape


def _reshaped(shape: Shape) -> Notation:
    """reshape with the shape as its subscript; vec where the result is a vector."""
    if len(shape) == 1:
        return named_function("vec")
    return named_function("reshape", _by(shape, "×"), latex=_by(shape, r" \times "))


def _by(shape: Shape, times: str) -> str:
    """A shape in words: 2×3; of a scalar 1."""
    return times.join(map(str, shape)) or "1"


@reshape.value
def _(xp, x, shape):
    return xp.reshape(x, (shape,) if isinstance(shape, int) else shape)


@reshape.gradient
def _(dy, y, x, shape):
    return (reshape(dy, shape=x.shape),)


@reshape.tidy
def _(x, shape):
    return x if x.shape == as_shape(shape) else None


@define(
    named_function("vec"),
    linear="joint",
    samples=(case((2, 3)), case((2, 2, 2)), case(()), case((0, 2)), case((1,))),
)
def flatten(x, /):
    """All entries of x as one vector, in row order. Notes (130).

    >>> import chainrule as cr
    >>> cr.flatten(cr.data("x", (2, 3))).shape
    (6,)
    """
    return reshape(x, shape=(prod(x.shape),))


def _padded(expr: Expr) -> Notation:
    pairs = [f"({before},{after})" for before, after in expr.params["widths"]]
    return named_function("pad", ",".join(pairs) if len(pairs) != 1 else pairs[0][1:-1])


@primitive(
    _padded,
    linear="joint",
    equation=lambda shapes, params: _padding(params["widths"]) + ranges(shapes[0]),
    samples=(
        case((3,), widths=((1, 2),)), case((2, 2), widths=((0, 1), (2, 0))), case((0,), widths=((1, 1),)),
        case((1,), widths=((0, 0),)),
    ),
    errors=(
        error((3,), widths=((1, 1), (1, 1)), match="one pair .*for each axis"),
        error((3,), widths=((-1, 1),), match="one pair"),
    ),
)  # fmt: skip
def pad(x, /, widths):
    """x with zeros around it.

    widths: for each axis how many zeros come before and after. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> cr.pad(cr.data("x", 3), ((1, 1),)).shape
    (5,)
    """
    pairs = (
        widths
        if isinstance(widths, tuple) and all(isinstance(pair, (tuple, list)) for pair in widths)
        else ((),)
    )
    if len(pairs) != len(x) or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise ShapeError(
            "one pair (before, after) for each axis, none negative",
            f"{widths} for the shape {x}",
            "pad",
            "write ((1, 2),) for a vector, ((1, 2), (0, 0)) for a matrix",
        )
    return tuple(before + size + after for size, (before, after) in zip(x, widths, strict=True))


def _padding(widths: tuple[tuple[int, int], ...]) -> str:
    letters = LETTERS[: len(widths)]
    inside = ",".join(f"{letter}{before:+d}" for letter, (before, _) in zip(letters, widths, strict=True))
    return f"Y[{inside}] = X[{','.join(letters)}]"


@pad.value
def _(xp, x, widths):
    return xp.pad(x, widths) if widths else x


@pad.gradient
def _(dy, y, x, widths):
    key = tuple((before, before + size, 1) for size, (before, _) in zip(x.shape, widths, strict=True))
    return (index(dy, key=key),)


def _concatenated(expr: Expr) -> Notation:
    """Blocks below or beside each other in LaTeX; concatenate(a, b) in text, and for more than two axes."""
    n, rank = len(expr.operands), len(expr.shape)
    axis = normal_axis(expr.params["axis"], expr.shape, "concatenate")
    call = named_function("concatenate", f"axis {PLACE}{axis}" if axis else "", n)
    if rank > 2:
        return call
    blocks = (r" & " if axis else r" \\ ").join(f"#{at + 1}" for at in range(n))
    return Notation(Form(rf"\begin{{bmatrix}}{blocks}\end{{bmatrix}}", ATOM, (OPEN,)), call.text)


@define(
    _concatenated,
    linear="joint",
    domain=("real", "real", "real"),
    samples=(
        case((2,), (3,)),
        case((2, 3), (2, 1), (2, 2), axis=1),
        case((0,), (2,)),
        case((1, 2), (1, 2), axis=-2),
    ),
    errors=(
        error((2, 3), (2, 2), match="alike but along axis 0"),
        error((), (2,), match="an operand with axes"),
    ),
)
def concatenate(*xs, axis=0):
    """The operands one after another along an axis.

    xs: of one shape, but for the size along the axis. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> cr.concatenate(cr.data("x", 3), 1 * cr.data("one", 1)).shape
    (4,)
    """
    if not xs:
        raise ShapeError(
            "at least one operand", "none", "concatenate", "write concatenate(a, b), not a list of them"
        )
    shapes = [x.shape for x in xs]
    axis = normal_axis(axis, shapes[0], "concatenate")
    others = {(len(x), x[:axis], x[axis + 1 :]) for x in shapes}
    if len(others) > 1:
        raise ShapeError(
            f"shapes that are alike but along axis {axis}",
            " and ".join(map(str, shapes)),
            "concatenate",
            "reshape or pad them to fit, or choose another axis",
        )
    total, before = sum(x[axis] for x in shapes), 0
    parts: list[Expr] = []
    for x in xs:
        widths = [(0, 0)] * len(x.shape)
        widths[axis] = (before, total - before - x.shape[axis])
        parts.append(pad(x, tuple(widths)))
        before += x.shape[axis]
    return reduce(add, parts)


@concatenate.value
def _(xp, *xs, axis):
    return xp.concatenate(xs, axis=axis)


@concatenate.gradient
def _(dy, y, *xs, axis):
    axis %= len(y.shape)
    parts, start = [], 0
    for x in xs:
        stop = start + x.shape[axis]
        key = tuple((start, stop, 1) if n == axis else (0, size, 1) for n, size in enumerate(y.shape))
        parts.append(index(dy, key=key))
        start = stop
    return tuple(parts)


@primitive(
    lambda expr: _permuted(expr.params["axes"]),
    linear="joint",
    equation=lambda shapes, params: _permutation(params["axes"]),
    samples=(
        case((2, 3, 4), axes=(2, 0, 1)), case((2, 3, 2, 2), axes=(1, 0, 2, 3)), case((2, 3), axes=(1, 0)),
        case((0, 2), axes=(1, 0)), case((1, 2), axes=(1, 0)),
    ),
    errors=(error((2, 3), axes=(0, 0), match="each axis once"), error((2, 3), axes=1, match="each axis once")),
)  # fmt: skip
def permute(x, /, axes):
    """x with its axes in another order; kᵀ for a kernel (outputs, inputs, u, v) with its channels exchanged.

    axes: for each axis of the result the axis of x that it is. Raises ShapeError unless each occurs once.

    >>> import chainrule as cr
    >>> cr.permute(cr.data("image", (28, 20, 3)), (2, 0, 1)).shape
    (3, 28, 20)
    """
    if not isinstance(axes, tuple) or len(axes) != len(x) or any(axis not in axes for axis in range(len(x))):
        came = f"axes {axes} for the shape {x}"
        raise ShapeError(f"each axis once, from 0 to {len(x) - 1}", came, "permute", "for a matrix write A.T")
    return tuple(x[axis] for axis in axes)


def _permuted(axes: tuple[int, ...]) -> Notation:
    if axes == (1, 0, *range(2, len(axes))):
        return Notation(Form(r"#1^{\top}", POWER, (CALL,)), Form("#1ᵀ", POWER, (CALL,)))
    return named_function("permute", ",".join(f"{PLACE}{axis}" for axis in axes))


def _permutation(axes: tuple[int, ...]) -> str:
    letters = LETTERS[: len(axes)]
    return f"Y[{','.join(letters)}] = X[{','.join(letters[axes.index(axis)] for axis in range(len(axes)))}]"


def _inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(axes.index(axis) for axis in range(len(axes)))


@permute.value
def _(xp, x, axes):
    return xp.transpose(x, axes)


@permute.gradient
def _(dy, y, x, axes):
    return (permute(dy, axes=_inverse(axes)),)


@permute.tidy
def _(x, axes):
    if axes == tuple(range(len(axes))):
        return x
    if x.op is permute and not x.name:
        return permute(x.operands[0], axes=tuple(x.params["axes"][axis] for axis in axes))
    return None
