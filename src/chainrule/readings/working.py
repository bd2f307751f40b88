"""The working: NumPy, node by node, float64. The reference, and the numbers that a person reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import FeedError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import by_name, leaves, topological
from chainrule.ops.index_equation import equation_of

Array = NDArray[Any]
Values = Mapping[Any, Any]
"""Values for the leaves; the keys are leaves or their names."""


@overload
def evaluate(exprs: Expr, values: Values, dtype: Any = np.float64) -> Array: ...
@overload
def evaluate(exprs: Sequence[Expr], values: Values, dtype: Any = np.float64) -> list[Array]: ...
def evaluate(exprs: Expr | Sequence[Expr], values: Values, dtype: Any = np.float64) -> Array | list[Array]:
    """The value of one expression or of several, for one example.

    values: for each leaf, by itself or by its name, an array of its shape; further values are left
    alone. dtype: float64, or numpy.longdouble for extended precision. Raises FeedError for a value that
    is missing or does not fit.

    >>> import chainrule as cr
    >>> x = cr.data("x", 2)
    >>> float(cr.evaluate(x @ x, {"x": [3, 4]}))
    25.0
    """
    several = [exprs] if isinstance(exprs, Expr) else list(exprs)
    numbers = node_values(several, values, dtype)
    results = [numbers[expr] for expr in several]
    return results[0] if isinstance(exprs, Expr) else results


def node_values(exprs: Sequence[Expr], values: Values, dtype: Any = np.float64) -> dict[Expr, Array]:
    """The value of every node below the expressions, each computed in its stable form."""
    plan = Plan(exprs)
    numbers = plan.numbers(fed_values(leaves(exprs), values, dtype), dtype)
    return {node: numbers[form] for node, form in plan.forms.items()}


class Plan:
    """What is computed for some expressions, and in which order: found once, for any values.

    forms: for each node below the expressions the stable form that is computed. order: the forms and what
    they are made of, each with what it is computed from.
    """

    def __init__(self, exprs: Sequence[Expr]) -> None:
        nodes = topological(exprs)
        self.forms = dict(zip(nodes, stable(nodes), strict=True))
        children: dict[Expr, Sequence[Expr]] = {}

        def kept(node: Expr) -> Sequence[Expr]:
            if node not in children:
                children[node] = _children(node)
            return children[node]

        self.order = [(node, kept(node)) for node in topological(self.forms.values(), kept)]

    def above(self, leaf: Expr) -> set[Expr]:
        """The leaf and all that depends on it."""
        found = {leaf}
        for node, children in self.order:
            if any(child in found for child in children):
                found.add(node)
        return found

    def numbers(self, known: Mapping[Expr, Array], dtype: Any) -> dict[Expr, Array]:
        """The number of every node; known: those of the leaves, checked, and of whatever need not be computed."""
        numbers = dict(known)
        for node, children in self.order:
            if node in numbers:
                continue
            if node.op is CONSTANT:
                numbers[node] = constant_array(node, dtype)
            else:
                numbers[node] = np.asarray(_value(node, [numbers[child] for child in children]), dtype)
        return numbers


def constant_array(node: Expr, dtype: Any) -> Array:
    """The array of a constant."""
    value = node.params["value"]
    if isinstance(value, tuple):
        return np.array([_number(entry, dtype) for entry in value], dtype).reshape(node.shape)
    return np.full(node.shape, _number(value, dtype), dtype)


def _number(value: Any, dtype: Any) -> Any:
    if hasattr(value, "denominator") and value.denominator != 1:
        return dtype(value.numerator) / dtype(value.denominator)
    return dtype(int(value)) if isinstance(value, int) or hasattr(value, "denominator") else dtype(value)


def _children(node: Expr) -> Sequence[Expr]:
    """What a node is computed from: its definition, where the op has no value rule of its own."""
    if node.op.value_rule is None and node.op.defined:
        return (node.op.definition(node.operands, node.params),)
    return node.operands


def _value(node: Expr, arrays: Sequence[Array]) -> Any:
    with np.errstate(all="ignore"):
        if node.op.value_rule is not None:
            return node.op.value_rule(np, *arrays, **node.params)
        if node.op.defined:
            return arrays[0]
        return equation_of(node).product(np, arrays)


def fed_values(wanted: Sequence[Expr], values: Values, dtype: Any) -> dict[Expr, Array]:
    """The arrays for the leaves, checked: nothing missing, every shape right. Further values are left alone."""
    known = by_name(wanted)
    fed: dict[Expr, Array] = {}
    for key, value in values.items():
        leaf = known.get(key) if isinstance(key, str) else key if key in wanted else None
        if leaf is None or value is None:
            continue
        try:
            array = np.asarray(value, dtype)
        except (TypeError, ValueError, OverflowError):
            needed, where = f"numbers of the shape {leaf.shape}", f"value of {leaf.op.name} {leaf.name}"
            raise FeedError(
                needed, repr(value)[:80], where, "write a number, a list of them or an array"
            ) from None
        if array.shape != leaf.shape:
            where = f"value of {leaf.op.name} {leaf.name}"
            raise FeedError(
                f"the shape {leaf.shape}", f"{array.shape}", where, "one example has no batch axis"
            )
        fed[leaf] = array
    missing = [str(leaf.name) for leaf in wanted if leaf not in fed]
    if missing:
        given = ", ".join(str(key if isinstance(key, str) else key.name) for key in values) or "nothing"
        remedy = f"add it under the key {missing[0]!r}"
        raise FeedError(f"a value for {', '.join(missing)}", f"values for {given}", "values", remedy)
    return fed
