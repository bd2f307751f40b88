"""A loss as another convention writes it: with or without ½, with vectors as rows."""

from __future__ import annotations

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER, constant_number, parameter
from chainrule.graph.op import op_named
from chainrule.graph.walk import leaves, rebuilt, topological

_SQUARED, _HALF = "squared_error", "half_squared_error"


def is_halved(loss: Expr) -> bool | None:
    """Whether a squared loss has ½ before it; None for a loss that is no square."""
    if loss.op.name in (_SQUARED, _HALF):
        return loss.op.name == _HALF
    if loss.op.name == "divide" and constant_number(loss.operands[1]) == 2:
        return True if is_halved(loss.operands[0].unnamed) is False else None
    squared = loss.op.name == "squared_norm" or (loss.op.name == "power" and loss.params["exponent"] == 2)
    return False if squared and not loss.shape else None


def with_half(loss: Expr, half: bool) -> Expr:
    """A squared loss with ½ before it, or without; any other loss as it is."""
    if is_halved(loss) in (None, half):
        return loss
    if loss.op.name in (_SQUARED, _HALF):
        new = op_named(_HALF if half else _SQUARED)(*loss.operands)
    else:
        new = loss.unnamed / 2 if half else loss.operands[0].unnamed
    return new.named(loss.name) if loss.name else new


def in_rows(loss: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """The loss with x W in place of W x, and each weight matrix (out, in) with the new one, (in, out).

    A parameter that is a matrix is turned where vectors alone stand behind it in products, and elsewhere
    at most in sums over all its entries.
    """
    uses: dict[Expr, list[Expr]] = {}
    for node in topological([loss]):
        for operand in node.operands:
            uses.setdefault(operand, []).append(node)
    weights = [leaf for leaf in leaves([loss]) if leaf.op is PARAMETER and len(leaf.shape) == 2]
    turned = {
        leaf: parameter(str(leaf.name), leaf.shape[::-1])
        for leaf in weights
        if any(use.op.name == "matmul" for use in uses[leaf])
        and all(_times_vector(use, leaf) or use.op.name == "squared_norm" for use in uses[leaf])
    }

    def change(node: Expr, operands: tuple[Expr, ...]) -> Expr:
        if node in turned:
            return turned[node]
        if node.operands and node.operands[0] in turned and _times_vector(node, node.operands[0]):
            operands = operands[::-1]
        return node if operands == node.operands else node.with_operands(operands)

    return rebuilt([loss], change)[loss], turned


def _times_vector(node: Expr, weight: Expr) -> bool:
    """Whether a node is W v with a vector v."""
    return node.op.name == "matmul" and node.operands[0] is weight and len(node.operands[1].shape) == 1
