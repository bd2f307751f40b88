"""Walks over the graph. All are loops, not recursions: depth is no limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chainrule.graph.errors import FeedError
from chainrule.graph.expression import Expr

Children = Callable[[Expr], Sequence[Expr]]


def operands_of(node: Expr) -> Sequence[Expr]:
    """The ordinary children of a node."""
    return node.operands


def topological(roots: Iterable[Expr], children: Children = operands_of) -> list[Expr]:
    """All nodes below the roots, each once, operands before what uses them, in the order of reading."""
    order: list[Expr] = []
    done: set[Expr] = set()
    for root in roots:
        stack: list[tuple[Expr, bool]] = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in done:
                done.add(node)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(children(node)) if child not in done)
    return order


def rebuilt(roots: Sequence[Expr], change: Callable[[Expr, tuple[Expr, ...]], Expr]) -> dict[Expr, Expr]:
    """What each node below the roots becomes when `change(node, new operands)` is applied from the leaves up."""
    new: dict[Expr, Expr] = {}
    for node in topological(roots):
        new[node] = change(node, tuple(new[operand] for operand in node.operands))
    return new


def substituted(expr: Expr, replacements: dict[Expr, Expr]) -> Expr:
    """The expression with some nodes replaced by others of the same shape."""

    def change(node: Expr, operands: tuple[Expr, ...]) -> Expr:
        if node in replacements:
            return replacements[node]
        return node if operands == node.operands else node.with_operands(operands)

    return rebuilt([expr], change)[expr]


def leaves(roots: Iterable[Expr]) -> list[Expr]:
    """The data and parameters below the roots, in the order of reading; constants are left out."""
    return [node for node in topological(roots) if node.is_leaf and node.name is not None]


def by_name(wanted: Iterable[Expr]) -> dict[str, Expr]:
    """Leaves by their names. Raises FeedError for two of one name: values could not be told apart."""
    found: dict[str, Expr] = {}
    for leaf in wanted:
        other = found.setdefault(str(leaf.name), leaf)
        if other is not leaf:
            came = f"two called {leaf.name}: {other.op.name} {other.shape} and {leaf.op.name} {leaf.shape}"
            raise FeedError("one leaf for each name", came, "values", "rename one of them")
    return found
