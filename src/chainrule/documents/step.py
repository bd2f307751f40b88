"""One line of a derivation: a name and the expression that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape
from chainrule.graph.walk import topological
from chainrule.readings.formula import Printer, Style, free_indices

PHASES = ("given", "forward", "backward", "gradient")
HEADINGS = {"given": "given", "forward": "forward", "backward": "backward", "gradient": "gradients"}
_MOST_PARTS = 12  # a gradient with more parts is not written out behind its short form


@dataclass(frozen=True)
class Step:
    """One line of a derivation: a name and the expression that it stands for.

    phase: "given" for a leaf, "forward", "backward" for an adjoint, "gradient" for the result wrt a leaf.
    of: for backward and gradient lines, the node whose adjoint this is. whole: the same with the
    adjoints' own formulas in place of their names, where that differs. root: what is differentiated.
    sources: the names of the lines that the right-hand side mentions.
    """

    name: str
    expr: Expr
    phase: str
    of: Expr | None = None
    whole: Expr | None = None
    root: Expr | None = None

    @property
    def shape(self) -> Shape:
        """The shape of the line's value, for one example."""
        return self.expr.shape

    @cached_property
    def mentioned(self) -> tuple[Expr, ...]:
        """The leaves and named parts that the right-hand side mentions, in the order of reading."""
        if self.expr.is_leaf:
            return ()
        if self.expr.name and self.expr.name != self.name:
            return (self.expr,)
        inside = topological([self.expr], lambda n: () if n.name and n is not self.expr else n.operands)
        return tuple(node for node in inside if node.name and node is not self.expr)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the lines that this one is computed from."""
        return tuple(str(node.name) for node in self.mentioned)

    def left(self, style: Style, form: str = "matrix") -> str:
        """The left-hand side."""
        symbol = style.symbol(self.name)
        return (
            style.indexed(symbol, style.indices(free_indices(self.shape)))
            if form == "index" and self.shape
            else symbol
        )

    def right(self, printer: Printer, form: str = "matrix") -> str:
        """The right-hand side; where it is short enough, with its factors written out behind it."""
        indices = free_indices(self.shape) if form == "index" else None
        if self.expr.name and self.expr.name != self.name:
            short = printer.name(self.expr, indices)
        else:
            short = printer.text(self.expr.unnamed, indices)
        if self.whole is None or self._length > _MOST_PARTS:
            return short
        return f"{short} = {printer.text(self.whole, indices)}"

    def product(self, printer: Printer) -> str:
        """The right-hand side entry by entry, with the adjoints' own formulas in place of their names."""
        indices = free_indices(self.shape)
        expr = self.whole if self.whole is not None else self.expr
        return (
            printer.name(expr, indices)
            if expr.name and expr.name != self.name
            else printer.text(expr.unnamed, indices)
        )

    @cached_property
    def _length(self) -> int:
        """How many parts the whole right-hand side has."""
        roots = [self.whole] if self.whole is not None else []
        return len(topological(roots, lambda n: () if n.name else n.operands))
