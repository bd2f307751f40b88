"""A fingerprint of expressions: the same in every process for the same graph, to tell whether two are one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chainrule.graph.expression import Expr
from chainrule.graph.walk import topological


def fingerprint(exprs: Sequence[Expr]) -> str:
    """SHA-256, in hexadecimal, over all nodes: op, operands, parameters, shape and name of each.

    >>> from chainrule.graph.leaves import data
    >>> x, again = data("x", 3), data("x", 3)
    >>> fingerprint([x]) == fingerprint([again]), fingerprint([x]) == fingerprint([data("x", 4)])
    (True, False)
    """
    numbers: dict[Expr, int] = {}
    digest = hashlib.sha256()
    for node in topological(exprs):
        numbers[node] = len(numbers)
        operands = [numbers[operand] for operand in node.operands]
        facts = (node.op.name, operands, sorted(node.params.items()), node.shape, node.name)
        digest.update(repr(facts).encode())
    digest.update(repr([numbers[expr] for expr in exprs]).encode())
    return digest.hexdigest()
