"""The table of a network's layers."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.shape import Shape

_HEADINGS = ("layer", "output", "shape", "parameters")


@dataclass(frozen=True)
class Row:
    """A line of the table. formula, shape: of the layer's output; parameters: how many it has."""

    layer: str
    formula: str
    shape: Shape
    parameters: int


@dataclass(frozen=True)
class Summary:
    """The layers of a network: formulas, output shapes, numbers of parameters. str() is the table."""

    rows: tuple[Row, ...]

    @property
    def total(self) -> int:
        """The number of parameters of the whole network."""
        return sum(row.parameters for row in self.rows)

    def __str__(self) -> str:
        cells = [
            (row.layer, row.formula, "×".join(map(str, row.shape)) or "scalar", f"{row.parameters:,}")
            for row in self.rows
        ]
        total = ("total", "", "", f"{self.total:,}")
        widths = [max(map(len, column)) for column in zip(_HEADINGS, *cells, total, strict=True)]

        def line(row: tuple[str, ...]) -> str:
            *words, number = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            return "  ".join([*words, number.strip().rjust(widths[-1])])

        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([line(_HEADINGS), rule, *map(line, cells), rule, line(total)])

    __repr__ = __str__
