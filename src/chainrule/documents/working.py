"""The working: the lines of the derivation with the numbers in them, for one example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.documents.convention import Convention
from chainrule.documents.derivation import Derivation, derive, rewritten
from chainrule.documents.drawing.canvas import Drawing
from chainrule.documents.drawing.computation import draw
from chainrule.documents.entry import EntryWorking, Rewriter, parts_of
from chainrule.documents.model import Document
from chainrule.documents.outline_working import working_document
from chainrule.documents.printed import Printed, is_written_out
from chainrule.documents.render.html import framed, page
from chainrule.documents.render.json import json_text
from chainrule.documents.render.latex import display, latex_document
from chainrule.documents.render.markdown import markdown
from chainrule.documents.render.terminal import plain_text
from chainrule.documents.render.typst import pdf
from chainrule.documents.step import Step
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.shape import Shape
from chainrule.graph.walk import leaves, substituted
from chainrule.readings.agreement import Agreement, check
from chainrule.readings.formula import Printer, Style
from chainrule.readings.working import Array, Values, evaluate, fed_values, node_values

Row = tuple[str, str]
"""A relation (=, ≈ or ∈) and what stands behind it."""


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
    def _text(self) -> Style:
        return self.working.derivation.convention.style

    @property
    def _latex(self) -> Style:
        return self._text.as_latex

    @property
    def name(self) -> str:
        """The name, in Unicode."""
        return self.step.left(self._text)

    @property
    def latex_name(self) -> str:
        """The name, in LaTeX."""
        return self.step.left(self._latex)

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
        return tuple(Printer(self._text).name(node) for node in self.step.mentioned)

    @property
    def is_written_out(self) -> bool:
        """Whether the value is written out, entry by entry."""
        return is_written_out(self.shape)

    @cached_property
    def formula(self) -> str:
        """The right-hand side, in Unicode; empty for a given leaf."""
        return "" if self.phase == "given" else self.step.right(Printer(self._text))

    @cached_property
    def latex_formula(self) -> str:
        """The right-hand side, in LaTeX; empty for a given leaf."""
        return "" if self.phase == "given" else self.step.right(Printer(self._latex))

    @cached_property
    def substituted(self) -> str:
        """The right-hand side with the numbers in place of the names, in Unicode; empty where they are too many."""
        return self.working.printed.substituted(self.step, self._text)

    @cached_property
    def latex_substituted(self) -> str:
        """The right-hand side with the numbers in place of the names, in LaTeX; empty where they are too many."""
        return self.working.printed.substituted(self.step, self._latex)

    def rows(self, style: Style, form: str = "matrix") -> list[Row]:
        """The relations of the line: the formula, the formula with the numbers in it, the result."""
        rows: list[Row] = []
        if self.phase != "given":
            printer = Printer(style)
            if form != "index":
                rows.append(("=", self.step.right(printer)))
            if form != "matrix" and self.shape:
                rows.append(("=", self.step.right(printer, "index")))
        result = self.working.printed.result(self.step, style)
        substituted = self.substituted if not style.latex else self.latex_substituted
        if substituted and substituted != result:
            rows.append((self.working.printed.exactly_given(self.step), substituted))
        rows.append((self.working.printed.relation(self.step), result))
        return rows


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
        """The line of that name: in LaTeX or Unicode, or "grad W" for ∂ℓ/∂W."""
        found = self.derivation.line(name)
        return next(step for step in self.steps if step.step is found)

    @cached_property
    def agreement(self) -> Agreement:
        """The agreement of the readings on these very numbers."""
        loss = self.derivation.loss
        fed = {leaf: self.values[leaf] for leaf in leaves([loss])}
        return check(loss, fed, self.derivation.wrt)

    @cached_property
    def printed(self) -> Printed:
        """The numbers as they are printed."""
        return Printed(self.derivation.steps, self.values, self.digits)

    def entry(self, name: str, at: Sequence[int] = ()) -> EntryWorking:
        """The complete arithmetic of one entry, term by term.

        name: a line, as printed, in LaTeX, or "grad W" for ∂ℓ/∂W. at: the indices, counting from 0 as in
        Python. Raises ChainruleError for a name that no line has or an index outside of its shape.
        """
        step = self.derivation.line(name)
        place = tuple(at) if isinstance(at, Sequence) else (at,)
        inside = len(place) == len(step.shape) and all(
            isinstance(i, int) and -n <= i < n for i, n in zip(place, step.shape, strict=True)
        )
        if not inside:
            raise ChainruleError(
                f"an index into the shape {step.shape}, counting from 0",
                f"{at!r}",
                f"entry of {name}",
                f"give {len(step.shape)} whole numbers" if step.shape else "a scalar has one entry: ()",
            )
        return self.entry_of_step(step, tuple(i % n for i, n in zip(place, step.shape, strict=True)))

    def entry_of_step(self, step: Step, at: tuple[int, ...]) -> EntryWorking:
        """The complete arithmetic of one entry of a line."""
        given = step.phase == "given"
        named = step.expr.name and step.expr.name != step.name and not given
        rewriter = Rewriter(self.value_of)
        expr = (step.expr[at] if at else step.expr) if given or named else rewriter(step.expr, at)
        parts = [] if given else [part for part in parts_of(expr, rewriter.maxima) if part[1] in self.values]
        exactly = (
            self.printed.is_exact(step.expr, at)
            if given
            else all(self.printed.is_exact(node, place) for _, node, place in parts)
        )
        return EntryWorking(
            step.name,
            at,
            float(self.values[step.expr][at]),
            expr,
            self.printed.shown(step.expr, at),
            {part: self.printed.shown(node, place) for part, node, place in parts},
            exactly,
            self.derivation.convention.style,
            given,
            rewriter.maxima,
            tuple(rewriter.remarks),
        )

    def value_of(self, expr: Expr) -> Array:
        """The numbers of a part of a line, from those of the lines."""
        nodes = [node for node in Step("", expr.unnamed, "").mentioned if node in self.values]
        stand_ins = {node: data(f"v_{{{n}}}", node.shape) for n, node in enumerate(nodes)}
        if expr in self.values:
            return self.values[expr]
        values = {str(leaf.name): self.values[node] for node, leaf in stand_ins.items()}
        return evaluate(substituted(expr, stand_ins), values)

    # renderings

    def draw(self, ops: bool | None = None) -> Drawing:
        """The computation graph with every value and adjoint in it, as an SVG; ops: as for cr.draw."""
        return draw(self.derivation.loss, self.values, ops)

    def document(self, form: str = "matrix", checked: bool = True) -> Document:
        """The working as a document, which each renderer can print; with the agreement of the readings at its end."""
        return working_document(self, form, checked)

    def text(self, width: int = 100, form: str = "matrix") -> str:
        """The working as Unicode text, folded to the width."""
        return plain_text(self.document(form), width)

    def html(self, form: str = "matrix") -> str:
        """The working as a page that needs no other file and no network."""
        return page(self.document(form))

    def latex(self, form: str = "matrix") -> str:
        """The working as one aligned LaTeX display."""
        return display(self.document(form, checked=False))

    def latex_document(self, form: str = "matrix") -> str:
        """The working as a LaTeX document that compiles as it is."""
        return latex_document(self.document(form))

    def markdown(self, form: str = "matrix") -> str:
        """The working as Markdown with LaTeX formulas."""
        return markdown(self.document(form))

    def pdf(self, form: str = "matrix") -> bytes:
        """The working as a PDF, set by Typst: needs the extra `pdf`, but no TeX installation."""
        return pdf(self.document(form))

    def to_json(self, form: str = "matrix") -> str:
        """The lines as one JSON document, with the full float64 numbers."""
        return json_text(self.document(form))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return framed(self.html())

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def _repr_markdown_(self) -> str:
        return self.markdown()


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
    _, turned = rewritten(loss, derivation.convention)
    given = fed_values(leaves([loss]), values, np.float64)
    fed = {turned.get(leaf, leaf): value.T if leaf in turned else value for leaf, value in given.items()}
    return Working(derivation, node_values([derivation.loss, *exprs], fed), digits)
