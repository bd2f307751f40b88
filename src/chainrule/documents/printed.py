"""The numbers of a working as they are printed, and whether what is printed is exact."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.documents.exact import array_of, as_typed, exact, recomputed
from chainrule.documents.numbers import Shown, bound, matrix, shown
from chainrule.documents.step import Step
from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape, size_of
from chainrule.readings.formula import Indices, Piece, Printer, Style
from chainrule.readings.working import Array

_TEXT = Style(latex=False)
_IN_FORMULA = 16  # entries up to which an array stands inside a formula
_IN_FULL = 64  # entries up to which a result is written out; of larger ones the range is said
_MOST_EXACT = 4000  # entries up to which exact numbers are kept
_TWICE_TURNED = re.compile(
    r"\\left\((\\begin\{bmatrix\}(?:(?!\\begin).)*?\\end\{bmatrix\})\^\{\\top\}\\right\)\^\{\\top\}"
)  # a long vector lies down, so that its transpose is a plain row


def is_written_out(shape: Shape) -> bool:
    """Whether an array of this shape is written out as a result."""
    return len(shape) <= 2 and size_of(shape) <= _IN_FULL and (len(shape) < 2 or shape[1] <= 12)


@dataclass(frozen=True)
class Printed:
    """The printed numbers of the steps, with so many significant digits; values: the float64 numbers."""

    steps: Sequence[Step]
    values: Mapping[Expr, Array]
    digits: int

    @cached_property
    def exact(self) -> dict[Expr, Array]:
        """The exact numbers of the lines, as far as they can be known: fractions of the given decimals."""
        found: dict[Expr, Array] = {}
        for step in self.steps:
            if step.phase == "given" and step.expr.shape != () and self.values[step.expr].size > _MOST_EXACT:
                continue
            if step.phase == "given":
                found[step.expr] = array_of(self.values[step.expr], as_typed)
            elif all(node in found for node in step.mentioned):
                numbers = recomputed(step.expr, found)
                if numbers is not None:
                    found[step.expr] = numbers
        return found

    def shown(self, node: Expr, at: tuple[int, ...]) -> Shown:
        """An entry of a line as it is printed."""
        known: Any = self.exact.get(node)
        return shown(self.values[node][at], self.digits, None if known is None else known[at].fraction)

    def shown_array(self, node: Expr) -> Array:
        """A line as it is printed."""
        result = np.empty(node.shape, object)
        for at in np.ndindex(node.shape):
            result[at] = self.shown(node, at)
        return result

    def is_exact(self, node: Expr, at: tuple[int, ...] | None = None) -> bool:
        """Whether what is printed is the number itself."""
        known: Any = self.exact.get(node)
        places = np.ndindex(node.shape) if at is None else [at]
        return known is not None and all(
            known[place].fraction is not None and known[place].fraction == self.shown(node, place).exact
            for place in places
        )

    def exactly_given(self, step: Step) -> str:
        """= where the numbers that a line is computed from are printed exactly, ≈ elsewhere."""
        return "=" if all(map(self.is_exact, step.mentioned)) else "≈"

    def relation(self, step: Step) -> str:
        """= where recomputing from the printed numbers gives the printed result, ≈ elsewhere; ∈ before a range."""
        if step.expr.shape and not is_written_out(step.expr.shape):
            return "∈"
        if not self.substituted(step, _TEXT):
            return "=" if self.is_exact(step.expr) else "≈"
        given: dict[Expr, Array] = {}
        for node in step.mentioned:
            numbers = [number.exact for number in np.ravel(self.shown_array(node))]
            if None in numbers:
                return "≈"
            given[node] = array_of(np.array(numbers, object).reshape(node.shape), exact)
        found: Any = recomputed(step.expr, given)
        result: Any = self.shown_array(step.expr)
        same = found is not None and all(
            found[at].fraction is not None and found[at].fraction == result[at].exact
            for at in np.ndindex(step.expr.shape)
        )
        return "=" if same else "≈"

    def substituted(self, step: Step, style: Style) -> str:
        """The right-hand side of a line with the numbers in place of the names; empty where they are too many."""
        if step.phase == "given" or (step.expr.name and step.expr.name != step.name):
            return ""
        if not step.mentioned or not all(
            size_of(node.shape) <= _IN_FORMULA and len(node.shape) <= 2 for node in step.mentioned
        ):
            return ""

        def number(node: Expr, indices: Indices | None) -> Piece | None:
            if node not in self.values:
                return None
            if indices or not node.shape:
                return self.shown(node, tuple(index.offset for index in indices or ())).piece(style)
            return matrix(self.shown_array(node), style)

        return _TWICE_TURNED.sub(r"\1", Printer(style, numbers=number).text(step.expr))

    def result(self, step: Step, style: Style) -> str:
        """The value of a line as it is printed: a number, an array, or the range of a large one."""
        value = self.values[step.expr]
        if not value.shape:
            return self.shown(step.expr, ()).piece(style).text
        if is_written_out(value.shape):
            return matrix(self.shown_array(step.expr), style).text if value.size else "[]"
        low, high = (
            bound(float(value.min()), self.digits, False),
            bound(float(value.max()), self.digits, True),
        )
        return style.interval(low.piece(style), high.piece(style), value.shape)
