"""Rewriting graphs: stable forms before numbers are computed, short forms after a gradient is built.

Both use only what the ops say of themselves: `after` (an identity for what another op made) and `tidy`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from chainrule.graph.expression import Expr
from chainrule.graph.op import leaf_op
from chainrule.graph.walk import rebuilt, substituted, topological


def stable(roots: Sequence[Expr], keep: Collection[Expr] = ()) -> list[Expr]:
    """The roots with each identity applied that avoids overflow, e.g. log after softmax as log_softmax.

    A node in `keep` stays in the graph: while the identities are applied a symbol stands for it, so that
    none sees what it is made of.
    """
    kept = {node for node in keep if not node.is_leaf}
    forms: dict[Expr, Expr] = {}

    def change(node: Expr, operands: tuple[Expr, ...]) -> Expr:
        form = _identical(node, operands)
        if node not in kept:
            return form
        symbol = Expr(_KEPT, (), {"number": len(forms)}, node.shape)
        forms[symbol] = form
        return symbol

    new = rebuilt(roots, change)
    for symbol, form in forms.items():  # in the order of reading: a form holds earlier symbols only
        forms[symbol] = substituted(form, forms)
    return [substituted(new[root], forms) if forms else new[root] for root in roots]


_KEPT = leaf_op("kept")


def _identical(node: Expr, operands: tuple[Expr, ...]) -> Expr:
    """The node on new operands, by an identity where one fits."""
    inner = operands[0] if operands else None
    identity = node.op.identities.get(inner.op.name) if inner is not None else None
    result: Expr | None = None
    if inner is not None and identity is not None:
        result = identity(*inner.operands, *operands[1:], **inner.params, **node.params)
    if result is None:
        return node if operands == node.operands else node.with_operands(operands)
    return result.named(node.name) if node.name else result


class Tidier:
    """Brings the nodes of a gradient into their shortest form; the forward nodes stay as they are.

    A part that is the same as a named forward node but for the name is replaced by that node, so
    that a formula can say a where it would otherwise repeat what a is.
    """

    def __init__(self, forward: Iterable[Expr]) -> None:
        nodes = topological(forward)
        self.known = {node: node for node in nodes}
        for node in nodes:
            self.known.setdefault(node.unnamed, node)
        self.done = dict(self.known)

    def __call__(self, root: Expr) -> Expr:
        """The root in its shortest form."""
        for node in topological([root], lambda node: () if node in self.done else node.operands):
            if node not in self.done:
                self.done[node] = self.shortest(
                    node.with_operands(tuple(self.done[child] for child in node.operands))
                )
        return self.done[root]

    def shortest(self, node: Expr) -> Expr:
        """A node whose operands are in their shortest form already."""
        for _ in range(_MOST_STEPS):
            if node in self.known:
                return self.known[node]
            rule = node.op.tidy_rule if node.name is None else None
            shorter = rule(*node.operands, **node.params) if rule else None
            if shorter is None or shorter is node:
                break
            node = shorter
        self.done[node] = node
        return node


_MOST_STEPS = 20
