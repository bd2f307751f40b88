"""The table of a network's layers."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape, size_of
from chainrule.graph.symbols import text_symbol

_HEADINGS = ("layer", "output", "shape", "parameters", "fully connected")


@dataclass(frozen=True)
class Row:
    """A line of the table.

    formula, shape: of the layer's output. parameters: how many it has. connected: how many it would have if
    each of its outputs saw every input, notes (125); the same as parameters for all but convolutions.
    """

    layer: str
    formula: str
    shape: Shape
    parameters: int
    connected: int


@dataclass(frozen=True)
class Summary:
    """The layers of a network: formulas, output shapes, numbers of parameters. str() is the table.

    Where layers share parameters between places, as convolutions do, the table has a further column: how
    many parameters fully connected layers of the same sizes would have. text: the layers as a Network takes
    them as text; None where the syntax has no words for them.
    """

    input_shape: Shape
    rows: tuple[Row, ...]
    text: str | None = None

    @property
    def total(self) -> int:
        """The number of parameters of the whole network."""
        return sum(row.parameters for row in self.rows)

    @property
    def total_connected(self) -> int:
        """The number of parameters of a network with fully connected layers of the same sizes."""
        return sum(row.connected for row in self.rows)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shape of the input, and each shape that it is turned into. Notes (142)."""
        found = [self.input_shape]
        found.extend(row.shape for row in self.rows)
        return tuple(b for a, b in zip((None, *found), found, strict=False) if a != b)

    def __str__(self) -> str:
        shared = self.total != self.total_connected
        cells = [
            (row.layer, row.formula, times(row.shape), f"{row.parameters:,}", f"{row.connected:,}")
            for row in self.rows
        ]
        total = ("total", "", "", f"{self.total:,}", f"{self.total_connected:,}")
        lines = [line if shared else line[:-1] for line in (_HEADINGS, *cells, total)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

        def line(row: tuple[str, ...]) -> str:
            padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            numbers = [cell.strip().rjust(len(cell)) for cell in padded[3:]]
            return "  ".join([*padded[:3], *numbers])

        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        heading, *body, last = map(line, lines)
        table = [heading, rule, *body, rule, last]
        table += [f"shapes: {' → '.join(map(times, self.shapes))}"] if shared else []
        return "\n".join([*table, f'as text: "{self.text}"'] if self.text else table)

    __repr__ = __str__


def row_of(layer: object, x: Expr, output: Expr, parameters: tuple[Shape, ...]) -> Row:
    """The line of a layer with the input x and parameters of these shapes.

    Fully connected, each of the m outputs of a layer has n weights, as many as there are inputs; biases are
    then one for each output.
    """
    count, connected = sum(map(size_of, parameters)), 0
    if any(len(shape) > 2 for shape in parameters):
        connected = size_of(output.shape) * (size_of(x.shape) + (len(parameters) > 1))
    return Row(str(layer), _formula(output), output.shape, count, connected or count)


def times(shape: Shape) -> str:
    """A shape as a person writes it: 3×224×224."""
    return "×".join(map(str, shape)) or "scalar"


def _formula(expr: Expr) -> str:
    """A layer's output as text, its formula where it has a name."""
    formula = expr.text(where=False)
    return f"{text_symbol(expr.name)} = {formula}" if expr.name else formula
