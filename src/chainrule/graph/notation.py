"""How an op is written: templates and binding strengths. The printer owns the brackets.

A form has a template with #1, #2, ... for the operands, the binding strength of the
result, and for each operand the strength it must have to stand without brackets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OPEN = 0  # a place that is enclosed: inside a call, a fraction, a root
SUM = 10  # a + b, a - b, -a
TERM = 11  # a sum sign with its body, a quotient in one line
STAR = 15  # x ⋆ k, x ∗ k
HADAMARD = 20  # a ⊙ b
PRODUCT = 21  # A b
FACTOR = 30  # what stands in a product without brackets
POWER = 40  # x^2
CALL = 50  # f(x)
ATOM = 60  # a symbol, a number
BESIDE = "\u2062"
"""In a template: side by side, with a dot where a reader could take it for a number or a call."""


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
    """An op in LaTeX and in one-line text."""

    latex: Form
    text: Form


def infix(latex: str, text: str, strength: int, left: int | None = None, right: int | None = None) -> Notation:
    """a ∘ b. By default the left operand may be of the same kind and the right one must bind more tightly."""
    places = (strength if left is None else left, strength + 1 if right is None else right)
    return Notation(Form(f"#1{latex}#2", strength, places), Form(f"#1{text}#2", strength, places))


def function(latex: str, text: str, n: int = 1) -> Notation:
    """f(a, b)."""
    arguments = ", ".join(f"#{i + 1}" for i in range(n))
    return Notation(
        Form(rf"{latex}\left({arguments}\right)", CALL, (OPEN,)), Form(f"{text}({arguments})", CALL, (OPEN,))
    )


def named_function(name: str, n: int = 1) -> Notation:
    """name(a, b) with the name set upright."""
    return function(rf"\operatorname{{{name}}}", name, n)


def with_parameters(name: str, **shown: str) -> Callable[[Any], Notation]:
    """name(a) with parameters as a subscript where they are not the op's default.

    shown: parameter name to the word before its value; an empty word shows the value alone.
    """

    def of(expr: Any) -> Notation:
        defaults = expr.op.defaults
        words = [
            f"{word} {_plain(expr.params[key] % len(expr.shape) + 1 if key == 'axis' else expr.params[key])}".strip()
            for key, word in shown.items()
            if key not in defaults or expr.params[key] != defaults[key]
        ]
        subscript = rf"_{{\text{{{', '.join(words)}}}}}" if words else ""
        bracket = f"[{', '.join(words)}]" if words else ""
        n = max(1, len(expr.operands))
        return function(rf"\operatorname{{{name}}}{subscript}", f"{name}{bracket}", n)

    return of


def _plain(value: Any) -> str:
    return str(value).replace("{", "").replace("}", "").replace("\\", "")


def primed(notation: Notation) -> Notation:
    """f′(a) from f(a)."""
    return Notation(
        Form(notation.latex.template.replace(r"\left(", r"'\left(", 1), CALL, (OPEN,)),
        Form(notation.text.template.replace("(", "′(", 1), CALL, (OPEN,)),
    )
