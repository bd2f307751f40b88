"""Powers, entry by entry: with a constant exponent, and with an expression as exponent.

Legend: a the base; b the exponent; y the result; dy its adjoint.
"""

from __future__ import annotations

from fractions import Fraction
from types import ModuleType
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr, Number
from chainrule.graph.leaves import constant, constant_number
from chainrule.graph.notation import CALL, FACTOR, OPEN, POWER, WORD, Form, Notation, numeral
from chainrule.graph.op import BINARY, UNARY, case, define, error, primitive, sign
from chainrule.graph.symbols import text_raised
from chainrule.ops.exponential import exp, log

_MISFIT = error((3,), (2,), match="operands of one shape")


def _raised(expr: Expr) -> Notation:
    """x^2; of an array entry by entry, which a ⊙ in the exponent says."""
    number, each = numeral(expr.params["exponent"], inline=True), expr.shape != ()
    return Notation(
        Form("#1^{" + (r"\odot " if each else "") + number.latex.template + "}", POWER, (CALL,)),
        Form("#1" + ("⊙" if each else "") + text_raised(number.text.template), POWER, (CALL,)),
    )


def _raised_to(expr: Expr) -> Notation:
    if expr.shape:
        return Notation(Form(r"#1^{\odot #2}", POWER, (CALL, FACTOR)), Form("#1⊙^#2", POWER, (CALL, WORD)))
    return Notation(Form("#1^{#2}", POWER, (CALL, OPEN)), Form("#1^#2", POWER, (CALL, WORD)))


@primitive(
    _raised,
    elementwise=True,
    domain=("positive",),
    samples=[
        *(case(c.shapes[0], exponent=e) for c in UNARY[:3] for e in (2, 3, -1, Fraction(1, 2), 0, 1)),
        *(case(c.shapes[0], exponent=2) for c in UNARY[3:]),
    ],
)
def power(a, /, exponent):
    """The power of a with a constant exponent, entry by entry.

    exponent: an int, Fraction or float.

    >>> import chainrule as cr
    >>> str(cr.data("x") ** 2)
    'x²'
    """
    if not isinstance(exponent, (int, float, Fraction)):
        raise ChainruleError(
            "a number as exponent", repr(exponent), "power", "write a ** b where b is an expression"
        )


@power.value
def _(xp: ModuleType, a: Any, exponent: Number) -> Any:
    a = xp.asarray(a)
    if exponent == 2:
        return a * a
    return xp.power(a, exponent if isinstance(exponent, int) and abs(exponent) < 2**31 else float(exponent))


@power.gradient
def _(dy, y, a, exponent):
    return (dy * (exponent * a ** (exponent - 1)),)


@power.tidy
def _(a, exponent):
    if exponent == 1:
        return a
    return constant(1, a.shape) if exponent == 0 else None


@define(
    _raised_to,
    elementwise=True,
    domain=("positive", "real"),
    samples=BINARY,
    errors=[_MISFIT],
)
def raise_to(a, b, /):
    """a to the power b, entry by entry, for a positive base: exp(b log a). It is what a ** b makes.

    a, b: one shape, or one of them a scalar. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> float(cr.evaluate(2 ** cr.data("b"), {"b": 3}))
    8.0
    """
    return exp(b * log(a))


@raise_to.value
def _(xp, a, b):
    return xp.power(a, b)


@sign("**")
def to_the(a: object, b: object) -> Expr:
    """a ** b: a power with a constant exponent where b is a number, exp(b log a) otherwise."""
    exponent = constant(b)
    number = None if exponent.shape or exponent.name else constant_number(exponent)
    return raise_to(a, exponent) if number is None else power(a, exponent=number)
