"""One entry of a line: its complete arithmetic, from the index equations and the definitions of the ops.

One entry of an expression is rewritten as a scalar expression of entries of named parts. That is an
expression like any other: the one printer prints it, with names or with numbers, and it can be recomputed.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.documents.exact import Exact, recomputed
from chainrule.documents.numbers import Shown
from chainrule.documents.render.boxes import folded
from chainrule.graph.expression import OPERATORS, Expr
from chainrule.graph.leaves import CONSTANT, constant
from chainrule.graph.walk import answered, topological
from chainrule.ops.index_equation import Index, equation_of
from chainrule.readings.formula import Indices, Piece, Printer, Style
from chainrule.readings.working import Array

Entry = tuple[int, ...]
Request = tuple[Expr, Entry]
ValueOf = Callable[[Expr], Array]
_MOST_SOURCES = 5000  # entries that a linear op may add up for one of its own


class Rewriter:
    """Rewrites one entry of an expression as a scalar expression of entries of its named parts.

    value_of: the numbers of a part, which say where max-pooling sends an adjoint. After a call, `maxima`
    has the candidates of each maximum that stands in the result, and `remarks` says how ops chose.
    """

    def __init__(self, value_of: ValueOf) -> None:
        self.value_of = value_of
        self.maxima: dict[Expr, list[Expr]] = {}
        self.remarks: dict[str, None] = {}

    def __call__(self, expr: Expr, at: Entry) -> Expr:
        return answered((expr, at), self._opened(expr, at), lambda request: self._read(*request))

    def _read(self, expr: Expr, at: Entry) -> Generator[Request, Expr, Expr]:
        """The entry of a named part as it is, of another rewritten."""
        if expr.name:
            return expr[at] if expr.shape else expr
        return (yield from self._opened(expr, at))

    def _opened(self, expr: Expr, at: Entry) -> Generator[Request, Expr, Expr]:
        op = expr.op
        if op is CONSTANT:
            value = expr.params["value"]
            return constant(
                value[int(np.ravel_multi_index(at, expr.shape))] if isinstance(value, tuple) else value
            )
        if op.is_leaf:
            return expr[at] if at else expr
        if op.elementwise:
            entries = []
            for operand in expr.operands:
                entries.append((yield operand, at if operand.shape else ()))  # noqa: PERF401 - a yield
            return op.apply(tuple(entries), expr.params)
        if op.name == "index":
            rest = iter(at)
            place = tuple(
                part if isinstance(part, int) else part[0] + part[2] * next(rest)
                for part in expr.params["key"]
            )
            return (yield expr.operands[0], place)
        if op.equation is not None:
            return (yield from self._by_equation(expr, at))
        if op.defined:
            return (yield op.definition(expr.operands, expr.params), at)
        return (yield from self._linear(expr, at))

    def _by_equation(self, expr: Expr, at: Entry) -> Generator[Request, Expr, Expr]:
        """The terms of an index equation, added up; or its maximum, with the candidates kept aside."""
        terms: list[Expr] = []
        equation = equation_of(expr)
        for read in equation.terms(at, [operand.shape for operand in expr.operands], expr.shape):
            term: Expr | None = None
            for place, operand in zip(read, expr.operands, strict=True):
                factor = yield operand, place
                term = factor if term is None else OPERATORS["*"](term, factor)
            if term is not None:
                terms.append(term)
        if equation.reduce == "max":
            whole = expr.unnamed[at] if at else expr.unnamed
            self.maxima[whole] = terms
            return whole
        total = terms[0] if terms else constant(0)
        for term in terms[1:]:
            total = OPERATORS["+"](total, term)
        return total

    def _linear(self, expr: Expr, at: Entry) -> Generator[Request, Expr, Expr]:
        """An entry of an op that is linear, given what it chooses by: what it adds up, from its gradient."""
        whole = expr.unnamed[at] if at else expr.unnamed
        if expr.op.gradient_rule is None:
            return whole
        one = np.zeros(expr.shape)
        one[at] = 1
        parts = expr.op.gradient_rule(constant(one), expr, *expr.operands, **expr.params)
        total: Expr | None = None
        reached, sources = 0.0, 0
        for operand, part in zip(expr.operands, parts, strict=True):
            if part is None:  # what the op chooses by
                self.remarks[(expr.op.__doc__ or expr.op.name).splitlines()[0]] = None
                continue
            weights, values = self.value_of(part), self.value_of(operand)
            reached += float(np.sum(weights * values))
            for place in np.argwhere(weights):
                sources += 1
                entry = yield operand, tuple(int(i) for i in place)
                weight = float(weights[tuple(place)])
                term = (
                    entry
                    if weight == 1
                    else OPERATORS["*"](int(weight) if weight == int(weight) else weight, entry)
                )
                total = term if total is None else OPERATORS["+"](total, term)
        value = float(self.value_of(expr)[at])
        if all(part is None for part in parts) or sources > _MOST_SOURCES or not np.isclose(reached, value):
            return whole
        return constant(0) if total is None else total


@dataclass(frozen=True)
class EntryWorking:
    """The complete arithmetic of one entry. `rows` are the relations and right-hand sides, in LaTeX or text.

    name: the line. at: the entry, counting from 0. value: float64. expr: the entry as a scalar expression.
    """

    name: str
    at: Entry
    value: float
    expr: Expr
    result: Shown
    given: Mapping[Expr, Shown]
    exactly: bool
    base: Style
    is_given: bool = False
    maxima: Mapping[Expr, list[Expr]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def left(self, style: Style) -> str:
        """The left-hand side, as δ[2] or W[1,3]."""
        symbol = style.symbol(self.name)
        return (
            style.indexed(symbol, style.indices(tuple(Index((), i) for i in self.at))) if self.at else symbol
        )

    def rows(self, style: Style) -> list[tuple[str, str]]:
        """Each relation with its right-hand side: the formula, with the numbers in it, opened, the result."""
        result = self.result.piece(style).text
        if self.is_given:
            return [("=" if self.exactly else "≈", result)]
        numbered = Printer(style, numbers=lambda part, at: self._number(part, at, style))
        symbols = "" if self.expr.op is CONSTANT else Printer(style).text(self.expr, ())
        rows = [("=", symbols)] if symbols else []
        if self.given:
            sign = "=" if self.exactly else "≈"
            rows.append((sign, numbered.text(self.expr, ()) if not self.is_copy else result))
            op = self.expr.op
            if op.defined and op.elementwise and len(self.expr.operands) == 1:
                rows.append(("=", numbered.text(op.definition(self.expr.operands, self.expr.params), ())))
        if not rows or rows[-1][1] != result:
            rows.append((self.relation, result))
        return rows

    @property
    def is_copy(self) -> bool:
        """Whether the entry is no more than an entry of another line."""
        return self.expr in self.given

    @property
    def relation(self) -> str:
        """= where the printed numbers give the printed result, ≈ elsewhere."""
        given: dict[Expr, Array] = {}
        for part, number in self.given.items():
            if number.exact is None:
                return "≈"
            given[part] = np.array(Exact(number.exact), object)
        if not given and self.expr.op is not CONSTANT:
            return "≈"
        for whole, candidates in self.maxima.items():
            computed = [recomputed(candidate, given) for candidate in candidates]
            numbers = [number[()] for number in computed if number is not None]
            if len(numbers) < len(candidates) or not numbers:
                return "≈"
            given[whole] = np.array(max(numbers), object)
        found: Any = recomputed(self.expr, given)
        return "=" if found is not None and found[()].fraction == self.result.exact is not None else "≈"

    def _number(self, part: Expr, indices: Indices | None, style: Style) -> Piece | None:
        at = tuple(index.offset for index in indices or ())
        number = self.given.get(part[at] if at else part)
        return None if number is None else number.piece(style)

    @property
    def text(self) -> str:
        """The arithmetic as Unicode text, a row for each relation."""
        return self.folded(0)

    def folded(self, width: int) -> str:
        """The text, folded at operators to a width; 0 for as wide as it comes."""
        style = self.base
        left = self.left(style)
        lines = []
        for n, (sign, right) in enumerate(self.rows(style)):
            room = max(20, width - len(left) - 3)
            parts = [line for box in folded(right, room) for line in box.lines] if width else [right]
            lines.append(f"{left if not n else ' ' * len(left)} {sign} {parts[0]}")
            lines += [f"{' ' * len(left)}   {part}" for part in parts[1:]]
        return "\n".join([*lines, *self.remarks])

    @property
    def latex(self) -> str:
        """The arithmetic as an aligned LaTeX display."""
        style = self.base.as_latex
        body = " \\\\\n".join(f"&{style.relation(sign)} {right}" for sign, right in self.rows(style))
        return f"\\begin{{aligned}}\n{self.left(style)} {body}\n\\end{{aligned}}"

    @property
    def html(self) -> str:
        """The arithmetic as a fragment of a page, typeset by MathJax or KaTeX, with the text as its alternative."""
        label = html.escape(self.text, quote=True)
        return f'<div class="entry" role="math" aria-label="{label}">\\[{html.escape(self.latex)}\\]</div>'

    def __str__(self) -> str:
        return self.text

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex}\n$$"

    def to_dict(self) -> dict[str, Any]:
        """What the JSON form holds."""
        return {
            "name": self.left(self.base),
            "at": list(self.at),
            "value": self.value,
            "text": self.text,
            "latex": self.latex,
            "remarks": list(self.remarks),
        }


def parts_of(expr: Expr, maxima: Mapping[Expr, list[Expr]]) -> list[tuple[Expr, Expr, Entry]]:
    """The entries of named parts that an entry is made of: the entry, the part and the place."""
    candidates = [candidate for group in maxima.values() for candidate in group]
    found: list[tuple[Expr, Expr, Entry]] = []

    def inside(node: Expr) -> tuple[Expr, ...]:
        return () if node.op.name == "index" or node.name or node in maxima else node.operands

    for node in topological([expr, *candidates], inside):
        if node.name and not node.shape:
            found.append((node, node, ()))
        elif node.op.name == "index" and node.operands[0].name:
            key = node.params["key"]
            if all(isinstance(part, int) for part in key):
                found.append((node, node.operands[0], tuple(key)))
    return found
