"""Walks over the graph. All are loops, not recursions: depth is no limit."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from typing import TypeVar, cast

from chainrule.graph.errors import FeedError
from chainrule.graph.expression import Expr

Children = Callable[[Expr], Sequence[Expr]]

Request = TypeVar("Request", bound=Hashable)
Answer = TypeVar("Answer")


def operands_of(node: Expr) -> Sequence[Expr]:
    """The ordinary children of a node."""
    return node.operands


def topological(roots: Iterable[Expr], children: Children = operands_of) -> list[Expr]:
    """All nodes below the roots, each once, operands before what uses them, in the order of reading."""
    order: list[Expr] = []
    done: set[Expr] = set()
    for root in roots:
        stack: list[Expr | None] = [root]
        while stack:
            node = stack.pop()
            if node is None:  # what lies below is complete but for itself
                order.append(cast(Expr, stack.pop()))
            elif node not in done:
                done.add(node)
                stack += (node, None)
                stack += [child for child in reversed(children(node)) if child not in done]
    return order


def answered(
    root: Request,
    first: Generator[Request, Answer, Answer],
    opened: Callable[[Request], Generator[Request, Answer, Answer]],
) -> Answer:
    """What a recursion over requests comes to; run on a stack of its own, so that a deep graph does no harm.

    A generator yields the requests whose answers it needs, is sent each answer, and returns its own. first: that of
    the root. opened: that of any other request, which is opened once. No answer is None.

    >>> def factorial(n):
    ...     return n * (yield n - 1) if n else 1
    >>> answered(5, factorial(5), factorial)
    120
    """
    done: dict[Request, Answer] = {}
    stack = [(root, first)]
    answer: Answer | None = None
    while stack:
        request, running = stack[-1]
        try:
            wanted = next(running) if answer is None else running.send(answer)
        except StopIteration as end:
            stack.pop()
            answer = done[request] = end.value
            continue
        answer = done.get(wanted)
        if answer is None:
            stack.append((wanted, opened(wanted)))
    return done[root]


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
