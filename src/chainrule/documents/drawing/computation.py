"""The computation graph of an expression: what is computed from what, forward; with values, and backward too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from chainrule.documents.drawing.canvas import Box, Canvas, Drawing, text_width
from chainrule.documents.drawing.layers import placed
from chainrule.documents.naming import LOSS, adjoint_name, autonamed, is_activation
from chainrule.documents.numbers import shown
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.walk import leaves, topological
from chainrule.readings.formula import Printer, Style
from chainrule.readings.gradient import adjoints
from chainrule.readings.working import Array, Values, node_values

_TEXT = Style(latex=False)
_MOST_OPS = 24
"""Nodes up to which each op has its own box; of larger graphs the named parts have."""
_MOST = 400
_LONGEST = 44  # characters of a formula in a box
_WRITTEN = 4  # entries of a vector, and columns of a matrix, up to which it is written out
_MOST_ROWS = 4
_LINE = 16.0
_DIGITS = 3


def draw(expr: Expr, values: Values | None = None, ops: bool | None = None) -> Drawing:
    """The computation graph of an expression, as a drawing: inputs and parameters above, the result below.

    expr: any expression. values: for each leaf an array, by itself or by its name; then each box shows its
    value, and of a scalar expression its adjoint too, the rate at which the result changes with it.
    ops: a box for each op, or for the named parts alone; None: for each op while they are few.

    Raises FeedError where values do not fit, ChainruleError for a graph of more than 400 boxes.

    >>> import chainrule as cr
    >>> x, w = cr.data("x"), cr.parameter("w")
    >>> drawing = cr.draw((w * x - 1) ** 2, {"w": 2, "x": 3})
    >>> drawing.title
    'Computation graph of ℓ'
    """
    if not isinstance(expr, Expr):
        raise ChainruleError(
            "an expression", repr(expr)[:80], "draw", "give one that cr.data and cr.parameter made"
        )
    root = autonamed(expr) if expr.shape == () and not expr.is_leaf else expr
    every = [node for node in topological([root]) if node.op is not CONSTANT]
    each_op = len(every) <= _MOST_OPS if ops is None else ops
    nodes = [node for node in every if each_op or node.is_leaf or node.name or node is root]
    if len(nodes) > _MOST:
        raise ChainruleError(
            f"at most {_MOST} boxes",
            f"{len(nodes)}",
            "draw",
            "draw a part of it, or name parts and write ops=False",
        )
    children = {node: _below(node, set(nodes)) for node in nodes}
    numbers = _numbers(root, nodes, values) if values is not None else {}
    texts = {node: _texts(node, numbers) for node in nodes}
    sizes = {
        node: (max(text_width(line) for line, _ in lines) + 20, _LINE * len(lines) + 12)
        for node, lines in texts.items()
    }
    backward = any(len(found) > 1 for found in numbers.values())
    spots, ways = placed(nodes, children, sizes, 46 if backward else 34)
    canvas = Canvas()
    for (child, node), stops in ways.items():
        _edge(
            canvas, spots[child], sizes[child], stops, spots[node], sizes[node], backward and node in numbers
        )
    for node in nodes:
        _box(canvas, node, spots[node], sizes[node], texts[node])
    name = Printer(_TEXT).name(root) if root.name else Printer(_TEXT).text(root)
    listed = ". ".join("; ".join(line for line, _ in texts[node]) for node in nodes)
    words = "Solid arrows: forward" + ("; dashed arrows: backward" if backward else "")
    return canvas.drawing(f"Computation graph of {name}", f"{words}. {listed}")


def _below(node: Expr, boxes: set[Expr]) -> list[Expr]:
    """The boxes that a node is computed from, through what has no box."""
    found: dict[Expr, None] = {}
    stack = list(reversed(node.operands))
    while stack:
        one = stack.pop()
        if one in boxes:
            found[one] = None
        else:
            stack.extend(reversed(one.operands))
    return list(found)


def _numbers(root: Expr, nodes: Sequence[Expr], values: Values) -> dict[Expr, list[tuple[str, Array]]]:
    """For each node its value, and its adjoint with its name where the result is a scalar."""
    slopes: Mapping[Expr, Expr] = adjoints(root, nodes) if root.shape == () else {}
    wanted = [*nodes, *slopes.values()]
    known = node_values(wanted, values)
    of = str(root.name or LOSS)
    delta = {node.operands[0] for node in topological([root]) if is_activation(node)}
    delta |= {node for node in nodes if str(node.name).startswith("z") and not node.is_leaf}
    depends = set(leaves([root]))
    found: dict[Expr, list[tuple[str, Array]]] = {}
    for node in nodes:
        found[node] = [("", known[node])]
        if node in slopes and node is not root and (not node.is_leaf or node in depends):
            named = node if node.name else node.named("q")
            name = adjoint_name(named, of, delta) if node.name else ""
            found[node].append((_TEXT.symbol(name) if name else "∂", known[slopes[node]]))
    return found


def _texts(node: Expr, numbers: Mapping[Expr, Sequence[tuple[str, Array]]]) -> list[tuple[str, str]]:
    """The lines of a box with their colours: the formula, the value, the adjoint."""
    printer = Printer(_TEXT)
    if node.is_leaf:
        size = "×".join(map(str, node.shape))
        head = printer.name(node) + (f"  {size}" if size else "")
    else:
        formula = _shortened(node)
        head = f"{printer.name(node)} = {formula}" if node.name else formula
    lines = [(head, "")]
    for n, (name, array) in enumerate(numbers.get(node, ())):
        sign = f"{name} = " if name else "= "
        lines += [
            ((sign if k == 0 else "") + text, "accent" if n else "quiet")
            for k, text in enumerate(_written(array))
        ]
    return lines


def _shortened(node: Expr) -> str:
    """The formula, its end left out where it is long."""
    text = Printer(_TEXT).text(node.unnamed)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _written(array: Array) -> list[str]:
    """A value in a few characters, a line for each row of a small matrix; of a large one the range."""
    if array.ndim == 0:
        return [str(shown(array, _DIGITS))]
    if array.ndim == 1 and array.size <= _WRITTEN:
        return [f"[{', '.join(str(shown(value, _DIGITS)) for value in array)}]"]
    if array.ndim == 2 and array.shape[1] <= _WRITTEN and array.shape[0] <= _MOST_ROWS:
        return [f"[{', '.join(str(shown(value, _DIGITS)) for value in row)}]" for row in array]
    if not array.size:
        return ["[]"]
    low, high = (str(shown(value, _DIGITS)) for value in (np.min(array), np.max(array)))
    return [f"{'×'.join(map(str, array.shape))}, {low} … {high}"]


def _box(
    canvas: Canvas,
    node: Expr,
    spot: tuple[float, float],
    size: tuple[float, float],
    lines: Sequence[tuple[str, str]],
) -> None:
    (x, y), (width, height) = spot, size
    fill = ("pooling" if node.op.name == "parameter" else "convolution") if node.is_leaf else "panel"
    canvas.rect(
        x - width / 2,
        y - height / 2,
        width,
        height,
        fill,
        "quiet",
        rx=height / 2 if node.is_leaf and len(lines) == 1 else 6,
        stroke_width=1,
        fill_opacity=0.6 if node.is_leaf else 1,
    )
    for n, (text, colour) in enumerate(lines):
        canvas.text(
            x, y + (n - (len(lines) - 1) / 2) * _LINE, text, fill=colour, bold=n == 0 and bool(node.name)
        )


def _edge(
    canvas: Canvas,
    start: tuple[float, float],
    start_size: tuple[float, float],
    stops: Sequence[tuple[float, float]],
    end: tuple[float, float],
    end_size: tuple[float, float],
    both: bool,
) -> None:
    """An arrow down, and one up beside it for the way back."""
    offsets = ((-5.0, False), (5.0, True)) if both else ((0.0, False),)
    for shift, back in offsets:
        first = (start[0] + shift, start[1] + start_size[1] / 2)
        reach_x = min(max(start[0], end[0] - end_size[0] / 3), end[0] + end_size[0] / 3)
        last = (reach_x + shift, end[1] - end_size[1] / 2)
        points = [first, *((x + shift, y) for x, y in stops), last]
        ways = [(x, y + (6 if back and n == 0 else 0)) for n, (x, y) in enumerate(points)]
        ways[-1] = (ways[-1][0], ways[-1][1] - (0 if back else 6))
        d = f"M{ways[0][0]:.1f},{ways[0][1]:.1f}"
        for (x1, y1), (x2, y2) in pairwise(ways):
            bend = (y1 + y2) / 2
            d += f"C{x1:.1f},{bend:.1f} {x2:.1f},{bend:.1f} {x2:.1f},{y2:.1f}"
        across = [x for x, _ in points]
        reach = Box(min(across), first[1], max(across), last[1])
        how = {"stroke_dasharray": "4 3"} if back else {}
        canvas.path(d, reach, "accent" if back else "quiet", None, 1.2, **how)
        tip = first if back else last
        down = -1 if back else 1
        head = [tip, (tip[0] - 3.5, tip[1] - 7 * down), (tip[0] + 3.5, tip[1] - 7 * down)]
        canvas.polygon(head, "accent" if back else "quiet", None)
