"""Max-pooling: of each window the largest entry. Notes (141), (142).

Of equal entries the first in row order is the maximum, in every reading; so its gradient goes to that one alone.
The ops are closed under differentiation: what carries an adjoint to the maxima (`to_maximum`) and what reads at
them (`at_maximum`) are each the gradient of the other.

Legend: as in pooling.py. Padding is left out: it never is the maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.op import Op, case, error, primitive
from chainrule.graph.shape import size_of
from chainrule.ops.pooling import (
    PLAIN,
    columns,
    equation_text,
    errors,
    named,
    normal,
    normal_samples,
    pooled,
    pools,
    samples,
)
from chainrule.ops.windows import Window, scattered

_SAMPLES = (*normal_samples(1)[:2], *normal_samples(2))


def _first_largest(xp, x, windows):
    """For each window the place of its first largest entry, with an axis of size 1 where the places were."""
    return xp.expand_dims(
        xp.argmax(columns(xp, x, windows, -np.inf), axis=-len(windows) - 1), -len(windows) - 1
    )


def _max_pooling(axes: int) -> Callable[[Any], Op]:
    """The op of max-pooling, with its equation and its rules, from the function that checks its shapes."""

    def build(body: Any) -> Op:
        def windows(expr: Expr) -> tuple[Window, ...]:
            return pools(expr.operands[0].shape, **expr.params, axes=axes)

        op = primitive(
            lambda expr: named("maxpool", windows(expr)),
            equation=lambda shapes, params: equation_text(
                "max", shapes[0], pools(shapes[0], **params, axes=axes)
            ),
            samples=samples(axes),
            errors=errors(axes),
        )(body)

        @op.value
        def _(xp, x, **params):
            where = pools(x.shape, **params, axes=axes)
            return xp.max(columns(xp, x, where, -np.inf), axis=-axes - 1)

        @op.gradient
        def _(dy, y, x, **params):
            return (to_maximum(dy, x, **normal(pools(x.shape, **params, axes=axes))),)

        return op

    return build


@_max_pooling(axes=1)
def max_pool(x, /, size, stride=None, padding="valid", ceil_mode=False):
    """The largest entry of each window of a sequence.

    y_i = max_u x_{s i + u − p}. x: (n,) or (channels, n). Returns (n',) or (channels, n'), where
    n' = ⌊(n + padding − size) / s⌋ + 1.
    size: of a window. stride: s, from one window to the next; None for the size, so that windows touch.
    padding: "valid" for none, "same", "full", a number or (before, after); it never is the maximum. ceil_mode: a
    last window that is only partly filled counts too. Of equal entries the first receives the gradient.
    Raises ShapeError where no window fits, or a window could lie in the padding alone.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.max_pool(cr.data("x", 4), 2), {"x": [1, 3, 2, 0]}).tolist()
    [3.0, 2.0]
    """
    windows = pools(x, size, stride, padding, ceil_mode, "max_pool", 1)
    return (*x[:-1], *(window.count for window in windows))


@_max_pooling(axes=2)
def max_pool2d(x, /, size, stride=None, padding="valid", ceil_mode=False):
    """The largest entry of each window of an image. Notes (141), (142).

    Y_{c,i,j} = max_{u,v} X_{c, s i + u − p, s j + v − q}. x: (h, w) or (channels, h, w). Returns (h', w') or
    (channels, h', w'). The parameters are those of `max_pool`; size, stride and padding may be pairs, along rows
    and along columns. Of equal entries the first in row order receives the gradient. Raises ShapeError as `max_pool`.

    >>> import chainrule as cr
    >>> x = [[3.5, 9.5, 1.7, 6.2], [1.5, 2.5, 1.4, 3.2], [7.5, 6.5, 1.5, 5.2], [2.5, 10.0, 2.4, 0.1]]
    >>> cr.evaluate(cr.max_pool2d(cr.data("x", (4, 4)), 2), {"x": x}).tolist()
    [[9.5, 6.2], [10.0, 5.2]]
    """
    windows = pools(x, size, stride, padding, ceil_mode, "max_pool2d", 2)
    return (*x[:-2], *(window.count for window in windows))


@primitive(
    lambda expr: named("tomax", pools(expr.operands[1].shape, **expr.params), 2),
    domain=("real", "real"),
    samples=tuple(case(y, x, **params) for x, y, params in _SAMPLES),
    errors=(error((3,), (4,), **PLAIN, match=r"one number for each window, \(2,\); came \(3,\)"),),
    public=False,
)
def to_maximum(dy, x, /, size, stride, padding, ceil_mode):
    """Each number of dy put where its window of x has its largest entry, the first in row order, and added up there.

    dy: one number for each window. Returns the shape of x. It is the gradient of max-pooling: linear in dy; its
    derivative by x is taken as 0. Raises ShapeError where dy does not fit.
    """
    y = pooled(x, "to_maximum", size=size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    if dy != y:
        raise ShapeError(
            f"one number for each window, {y}",
            f"{dy}",
            "to_maximum",
            "give what the result of the pooling receives",
        )
    return x


@to_maximum.value
def _(xp, dy, x, **params):
    windows = pools(x.shape, **params)
    axes, places = len(windows), size_of(params["size"])
    counter = xp.reshape(xp.arange(places), (places, *(1,) * axes))
    chosen = xp.where(counter == _first_largest(xp, x, windows), xp.expand_dims(dy, -axes - 1), 0)
    chosen = xp.reshape(chosen, (*dy.shape[:-axes], *params["size"], *dy.shape[-axes:]))
    return scattered(xp, chosen, [window.writes() for window in windows])


@to_maximum.gradient
def _(dx, y, dy, x, **params):
    return at_maximum(dx, x, **params), None


@primitive(
    lambda expr: named("atmax", pools(expr.operands[1].shape, **expr.params), 2),
    domain=("real", "real"),
    samples=tuple(case(x, x, **params) for x, y, params in _SAMPLES),
    errors=(error((3,), (4,), **PLAIN, match=r"an array of the shape of x, \(4,\); came \(3,\)"),),
    public=False,
)
def at_maximum(v, x, /, size, stride, padding, ceil_mode):
    """The entry of v at the place where each window of x has its largest entry, the first in row order.

    v, x: one shape. Returns one number for each window: of x itself these are the maxima. Linear in v; its
    derivative by x is taken as 0. Raises ShapeError where the shapes differ.
    """
    if v != x:
        raise ShapeError(
            f"an array of the shape of x, {x}",
            f"{v}",
            "at_maximum",
            "read where x has its maxima, place by place",
        )
    return pooled(x, "at_maximum", size=size, stride=stride, padding=padding, ceil_mode=ceil_mode)


@at_maximum.value
def _(xp, v, x, **params):
    windows = pools(x.shape, **params)
    axis = -len(windows) - 1
    return xp.squeeze(
        xp.take_along_axis(columns(xp, v, windows), _first_largest(xp, x, windows), axis=axis), axis
    )


@at_maximum.gradient
def _(dy, y, v, x, **params):
    return to_maximum(dy, x, **params), None
