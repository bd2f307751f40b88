"""The gradient reading: reverse mode, from graph to graph.

The result is again made of expressions, so it prints, evaluates, compiles and differentiates again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from chainrule.graph.errors import ChainruleError, ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant
from chainrule.graph.rewrite import Tidier, stable
from chainrule.graph.walk import topological

Naming = Callable[[Expr], str | None]


@overload
def gradient(of: Expr, wrt: Expr) -> Expr: ...
@overload
def gradient(of: Expr, wrt: Sequence[Expr]) -> tuple[Expr, ...]: ...
def gradient(of: Expr, wrt: Expr | Sequence[Expr]) -> Expr | tuple[Expr, ...]:
    """The gradient of a scalar expression: for each entry of `wrt` the rate at which `of` changes with it.

    of: a scalar. wrt: a leaf (data or parameter) or a part of `of`, or a sequence of them.
    Returns an expression of the shape of `wrt`, or a tuple of them; zeros where `of` does not depend
    on it. Raises ShapeError where `of` is not a scalar. Notes (82), (103).

    >>> import chainrule as cr
    >>> x = cr.data("x", 3)
    >>> str(cr.gradient(x @ x / 2, x))
    'x'
    """
    targets = (wrt,) if isinstance(wrt, Expr) else tuple(wrt)
    adjoint = adjoints(of, targets)
    found = tuple(adjoint[target] for target in targets)
    return found[0] if isinstance(wrt, Expr) else found


def adjoints(
    of: Expr, targets: Sequence[Expr] = (), naming: Naming | None = None, rules: bool = True
) -> dict[Expr, Expr]:
    """The adjoint of every node that `of` depends on through, and of the targets.

    targets: nodes whose adjoints are wanted in any case. naming: gives an adjoint its name from its
    node, and later adjoints are then written with that name. rules: use the ops' own gradient rules;
    without them each op that has a definition is differentiated through it.
    """
    if of.shape != ():
        raise ShapeError(
            "a scalar to differentiate",
            f"the shape {of.shape}",
            "gradient",
            "take the sum first: cr.sum(...)",
        )
    for target in targets:
        if not isinstance(target, Expr):
            remedy = "give the leaf itself, as data(...) or parameter(...) made it"
            raise ChainruleError("expressions to differentiate by", repr(target), "gradient", remedy)
    root, *forms = stable([of, *targets], keep=targets) if rules else [of, *targets]
    order = topological([root], lambda node: _children(node, rules))
    tidied = Tidier([of, root])
    received: dict[Expr, list[Expr]] = {root: [constant(1)]}
    found: dict[Expr, Expr] = {}
    active = _depending(order, forms, rules) if targets else None
    for node in reversed(order):
        if node not in received or (active is not None and node not in active):
            continue
        total = received[node][0]
        for part in received[node][1:]:
            total = total + part
        total = tidied(total)
        name = naming(node) if naming else None
        if name is not None and total.name is None and not total.is_leaf:
            total = total.named(name)
        found[node] = total
        for child, part in _passed(total, node, rules):
            received.setdefault(child, []).append(part)
    for target, form in zip(
        targets, forms, strict=True
    ):  # a target as the user wrote it, and as it is computed
        found[target] = found[form] if form in found else constant(0, target.shape)
    return found


def _expanded(node: Expr, rules: bool) -> bool:
    """Whether a node is differentiated through its definition."""
    has_rule = node.op.gradient_rule is not None or node.op.prime is not None
    return node.op.defined and not (rules and has_rule)


def _children(node: Expr, rules: bool) -> Sequence[Expr]:
    return (node.op.definition(node.operands, node.params),) if _expanded(node, rules) else node.operands


def _depending(order: Sequence[Expr], targets: Sequence[Expr], rules: bool) -> set[Expr]:
    """The nodes that lie on a way to a target."""
    active = set(targets)
    for node in order:
        if any(child in active for child in _children(node, rules)):
            active.add(node)
    return active


def _passed(dy: Expr, y: Expr, rules: bool) -> Sequence[tuple[Expr, Expr]]:
    """What a node with the adjoint dy passes on to its operands."""
    if y.is_leaf:
        return ()
    if _expanded(y, rules):
        return ((_children(y, rules)[0], dy),)
    if y.op.gradient_rule is not None:
        parts = y.op.gradient_rule(dy, y, *y.operands, **y.params)
    elif y.op.prime is not None:
        parts = (dy * y.op.prime(*y.operands, **y.params),)
    else:
        remedy = "hang a rule on the op: @op.gradient"
        raise ChainruleError("an op with a gradient rule or a definition", repr(y.op), "gradient", remedy)
    return [(child, part) for child, part in zip(y.operands, parts, strict=True) if part is not None]
