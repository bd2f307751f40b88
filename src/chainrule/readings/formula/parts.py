"""Parts of a formula that are given a name of their own, so that it does not swell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chainrule.graph.expression import Expr
from chainrule.graph.symbols import latex_symbol
from chainrule.graph.walk import topological
from chainrule.readings.formula.constants import is_large

_LONG = 80  # an unnamed part that is longer than this and printed twice gets a name of its own


def shown_parts(node: Expr, form: str) -> Sequence[Expr]:
    """What a node is printed from: its operands, or its definition where that stands for it."""
    op = node.op
    if not op.defined:
        return node.operands
    opened = op.notation is None if form == "matrix" or op.elementwise else op.equation is None
    return (op.definition(node.operands, node.params),) if opened else node.operands


def named_parts(
    roots: Sequence[Expr], form: str, where: bool = True, expand: bool = False
) -> tuple[list[Expr], dict[Expr, str]]:
    """All nodes that are printed, in the order of reading, and names t_1, t_2, ... for those that need one.

    These are parts that are long and printed more than once, and C for constants too large to be written out.
    where: parts below named ones are printed too, in lines of their own.
    """

    def parts(node: Expr) -> Sequence[Expr]:
        hidden = node.name and not where and not expand and node not in roots
        return () if hidden else shown_parts(node, form)

    order = topological(roots, parts)
    uses = Counter(part for node in order for part in shown_parts(node, form))
    taken = {latex_symbol(node.name) for node in order if node.name}
    known: dict[Expr, str] = {}
    lengths: dict[Expr, int] = {}
    for node in order:
        if node.is_leaf or (node.name and not expand):
            lengths[node] = 4
            if is_large(node):
                known[node] = _free("C", taken)
            continue
        lengths[node] = 4 + sum(lengths[part] for part in shown_parts(node, form))
        if uses[node] > 1 and lengths[node] > _LONG:
            known[node] = _free("t", taken)
            lengths[node] = 4
    return order, known


def _free(letter: str, taken: set[str]) -> str:
    """The next of t_1, t_2, ... that no symbol has."""
    number = 1
    while (name := f"{letter}_{{{number}}}") in taken:
        number += 1
    taken.add(name)
    return name
