"""Statements with one thing changed: a sign, an index, a factor, a term, a name, a digit, a bracket."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.walk import substituted, topological
from chainrule.notes.relation import (
    Brackets,
    Cases,
    Entries,
    Equal,
    Lowers,
    Maximal,
    Means,
    Part,
    Rate,
    Relation,
    Rounded,
    Same,
    Shaped,
    Tends,
    Within,
    built,
)  # fmt: skip

Changed = tuple[Relation, tuple[Expr, Expr] | None]


def variants(node: Expr) -> Iterator[Expr]:  # noqa: PLR0912, PLR0915 - a table of ops
    """What may stand in the place of a node by a slip of the pen."""
    a, b, *_ = (*node.operands, None, None)
    match node.op.name:
        case "add":
            yield from (a - b, a, b)
        case "subtract":
            yield from (a + b, b - a, a)
        case "negate":
            yield 1 * a
        case "multiply" if not a.shape and not b.shape:
            yield from (1 * a, -(a * b), 1 * b)
        case "multiply":
            yield from (1 * a, -node.unnamed) if a.shape else (1 * b, -node.unnamed)
        case "divide":
            yield from (1 * a, 2 * node.unnamed)
        case "power":
            yield cr.OPS["power"](a, exponent=node.params["exponent"] + 1)
        case "constant" if node.op is CONSTANT and node.shape == ():
            yield from (cr.constant(node.params["value"] + 1), cr.constant(-node.params["value"]))
        case "constant" if node.op is CONSTANT:
            for at in np.ndindex(node.shape):
                changed_one = np.array(cr.evaluate(node, {}))
                changed_one[at] += 1
                yield cr.constant(changed_one)
        case "concatenate" if len(node.operands) > 1:
            yield cr.concatenate(*node.operands[::-1])
        case "softmax":
            yield 2 * node.unnamed
        case "index":
            key = node.params["key"]
            for axis, part in enumerate(key):
                if isinstance(part, int) and a.shape[axis] > 1:
                    yield cr.OPS["index"](a, key=(*key[:axis], (part + 1) % a.shape[axis], *key[axis + 1 :]))
            if len(key) == 2 and all(isinstance(part, int) for part in key) and a.shape == a.shape[::-1]:
                yield cr.OPS["index"](a, key=key[::-1])
        case "sigmoid":
            yield from (cr.tanh(a), cr.sigmoid(-a))
        case "tanh":
            yield cr.sigmoid(a)
        case "exp":
            yield cr.exp(-a)
        case "log":
            yield 2 * cr.log(a)
        case "relu":
            yield 1 * a
        case "maximum":
            yield cr.OPS["minimum"](a, b)
        case "sum" | "mean":
            yield 2 * node.unnamed
        case "matmul":
            yield from (-node.unnamed, 2 * node.unnamed)
            if len(a.shape) == 2 and a.shape[0] == a.shape[1]:
                yield a.T @ b
        case "outer":
            yield 2 * node.unnamed
            if a.shape == b.shape:
                yield cr.outer(b, a)
        case "correlate" | "correlate2d":
            yield -node.unnamed


def renamed(nodes: list[Expr]) -> Iterator[tuple[Expr, Expr]]:
    """A leaf taken for another of its shape: W for W of the next layer, x for y."""
    leaves = [node for node in nodes if node.is_leaf and node.op is not CONSTANT]
    for one in leaves:
        yield from ((one, other) for other in leaves if other is not one and other.shape == one.shape)


def mutants(expr: Expr) -> Iterator[Expr]:
    """The expression with one node changed, for every node that can be, outside of named parts."""
    top = expr.unnamed
    inside = topological([top], lambda node: () if node.name and node is not top else node.operands)
    yield -top
    for node in inside:
        for variant in variants(node) if node is top or not node.name else ():
            if variant.shape == node.shape:
                yield substituted(top, {node: variant})
    for one, other in renamed(inside):
        yield substituted(top, {one: other})


def of_part(part: Part) -> Iterator[tuple[Expr, Expr]]:
    """A part, and each of its mutants."""
    whole = built(part)
    return ((whole, new) for new in mutants(whole))


def other_digits(text: str) -> Iterator[str]:
    """A printed number with one of its digits changed, or its sign."""
    for at, digit in enumerate(text):
        if digit.isdigit():
            yield text[:at] + str((int(digit) + 1) % 10) + text[at + 1 :]
    yield text[1:] if text[0] == "-" else f"-{text}"


def changed(relation: Relation) -> Iterator[Changed]:  # noqa: PLR0912
    """The relation with one thing changed; the expression before and after, where the change is in one."""
    match relation:
        case Equal():
            for pair in of_part(relation.right):
                yield replace(relation, right=pair[1]), pair
            if not built(relation.left).name:
                for pair in of_part(relation.left):
                    yield replace(relation, left=pair[1]), pair
        case Rate():
            for pair in of_part(relation.equals):
                yield replace(relation, equals=pair[1]), pair
            yield from _other_entries(relation)
        case Means():
            for pair in of_part(relation.expr):
                yield replace(relation, expr=pair[1]), pair
        case Entries():
            yield from _entries(relation)
        case Rounded():
            for text in other_digits(relation.printed):
                yield (
                    replace(relation, printed=text),
                    (cr.constant(float(relation.printed)), cr.constant(float(text))),
                )
        case Shaped():
            yield replace(relation, shape=(*relation.shape, 2)), None
        case Tends():
            yield replace(relation, limit=relation.limit + 1), None
            yield replace(relation, sign=-relation.sign), None
            far = {relation.leaf: cr.constant(60 * relation.sign)}
            for _, new in of_part(relation.expr):
                yield replace(relation, expr=new), (cr.constant(relation.limit), substituted(new, far))
        case Within():
            above = relation.high + 1 if relation.high < 1e9 else 1e10
            yield replace(relation, low=relation.high, high=above), None
        case Lowers():
            yield replace(relation, update=2 * relation.leaf - relation.update), None
            yield replace(relation, update=1 * relation.leaf), None
        case Maximal():
            yield replace(relation, largest=not relation.largest), None
        case Brackets():
            yield replace(relation, text=relation.text + ")"), None
        case Same():
            yield replace(relation, left=(relation.left, 1)), None
        case Cases():
            return


def _other_entries(relation: Rate) -> Iterator[Changed]:
    """The derivative by another entry of the same leaf."""
    by = relation.by
    if by.op.name != "index" or not by.operands[0].is_leaf:
        return
    leaf, key = by.operands[0], by.params["key"]
    slopes = cr.gradient(relation.of, leaf)
    for axis, part in enumerate(key):
        if isinstance(part, int) and leaf.shape[axis] > 1:
            other = (*key[:axis], (part + 1) % leaf.shape[axis], *key[axis + 1 :])
            pair = built(relation.equals), cr.OPS["index"](slopes, key=other)
            yield replace(relation, by=cr.OPS["index"](leaf, key=other)), pair


def _entries(relation: Entries) -> Iterator[Changed]:
    """One entry changed."""
    rows: list[Any] = [list(row) if isinstance(row, (list, tuple)) else row for row in relation.rows]
    places = [(i, j) for i, row in enumerate(rows) if isinstance(row, list) for j in range(len(row))]
    for place in places or [(i, None) for i in range(len(rows))]:
        i, j = place
        for before, new in of_part(rows[i] if j is None else rows[i][j]):
            copy = [list(row) if isinstance(row, list) else row for row in rows]
            if j is None:
                copy[i] = new
            else:
                copy[i][j] = new
            yield replace(relation, rows=copy), (before, new)
