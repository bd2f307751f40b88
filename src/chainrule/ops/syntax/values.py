"""Plain values in a text: parameters of ops, indices, arrays, and what arithmetic of numbers comes to.

Which values a parameter takes is not listed here: an op's own default and samples say it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from inspect import Parameter
from typing import Any

from chainrule.graph.expression import Expr, Number
from chainrule.graph.leaves import constant_number
from chainrule.graph.op import Op
from chainrule.ops.syntax.tokens import Token, Tokens

WORDS: dict[str, bool | None] = {"None": None, "True": True, "False": False}
_DEEPEST = 6  # tuples in tuples
_PLAIN = "a plain value: a number, a tuple, None, True, False or 'text'"
_LARGEST_EXACT = 10**15
_LARGEST_EXPONENT = 64


def literal(tokens: Tokens, depth: int = 0) -> Any:
    """A plain value. `1/2` is a fraction here, as a parameter is a number and not an expression."""
    token = tokens.step()
    if token.kind == "sign" and token.text in "-+" and tokens.now.kind == "number":
        number = _fraction(tokens, tokens.step())
        return -number if token.text == "-" else number
    if token.kind == "number":
        return _fraction(tokens, token)
    if token.kind == "text":
        return token.text[1:-1]
    if token.kind == "name" and token.text in WORDS:
        return WORDS[token.text]
    if token.kind != "sign" or token.text not in "([" or depth == _DEEPEST:
        raise tokens.unexpected(_PLAIN, token=token)
    return _tuple(tokens, token, depth + 1)


def _fraction(tokens: Tokens, token: Token) -> Number:
    if not (tokens.at_sign("/") and tokens.after.kind == "number"):
        return token.value
    tokens.step()
    below = tokens.step()
    if not isinstance(token.value, int) or not isinstance(below.value, int) or below.value == 0:
        needed = "a fraction of whole numbers, not over 0"
        raise tokens.fault(needed, f"`{token.text}/{below.text}`", token.start, below.end)
    number = Fraction(token.value, below.value)
    return int(number) if number.denominator == 1 else number


def array(tokens: Tokens, opening: Token) -> Any:
    """The entries of [1, 2] or [[1, 0], [0, 1]]; the opening bracket has been read."""
    return _tuple(tokens, opening, 1)


def _tuple(tokens: Tokens, opening: Token, depth: int) -> Any:
    closing = ")" if opening.text == "(" else "]"
    items: list[Any] = []
    while not tokens.take(closing):
        items.append(literal(tokens, depth))
        if closing == ")" and len(items) == 1 and tokens.take(closing):
            return items[0]  # brackets around one value, as in Python
        if not tokens.take(",") and not tokens.at_sign(closing):
            raise tokens.unexpected(f"a comma or `{closing}`")
    return items if closing == "]" else tuple(items)


def index_key(tokens: Tokens) -> tuple[Any, ...]:
    """What stands in the brackets of x[...]: places, slices and `...`; the closing bracket is read too."""
    parts: list[Any] = []
    while not (parts and tokens.take("]")):
        parts.append(_index_part(tokens))
        if not tokens.take(",") and not tokens.at_sign("]"):
            raise tokens.unexpected("a comma or `]` in the index")
    return tuple(parts)


def _index_part(tokens: Tokens) -> Any:
    if tokens.take("..."):
        return ...
    parts: list[int | None] = [None]
    while not tokens.at_sign(",", "]"):
        if tokens.at_sign(":") and len(parts) < 3:
            tokens.step()
            parts.append(None)
        elif parts[-1] is None and not tokens.at_sign(":"):
            parts[-1] = _whole(tokens)
        else:
            break
    if parts == [None]:
        raise tokens.unexpected(
            "a place such as 0, or a slice such as 1:3", "places count from 0, as in Python"
        )
    return parts[0] if len(parts) == 1 else slice(*parts)


def _whole(tokens: Tokens) -> int:
    minus = tokens.take("-")
    if tokens.now.kind != "number" or not isinstance(tokens.now.value, int):
        raise tokens.unexpected("a whole number, a slice such as 1:3 or `...` as index")
    number = int(tokens.step().value)
    return -number if minus else number


@cache
def parameter_names(op: Op, required: bool = False) -> tuple[str, ...]:
    """The parameters of an op, or only those that have no default."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    found = [p for p in op.__signature__.parameters.values() if p.kind in kinds]
    return tuple(p.name for p in found if not required or p.default is Parameter.empty)


