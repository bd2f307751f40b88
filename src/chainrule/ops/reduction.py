"""Sums, means and maxima over one axis or over all entries, and their opposite, spreading.

Legend: x the operand; y the result; dy its adjoint; axis the axis that disappears, None for all.
"""

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant
from chainrule.graph.notation import PLACE, Notation, function, with_parameters
from chainrule.graph.op import case, define, error, primitive
from chainrule.graph.shape import Shape, as_shape, normal_axis, size_of

_LETTERS = "ijklmnpqrt"
_SAMPLES = (
    case((3,)), case((2, 3)), case((2, 3), axis=0), case((2, 3), axis=-1), case((2, 3, 2), axis=1),
    case((1,)), case(()), case((1, 3), axis=0),
)  # fmt: skip
_EMPTY = (case((0,)), case((2, 0), axis=1))
_NONE = (case((2, 0), axis=0), case((0, 2), axis=1))
_NOTHING = error((0,), match="at least one")
_ERRORS = [error((3,), axis=1, match="an axis from -1 to 0"), error((), axis=0, match="an operand with axes")]


def without_axis(x: Shape, axis: int | None, where: str) -> Shape:
    """The shape that is left when an axis disappears."""
    if axis is None:
        return ()
    axis = normal_axis(axis, x, where)
    return x[:axis] + x[axis + 1 :]


def reduced(how: str):
    """The index equation of a reduction."""

    def equation(shapes, params):
        letters, axis = _LETTERS[: len(shapes[0])], params["axis"]
        inner = letters if axis is None else letters[axis % len(letters)]
        outer = [letter for letter in letters if letter not in inner]
        if not inner:
            return "Y[] = X[]"
        return f"Y[{','.join(outer)}] = {how}({','.join(inner)}) X[{','.join(letters)}]"

    return equation


def notation(name: str, latex: str = "", below: str = ""):
    """name(x), or name over an axis as name_axis(x). below: what stands below it in any case, in LaTeX."""

    def of(expr: Expr) -> Notation:
        axis, rank = expr.params["axis"], len(expr.operands[0].shape)
        words = "" if axis is None or rank == 1 else f"axis {PLACE}{axis % rank}"
        subscript = r",\,".join(filter(None, (below, rf"\text{{{words}}}" if words else "")))
        head = (latex or rf"\operatorname{{{name}}}") + (f"_{{{subscript}}}" if subscript else "")
        return function(head, name + (f"[{words}]" if words else ""))

    return of


def spread_back(dy: Expr, x: Expr, axis: int | None) -> Expr:
    """An adjoint spread over the axis that had disappeared."""
    if axis is None:
        return dy * constant(1, x.shape) if x.shape else dy
    axis %= len(x.shape)
    return spread(dy, axis=axis, size=x.shape[axis])


@primitive(
    notation("sum"),
    linear="joint",
    equation=reduced("sum"),
    samples=(*_SAMPLES, *_EMPTY, *_NONE),
    errors=_ERRORS,
)
def sum(x, /, axis=None):
    """The sum over all entries, or over one axis.

    axis: the axis that disappears; None for all. Raises ShapeError where there is no such axis.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.sum(cr.data("x", (2, 2)), axis=0), {"x": [[1, 2], [3, 4]]}).tolist()
    [4.0, 6.0]
    """
    return without_axis(x, axis, "sum")


@sum.value
def _(xp, x, axis):
    return xp.sum(x, axis=axis)


@sum.gradient
def _(dy, y, x, axis):
    return (spread_back(dy, x, axis),)


@sum.tidy
def _(x, axis):
    if x.shape == ():
        return x
    if x.op.name == "negate" and not x.name:
        return -sum.tidied(x.operands[0], axis=axis)
    if x.op.name == "multiply" and not x.name and x.operands[0].shape == ():  # a scalar goes before the sum
        return x.operands[0] * sum.tidied(x.operands[1], axis=axis)
    if x.op.name == "data" and x.params.get("distribution") and len(x.shape) == 1:
        return constant(1)
    return None


def fitted(dx: Expr, x: Expr) -> Expr:
    """The adjoint of an operand that was broadcast: a scalar receives the sum over all entries."""
    return sum(dx) if x.shape == () and dx.shape != () else dx


