"""The formula reading: an expression in LaTeX or Unicode, in matrix form or entry by entry.

One printer serves all. The ops say how they are written (templates and binding strengths); the
printer owns the brackets, the layout of products, the indices and the lines for named parts.

Conventions. A vector is a column; indices count from 1 (or from `first`) and run over the whole axis
unless said; Σ reaches to the next + or −. Entries outside of an array are 0 in a sum and left out in a
maximum; a bracket such as [i ≤ 2] is 1 where it holds and 0 elsewhere. ⊙, ⊘ and an exponent with ⊙
work entry by entry.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import READERS, Expr
from chainrule.ops.index_equation import Index
from chainrule.readings.formula.bound import LETTERS
from chainrule.readings.formula.constants import described, is_large
from chainrule.readings.formula.parts import named_parts
from chainrule.readings.formula.printer import Printer
from chainrule.readings.formula.style import Indices, Piece, Style

__all__ = ["FORMS", "Indices", "Piece", "Printer", "Style", "free_indices", "latex", "lines", "text"]

FORMS = ("matrix", "index")


def free_indices(shape: Sequence[int], avoided: Collection[str] = ()) -> Indices:
    """The letters i, j, k, ... for the axes of a shape; avoided: letters that stand for something else."""
    letters = (letter for letter in LETTERS if letter not in avoided)
    return tuple(Index(((1, letter),)) for letter, _ in zip(letters, shape, strict=False))


def lines(
    roots: Sequence[Expr], style: Style, form: str = "matrix", where: bool = True, expand: bool = False
) -> Iterable[tuple[str, str]]:
    """Left and right sides: each root, then each named part below them, users before what they use.

    The left side of a root without a name is empty.
    """
    if form not in FORMS:
        raise ChainruleError(f"one of {', '.join(FORMS)}", repr(form), "form", 'write form="index"')
    order, known = named_parts(roots, form, where, expand)
    printer = Printer(style, known, expand)
    printer.declare(order)
    chosen = dict.fromkeys(roots)
    for node in reversed(order):
        if node in known or (where and not expand and node.name and not node.is_leaf):
            chosen.setdefault(node)
    for node in chosen:
        indices = (
            free_indices(node.shape, printer.letters) if form == "index" and not is_large(node) else None
        )
        left = (
            printer.name(node, indices)
            if (node.name or node in known) and not (node.is_leaf and node not in known)
            else ""
        )
        yield left, described(node, style) if is_large(node) else printer.text(node, indices)


def latex(expr: Expr, form: str = "matrix", where: bool = True, expand: bool = False, first: int = 1) -> str:
    """The formula in LaTeX.

    form: "matrix", or "index" for one entry. where: add a line for each named part. expand: ignore
    names but those of leaves. first: the number of the first entry, 1 or 0.
    """
    rows = list(lines([expr], Style(latex=True, first=first), form, where and not expand, expand))
    if len(rows) == 1:
        left, right = rows[0]
        return f"{left} = {right}" if left and where else right
    body = " \\\\\n".join(
        f"{left} &= {right}" if left else f"&\\phantom{{=}}\\; {right}" for left, right in rows
    )
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def text(expr: Expr, form: str = "matrix", where: bool = True, expand: bool = False, first: int = 1) -> str:
    """The formula in Unicode: one line, and one for each named part; options as for latex."""
    rows = list(lines([expr], Style(latex=False, first=first), form, where and not expand, expand))
    joined = [f"{left} = {right}" if left and where else right for left, right in rows[:1]]
    joined += [f"{left} = {right}" for left, right in rows[1:]]
    return "".join(
        f"\n{'  where ' if at == 1 else '        '}{line}" if at else line for at, line in enumerate(joined)
    )


READERS["latex"] = latex
READERS["text"] = text
