"""The working: the lines of the derivation with the numbers in them, for one example."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.documents.convention import Convention
from chainrule.documents.derivation import HEADINGS, Derivation, Step, derive
from chainrule.documents.numbers import is_exact, matrix, piece, shown
from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape
from chainrule.graph.walk import leaves
from chainrule.readings.agreement import Agreement, check
from chainrule.readings.formula import Indices, Piece, Printer, Style
from chainrule.readings.working import Array, Values, fed_values, node_values

_TEXT, _LATEX = Style(latex=False), Style(latex=True)


@dataclass(frozen=True)
class WorkingStep:
    """One line with its numbers.

    name, formula, substituted: text; `latex_name`, `latex_formula`, `latex_substituted` the same in
    LaTeX. value: a float64 array of the shape. phase: "given", "forward", "backward" or "gradient".
    source: the names of the lines it is computed from.
    """

    step: Step
    value: Array
    working: Working

    @property
    def name(self) -> str:
        """The name, in Unicode."""
        return self.step.left(_TEXT)

    @property
    def latex_name(self) -> str:
        """The name, in LaTeX."""
        return self.step.left(_LATEX)

    @property
    def shape(self) -> Shape:
        """The shape of the value."""
        return self.step.shape

    @property
    def phase(self) -> str:
        """Which part of the working the line belongs to."""
        return self.step.phase

    @property
    def source(self) -> tuple[str, ...]:
        """The names of the lines that this one is computed from, in Unicode."""
        return tuple(Printer(_TEXT).name(node) for node in self.step.mentioned)

    @cached_property
    def formula(self) -> str:
        """The right-hand side, in Unicode; empty for a given leaf."""
        return "" if self.phase == "given" else self.step.right(Printer(_TEXT))

    @cached_property
    def latex_formula(self) -> str:
        """The right-hand side, in LaTeX; empty for a given leaf."""
        return "" if self.phase == "given" else self.step.right(Printer(_LATEX))

    @cached_property
    def substituted(self) -> str:
        """The right-hand side with the numbers in place of the names, in Unicode."""
        return self.working.substituted(self.step, _TEXT)

    @cached_property
    def latex_substituted(self) -> str:
        """The right-hand side with the numbers in place of the names, in LaTeX."""
        return self.working.substituted(self.step, _LATEX)


@dataclass(frozen=True)
class Working:
    """Every number of forward and backward. `steps` are the lines in the order of the derivation."""

    derivation: Derivation
    values: dict[Expr, Array]
    digits: int = 4

    @cached_property
    def steps(self) -> tuple[WorkingStep, ...]:
        """The lines, the given numbers first."""
        return tuple(WorkingStep(step, self.values[step.expr], self) for step in self.derivation.steps)

    def __getitem__(self, name: str) -> WorkingStep:
        """The line of that name, in LaTeX or Unicode."""
        for step in self.steps:
            if name in (step.step.name, step.name):
                return step
        raise KeyError(f"no line {name!r}; the lines are {', '.join(step.name for step in self.steps)}")

    @cached_property
    def agreement(self) -> Agreement:
        """The agreement of the readings on these very numbers."""
        loss = self.derivation.loss
        fed = {leaf: self.values[leaf] for leaf in leaves([loss])}
        return check(loss, fed, self.derivation.wrt)

    def substituted(self, step: Step, style: Style) -> str:
        """The right-hand side of a line with the numbers in place of the names."""
        if step.phase == "given" or (step.expr.name and step.expr.name != step.name):
            return ""

        def number(expr: Expr, indices: Indices | None) -> Piece | None:
            value = self.values.get(expr)
            if value is None:
                return None
            at = tuple(index.offset for index in indices or ())
            return piece(value[at] if indices else value, style, self.digits)

        return Printer(style, numbers=number).text(step.expr)

    def text(self, width: int = 100) -> str:
        """The working as Unicode text."""
        blocks = [str(self.derivation.convention)]
        phase = ""
        for line in self.steps:
            if line.phase != phase:
                phase = line.phase
                blocks += ["", HEADINGS[phase]]
            blocks += self._text_lines(line, width)
        return "\n".join(blocks)

    def _text_lines(self, line: WorkingStep, width: int) -> list[str]:
        shape = "×".join(map(str, line.shape)) or "scalar"
        result = summary(line.value, _TEXT, self.digits)
        sign = "=" if is_exact(line.value, self.digits) else "≈"
        indent = " " * (len(line.name) + 2)
        rows = [f"  {line.name} = {line.formula}"] if line.formula else []
        if line.substituted and len(line.substituted) + len(indent) < width and line.substituted != result:
            rows.append(f"{indent} = {line.substituted}")
        rows.append(f"{indent} {sign} {result}" if rows else f"  {line.name} {sign} {result}")
        rows[-1] += f"   ({shape})"
        return rows

    def latex(self) -> str:
        """The working as one aligned LaTeX display."""
        rows = []
        for line in self.steps:
            sign = "=" if is_exact(line.value, self.digits) else r"\approx"
            parts = [part for part in (line.latex_formula, line.latex_substituted) if part]
            right = "".join(f" &= {part} \\\\\n" for part in parts)
            rows.append(f"{line.latex_name}{right} &{sign} {summary(line.value, _LATEX, self.digits)}")
        body = " \\\\\n".join(rows)
        return f"% {self.derivation.convention}\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def to_json(self) -> str:
        """The lines as one JSON document, with the full float64 numbers."""
        lines = [
            {
                "name": line.name,
                "latex": line.latex_name,
                "phase": line.phase,
                "shape": list(line.shape),
                "formula": line.formula,
                "latex_formula": line.latex_formula,
                "substituted": line.substituted,
                "value": line.value.tolist(),
                "source": list(line.source),
            }
            for line in self.steps
        ]
        return json.dumps({"convention": str(self.derivation.convention), "steps": lines}, ensure_ascii=False)

    def __str__(self) -> str:
        return self.text()


def summary(value: Array, style: Style, digits: int = 4) -> str:
    """A value as it is shown: a number, a small array in full, a large one by its size and range."""
    found = piece(value, style, digits)
    if found is not None:
        return found.text
    if value.size == 0:
        return "[]"
    if value.ndim == 1 or (value.ndim == 2 and value.shape[0] <= 4 and value.shape[1] <= 6):
        if value.ndim == 1:
            head = ", ".join(shown(entry, digits) for entry in value[:6])
            last = shown(value[-1], digits)
            return rf"\left[{head}, \dots, {last}\right]^{{\top}}" if style.latex else f"[{head}, …, {last}]"
        return matrix(value, style, digits)
    low, high = shown(value.min(), digits), shown(value.max(), digits)
    return rf"\text{{from {low} to {high}}}" if style.latex else f"from {low} to {high}"


def work(
    loss: Expr,
    values: Values,
    wrt: Sequence[Expr] | None = None,
    convention: Convention | None = None,
    digits: int = 4,
) -> Working:
    """The working of a scalar loss on given numbers, for one example: every line of forward and backward.

    loss, wrt, convention: as for derive. values: for each leaf an array, by itself or by its name.
    digits: significant digits that are shown; the values themselves are float64. Raises FeedError
    where values do not fit.

    >>> import chainrule as cr
    >>> w, x, y = cr.parameter("w", 2), cr.data("x", 2), cr.data("y")
    >>> working = cr.work((w @ x - y) ** 2 / 2, {"w": [1, 2], "x": [3, 1], "y": 4})
    >>> [(step.name, float(step.value)) for step in working.steps if step.phase == "forward"]
    [('ŷ', 5.0), ('ℓ', 0.5)]
    """
    derivation = derive(loss, wrt, convention)
    exprs = [step.expr for step in derivation.steps]
    fed = fed_values(leaves([derivation.loss, *exprs]), values, np.float64)
    return Working(derivation, node_values([derivation.loss, *exprs], fed), digits)


