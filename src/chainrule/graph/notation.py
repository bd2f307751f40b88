"""How an op is written: templates and binding strengths. The printer owns the brackets.

A form has a template with #1, #2, ... for the operands, the binding strength of the
result, and for each operand the strength it must have to stand without brackets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

OPEN = 0  # a place that is enclosed: inside a call, a fraction, a root
SUM = 10  # a + b, a - b, -a
TERM = 11  # a sum sign with its body, and what ends with one
QUOTIENT = 12  # a/b in one line, a ⊘ b
STAR = 15  # x ⋆ k, x ∗ k
HADAMARD = 20  # a ⊙ b
PRODUCT = 21  # A b
FACTOR = 30  # what stands in a product without brackets
POWER = 40  # x^2
CALL = 50  # f(x)
ATOM = 60  # a symbol, a number
WORD = 70  # in a place: one word or number; anything else in brackets
BESIDE = "\u2062"
"""In a template: a product of numbers, side by side."""
APPLIED = "\u2063"
"""In a template: a product of linear algebra, side by side; in LaTeX without a space."""
PLACE = "\u2064"
"""In a template: before a number that counts places or axes from 0; it is printed as the style counts."""


@dataclass(frozen=True)
class Form:
    """One way of writing an op: in LaTeX or as text."""

    template: str
    strength: int
    operands: tuple[int, ...]

    def places(self, n: int) -> tuple[int, ...]:
        """The strengths for n operands; the last one given serves for the rest."""
        return (*self.operands, *(self.operands[-1:] * (n - len(self.operands))))[:n]


@dataclass(frozen=True)
class Notation:
    """An op in LaTeX and in one-line text. rows: the same where vectors are rows, if that is written otherwise."""

    latex: Form
    text: Form
    rows: Notation | None = None


def infix(
    latex: str, text: str, strength: int, left: int | None = None, right: int | None = None
) -> Notation:
    """a ∘ b. By default the left operand may be of the same kind and the right one must bind more tightly."""
    places = (strength if left is None else left, strength + 1 if right is None else right)
    return Notation(Form(f"#1{latex}#2", strength, places), Form(f"#1{text}#2", strength, places))


def function(latex: str, text: str, n: int = 1) -> Notation:
    """f(a, b)."""
    arguments = ", ".join(f"#{i + 1}" for i in range(n))
    return Notation(
        Form(rf"{latex}\left({arguments}\right)", CALL, (OPEN,)), Form(f"{text}({arguments})", CALL, (OPEN,))
    )


def named_function(name: str, words: str = "", n: int = 1, latex: str = "") -> Notation:
    """name(a, b) with the name set upright, and words as its subscript; latex: the subscript in LaTeX."""
    subscript = f"_{{{latex or _upright(words)}}}" if words else ""
    return function(rf"\operatorname{{{name}}}{subscript}", name + (f"[{words}]" if words else ""), n)


def with_parameters(name: str, **shown: str) -> Callable[[Any], Notation]:
    """name(a) with parameters as a subscript where they are not the op's default.

    shown: parameter name to the word before its value; an empty word shows the value alone. Of what is
    True only the word is shown.
    """

    def of(expr: Any) -> Notation:
        defaults = expr.op.defaults
        words = [
            f"axis {PLACE}{expr.params[key] % len(expr.shape)}"
            if key == "axis"
            else _described(word, expr.params[key])
            for key, word in shown.items()
            if key not in defaults or expr.params[key] != defaults[key]
        ]
        return named_function(name, ", ".join(words), max(1, len(expr.operands)))

    return of


def _described(word: str, value: Any) -> str:
    if isinstance(value, (bool, str)):
        return word if value is True else f"{word} {value}".strip()
    return f"{word} {numeral(value, inline=True).text.template}".strip()


def _upright(words: str) -> str:
    """Words upright, a number as it is."""
    return rf"\text{{{words}}}" if any(sign.isalpha() for sign in words) else words.replace("−", "-")


def primed(notation: Notation) -> Notation:
    """f′(a) from f(a)."""
    return Notation(
        Form(notation.latex.template.replace(r"\left(", r"'\left(", 1), CALL, (OPEN,)),
        Form(notation.text.template.replace("(", "′(", 1), CALL, (OPEN,)),
    )


def numeral(value: int | float | Fraction, inline: bool = False) -> Notation:
    """A number, exactly. inline: a fraction with a slash in LaTeX too, as in an exponent."""
    if value < 0:
        plus = numeral(-value, inline)
        return Notation(Form(f"-{plus.latex.template}", SUM, ()), Form(f"−{plus.text.template}", SUM, ()))
    if isinstance(value, Fraction) and value.denominator != 1:
        slash = Form(f"{value.numerator}/{value.denominator}", QUOTIENT, ())
        above_below = Form(rf"\frac{{{value.numerator}}}{{{value.denominator}}}", FACTOR, ())
        return Notation(slash if inline else above_below, slash)
    text = str(value) if isinstance(value, Fraction) else repr(value)
    if "inf" in text or "nan" in text:
        sign, word = (r"\infty", "∞") if "inf" in text else (r"\mathrm{nan}", "nan")
        return Notation(Form(sign, ATOM, ()), Form(word, ATOM, ()))
    plain = Form(text, ATOM, ())
    if "e" not in text:
        return Notation(plain, plain)
    digits, power = text.split("e")
    scientific = Form(f"10^{{{int(power)}}}", POWER, ())
    if digits != "1":
        scientific = Form(rf"{digits} \cdot {scientific.template}", PRODUCT, ())
    return Notation(scientific, plain)