@primitive(
    with_parameters("spread", axis="axis", size="size"),
    linear="joint",
    samples=(
        case((3,), axis=0, size=2),
        case((2, 3), axis=1, size=4),
        case((), axis=0, size=3),
        case((2,), axis=1, size=0),
        case((0,), axis=0, size=2),
        case((1,), axis=0, size=1),
    ),
    errors=[
        error((3,), axis=2, size=2, match="an axis from"),
        error((3,), axis=0, size=-1, match="none negative"),
    ],
    equation=lambda shapes, params: "Y[{}] = X[{}]".format(
        ",".join(_LETTERS[: len(shapes[0]) + 1]),
        ",".join(
            c
            for i, c in enumerate(_LETTERS[: len(shapes[0]) + 1])
            if i != params["axis"] % (len(shapes[0]) + 1)
        ),
    ),
)
def spread(x, /, axis, size):
    """x repeated `size` times along a new axis.

    axis: where the new axis stands in the result. Raises ShapeError where it cannot stand there, or
        where the size is not a whole number from 0.

    >>> import chainrule as cr
    >>> cr.spread(cr.data("x", 3), axis=0, size=2).shape
    (2, 3)
    """
    (size,) = as_shape((size,), "spread")
    axis = normal_axis(axis, (*x, size), "spread")
    return (*x[:axis], size, *x[axis:])


@spread.value
def _(xp, x, axis, size):
    x = xp.expand_dims(x, axis)
    return xp.broadcast_to(x, tuple(size if n == axis % x.ndim else m for n, m in enumerate(x.shape)))


@spread.gradient
def _(dy, y, x, axis, size):
    return (sum(dy, axis=axis),)


@define(notation("mean"), linear="joint", samples=(*_SAMPLES, *_NONE), errors=[*_ERRORS, _NOTHING])
def mean(x, /, axis=None):
    """The mean of all entries, or over one axis.

    axis: the axis that disappears; None for all. Raises ShapeError where there is nothing to average.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.mean(cr.data("x", 4)), {"x": [1, 2, 3, 6]}))
    3.0
    """
    n = size_of(x.shape) if axis is None else x.shape[normal_axis(axis, x.shape, "mean")]
    if n == 0:
        raise ShapeError(
            "at least one entry to average", f"the shape {x.shape}", "mean", "of no entries take the sum, 0"
        )
    return sum(x, axis=axis) / n


@primitive(
    notation("max", r"\max"),
    equation=reduced("max"),
    samples=(*_SAMPLES, *_NONE),
    errors=[*_ERRORS, _NOTHING],
)
def max(x, /, axis=None):
    """The largest entry of all, or along one axis. Of equal ones the first receives the gradient.

    axis: the axis that disappears; None for all. Raises ShapeError where there is no entry.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.max(cr.data("x", 3)), {"x": [1, 5, 2]}))
    5.0
    """
    shape = without_axis(x, axis, "max")
    if (size_of(x) if axis is None else x[axis]) == 0:
        raise ShapeError(
            "at least one entry", f"the shape {x}", "max", "take it along an axis that has entries"
        )
    return shape


@max.value
def _(xp, x, axis):
    return xp.max(x, axis=axis)


@max.gradient
def _(dy, y, x, axis):
    return (spread_back(dy, x, axis) * first_max(x, axis=axis),)


@primitive(notation("𝟙ₘₐₓ", r"\mathbb{1}", r"\max"), samples=(*_SAMPLES, *_EMPTY, *_NONE), errors=_ERRORS)
def first_max(x, /, axis=None):
    """1 at the first of the largest entries (in row order), 0 elsewhere. Its derivative is taken as 0.

    axis: the axis along which to look; None for all.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.first_max(cr.data("x", 3)), {"x": [1, 5, 5]}).tolist()
    [0.0, 1.0, 0.0]
    """
    without_axis(x, axis, "first_max")
    return x


@first_max.value
def _(xp, x, axis):
    x = xp.asarray(x)
    if x.size == 0:
        return x
    flat = xp.reshape(x, (-1,)) if axis is None else x
    axis = 0 if axis is None else axis % x.ndim
    at = xp.expand_dims(xp.argmax(flat, axis=axis), axis)
    counter = xp.reshape(xp.arange(flat.shape[axis]), tuple(-1 if n == axis else 1 for n in range(flat.ndim)))
    return xp.reshape((counter == at).astype(x.dtype), x.shape)


@first_max.gradient
def _(dy, y, x, axis):
    return (None,)
