"""Constants in a formula: numbers, arrays filled with one number, small arrays entry by entry."""

from __future__ import annotations

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.notation import ATOM, SUM
from chainrule.readings.formula.layout import Layout
from chainrule.readings.formula.style import Indices, Piece, Style, runs_of

_MOST_ENTRIES = 36


def is_large(expr: Expr) -> bool:
    """Whether a constant has too many entries, or axes, to be written out: it is then given a name."""
    listed = expr.op is CONSTANT and isinstance(expr.params["value"], tuple)
    return listed and (len(expr.params["value"]) > _MOST_ENTRIES or len(expr.shape) > 2)


def described(expr: Expr, style: Style) -> str:
    """What stands for a large constant behind its name."""
    size = style.sizes(expr.shape)
    return rf"\text{{a constant array, }} {size}" if style.latex else f"a constant array, {size}"


def constant_piece(layout: Layout, expr: Expr, indices: Indices | None) -> Piece:
    """A constant, or one entry of it."""
    style, value = layout.style, expr.params["value"]
    if isinstance(value, tuple):
        whole = Piece(_array(expr, style), ATOM)
    elif not expr.shape or indices is not None:
        return style.number(value)
    elif value in (0, 1):
        return Piece(_filled(expr, style, int(value)), ATOM, is_indexed=True)
    else:
        product = layout.joined(
            style.number(abs(value)), Piece(_filled(expr, style, 1), ATOM, is_indexed=True)
        )
        return Piece(style.minus + product.text, SUM) if value < 0 else product
    if not indices:
        return whole
    text = layout.indexed(whole, style.indices(indices))
    return Piece(text, ATOM, runs_of(indices, expr.shape), is_indexed=True)


def _filled(expr: Expr, style: Style, value: int) -> str:
    size = style.sizes(expr.shape)
    return rf"\mathbf{{{value}}}_{{{size}}}" if style.latex else f"{value}[{size}]"


def _array(expr: Expr, style: Style) -> str:
    if is_large(expr):
        return (
            rf"\mathbf{{C}}_{{{style.sizes(expr.shape)}}}" if style.latex else f"C[{style.sizes(expr.shape)}]"
        )
    if not expr.params["value"]:
        return _filled(expr, style, 0)
    entries = [style.number(value).text for value in expr.params["value"]]
    width = expr.shape[1] if len(expr.shape) > 1 else 1
    rows = [entries[start : start + width] for start in range(0, len(entries), width)]
    if style.latex:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"
    listed = [f"[{', '.join(row)}]" for row in rows] if len(expr.shape) > 1 else entries
    return f"[{', '.join(listed)}]"
