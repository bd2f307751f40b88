"""Average-pooling: of each window the mean of its entries.

It is the sum over the window by the number of its entries; the sum over windows (`window_sum`) and what spreads
numbers over them again (`window_spread`) are each the gradient of the other.

Legend: as in pooling.py. Padding is left out, unless it is asked for.
"""

from __future__ import annotations

from typing import Any

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant
from chainrule.graph.notation import Notation
from chainrule.graph.op import case, define, error, primitive
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
from chainrule.ops.windows import gathered, pairs

_SAMPLES = (*normal_samples(1)[:2], *normal_samples(2))


@primitive(
    lambda expr: named("sumpool", pools(expr.operands[0].shape, **expr.params)),
    equation=lambda shapes, params: equation_text("sum", shapes[0], pools(shapes[0], **params)),
    linear="joint",
    samples=tuple(case(x, **params) for x, y, params in _SAMPLES),
    public=False,
)
def window_sum(x, /, size, stride, padding, ceil_mode):
    """The sum of each window of x; padding counts as 0."""
    return pooled(x, "window_sum", size=size, stride=stride, padding=padding, ceil_mode=ceil_mode)


@window_sum.value
def _(xp, x, **params):
    windows = pools(x.shape, **params)
    return xp.sum(columns(xp, x, windows), axis=-len(windows) - 1)


@window_sum.gradient
def _(dy, y, x, **params):
    return (window_spread(dy, shape=x.shape, **params),)


@primitive(
    lambda expr: _spread_notation(**expr.params),
    equation=lambda shapes, params: equation_text(
        "sum", params["shape"], _spread_windows(**params), back=True
    ),
    linear="joint",
    samples=tuple(case(y, shape=x, **params) for x, y, params in _SAMPLES),
    errors=(error((3,), shape=(4,), **PLAIN, match=r"one number for each window, \(2,\); came \(3,\)"),),
    public=False,
)
def window_spread(dy, /, shape, size, stride, padding, ceil_mode):
    """Each number of dy added at all places that its window reads: the gradient of `window_sum`.

    dy: one number for each window of an input of the given shape. Raises ShapeError otherwise.
    """
    y = pooled(shape, "window_spread", size=size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    if dy != y:
        raise ShapeError(
            f"one number for each window, {y}",
            f"{dy}",
            "window_spread",
            "give what the result of the pooling receives",
        )
    return shape


def _spread_notation(shape, **params):
    windows = pools(shape, **params)
    return named("spreadpool", windows, size=shape[-len(windows) :])


def _spread_windows(shape, **params):
    return pools(shape, **params)


@window_spread.value
def _(xp, dy, shape, **params):
    windows = pools(shape, **params)
    axes = len(windows)
    read = gathered(xp, dy, [window.writes() for window in windows])
    return xp.sum(read, axis=tuple(range(-2 * axes, -axes)))


@window_spread.gradient
def _(dx, y, dy, shape, **params):
    return (window_sum(dx, **params),)


def _mean(x: Expr, count_padding: bool, where: str, axes: int, **params: Any) -> Expr:
    """The sums of the windows, each by the number of entries in its window."""
    windows = pools(x.shape, **params, where=where, axes=axes)
    whole = normal(windows)
    full = all(
        window.n + window.before + window.after >= (window.count - 1) * window.stride + window.size
        for window in windows
    )
    if full and (count_padding or not any(map(any, whole["padding"]))):
        return window_sum(x, **whole) / size_of(whole["size"])
    if not count_padding:
        return window_sum(x, **whole) / window_sum(constant(1, x.shape), **whole)
    padded = tuple(window.n + window.before + window.after for window in windows)
    ones = constant(1, (*x.shape[:-axes], *padded))
    return window_sum(x, **whole) / window_sum(ones, **{**whole, "padding": ((0, 0),) * axes})


def _average_facts(axes: int) -> dict[str, Any]:
    def notation(expr: Expr) -> Notation:
        params = dict(expr.params)
        counted = params.pop("count_padding")
        windows = pools(expr.operands[0].shape, **params, axes=axes)
        return named(
            "avgpool", windows, more=("with padding",) if counted and any(map(any, pairs(windows))) else ()
        )

    counted = tuple(
        case(*c.shapes, **c.params, count_padding=True) for c in samples(axes) if "padding" in c.params
    )
    return {
        "notation": notation,
        "linear": "joint",
        "samples": (*samples(axes), *counted),
        "errors": errors(axes),
    }


@define(**_average_facts(1))
def average_pool(x, /, size, stride=None, padding="valid", ceil_mode=False, count_padding=False):
    """The mean of each window of a sequence.

    y_i = Σ_u x_{s i + u − p} / n_i. x: (n,) or (channels, n). Returns (n',) or (channels, n').
    size, stride, padding, ceil_mode: as for `max_pool`. count_padding: divide by the places of the window in the
    padded input, zeros included; otherwise by the entries of x in it. Raises ShapeError where no window fits, or a
    window could lie in the padding alone.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.average_pool(cr.data("x", 4), 2), {"x": [1, 3, 2, 0]}).tolist()
    [2.0, 1.0]
    """
    return _mean(
        x, count_padding, "average_pool", 1, size=size, stride=stride, padding=padding, ceil_mode=ceil_mode
    )


@define(**_average_facts(2))
def average_pool2d(x, /, size, stride=None, padding="valid", ceil_mode=False, count_padding=False):
    """The mean of each window of an image.

    Y_{c,i,j} = Σ_{u,v} X_{c, s i + u − p, s j + v − q} / n_{i,j}. x: (h, w) or (channels, h, w). Returns (h', w') or
    (channels, h', w'), the shape that `max_pool2d` gives. The parameters are those of `average_pool`; size, stride
    and padding may be pairs, along rows and along columns. Raises ShapeError as `average_pool`.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.average_pool2d(cr.data("x", (2, 2)), 2), {"x": [[1, 2], [3, 6]]}).tolist()
    [[3.0]]
    """
    return _mean(
        x, count_padding, "average_pool2d", 2, size=size, stride=stride, padding=padding, ceil_mode=ceil_mode
    )
