"""Expressions from text, as a person types them: `z = W @ x + b; (sigmoid(z) - y)**2 / 2`.

    text       = statement {(";" | line end) statement}      # a comment reaches to the end of its line
    statement  = [name "="] formula                          # only the last may stand without a name
    formula    = number | name | "[" values "]" | "(" formula ")" | op "(" operands {parameter} ")"
               | formula sign formula | "-" formula | formula "[" index "]" | formula ".T"

The signs are + - * / @ and **, with Python's precedence. What is read is looked up in the tables
of leaves and ops, checked, and built by calling those ops; text is never run. All reading is in
loops, with limits on length, depth, operations and sizes, so that no text takes long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.graph.errors import ParseError
from chainrule.graph.expression import Expr
from chainrule.ops.syntax.formula import Formulas
from chainrule.ops.syntax.names import Names
from chainrule.ops.syntax.tokens import Token, Tokens


def parse(
    text: str,
    shapes: Mapping[str, int | Sequence[int]] | None = None,
    data: Sequence[str] = ("x", "y"),
) -> Expr:
    """The expression that a text means: the one that the same Python code builds. Nothing is executed.

    text: definitions `name = formula` and a last formula, separated by `;` or line ends. A definition
        names its expression; for a leaf or a number it is only another word. Ops are called by name.
        Numbers stay as written: where Python would make 1/2 the float 0.5, it is a quotient here,
        and as an exponent a fraction.
    shapes: the shape of each leaf. None: every name that the text does not define is a scalar.
    data: the names that differ from example to example; those without a shape are scalars. All other
        leaves are parameters.

    Raises ParseError where the text is not an expression, and ShapeError where shapes do not fit;
    both say at which line and column.

    >>> import chainrule as cr
    >>> cr.parse("(x + 1)**2") is (cr.data("x") + 1) ** 2
    True
    >>> cr.parse("z = W @ x; sigmoid(z)", shapes={"W": (2, 3), "x": 3}).shape
    (2,)
    """
    tokens = Tokens(text)
    names = Names(tokens, shapes, data)
    formulas = Formulas(tokens, names)
    result: Expr | None = None
    unnamed: Token | None = None
    while True:
        while tokens.now.kind == "break":
            tokens.step()
        first = tokens.now
        if first.kind == "end" and result is not None:
            return result
        if first.kind == "end":
            raise tokens.fault("a formula such as W @ x + b", "a text without one", first.start, first.end)
        if unnamed is not None:
            raise _without_name(tokens, unnamed)
        if first.kind == "name" and tokens.after.text == "=":
            tokens.step()
            tokens.step()
            result = formulas.named(first, formulas.read())
        else:
            unnamed = first
            result = formulas.read()


def _without_name(tokens: Tokens, first: Token) -> ParseError:
    needed = "a definition `name = formula` before the last formula"
    came = "a formula without a name"
    remedy = "to go on with a formula on the next line put it in brackets"
    return tokens.fault(needed, came, first.start, first.end, remedy)
