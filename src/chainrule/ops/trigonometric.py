"""Cosine and sine, entry by entry, of angles in radians.

Legend: x the operand; dy the adjoint of the result.
"""

from chainrule.graph.notation import named_function
from chainrule.graph.op import UNARY, primitive

_EDGES = (-6.0, 0.0, 6.0)


@primitive(named_function("cos"), elementwise=True, samples=UNARY, edges=_EDGES)
def cos(x, /):
    """The cosine of x radians, entry by entry.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.cos(cr.data("x")), {"x": 0}))
    1.0
    """


@cos.value
def _(xp, x):
    return xp.cos(x)


@cos.gradient
def _(dy, y, x):
    return (-dy * sin(x),)


@primitive(named_function("sin"), elementwise=True, samples=UNARY, edges=_EDGES)
def sin(x, /):
    """The sine of x radians, entry by entry.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.sin(cr.data("x")), {"x": 0}))
    0.0
    """


@sin.value
def _(xp, x):
    return xp.sin(x)


@sin.gradient
def _(dy, y, x):
    return (dy * cos(x),)
