"""Three or more like layers as one line with the layer's number l: z^(l) = W^(l) a^(l−1) + b^(l)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.documents.step import Step
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.walk import substituted
from chainrule.readings.formula import Printer, Style

FEWEST = 3
_LAYER = re.compile(r"\((\d+)\)")


@dataclass(frozen=True)
class Recursion:
    """A line for the layers low to high. stem: its name without the number; names: the lines that it stands for."""

    stem: str
    name: str
    expr: Expr
    low: int
    high: int
    names: tuple[str, ...]

    def left(self, style: Style) -> str:
        """The left-hand side."""
        return style.symbol(self.name)

    def right(self, style: Style) -> str:
        """The right-hand side."""
        return Printer(style).name(self.expr) if self.expr.name else Printer(style).text(self.expr)

    @property
    def cf(self) -> str:
        """The equation of the notes: they print the transposed weights with the number of the wrong layer."""
        return "cf. notes (119)–(122)" if self.name.startswith(r"\delta") else ""


def recursions(steps: Sequence[Step]) -> tuple[Recursion, ...]:
    """The lines that three or more layers in a row share."""
    groups: dict[tuple[str, str], list[tuple[int, Step, Expr]]] = {}
    for step in steps:
        number = _LAYER.search(step.name)
        if step.phase == "given" or number is None:
            continue
        layer = int(number.group(1))
        general = _general(step, layer)
        printed = Printer(Style(latex=True)).text(general)
        groups.setdefault((_renamed(step.name, layer), printed), []).append((layer, step, general))
    found = []
    for (name, _), members in groups.items():
        layers = sorted(layer for layer, _, _ in members)
        if len(layers) >= FEWEST and layers[-1] - layers[0] == len(layers) - 1:
            stem = _LAYER.sub("", name).replace("^{}", "").replace("^{(l)}", "")
            expr = members[0][2]
            found.append(
                Recursion(stem, name, expr, layers[0], layers[-1], tuple(step.name for _, step, _ in members))
            )
    return tuple(found)


def _general(step: Step, layer: int) -> Expr:
    """The right-hand side with l in place of the layer's number."""
    if step.expr.name and step.expr.name != step.name:
        return data(_renamed(step.expr.name, layer), step.expr.shape)
    names = {node: data(_renamed(str(node.name), layer), node.shape) for node in step.mentioned}
    return substituted(step.expr.unnamed, names)


def _renamed(name: str, layer: int) -> str:
    def relative(found: re.Match[str]) -> str:
        away = int(found.group(1)) - layer
        return f"(l{away:+d})" if away else "(l)"

    return _LAYER.sub(relative, name)
