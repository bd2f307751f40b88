"""From numbers, one a channel, to images, and back: what a bias needs beside a convolution.

Legend: b one number for each channel; x, y images (channels, ...); dy the adjoint of y.
"""

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.notation import FACTOR, PRODUCT, QUOTIENT, Form, Notation, function
from chainrule.graph.op import case, error, primitive
from chainrule.graph.shape import Shape, as_shape
from chainrule.ops.windows import by


def _times(sizes: Shape) -> tuple[str, str]:
    return by(sizes).replace("×", r"\times"), by(sizes).replace(" ", "")


def _filled(expr: Expr, sizes: Shape) -> Notation:
    """b 1 for a number; b ⊗ 1, with every entry of b times the ones, for one a channel."""
    latex, text = _times(sizes)
    ones, written = rf"\mathbf{{1}}_{{{latex}}}", f"1[{text}]"
    if expr.operands[0].shape:
        return Notation(
            Form(rf"#1 \otimes {ones}", QUOTIENT, (FACTOR,)), Form(f"#1 ⊗ {written}", QUOTIENT, (FACTOR,))
        )
    return Notation(Form(rf"#1 \, {ones}", PRODUCT, (PRODUCT,)), Form(f"#1 · {written}", PRODUCT, (PRODUCT,)))


def _summed(sizes: Shape) -> Notation:
    latex, text = _times(sizes)
    return function(rf"\operatorname{{sum}}_{{{latex}}}", f"sum[{text}]")


def _sides(c: int, axes: int) -> tuple[str, str]:
    return "c" * c, ",".join("c" * c + "ij"[:axes])


@primitive(
    lambda expr: _filled(expr, as_shape(expr.params["sizes"])),
    linear="joint",
    equation=lambda shapes, params: "Y[{1}] = B[{0}]".format(
        *_sides(len(shapes[0]), len(as_shape(params["sizes"])))
    ),
    samples=(
        case((3,), sizes=(2, 4)),
        case((3,), sizes=5),
        case((), sizes=(2, 2)),
        case((1,), sizes=(1, 1)),
        case((0,), sizes=(2, 2)),
    ),
    errors=(
        error((2, 3), sizes=(2, 2), match="a number, or one for each channel"),
        error((2,), sizes=(2, 2, 2), match="the sizes of an image"),
    ),
)
def fill(b, /, sizes):
    """Images that are the same everywhere: channel c has b_c at every place, as a bias adds it. Notes (137).

    Y_{c,i,j} = b_c. b: (channels,) or (). sizes: of the image, (h, w) or n. Returns (channels, h, w), (channels, n),
    (h, w) or (n,). Raises ShapeError for anything else.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.fill(cr.parameter("b", 2), (1, 3)), {"b": [5, 7]}).tolist()
    [[[5.0, 5.0, 5.0]], [[7.0, 7.0, 7.0]]]
    """
    sizes = as_shape(sizes, "fill")
    if len(b) > 1:
        raise ShapeError("a number, or one for each channel", f"{b}", "fill", "b is () or (channels,)")
    if len(sizes) not in (1, 2):
        raise ShapeError(
            "the sizes of an image, n or (h, w)",
            f"{sizes}",
            "fill",
            "channels are not among the sizes: b has them",
        )
    return (*b, *sizes)


@fill.value
def _(xp, b, sizes):
    sizes = as_shape(sizes)
    return xp.broadcast_to(xp.reshape(b, (*b.shape, *(1,) * len(sizes))), (*b.shape, *sizes))


@fill.gradient
def _(dy, y, b, sizes):
    return (channel_sum(dy, axes=len(as_shape(sizes))),)


@primitive(
    lambda expr: _summed(expr.operands[0].shape[-expr.params["axes"] :]),
    linear="joint",
    equation=lambda shapes, params: "Y[{0}] = sum({2}) X[{1}]".format(
        *_sides(len(shapes[0]) - params["axes"], params["axes"]), ",".join("ij"[: params["axes"]])
    ),
    samples=(
        case((3, 2, 4)),
        case((3, 5), axes=1),
        case((2, 2)),
        case((4,), axes=1),
        case((1, 1, 1)),
        case((0, 2, 2)),
        case((2, 0), axes=1),
    ),
    errors=(
        error((2, 2, 2, 2), match="images"),
        error((2,), match="images"),
        error((2, 2), axes=3, match="1 or 2 axes"),
    ),
)
def channel_sum(x, /, axes=2):
    """The sum over the image, for each channel.

    y_c = Σ_{i,j} X_{c,i,j}. axes: how many axes an image has, 2 or 1. x: (channels, h, w) or (h, w); with axes=1
    (channels, n) or (n,). Returns (channels,) or (). Raises ShapeError for anything else.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.channel_sum(cr.data("x", (2, 1, 2))), {"x": [[[1, 2]], [[3, 4]]]}).tolist()
    [3.0, 7.0]
    """
    if axes not in (1, 2):
        raise ShapeError(
            "images with 1 or 2 axes",
            f"axes {axes!r}",
            "channel_sum",
            "to sum along one axis write sum(x, axis=...)",
        )
    if len(x) not in (axes, axes + 1):
        wish = f"images with {axes} axes, with or without one for channels"
        raise ShapeError(wish, f"{x}", "channel_sum", "to sum along one axis write sum(x, axis=...)")
    return x[:-axes]


@channel_sum.value
def _(xp, x, axes):
    return xp.sum(x, axis=tuple(range(-axes, 0)))


@channel_sum.batch_sum
def _(xp, x, axes):
    return xp.sum(x, axis=(0, *range(x.ndim - axes, x.ndim)))


@channel_sum.gradient
def _(dy, y, x, axes):
    return (fill(dy, sizes=x.shape[-axes:]),)
