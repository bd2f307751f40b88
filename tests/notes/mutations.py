"""Statements with one thing changed: a sign, an index, a factor, a digit, a bracket."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

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


def variants(node: Expr) -> Iterator[Expr]:  # noqa: PLR0912 - a table of ops
    """What may stand in the place of a node by a slip of the pen."""
    a, *rest = node.operands or (None,)
    match node.op.name:
        case "add":
            yield a - rest[0]
        case "subtract":
            yield a + rest[0]
        case "negate":
            yield 1 * a
        case "multiply" if not a.shape and not rest[0].shape:
            yield 1 * a
            yield -(a * rest[0])
        case "power":
            yield cr.OPS["power"](a, exponent=node.params["exponent"] + 1)
        case "constant" if node.shape == () and node.op is CONSTANT:
            yield cr.constant(node.params["value"] + 1)
        case "index":
            for axis, part in enumerate(node.params["key"]):
                if isinstance(part, int) and a.shape[axis] > 1:
                    key = list(node.params["key"])
                    key[axis] = (part + 1) % a.shape[axis]
                    yield cr.OPS["index"](a, key=tuple(key))
        case "sigmoid":
            yield cr.tanh(a)
        case "exp":
            yield cr.exp(-a)
        case "log":
            yield 2 * cr.log(a)
        case "matmul" if len(a.shape) == 2 and a.shape[0] == a.shape[1]:
            yield a.T @ rest[0]


def mutants(expr: Expr) -> Iterator[Expr]:
    """The expression with one node changed, for every node that can be, outside of named parts."""
    inside = topological([expr.unnamed], lambda node: () if node.name else node.operands)
    for node in inside:
        for variant in variants(node) if not node.name else ():
            if variant.shape == node.shape:
                yield substituted(expr.unnamed, {node: variant})
    yield -expr.unnamed


def part_mutants(part: Part) -> Iterator[Expr]:
    yield from mutants(built(part))


def changed(relation: Relation) -> Iterator[tuple[Relation, tuple[Expr, Expr] | None]]:  # noqa: PLR0912
    """The relation with one thing changed; the expression before and after, where the change is in one."""
    match relation:
        case Equal():
            for new in part_mutants(relation.right):
                yield replace(relation, right=new), (built(relation.right), new)
        case Rate():
            for new in part_mutants(relation.equals):
                yield replace(relation, equals=new), (built(relation.equals), new)
        case Means():
            for new in part_mutants(relation.expr):
                yield replace(relation, expr=new), (built(relation.expr), new)
        case Entries():
            yield from _entries(relation)
        case Rounded():
            digit = relation.printed[-1]
            yield (
                replace(
                    relation, printed=relation.printed[:-1] + ("1" if digit == "9" else str(int(digit) + 1))
                ),
                None,
            )
            number, text = float(relation.printed), relation.printed
            turned = text[1:] if text[0] == "-" else f"-{text}"
            yield replace(relation, printed=turned), (cr.constant(number), cr.constant(-number))
        case Shaped():
            yield replace(relation, shape=(*relation.shape, 2)), None
        case Tends():
            yield replace(relation, limit=relation.limit + 1), None
            yield replace(relation, sign=-relation.sign), None
        case Within():
            yield (
                replace(relation, low=relation.high, high=relation.high + 1 if relation.high < 1e9 else 1e10),
                None,
            )
        case Lowers():
            yield replace(relation, update=2 * relation.leaf - relation.update), None
        case Maximal():
            yield replace(relation, largest=not relation.largest), None
        case Brackets():
            yield replace(relation, text=relation.text + ")"), None
        case Same():
            yield replace(relation, left=(relation.left, 1)), None
        case Cases():
            return


def _entries(relation: Entries) -> Iterator[tuple[Relation, tuple[Expr, Expr]]]:
    rows: list[Any] = [list(row) if isinstance(row, (list, tuple)) else row for row in relation.rows]
    last = rows[-1][-1] if isinstance(rows[-1], list) else rows[-1]
    for new in part_mutants(last):
        copy = [list(row) if isinstance(row, list) else row for row in rows]
        if isinstance(copy[-1], list):
            copy[-1][-1] = new
        else:
            copy[-1] = new
        yield replace(relation, rows=copy), (built(last), new)