def check_parameter(op: Op, name: str, value: Any, tokens: Tokens, start: int) -> None:
    """Raise ParseError where a parameter of an op is not of a kind that the op's default or samples show."""
    shown = _shown(op, name)
    if not _fits(value, shown):
        came = tokens.source[start : tokens.read_to] if isinstance(value, (tuple, list)) else repr(value)
        raise tokens.fault(f"{_described(shown)} as {name} of {op.name}", came[:80], start, tokens.read_to)


@cache
def _shown(op: Op, name: str) -> tuple[Any, ...]:
    default = op.__signature__.parameters[name].default
    given = [case.params[name] for case in op.samples if name in case.params]
    return tuple(given) if default is Parameter.empty else (default, *given)


def _kind(value: Any) -> str:
    kinds: tuple[tuple[Any, str], ...] = (
        (type(None), "None"),
        (bool, "True or False"),
        (int, "a whole number"),
        ((float, Fraction), "a number"),
        (str, "a text"),
        ((tuple, list), "a tuple"),
    )
    return next((kind for types, kind in kinds if isinstance(value, types)), "another value")


def _entries(shown: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(entry for example in shown if isinstance(example, (tuple, list)) for entry in example)


def _fits(value: Any, shown: Sequence[Any]) -> bool:
    kinds = {_kind(example) for example in shown}
    if isinstance(value, (tuple, list)):
        return "a tuple" in kinds and all(_fits(entry, _entries(shown)) for entry in value)
    return _kind(value) in kinds or (_kind(value) == "a whole number" and "a number" in kinds)


def _described(shown: Sequence[Any]) -> str:
    kinds = list(dict.fromkeys(_kind(example) for example in shown))
    if "a number" in kinds and "a whole number" in kinds:
        kinds.remove("a whole number")
    words = [f"({_described(_entries(shown))}, ...)" if kind == "a tuple" else kind for kind in kinds]
    return " or ".join(words) or "nothing"


def number_of(node: Expr, known: Mapping[Expr, Number]) -> Number | None:
    """The number that an expression of numbers alone comes to; None where a leaf has a part in it.

    known: the numbers of the operands. Exact while short, so that x**(1/2) and x**(1 + 1) have an
    exponent. Raises ArithmeticError or ValueError where there is no such finite real number.
    """
    if node.op.name == "divide" and known.get(node.operands[1]) == 0:
        raise ZeroDivisionError
    if node.is_leaf:
        return None if node.shape else constant_number(node)
    compute = _ARITHMETIC.get(node.op.name)
    numbers = [known[operand] for operand in node.operands if operand in known]
    if compute is None or len(numbers) < len(node.operands):
        return None
    result = _short(compute(*numbers, *node.params.values()))
    if not math.isfinite(result):
        raise OverflowError
    return result


def _short(number: Number) -> Number:
    if isinstance(number, float):
        return number
    if abs(number.numerator) >= _LARGEST_EXACT or number.denominator >= _LARGEST_EXACT:
        return float(number)
    return int(number) if number.denominator == 1 else number


def _quotient(a: Number, b: Number) -> Number:
    return a / b if isinstance(a, float) or isinstance(b, float) else Fraction(a) / b


def _power(a: Number, b: Number) -> Number:
    size = math.pow(a, b)  # first in float64, where nothing is slow and what is too large is refused
    exact = isinstance(b, int) and not isinstance(a, float) and abs(b) <= _LARGEST_EXPONENT
    return Fraction(a) ** int(b) if exact else size


_ARITHMETIC: dict[str, Callable[..., Number]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": _quotient,
    "negate": operator.neg,
    "power": _power,
    "raise_to": _power,
}
