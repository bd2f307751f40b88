"""Convolution in its two conventions, and what it needs to be closed under differentiation.

    correlate   Y[o,i] = Σ_{c,u} X[c, s i + d u − p] K[o,c,u]               notes (127), (131), (143)
    convolve    the same with the kernel turned round, K[o,c,U−1−u]          notes (133), (135)

Each is one number for x, k and dy together, T = Σ X[c, s i + d u − p] K[o,c,u] dY[o,i], with one of the three
left open. So there are three kinds of ops and no more: the result (dY is left open), the gradient of the
input (X is left open) and the gradient of the kernel (K is left open), and their gradients are again among them.

Legend: x the input, k the kernel, y the result, dy its adjoint; c, o channels of input and result; i, j places
of the result; u, v places of the kernel; s stride, d dilation, p padding before, g groups. In formulas ⋆ is
correlation, ∗ convolution, ⋆ᵀ the transposed map of x ↦ x ⋆ k, and kᵀ the kernel with its channels exchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.notation import CALL, Form, Notation
from chainrule.graph.op import Case, Op, case, contraction, error
from chainrule.graph.shape import Shape
from chainrule.ops.arrangement import permute
from chainrule.ops.layout import (
    Layout,
    equation_text,
    input_value,
    kernel_value,
    layout_of,
    result_value,
    starred,
)
from chainrule.ops.windows import Window

_FAMILY: dict[tuple[int, bool], Op] = {}
"""The four public ops, by the number of axes and whether the kernel is turned round."""
_STAR = {False: (r"\star", "⋆"), True: (r"\ast", "∗")}

# The ops.


def _samples(axes: int) -> tuple[Case, ...]:
    """Few, for each is compiled in many ways: every parameter, even kernels, large strides, axes of 0 and 1."""

    def sized(n: int, m: int) -> Shape:
        return (n, m)[:axes]

    each, sides = ((2, 3), ((1, 2), (0, 1))) if axes == 2 else (2, (1, 2))
    return (
        case(sized(5, 4), sized(3, 2)),
        case((2, *sized(3, 4)), (3, 2, *sized(2, 3)), padding="full"),
        case((2, *sized(4, 3)), (1, 2, *sized(3, 2)), padding="same", stride=2),
        case(sized(5, 4), sized(2, 2), padding=sides, stride=each),
        case((1, *sized(5, 3)), (2, 1, *sized(2, 2)), padding=2, dilation=each),
        case((4, *sized(3, 3)), (2, 2, *sized(2, 1)), groups=2, stride=3),
        case(sized(1, 1), sized(1, 1)),
        case((0, *sized(3, 3)), (2, 0, *sized(2, 2))),
    )


def _errors(axes: int) -> tuple[Case, ...]:
    def each(*sizes: int) -> Shape:
        return sizes[:axes]

    x, k = each(4, 4), each(3, 3)
    return (
        error(
            x,
            each(5, 5),
            match=r"padded input of 4 along axis 1; came 5 places on an input of 4 with padding \(0, 0\)",
        ),
        error(x, k, dilation=2, match=r"3 places with dilation 2, together 5"),
        error((2, *x), (3, 4, *k), match=r"a kernel for the 2 channels of the input; came one for 4"),
        error(
            (4, *x),
            (2, 4, *k),
            groups=2,
            match=r"in 2 groups, so 2; came one for 4.* The kernel would be \(2, 2, 3",
        ),
        error(
            (3, *x),
            (2, 1, *k),
            groups=2,
            match="groups that divide the channels .* 2 groups, 3 and 2 channels",
        ),
        error(x, k, groups=2, match="channels to make groups of"),
        error((2, *x), (2, 2, *k), groups=0, match="a number of groups of at least 1"),
        error((2, *x), k, match="an input .* with a kernel .* With channels the kernel is"),
        error((), k, match="an input .* with a kernel"),
        error(x, k, stride=0, match="a stride of at least 1.*came stride 0"),
        error(x, k, stride=-1, match="came stride -1"),
        error(x, k, stride=(1, 1, 1), match=r"came stride \(1, 1, 1\)"),
        error(x, k, dilation=0, match="a dilation of at least 1.*came dilation 0"),
        error(x, k, padding="half", match='"valid", "same", "full".*came padding \'half\''),
        error(x, k, padding=-1, match="not negative.*came padding -1"),
        error(x, (*k[:-1], 0), match="a window of at least one place"),
    )


def _hung(axes: int, turned: bool) -> Callable[[Any], Op]:
    """An op of the family, with its equation and its rules, from the function that checks its shapes."""

    def build(body: Any) -> Op:
        op = contraction(
            lambda shapes, params: equation_text("result", layout_of(*shapes, **params), turned),
            lambda expr: starred(_STAR[turned], _of(expr).windows, expr.params["groups"]),
            domain=("real", "real"),
            samples=_samples(axes),
            errors=_errors(axes),
        )(body)

        @op.value
        def _(xp, x, k, **params):
            return result_value(xp, x, k, layout_of(x.shape, k.shape, **params), turned)

        @op.gradient
        def _(dy, y, x, k, **params):
            layout = layout_of(x.shape, k.shape, **params)
            return input_adjoint(dy, k, layout, turned), kernel_adjoint(x, dy, layout, turned)

        _FAMILY[axes, turned] = op
        return op

    return build


def _layout(where, axes, x, k, stride, padding, dilation, groups):
    return layout_of(
        x, k, stride=stride, padding=padding, dilation=dilation, groups=groups, where=where, axes=axes
    )


@_hung(axes=1, turned=False)
def correlate(x, k, /, stride=1, padding="valid", dilation=1, groups=1):
    """The kernel slides along x; each place gives the sum of products. Notes (127); what networks call convolution.

    y_i = Σ_u x_{s i + d u − p} k_u, and with channels Y_{o,i} = Σ_c Σ_u X_{c, s i + d u − p} K_{o,c,u}.
    x: (n,) with k: (u,), or (channels, n) with (outputs, channels / groups, u). Returns (n',) or
    (outputs, n'), where n' = ⌊(n + padding − d (u − 1) − 1) / s⌋ + 1.
    stride: s, how far the kernel moves from one place of the result to the next. dilation: d, how far apart
    the entries lie that it reads. padding: zeros around x: "valid" for none, "full" for all places at which
    kernel and x share an entry, "same" for a result as long as x (with a stride ⌈n / s⌉; the odd zero
    comes after), a number for both sides, or (before, after). groups: the channels are split into that many
    groups, and each group of results sees its own group of inputs.
    Raises ShapeError where the sizes or channels do not fit.

    (The last number of notes (127) and (128), 5, is a slip: 2 × 1 + 1 × 0 + 2 × 1 is 4.)

    >>> import chainrule as cr
    >>> f, g = cr.data("f", 6), cr.parameter("g", 3)
    >>> cr.evaluate(cr.correlate(f, g), {"f": [1, 0, -1, 2, 1, 2], "g": [1, 0, 1]}).tolist()
    [0.0, 2.0, 0.0, 4.0]
    """
    return _layout("correlate", 1, x, k, stride, padding, dilation, groups).y


@_hung(axes=1, turned=True)
def convolve(x, k, /, stride=1, padding="valid", dilation=1, groups=1):
    """The convolution of mathematics: as `correlate`, with the kernel turned round. Notes (133), (135).

    With padding="full" y_i = Σ_u x_{i − u} k_u; in general y_i = Σ_u x_{s i + d u − p} k_{U−1−u}.
    x: (n,) with k: (u,), or (channels, n) with (outputs, channels / groups, u). The parameters, the shape of the
    result and the errors are those of `correlate`.

    >>> import chainrule as cr
    >>> x, k = cr.data("x", 3), cr.parameter("k", 2)
    >>> cr.evaluate(cr.convolve(x, k, padding="full"), {"x": [1, 2, 3], "k": [1, 10]}).tolist()
    [1.0, 12.0, 23.0, 30.0]
    """
    return _layout("convolve", 1, x, k, stride, padding, dilation, groups).y


@_hung(axes=2, turned=False)
def correlate2d(x, k, /, stride=1, padding="valid", dilation=1, groups=1):
    """The kernel slides over an image; each place gives the sum of products. Notes (131), (137), (143).

    Y_{o,i,j} = Σ_c Σ_u Σ_v X_{c, s i + d u − p, s j + d v − q} K_{o,c,u,v}; without channels the letters o and c
    fall away. x: (h, w) with k: (u, v), or (channels, h, w) with (outputs, channels / groups, u, v). Returns
    (h', w') or (outputs, h', w'), each axis as long as `correlate` says.
    The parameters are those of `correlate`. stride and dilation may be pairs (along rows, along columns);
    padding a pair of numbers, or of pairs (before, after). Raises ShapeError where sizes or channels do not fit.

    >>> import chainrule as cr
    >>> f = [[1, 0, -1, 2], [2, -1, 2, 1], [-1, 2, 0, 1], [1, -1, 1, 1]]
    >>> z = cr.correlate2d(cr.data("f", (4, 4)), cr.parameter("g", (2, 2)))
    >>> cr.evaluate(z, {"f": f, "g": [[1, 0], [0, 1]]}).astype(int).tolist()
    [[0, 2, 0], [4, -1, 3], [-2, 3, 1]]
    """
    return _layout("correlate2d", 2, x, k, stride, padding, dilation, groups).y


@_hung(axes=2, turned=True)
def convolve2d(x, k, /, stride=1, padding="valid", dilation=1, groups=1):
    """The convolution of mathematics on an image: as `correlate2d`, with the kernel turned by half a turn.

    It is what carries an adjoint back through `correlate2d`: where Y = X ⋆ K, dX = dY ∗ K with "full" padding,
    since x at place i reaches the results i − u, each through k_u. Notes (145). x: (h, w) with k: (u, v), or
    (channels, h, w) with (outputs, channels / groups, u, v). The parameters, the shape of the result and the
    errors are those of `correlate2d`.

    >>> import chainrule as cr
    >>> x, k = cr.data("x", (3, 3)), cr.parameter("k", (2, 2))
    >>> str(cr.gradient(cr.sum(cr.correlate2d(x, k) ** 2 / 2), x))
    '(x ⋆ k) ∗[full] k'
    """
    return _layout("convolve2d", 2, x, k, stride, padding, dilation, groups).y


def _of(expr: Expr) -> Layout:
    return layout_of(*(operand.shape for operand in expr.operands), **expr.params)


# The two gradients. An adjoint is written with the family's own public ops wherever one of them says it.


def input_adjoint(dy: Expr, k: Expr, layout: Layout, turned: bool) -> Expr:
    """What x receives. At stride 1 it is the other convention: the kernel turned, and "full" padding less p."""
    windows = tuple(
        Window(w.count, w.size, 1, w.dilation, *w.mirrored)
        for w in layout.windows
        if w.stride == 1 and min(w.mirrored) >= 0
    )
    if layout.groups == 1 and len(windows) == len(layout.windows):
        kernel = permute(k, axes=(1, 0, *range(2, len(layout.k)))) if layout.has_channels else k
        params = Layout(windows, 1, dy.shape, kernel.shape).params
        return _FAMILY[len(windows), not turned](dy, kernel, **params)
    return correlate_input_gradient(dy, k, shape=layout.x, turned=turned, **layout.params)


def kernel_adjoint(x: Expr, dy: Expr, layout: Layout, turned: bool) -> Expr:
    """What the kernel receives: every place of the result says what it was multiplied with. Notes (146)."""
    return correlate_kernel_gradient(x, dy, shape=layout.k, turned=turned, **layout.params)


def _result_of(x: Expr, k: Expr, layout: Layout, turned: bool) -> Expr:
    return _FAMILY[len(layout.windows), turned](x, k, **layout.params)


def _samples_without(operand: int) -> tuple[Case, ...]:
    """The samples of the family with x (0) or k (1) left open, and an adjoint of the result in its place."""
    found = []
    for at, sample in enumerate((*_samples(1)[:2], *_samples(2))):
        layout = layout_of(*sample.shapes, **sample.params)
        shapes = (layout.x, layout.y) if operand else (layout.y, layout.k)
        found.append(case(*shapes, shape=sample.shapes[operand], turned=bool(at % 2), **layout.params))
    return tuple(found)


def _checked(dy: Shape, layout: Layout, where: str) -> None:
    if dy != layout.y:
        raise ShapeError(
            f"an adjoint of the result's shape, {layout.y}", f"{dy}", where, "give what the result receives"
        )


_PLAIN = {"stride": 1, "padding": "valid", "dilation": 1, "groups": 1, "turned": False}


@contraction(
    lambda shapes, params: _input_equation(*shapes, **params),
    lambda expr: _input_notation(*expr.operands, **expr.params),
    domain=("real", "real"),
    samples=_samples_without(0),
    errors=(
        error(
            (3,), (3,), shape=(4,), **_PLAIN, match=r"an adjoint of the result's shape, \(2,\); came \(3,\)"
        ),
    ),
    public=False,
)
def correlate_input_gradient(dy, k, /, shape, stride, padding, dilation, groups, turned):
    """What x receives from y = x ⋆ k with the adjoint dy: the window (i + p − d u) / s read x_i. Notes (145).

    dX_{c,i} = Σ_o Σ_u dY_{o, (i + p − d u) / s} K_{o,c,u}, over those u for which the division leaves no remainder.
    Also called transposed convolution. shape: of x. turned: for y = x ∗ k. Raises ShapeError where dy does not fit.
    """
    layout = _layout("correlate_input_gradient", 0, shape, k, stride, padding, dilation, groups)
    _checked(dy, layout, "correlate_input_gradient")
    return layout.x


def _input_equation(dy, k, shape, turned, **params):
    return equation_text("input", layout_of(shape, k, **params), turned)


def _input_notation(dy, k, shape, turned, **params):
    latex, text = _STAR[turned]
    layout = layout_of(shape, k.shape, **params)
    return starred(
        (latex + r"^{\top}", text + "ᵀ"), layout.windows, layout.groups, size=shape[-len(layout.windows) :]
    )


@correlate_input_gradient.value
def _(xp, dy, k, shape, turned, **params):
    return input_value(xp, dy, k, layout_of(shape, k.shape, **params), turned)


@correlate_input_gradient.gradient
def _(dx, y, dy, k, shape, turned, **params):
    layout = layout_of(shape, k.shape, **params)
    return _result_of(dx, k, layout, turned), kernel_adjoint(dx, dy, layout, turned)


@contraction(
    lambda shapes, params: _kernel_equation(*shapes, **params),
    lambda expr: _kernel_notation(*expr.operands, **expr.params),
    domain=("real", "real"),
    samples=_samples_without(1),
    errors=(
        error(
            (4,), (3,), shape=(3,), **_PLAIN, match=r"an adjoint of the result's shape, \(2,\); came \(3,\)"
        ),
    ),
    public=False,
)
def correlate_kernel_gradient(x, dy, /, shape, stride, padding, dilation, groups, turned):
    """What the kernel receives from y = x ⋆ k with the adjoint dy: the correlation of x with dy. Notes (146).

    dK_{o,c,u} = Σ_i X_{c, s i + d u − p} dY_{o,i}: each channel of x with each of dy, stride and dilation exchanged.
    shape: of k. turned: for y = x ∗ k. Raises ShapeError where dy does not fit.
    """
    layout = _layout("correlate_kernel_gradient", 0, x, shape, stride, padding, dilation, groups)
    _checked(dy, layout, "correlate_kernel_gradient")
    return layout.k


def _kernel_equation(x, dy, shape, turned, **params):
    return equation_text("kernel", layout_of(x, shape, **params), turned)


def _kernel_notation(x, dy, shape, turned, **params):
    layout = layout_of(x.shape, shape, **params)
    every = "outer" if layout.has_channels else ""  # each channel of x with each of dy
    plain = starred(_STAR[False], [_over(w) for w in layout.windows], layout.groups, every)
    if not turned:
        return plain
    latex, text = plain.latex.template, plain.text.template
    places = plain.latex.operands
    return Notation(
        Form(rf"\operatorname{{flip}}\left({latex}\right)", CALL, places), Form(f"flip({text})", CALL, places)
    )


def _over(w: Window) -> Window:
    """The windows of dy over x: as many as the kernel has places; what no window had read is cropped."""
    window = Window(w.n, w.count, w.dilation, w.stride, w.before, w.after)
    if window.count == w.size:
        return window
    return replace(window, after=w.dilation * (w.size - 1) + window.extent - w.n - w.before)


@correlate_kernel_gradient.value
def _(xp, x, dy, shape, turned, **params):
    return kernel_value(xp, x[None], dy[None], layout_of(x.shape, shape, **params), turned)


@correlate_kernel_gradient.batch_sum
def _(xp, x, dy, shape, turned, **params):
    return kernel_value(xp, x, dy, layout_of(x.shape[1:], shape, **params), turned)


@correlate_kernel_gradient.gradient
def _(dk, y, x, dy, shape, turned, **params):
    layout = layout_of(x.shape, shape, **params)
    return input_adjoint(dy, dk, layout, turned), _result_of(x, dk, layout, turned)
