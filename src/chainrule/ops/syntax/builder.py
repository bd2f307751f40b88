"""Building expressions from what a text says, within limits; every refusal names the piece of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chainrule.graph.errors import ChainruleError, ParseError, ShapeError
from chainrule.graph.expression import OPERATORS, Expr, Number
from chainrule.graph.leaves import constant
from chainrule.ops.syntax.names import limited
from chainrule.ops.syntax.tokens import Tokens, shortened
from chainrule.ops.syntax.values import number_of

MOST_OPERATIONS = 10_000
LARGEST_EXPONENT = 1_000_000
_LONGEST_PART = 200  # characters of one part of a message
_UNCHECKED = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
"""What an op raises for parameters that it does not check; its own message would not say where."""


class Value(NamedTuple):
    """An expression and the piece of text that it was read from."""

    expr: Expr
    start: int
    end: int


class Builder:
    """Builds the expressions of one text. It keeps the numbers that parts without leaves come to."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._numbers: dict[Expr, Number] = {}
        self._operations = 0

    def build(self, make: Callable[[], Expr], start: int, end: int) -> Value:
        """The expression that `make` builds, from the text between start and end.

        Raises ShapeError where shapes do not fit, ParseError for anything else.
        """
        try:
            expr = make()
            limited(expr.shape, expr.op.name)
        except ShapeError as fault:
            raise ShapeError(*self._placed(fault, start, end)) from None
        except ChainruleError as fault:
            raise ParseError(*self._placed(fault, start, end)) from None
        except _UNCHECKED as fault:
            needed, came = "values that the op can take", shortened(str(fault), _LONGEST_PART)
            raise self._tokens.fault(needed, came, start, end) from fault
        self._operations += bool(expr.operands)
        if self._operations > MOST_OPERATIONS:
            needed, remedy = (
                f"a text of at most {MOST_OPERATIONS:,} operations",
                "write long sums with arrays",
            )
            raise self._tokens.fault(needed, "more", start, end, remedy)
        self._note_number(expr, start, end)
        return Value(expr, start, end)

    def binary(self, sign: str, left: Value, right: Value) -> Value:
        """Two operands with a sign between them. An exponent of numbers alone is a number: x**2, x**(1/2)."""
        other = self._numbers.get(right.expr, right.expr) if sign == "**" else right.expr
        return self.build(lambda: OPERATORS[sign](left.expr, other), left.start, right.end)

    def signed(self, sign: str, start: int, value: Value) -> Value:
        """A sign before an operand. A minus becomes part of a number, as in Python."""
        expr = value.expr
        if sign == "+":
            return Value(expr, start, value.end)
        number = self._numbers.get(expr) if expr.is_leaf else None
        return self.build(lambda: -expr if number is None else constant(-number), start, value.end)

    def renamed(self, old: Expr, new: Expr) -> Expr:
        """What was known of an expression holds for the one that now has a name."""
        if old in self._numbers:
            self._numbers[new] = self._numbers[old]
        return new

    def _note_number(self, expr: Expr, start: int, end: int) -> None:
        if expr.op.name == "power" and abs(expr.params["exponent"]) > LARGEST_EXPONENT:
            needed = f"an exponent of at most {LARGEST_EXPONENT:,} in size"
            raise self._tokens.fault(needed, shortened(str(expr.params["exponent"]), 40), start, end)
        try:
            number = number_of(expr, self._numbers)
        except ZeroDivisionError:
            raise self._tokens.fault("a divisor other than 0", "a division by 0", start, end) from None
        except (ArithmeticError, ValueError) as fault:
            needed = "numbers that come to a real number below 1.8e308 in size"
            came = "a larger one" if isinstance(fault, OverflowError) else "no real number"
            raise self._tokens.fault(needed, came, start, end) from None
        if number is not None:
            self._numbers[expr] = number

    def _placed(self, fault: ChainruleError, start: int, end: int) -> tuple[str, str, str, str]:
        place = self._tokens.place(start, end)
        where = f"{shortened(fault.where, _LONGEST_PART)}, {place}" if fault.where else place
        return fault.needed, shortened(fault.came, _LONGEST_PART), where, fault.remedy
