"""Activations: the non-linear functions of one number, applied entry by entry.

Legend: x the operand. Each has its derivative as an op of its own, written f′.
"""

import math

from chainrule.graph.leaves import constant
from chainrule.graph.notation import function, named_function, with_parameters
from chainrule.graph.op import UNARY, case, define
from chainrule.ops.exponential import erf, exp, log, maximum, minimum, sqrt, step

_EDGES = (-800.0, -1e4, 0.0, 800.0, 1e4)


@define(function(r"\sigma", "σ"), elementwise=True, samples=UNARY, edges=_EDGES)
def sigmoid(x, /):
    """Squash any real number into (0, 1), entry by entry. Notes (3).

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.sigmoid(cr.data("x")), {"x": 0}))
    0.5
    """
    return 1 / (1 + exp(-x))


@sigmoid.value
def _(xp, x):
    small = xp.exp(-xp.abs(x))
    return xp.where(xp.asarray(x) >= 0, 1, small) / (1 + small)


@sigmoid.derivative
def _(x):
    return sigmoid(x) * (1 - sigmoid(x))


@define(function(r"\tanh", "tanh"), elementwise=True, samples=UNARY, edges=_EDGES)
def tanh(x, /):
    """Squash any real number into (−1, 1), entry by entry. Notes (17).

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.tanh(cr.data("x")), {"x": 0}))
    0.0
    """
    return (exp(x) - exp(-x)) / (exp(x) + exp(-x))


@tanh.value
def _(xp, x):
    return xp.tanh(x)


@tanh.derivative
def _(x):
    return 1 - tanh(x) ** 2


@define(named_function("ReLU"), elementwise=True, samples=UNARY, edges=_EDGES)
def relu(x, /):
    """max(x, 0), entry by entry: negative numbers become 0. Notes (139). Its derivative at 0 is taken as 0.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.relu(cr.data("x", 2)), {"x": [-1, 2]}).tolist()
    [0.0, 2.0]
    """
    return maximum(x, 0)


@relu.derivative
def _(x):
    return step(x)


@define(
    with_parameters("LeakyReLU", slope=""),
    elementwise=True,
    samples=(*UNARY, case((3,), slope=0.2)),
    edges=_EDGES,
)
def leaky_relu(x, /, slope=0.01):
    """x where it is positive, slope times x elsewhere, entry by entry. Its derivative at 0 is the slope.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.leaky_relu(cr.data("x", 2), slope=0.1), {"x": [-1, 2]}).tolist()
    [-0.1, 2.0]
    """
    return maximum(x, 0) + slope * minimum(x, 0)


@leaky_relu.derivative
def _(x, slope):
    return slope + (1 - slope) * step(x)


@define(named_function("softplus"), elementwise=True, samples=UNARY, edges=_EDGES)
def softplus(x, /):
    """log(1 + exp(x)), entry by entry: a smooth ReLU. Its derivative is the sigmoid.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.softplus(cr.data("x")), {"x": 1000}))
    1000.0
    """
    return log(1 + exp(x))


@softplus.value
def _(xp, x):
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


@softplus.gradient
def _(dy, y, x):
    return (dy * sigmoid(x),)


@define(
    with_parameters("ELU", alpha=""), elementwise=True, samples=(*UNARY, case((3,), alpha=0.5)), edges=_EDGES
)
def elu(x, /, alpha=1):
    """x where it is positive, alpha (exp(x) − 1) elsewhere, entry by entry. Its derivative at 0 is alpha.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.elu(cr.data("x")), {"x": -800}))
    -1.0
    """
    return maximum(x, 0) + alpha * (exp(minimum(x, 0)) - 1)


@elu.value
def _(xp, x, alpha):
    return xp.maximum(x, 0) + alpha * xp.expm1(xp.minimum(x, 0))


@elu.derivative
def _(x, alpha):
    return step(x) + (1 - step(x)) * (alpha * exp(minimum(x, 0)))


@define(
    with_parameters("GELU", approximate="tanh"),
    elementwise=True,
    samples=(*UNARY, case((3,), approximate=True)),
    edges=_EDGES,
)
def gelu(x, /, approximate=False):
    """x times the probability that a standard normal number is below x, entry by entry.

    approximate: use Hendrycks and Gimpel's form with tanh (arXiv 1606.08415) instead of erf.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.gelu(cr.data("x")), {"x": 0}))
    0.0
    """
    if approximate:
        return x / 2 * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x / 2 * (1 + erf(x / sqrt(constant(2))))


@gelu.derivative
def _(x, approximate):
    if approximate:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
        return (1 + tanh(inner)) / 2 + x / 2 * (1 - tanh(inner) ** 2) * slope
    return (1 + erf(x / sqrt(constant(2)))) / 2 + x / math.sqrt(2 * math.pi) * exp(-(x**2) / 2)
