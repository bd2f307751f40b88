"""In which order of axes training keeps parameters: as the forward pass reads them."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER
from chainrule.graph.walk import topological
from chainrule.lowering.held import Order, Place, image_order, kernel_order, matrix_order

_CONVOLUTIONS = ("correlate", "correlate2d", "convolve", "convolve2d")
_POOLINGS = ("max_pool", "max_pool2d", "window_sum")


def kept_places(exprs: Sequence[Expr]) -> dict[Expr, Place]:
    """Kernels (u, v, inputs, outputs), and W of W x as `matrix_order` says.

    Where x is an image made flat, whose channels lie last, the columns of W lie as the entries of x do.
    """
    found: dict[Expr, Place] = {}
    for node in topological(exprs):
        if node.op.name in _CONVOLUTIONS and node.operands[1].op is PARAMETER:
            found[node.operands[1]] = Place(kernel_order(len(node.operands[1].shape)))
        elif node.op.name == "matmul" and node.operands[0].op is PARAMETER:
            W, x = node.operands
            if len(W.shape) == 2 and len(x.shape) == 1:
                found[W] = _matrix_place(W, _made_flat(x))
    return found


def _matrix_place(W: Expr, image: Expr | None) -> Place:
    order = matrix_order(*W.shape)
    lying = None if image is None else _image_lying(image)
    if image is None or lying is None:
        return Place(order)
    split = ((W.shape[0],), image.shape)
    columns = tuple(1 + part for part in lying)
    return Place(tuple(part for axis in order for part in ((0,), columns)[axis]), split)


def _made_flat(x: Expr) -> Expr | None:
    """The image whose entries are those of a vector, after ops that act entry by entry."""
    while x.op.elementwise:
        x = next((operand for operand in x.operands if operand.shape == x.shape), x.operands[0])
    if x.op.name in ("flatten", "reshape") and len(x.operands[0].shape) > 1:
        return x.operands[0]
    return None


def _image_lying(image: Expr) -> Order | None:
    """The order of axes in which an image lies, if it is not the expression's."""
    while image.op.elementwise:
        image = next(
            (operand for operand in image.operands if operand.shape == image.shape), image.operands[0]
        )
    if image.op.name not in (*_CONVOLUTIONS, *_POOLINGS):
        return None
    order = image_order(len(image.shape), len(image.shape) - 1)
    return None if order == tuple(range(len(order))) else order
