"""Exponentials, logarithms and roots, and the steps and corners that activations are made of, entry by entry.

Legend: x the operand; y the result; dy its adjoint.
"""

import math

from chainrule.graph.notation import ATOM, CALL, FACTOR, OPEN, POWER, Form, Notation, function, named_function
from chainrule.graph.op import BINARY, UNARY, error, primitive
from chainrule.ops.reduction import fitted


@primitive(function(r"\exp", "exp"), elementwise=True, samples=UNARY, edges=(-800.0, 0.0, 700.0))
def exp(x, /):
    """The exponential e^x, entry by entry.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.exp(cr.data("x")), {"x": 0}))
    1.0
    """


@exp.value
def _(xp, x):
    return xp.exp(x)


@exp.gradient
def _(dy, y, x):
    return (dy * y,)


@primitive(
    function(r"\log", "log"),
    elementwise=True,
    domain=("positive",),
    samples=UNARY,
    edges=(1e-300, 1.0, 1e300),
)
def log(x, /):
    """The natural logarithm, entry by entry; −∞ at 0.

    After sigmoid and softmax it is computed from their operand, without overflow.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.log(cr.data("x")), {"x": 1}))
    0.0
    """


@log.value
def _(xp, x):
    return xp.log(x)


@log.gradient
def _(dy, y, x):
    return (dy / x,)


@primitive(
    Notation(Form(r"\sqrt{#1}", FACTOR, (OPEN,)), Form("√#1", POWER, (ATOM,))),
    elementwise=True,
    domain=("positive",),
    samples=UNARY,
    edges=(0.0, 1.0, 1e300),
)
def sqrt(x, /):
    """The square root, entry by entry.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.sqrt(cr.data("x")), {"x": 9}))
    3.0
    """


@sqrt.value
def _(xp, x):
    return xp.sqrt(x)


@sqrt.gradient
def _(dy, y, x):
    return (dy / (2 * y),)


@primitive(named_function("erf"), elementwise=True, samples=UNARY, edges=(-800.0, 0.0, 800.0))
def erf(x, /):
    """The error function, 2/√π times the integral of exp(−t²) from 0 to x, entry by entry.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.erf(cr.data("x")), {"x": 0}))
    0.0
    """


@erf.value
def _(xp, x):
    from scipy.special import erf as scipy_erf  # only gelu needs SciPy

    return scipy_erf(xp.asarray(x, dtype=float))


@erf.derivative
def _(x):
    return 2 / math.sqrt(math.pi) * exp(-(x**2))


@primitive(
    Notation(Form(r"\left|#1\right|", CALL, (OPEN,)), Form("|#1|", CALL, (OPEN,))),
    elementwise=True,
    samples=UNARY,
    edges=(-800.0, 0.0, 800.0),
)
def absolute(x, /):
    """The absolute value |x|, entry by entry. Its derivative at 0 is taken as 0.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.absolute(cr.data("x")), {"x": -3}))
    3.0
    """


@absolute.value
def _(xp, x):
    return xp.abs(x)


@absolute.gradient
def _(dy, y, x):
    return (dy * (step(x) - step(-x)),)


@primitive(function(r"\mathbb{1}_{>0}", "𝟙₊"), elementwise=True, samples=UNARY, edges=(-800.0, 0.0, 800.0))
def step(x, /):
    """1 where x > 0 and 0 elsewhere, at 0 too, entry by entry. Its derivative is taken as 0.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.step(cr.data("x", 3)), {"x": [-1, 0, 2]}).tolist()
    [0.0, 0.0, 1.0]
    """


@step.value
def _(xp, x):
    x = xp.asarray(x)
    return (x > 0).astype(x.dtype)


@step.gradient
def _(dy, y, x):
    return (None,)


_MISFIT = error((3,), (2,), match="operands of one shape")


@primitive(
    function(r"\max", "max", 2), elementwise=True, domain=("real", "real"), samples=BINARY, errors=[_MISFIT]
)
def maximum(a, b, /):
    """The larger of a and b, entry by entry. Where they are equal, b receives the gradient.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.maximum(cr.data("x", 2), 0), {"x": [-1, 2]}).tolist()
    [0.0, 2.0]
    """


@maximum.value
def _(xp, a, b):
    return xp.maximum(a, b)


@maximum.gradient
def _(dy, y, a, b):
    chosen = step(a - b)
    return _shared(dy, a, b, chosen)


@primitive(
    function(r"\min", "min", 2), elementwise=True, domain=("real", "real"), samples=BINARY, errors=[_MISFIT]
)
def minimum(a, b, /):
    """The smaller of a and b, entry by entry. Where they are equal, a receives the gradient.

    So for each entry, of max(a, b) and min(a, b) one passes its gradient to a and the other to b.

    >>> import chainrule as cr
    >>> cr.evaluate(cr.minimum(cr.data("x", 2), 0), {"x": [-1, 2]}).tolist()
    [-1.0, 0.0]
    """


@minimum.value
def _(xp, a, b):
    return xp.minimum(a, b)


@minimum.gradient
def _(dy, y, a, b):
    db, da = _shared(dy, b, a, step(a - b))
    return da, db


def _shared(dy, a, b, chosen):
    """The adjoint goes to a where it was chosen, to b elsewhere."""
    return fitted(dy * chosen, a), fitted(dy * (1 - chosen), b)
