"""Softmax and its logarithm. Notes (38) to (43).

Legend: z the logits; p the probabilities; y the result; dy its adjoint; axis the one that is normalised.
"""

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant_number
from chainrule.graph.op import case, define, error
from chainrule.graph.shape import normal_axis
from chainrule.ops.activation import sigmoid, softplus
from chainrule.ops.arithmetic import subtract
from chainrule.ops.exponential import exp, log
from chainrule.ops.reduction import notation, spread, sum

_SAMPLES = (
    case((3,)), case((2, 3)), case((2, 3), axis=0), case((1,)), case((3, 1)),
    case((0,)), case((2, 0)), case((2, 0), axis=0),
)  # fmt: skip
_EDGES = (-800.0, -1e4, 0.0, 800.0, 1e4)
_ERRORS = (error((), match="an operand with axes"), error((3,), axis=1, match="an axis from -1 to 0"))


def along(expr: Expr, x: Expr, axis: int) -> Expr:
    """A reduction of x put back along the axis that it lost, so that it meets x entry by entry."""
    axis = normal_axis(axis, x.shape, "softmax")
    return expr if len(x.shape) == 1 else spread(expr, axis=axis, size=x.shape[axis])


@define(notation("logsumexp"), samples=(*_SAMPLES, case((2, 3), axis=None), case(())), edges=_EDGES)
def logsumexp(x, /, axis=None):
    """log of the sum of exp, without overflow: a smooth maximum. Of no entries it is −∞.

    axis: the axis that disappears; None for all.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.logsumexp(cr.data("x", 2)), {"x": [1000, 0]}))
    1000.0
    """
    return log(sum(exp(x), axis=axis))


@logsumexp.value
def _(xp, x, axis):
    x = xp.asarray(x)
    peak = xp.max(x, axis=axis, keepdims=True, initial=-xp.inf)
    peak = xp.where(xp.isfinite(peak), peak, 0)
    total = xp.log(xp.sum(xp.exp(x - peak), axis=axis, keepdims=True)) + peak
    return xp.reshape(total, ()) if axis is None else xp.squeeze(total, axis)


@logsumexp.gradient
def _(dy, y, x, axis):
    if axis is None:
        return (dy * exp(x - y),)
    return (along(dy, x, axis) * softmax(x, axis=axis),)


@define(notation("softmax"), samples=_SAMPLES, edges=_EDGES, errors=_ERRORS)
def softmax(x, /, axis=-1):
    """Probabilities from logits: exp(z_k) / Σ exp(z_l). Notes (38), (42).

    axis: along which the results sum to 1. Raises ShapeError for a scalar.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.softmax(cr.data("z", 2)), {"z": [0, 0]}).tolist()
    [0.5, 0.5]
    """
    return exp(x) / along(sum(exp(x), axis=normal_axis(axis, x.shape, "softmax")), x, axis)


@softmax.value
def _(xp, x, axis):
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True, initial=-xp.inf))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


@softmax.gradient
def _(dy, y, x, axis):
    return (y * (dy - along(sum(dy * y, axis=axis), x, axis)),)


@define(
    notation("log_softmax", r"\log\operatorname{softmax}"),
    samples=_SAMPLES,
    edges=_EDGES,
    errors=_ERRORS,
)
def log_softmax(x, /, axis=-1):
    """The logarithm of softmax, computed without overflow.

    axis: along which the probabilities sum to 1. Raises ShapeError for a scalar.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.log_softmax(cr.data("z", 2)), {"z": [0, -10000]}).tolist()
    [0.0, -10000.0]
    """
    axis = normal_axis(axis, x.shape, "log_softmax")
    return x - along(logsumexp(x, axis=axis), x, axis)


@log_softmax.value
def _(xp, x, axis):
    shifted = x - xp.max(x, axis=axis, keepdims=True, initial=-xp.inf)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))


@log_softmax.gradient
def _(dy, y, x, axis):
    return (dy - along(sum(dy, axis=axis), x, axis) * softmax(x, axis=axis),)


@log.after(softmax)
def _(x, axis):
    return log_softmax(x, axis=axis)


@log.after(sigmoid)
def _(x):
    return -softplus(-x)


@log.after(subtract)
def _(a, b):  # log(1 − σ(z)), as in the binary cross entropy
    fits = constant_number(a) == 1 and a.shape in ((), b.shape) and b.op is sigmoid
    return -softplus(b.operands[0]) if fits else None
