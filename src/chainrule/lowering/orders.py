"""In which order of axes training keeps parameters: as the forward pass reads them."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER
from chainrule.graph.walk import topological
from chainrule.lowering.held import Order, kernel_order, matrix_order

_CONVOLUTIONS = ("correlate", "correlate2d", "convolve", "convolve2d")


def kept_orders(exprs: Sequence[Expr]) -> dict[Expr, Order]:
    """Kernels (u, v, inputs, outputs), and W of W x as `matrix_order` says."""
    found: dict[Expr, Order] = {}
    for node in topological(exprs):
        if node.op.name in _CONVOLUTIONS and node.operands[1].op is PARAMETER:
            found[node.operands[1]] = kernel_order(len(node.operands[1].shape))
        elif node.op.name == "matmul" and node.operands[0].op is PARAMETER:
            W, x = node.operands
            if len(W.shape) == 2 and len(x.shape) == 1:
                found[W] = matrix_order(*W.shape)
    return found
