"""How an op is written: templates and binding strengths. The printer owns the brackets.

A form has a template with {0}, {1}, ... for the operands, the binding strength of the
result, and for each operand the strength it must have to stand without brackets.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN = 0  # a place that is enclosed: inside a call, a fraction, a root
SUM = 10  # a + b, a - b, -a
TERM = 11  # a sum sign with its body, a quotient in one line
HADAMARD = 20  # a ⊙ b
PRODUCT = 21  # A b
FACTOR = 30  # what stands in a product without brackets
POWER = 40  # x^2
CALL = 50  # f(x)
ATOM = 60  # a symbol, a number


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
    return Notation(Form(f"{{0}}{latex}{{1}}", strength, places), Form(f"{{0}}{text}{{1}}", strength, places))


def function(latex: str, text: str, n: int = 1) -> Notation:
    """f(a, b)."""
    latex_arguments = ", ".join(f"{{{i}}}" for i in range(n))
    return Notation(
        Form(rf"{latex}\left({latex_arguments}\right)", CALL, (OPEN,)),
        Form(f"{text}({latex_arguments})", CALL, (OPEN,)),
    )


def named_function(name: str, n: int = 1) -> Notation:
    """name(a, b) with the name set upright."""
    return function(rf"\operatorname{{{name.replace('_', ' ')}}}", name, n)


def primed(notation: Notation) -> Notation:
    """f′(a) from f(a)."""
    return Notation(
        Form(notation.latex.template.replace(r"\left(", r"'\left(", 1), CALL, (OPEN,)),
        Form(notation.text.template.replace("(", "′(", 1), CALL, (OPEN,)),
    )
