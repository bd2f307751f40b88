"""Sums, products, quotients and powers, entry by entry. Only scalars broadcast.

Legend: a, b operands; y the result; dy its adjoint.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from chainrule.graph.expression import Expr, Number
from chainrule.graph.leaves import constant, constant_number
from chainrule.graph.notation import (
    BESIDE,
    FACTOR,
    HADAMARD,
    OPEN,
    POWER,
    PRODUCT,
    QUOTIENT,
    SUM,
    TERM,
    Form,
    Notation,
    infix,
)
from chainrule.graph.op import BINARY, UNARY, error, lift_with, primitive, sign
from chainrule.ops.reduction import fitted

lift_with(constant)
_MISFIT = error((3,), (2,), match="operands of one shape")
_DIGITS = 10**15
_LARGE = 1e100


def _sum(expr: Expr) -> Notation | Expr:
    """a + b; a − b where b has a minus."""
    a, b = expr.operands
    number, rest = _factored(b)
    if number is not None and number < 0 and a.shape in ((), expr.shape):
        return subtract(a, constant(-number, b.shape) if rest is None else multiply(-number, rest))
    if b.op is negate and not b.name:
        return subtract(a, b.operands[0])
    return infix(" + ", " + ", SUM, right=SUM)


@sign("+")
@primitive(_sum, elementwise=True, linear="joint", domain=("real", "real"), samples=BINARY, errors=[_MISFIT])
def add(a, b, /):
    """The sum a + b, entry by entry.

    a, b: one shape, or one of them a scalar. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> str(cr.data("x", 3) + 1)
    'x + 1'
    """


@add.value
def _(xp, a, b):
    return xp.add(a, b)


@add.gradient
def _(dy, y, a, b):
    return fitted(dy, a), fitted(dy, b)


@add.tidy
def _(a, b):
    if constant_number(a) == 0 and a.shape in ((), b.shape):
        return b
    if constant_number(b) == 0 and b.shape in ((), a.shape):
        return a
    if b.op is negate and not b.name:
        return subtract(a, b.operands[0])
    if a.op is negate and not a.name:
        return subtract(b, a.operands[0])
    if a is b:
        return multiply(2, a)
    return _folded(lambda u, v: u + v, a, b)


@sign("-")
@primitive(
    infix(" - ", " − ", SUM),
    elementwise=True,
    linear="joint",
    domain=("real", "real"),
    samples=BINARY,
    errors=[_MISFIT],
)
def subtract(a, b, /):
    """The difference a − b, entry by entry.

    a, b: one shape, or one of them a scalar. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> str(1 - cr.data("x"))
    '1 − x'
    """


@subtract.value
def _(xp, a, b):
    return xp.subtract(a, b)


@subtract.gradient
def _(dy, y, a, b):
    return fitted(dy, a), fitted(-dy, b)


@subtract.tidy
def _(a, b):
    if constant_number(b) == 0 and b.shape in ((), a.shape):
        return a
    if constant_number(a) == 0 and a.shape in ((), b.shape):
        return negate(b)
    if b.op is negate and not b.name:
        return add(a, b.operands[0])
    return _folded(lambda u, v: u - v, a, b)


@sign("neg")
@primitive(
    Notation(Form("-#1", SUM, (TERM,)), Form("−#1", SUM, (TERM,))),
    elementwise=True,
    linear="joint",
    samples=UNARY,
)
def negate(a, /):
    """The negative −a, entry by entry.

    >>> import chainrule as cr
    >>> str(-cr.data("x"))
    '−x'
    """


@negate.value
def _(xp, a):
    return xp.negative(a)


@negate.gradient
def _(dy, y, a):
    return (-dy,)


@negate.tidy
def _(a):
    number = constant_number(a)
    if number is not None:
        return constant(-number, a.shape)
    if a.name:
        return None
    if a.op is negate:
        return a.operands[0]
    if a.op is subtract:
        return subtract(a.operands[1], a.operands[0])
    return None


def _product(expr: Expr) -> Notation | Expr:
    """a ⊙ b, or side by side with the number first, then the scalar: -2 s x. A factor of 1 is not written."""
    a, b = expr.operands
    (m, left), (n, right) = _factored(a), _factored(b)
    if m == 1 and left is None and a.shape in ((), b.shape):
        return b
    if n is not None and m is None and (a.shape or not b.shape or right is not None):
        return multiply(
            constant(n, b.shape if right is None else ()), a if right is None else multiply(a, right)
        )
    if m is not None and m < 0:
        if left is not None:
            rest = multiply(left, b)
            return negate(rest if m == -1 else multiply(-m, rest))
        return negate(b if m == -1 and a.shape in ((), b.shape) else multiply(constant(-m, a.shape), b))
    if a.shape and b.shape:
        return infix(r" \odot ", " ⊙ ", HADAMARD, right=HADAMARD)
    if a.shape and not b.shape:
        return multiply(b, a)
    return infix(
        BESIDE, BESIDE, PRODUCT, left=FACTOR if a.op.equation is not None else PRODUCT, right=PRODUCT
    )


def _factored(expr: Expr) -> tuple[Number | None, Expr | None]:
    """The number that an expression has as its first factor, and the rest; None and None where it has none."""
    if expr.op.name == "constant":
        return constant_number(expr), None
    if expr.op is multiply and not expr.name:
        number = constant_number(expr.operands[0])
        return (
            (number, expr.operands[1]) if number is not None and not expr.operands[0].shape else (None, None)
        )
    return None, None


def _quotient(expr: Expr) -> Notation:
    if all(operand.shape for operand in expr.operands):
        return infix(r" \oslash ", " ⊘ ", QUOTIENT, left=FACTOR, right=FACTOR)
    return Notation(Form(r"\frac{#1}{#2}", FACTOR, (OPEN, OPEN)), Form("#1/#2", QUOTIENT, (PRODUCT, POWER)))


@sign("*")
@primitive(
    _product, elementwise=True, linear="each", domain=("real", "real"), samples=BINARY, errors=[_MISFIT]
)
def multiply(a, b, /):
    """The product a ⊙ b, entry by entry; a number times an array scales it.

    a, b: one shape, or one of them a scalar. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> str(cr.data("u", 3) * cr.data("v", 3))
    'u ⊙ v'
    """


@multiply.value
def _(xp, a, b):
    return xp.multiply(a, b)


@multiply.gradient
def _(dy, y, a, b):
    return fitted(dy * b, a), fitted(dy * a, b)


@multiply.tidy
def _(a, b):
    shape = a.shape or b.shape
    (m, a), (n, b) = _scaled(a), _scaled(b)
    number = m * n
    if number == 0 and 0 in (m, n):
        return constant(0, shape)
    if not _short(number):
        return None
    if a is None or b is None:
        return _times(number, b if a is None else a)
    if a.shape and not b.shape:
        a, b = b, a
    for one, other in ((a, b), (b, a)):
        if constant_number(one) == 1 and one.shape in ((), other.shape):
            return _times(number, other)
    for one, other in ((a, b), (b, a)):  # scalars to the front: (s u) ⊙ v is s (u ⊙ v)
        if one.op is multiply and not one.name and other.shape and one.shape and not one.operands[0].shape:
            inner = (one.operands[1], other) if one is a else (other, one.operands[1])
            return _times(number, multiply(one.operands[0], multiply.tidied(*inner)))
    return _times(number, multiply(a, b))


@sign("/")
@primitive(
    _quotient,
    elementwise=True,
    domain=("real", "nonzero"),
    samples=BINARY,
    errors=[_MISFIT],
)
def divide(a, b, /):
    """The quotient a / b, entry by entry.

    a, b: one shape, or one of them a scalar. Raises ShapeError otherwise.

    >>> import chainrule as cr
    >>> str(cr.data("x") / 2)
    'x/2'
    """


@divide.value
def _(xp, a, b):
    return xp.divide(a, b)


@divide.gradient
def _(dy, y, a, b):
    return fitted(dy / b, a), fitted(-(dy * y / b), b)


@divide.tidy
def _(a, b):
    number = constant_number(b)
    if number is None or b.shape or not _short(number):
        return None
    inverse = 1 / Fraction(number)  # exact: x/0.5 is 2 x, but x/0.1 is not 10 x
    factor, rest = _scaled(a)
    if factor == 0:
        return constant(0, a.shape)
    return _times(factor * inverse, rest) if _short(inverse) and _short(factor * inverse) else None


def _scaled(expr: Expr) -> tuple[Number, Expr | None]:
    """An expression as a number times the rest; the rest is None for a constant scalar."""
    number = constant_number(expr)
    if number is not None and isinstance(number, (int, float, Fraction)):
        return (
            (number, None) if not expr.shape else (number, constant(1, expr.shape) if number != 1 else expr)
        )
    if expr.name:
        return 1, expr
    if expr.op is negate:
        inner, rest = _scaled(expr.operands[0])
        return -inner, rest
    if expr.op is multiply and not expr.operands[0].shape:
        factor = constant_number(expr.operands[0])
        if factor is not None:
            return factor, expr.operands[1]
    return 1, expr


def _times(number: Number, rest: Expr | None) -> Expr:
    """number × rest, written as short as it can be."""
    if isinstance(number, Fraction) and number.denominator == 1:
        number = int(number)
    if rest is None:
        return constant(number)
    if number == 1:
        return rest
    return negate(rest) if number == -1 else multiply(constant(number), rest)


def _short(number: Number) -> bool:
    """Whether a number may be computed with now: an exact one stays short, a float keeps its digits."""
    if isinstance(number, (int, Fraction)):
        return number != 0 and abs(number.numerator) < _DIGITS and number.denominator < _DIGITS
    return 1 / _LARGE < abs(number) < _LARGE


def _folded(operation: Any, a: Expr, b: Expr) -> Expr | None:
    """Two constant scalars as one."""
    m, n = constant_number(a), constant_number(b)
    if m is None or n is None or a.shape or b.shape or not (_short(m) and _short(n)):
        return None
    return _times(operation(m, n), None)
