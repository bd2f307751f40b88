"""The formula reading: an expression in LaTeX or Unicode, in matrix form or entry by entry.

One printer serves all. The ops say how they are written (templates and binding strengths); the
printer owns the brackets, the layout of products, the indices and the lines for named parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import READERS, Expr
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import Index
from chainrule.readings.formula.printer import LETTERS, Printer
from chainrule.readings.formula.style import Indices, Piece, Style

__all__ = ["FORMS", "Indices", "Piece", "Printer", "Style", "free_indices", "latex", "lines", "text"]

FORMS = ("matrix", "index")
_LONG = 80  # an unnamed part that is longer than this and used twice gets a name of its own




def free_indices(shape: Sequence[int]) -> Indices:
    """The letters i, j, k, ... for the axes of a shape."""
    return tuple(Index(((1, letter),)) for letter, _ in zip(LETTERS, shape, strict=False))


def long_parts(roots: Sequence[Expr]) -> dict[Expr, str]:
    """Names t_1, t_2, ... for unnamed parts that are long and used more than once: a formula must not swell."""
    uses = Counter(operand for node in topological(roots) for operand in node.operands)
    known: dict[Expr, str] = {}
    lengths: dict[Expr, int] = {}
    for node in topological(roots):
        if node.is_leaf or node.name:
            lengths[node] = 4
            continue
        lengths[node] = 4 + sum(lengths[operand] for operand in node.operands)
        if uses[node] > 1 and lengths[node] > _LONG:
            known[node] = f"t_{{{len(known) + 1}}}"
            lengths[node] = 4
    return known


def lines(
    roots: Sequence[Expr], style: Style, form: str = "matrix", where: bool = True, expand: bool = False
) -> Iterable[tuple[str, str]]:
    """Left and right sides: each root, then each named part below them, users before what they use.

    The left side of a root without a name is empty.
    """
    if form not in FORMS:
        raise ChainruleError(f"one of {', '.join(FORMS)}", repr(form), "form", 'write form="index"')
    known = long_parts(roots)
    printer = Printer(style, known, expand)
    chosen = list(roots)
    for node in reversed(topological(roots)):
        if node not in chosen and (node in known or (where and not expand and node.name and not node.is_leaf)):
            chosen.append(node)
    for node in chosen:
        indices = free_indices(node.shape) if form == "index" else None
        left = printer.name(node, indices) if (node.name and not (expand and node.is_leaf)) or node in known else ""
        right = printer.text(node, indices)
        yield ("" if node.is_leaf else left), right


def latex(expr: Expr, form: str = "matrix", where: bool = True, expand: bool = False, first: int = 1) -> str:
    """The formula in LaTeX.

    form: "matrix", or "index" for one entry. where: add a line for each named part. expand: ignore
    names but those of leaves. first: the number of the first entry, 1 or 0.
    """
    rows = list(lines([expr], Style(latex=True, first=first), form, where and not expand, expand))
    if len(rows) == 1:
        left, right = rows[0]
        return f"{left} = {right}" if left and where else right
    body = " \\\\\n".join(f"{left} &= {right}" if left else f"&\\phantom{{=}}\\; {right}" for left, right in rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def text(expr: Expr, form: str = "matrix", where: bool = True, expand: bool = False, first: int = 1) -> str:
    """The formula in Unicode: one line, and one for each named part; options as for latex."""
    rows = list(lines([expr], Style(latex=False, first=first), form, where and not expand, expand))
    joined = [f"{left} = {right}" if left and where else right for left, right in rows]
    return joined[0] if len(joined) == 1 else joined[0] + "".join(f"\n{'  where ' if not at else '        '}{line}" for at, line in enumerate(joined[1:]))


READERS["latex"] = latex
READERS["text"] = text
