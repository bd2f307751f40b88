"""Names for what has none: a derivation speaks of z, a and ŷ even where the user wrote one long line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import DATA
from chainrule.graph.walk import leaves, rebuilt, topological
from chainrule.readings.formula import Style

LOSS = r"\ell"


def is_activation(node: Expr) -> bool:
    """Whether a node applies an activation, entry by entry, to what is not a leaf."""
    return node.op.prime is not None and not node.operands[0].is_leaf


def autonamed(loss: Expr) -> Expr:
    """The loss with names where they are missing: z and a around each activation, ŷ for the prediction, ℓ itself.

    Names that the user gave stay; names that are taken are not given twice.
    """
    order = topological([loss])
    taken = {node.name for node in order if node.name}
    names: dict[Expr, str] = {}
    activations = [node for node in order if is_activation(node)]
    for number, node in enumerate(activations, 1):
        layer = f"^{{({number})}}" if len(activations) > 1 else ""
        names.setdefault(node.operands[0], f"z{layer}")
        names.setdefault(node, f"a{layer}")
    prediction = predicted(loss)
    if prediction is not None:
        names[prediction] = r"\hat{y}"
    names[loss] = LOSS

    def change(node: Expr, operands: tuple[Expr, ...]) -> Expr:
        new = node if operands == node.operands else node.with_operands(operands)
        name = names.get(node)
        if name is None or node.name or node.is_leaf or name in taken:
            return new
        taken.add(name)
        return new.named(name)

    return rebuilt([loss], change)[loss]


def predicted(loss: Expr) -> Expr | None:
    """The prediction inside a loss: what a data leaf, the label, is compared with."""
    for node in topological([loss]):
        if len(node.operands) == 2:
            one, other = node.operands
            for guess, label in ((one, other), (other, one)):
                if label.op is DATA and not guess.is_leaf and label not in leaves([guess]):
                    compares = node.op.name == "subtract" or node.op.name.endswith(("error", "entropy"))
                    if compares and guess.shape == label.shape:
                        return guess
    return None


def labels(loss: Expr) -> set[Expr]:
    """The data leaves that the loss compares with a prediction; they are given no gradient line."""
    prediction = predicted(loss)
    if prediction is None:
        return set()
    behind = set(leaves([prediction]))
    return {leaf for leaf in leaves([loss]) if leaf.op is DATA and leaf not in behind}


def rate(above: str, below: str, style: Style) -> str:
    """∂above/∂below."""
    name = rf"\frac{{\partial {above}}}{{\partial {below}}}"
    return name if style.latex else f"∂{above}/∂{below}"


def adjoint_name(node: Expr, of: str, delta: Iterable[Expr]) -> str:
    """The name of an adjoint: δ with the marks of its z for a pre-activation, ∂ℓ/∂… for anything else."""
    name = str(node.name)
    if node in delta:
        marks = re.fullmatch(r"z(.*)", name)
        return rf"\delta{marks.group(1)}" if marks else rf"\delta_{{{name}}}"
    return rf"\frac{{\partial {of}}}{{\partial {name}}}"
