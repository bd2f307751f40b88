"""The code of what max-pooling chooses: an adjoint sent to the maxima, and what is read at them."""

from __future__ import annotations

from chainrule.documents.code.table import Library
from chainrule.graph.expression import Expr
from chainrule.ops.index_equation import IndexEquation, parsed
from chainrule.ops.pooling import equation_text, pools

ROUTING = ("to_maximum", "at_maximum")

_BODY = {
    "to_maximum": """    values = {m}.where(chosen, dy[..., None], 0.0).reshape(candidates.shape)
    return added(x.shape, ({places}), values)""",
    "at_maximum": """    values = read(array, {places}).reshape(*flat.shape)
    return {m}.sum({m}.where(chosen, values, 0.0), {dim}=-1)""",
}
_SAYS = {
    "to_maximum": "Each number of dy added where its window of x has its first largest entry.",
    "at_maximum": "The entry of the array where each window of x has its first largest entry.",
}


def equation_of_windows(node: Expr) -> IndexEquation:
    """The index equation of the max-pooling that an op belongs to."""
    shape = node.operands[1].shape
    return parsed(equation_text("max", shape, pools(shape, **node.params)))


def routing(
    node: Expr, library: Library, name: str, places: list[str], grids: list[str], windows: tuple[int, ...]
) -> str:
    """The function of one such op. places: where x is read, as code; windows: the shape of the pooled array."""
    operand = "dy" if node.op.name == "to_maximum" else "array"
    joined, m = ", ".join(places), library.module
    lines = [
        f"def {name}({operand}, x):",
        f'    """{_SAYS[node.op.name]}"""',
        *grids,
        f"    candidates = read(x, {joined}, outside=-float('inf'))",
        f"    flat = candidates.reshape(*{windows}, -1)",
        f"    chosen = {m}.arange(flat.shape[-1]) == {m}.argmax(flat, {library.names['dim']}=-1)[..., None]",
        _BODY[node.op.name].format(m=m, places=joined + ("," if len(places) == 1 else ""), **library.names),
    ]
    return "\n".join(lines)
