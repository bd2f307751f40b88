"""The factors of the chain rule before they are multiplied out: ∂ℓ/∂ŷ ∂ŷ/∂a_i ∂a_i/∂z_i ∂z_i/∂W_ij. Notes (103)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from chainrule.documents.naming import rate
from chainrule.documents.step import Step
from chainrule.graph.expression import Expr
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import Index, equation_of
from chainrule.readings.formula import Indices, Style, free_indices

Place = tuple[Expr, Indices]


def factors(step: Step) -> Callable[[Style], str] | None:
    """What prints the factors of a gradient line, entry by entry; None where the first of them would be a sum.

    They reach up from the leaf as far as each entry depends on the next through one entry only.
    """
    if step.of is None or step.root is None:
        return None
    chain = _chain(step.root, step.of)
    if len(chain) < 2:
        return None
    top, *_ = chain[-1]
    links = chain if top is step.root else [*chain, (step.root, ())]

    def write(style: Style) -> str:
        parts = []
        for below, above in pairwise(links):
            parts.append(rate(_entry(above, style), _entry(below, style), style))
        return (r" \, " if style.latex else " ").join(reversed(parts))

    return write


def _entry(place: Place, style: Style) -> str:
    node, indices = place
    symbol = style.symbol(str(node.name))
    return style.indexed(symbol, style.indices(indices)) if indices else symbol


def _chain(root: Expr, leaf: Expr) -> list[Place]:
    """The entries that depend on one another without a sum, from the leaf upwards."""
    chain: list[Place] = [(leaf, free_indices(leaf.shape))]
    while chain[-1][0] is not root:
        node, indices = chain[-1]
        above = [
            line for line in topological([root])
            if line.name and not line.is_leaf and node in Step("", line.unnamed, "").mentioned
        ]  # fmt: skip
        if len(above) != 1:
            break
        reached = _reached(above[0].unnamed, node, indices)
        if reached is None:
            break
        chain.append((above[0], reached))
    return chain


def _reached(expr: Expr, node: Expr, indices: Indices) -> Indices | None:
    """The one entry of a line that an entry of a part of it reaches; None where it reaches several."""
    if expr.shape == ():
        return ()
    known: dict[Expr, Indices | None] = {node: indices}
    for part in topological([expr], lambda n: () if n is node or (n.name and n is not expr) else n.operands):
        inside = [operand for operand in part.operands if operand in known]
        if part is node or not inside:
            continue
        known[part] = _through(part, inside[0], known[inside[0]]) if len(inside) == 1 else None
    return known.get(expr)


def _through(part: Expr, operand: Expr, indices: Indices | None) -> Indices | None:
    if indices is None or part.shape == ():
        return None if indices is None else ()
    if part.op.elementwise and operand.shape == part.shape:
        return indices
    if part.op.equation is None:
        return None
    equation = equation_of(part)
    factor = equation.factors[part.operands.index(operand)]
    letters: dict[str, Index] = {}
    for at, index in zip(factor.indices, indices, strict=True):
        if at.letter is None:
            return None
        letters[at.letter] = index
    reached = [letters.get(str(index.letter)) for index in equation.output.indices]
    return None if None in reached else tuple(index for index in reached if index is not None)
