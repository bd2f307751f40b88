"""What must hold for an op, as functions that raise where it does not.

The tables call them, and so do the tests of the tests, which break an op and require that they raise.
"""

from __future__ import annotations

import doctest
import re
import warnings
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.op import Case, Op
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import equation_of
from chainrule.readings.gradient import adjoints
from support.differences import check_slopes
from support.drawing import call, calls, label, operands, weighed
from support.exact import exactly
from support.tolerance import Disagreement, agree


def check_shape(op: Op, case: Case) -> None:
    """The value has the shape that the expression says."""
    for expr, _, values in calls(op, case):
        shape = cr.evaluate(expr, values).shape
        if shape != expr.shape:
            raise Disagreement(
                f"{label(op, case)}: the value's shape is {shape}, the expression's {expr.shape}"
            )


def check_value(op: Op, case: Case) -> None:
    """The value is that of the definition, and of the index equation run as loops."""
    for expr, leaves, values in calls(op, case):
        found = cr.evaluate(expr, values)
        if op.defined:
            agree(found, exactly(expr, values), f"{label(op, case)}, value and definition")
        if op.equation:
            loops = equation_of(expr).loops([values[leaf] for leaf in leaves], expr.shape)
            agree(found, loops, f"{label(op, case)}, value and index equation")


def check_gradient(op: Op, case: Case) -> None:
    """The gradient by rule is that of the definition, of the turned index equation, and of differences."""
    for made in calls(op, case):
        leaves = made.operands
        of, weights, values = weighed(made.expr, made.values)
        by_rule = cr.evaluate(cr.gradient(of, leaves), values)
        by_definition = adjoints(of, leaves, rules=False)
        for k, (leaf, found) in enumerate(zip(leaves, by_rule, strict=True)):
            what = f"{label(op, case)}, gradient by operand {k + 1} and"
            agree(found, cr.evaluate(by_definition[leaf], values), f"{what} gradient of the definition")
            check_slopes(found, of, leaf, values, f"{what} differences")
            if op.equation and equation_of(made.expr).reduce != "max":
                agree(found, _turned(made.expr, k, values[weights], values), f"{what} index equation")


def _turned(expr: Expr, k: int, weights: Any, values: Any) -> Any:
    """The gradient by operand k, from the index equation in which it has changed places with the output."""
    equation, arrays = equation_of(expr), [values[leaf] for leaf in expr.operands]
    sizes = equation.sizes([array.shape for array in arrays], expr.shape)
    return equation.swapped(k).loops([weights, *arrays[:k], *arrays[k + 1 :]], arrays[k].shape, sizes)


def check_second_order(op: Op, case: Case) -> None:
    """The gradient of the gradient, in one direction, is that of differences; of a linear op it is 0."""
    for made in calls(op, case):
        first, weights, values = weighed(made.expr, made.values)
        of = cr.constant(0)
        for k, part in enumerate(cr.gradient(first, made.operands)):
            along, _, values = weighed(part, values, f"direction_{k + 1}")
            of = of + along
        leaves = (*made.operands, weights)
        for leaf, part in zip(leaves, cr.gradient(of, leaves), strict=True):
            found = cr.evaluate(part, values)
            if op.linear == "joint" and leaf is not weights and np.any(found):
                raise Disagreement(f"{label(op, case)}: a linear op with the second derivative {found}")
            check_slopes(found, of, leaf, values, f"{label(op, case)}, twice by {leaf.name}")


def check_identity(op: Op, inner: Op) -> None:
    """What an op makes of another's result in one step is what the two make one after the other."""
    fitting = 0
    for made in (made for case in inner.samples for made in calls(inner, case)):
        further = operands(op, [made.expr.shape] * max(op.arity, 1))[1:]
        try:
            both = op(made.expr, *further)
        except cr.ShapeError:
            continue
        fitting += 1
        rng = np.random.default_rng(fitting)
        of, _, values = weighed(
            both, {**made.values, **{leaf: rng.uniform(0.2, 0.8, leaf.shape) for leaf in further}}
        )
        what = f"{op.name} after {made.expr!r}"
        agree(cr.evaluate(both, values), exactly(both, values), f"{what}, value")
        leaves = (*made.operands, *further)
        plain = adjoints(of, leaves, rules=False)
        for leaf, part in zip(leaves, cr.gradient(of, leaves), strict=True):
            agree(cr.evaluate(part, values), cr.evaluate(plain[leaf], values), f"{what}, by {leaf!r}")
    if not fitting:
        raise Disagreement(f"{op.name} after {inner.name}: no sample of {inner.name} fits")


def check_edge(op: Op, point: float) -> None:
    """At an edge, value and gradient are the limits of the definition, and come without a warning."""
    for case in op.samples:
        made = call(op, case)
        at_edge = {**made.values, made.operands[0]: np.full(made.operands[0].shape, point)}
        of, _, values = weighed(made.expr, at_edge)
        exprs = [made.expr, *cr.gradient(of, made.operands)]
        plain = adjoints(of, made.operands, rules=False)
        limits = [made.expr, *(plain[leaf] for leaf in made.operands)]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = cr.evaluate(exprs, values)
        for n, (number, limit) in enumerate(zip(found, limits, strict=True)):
            what = f"{label(op, case)} at {point}, " + (f"gradient by operand {n}" if n else "value")
            agree(number, exactly(limit, values), f"{what} and limit")


def check_error(op: Op, case: Case) -> None:
    """A wrong call is refused with a message that says what was needed, what came, where, what to do."""
    try:
        op(*operands(op, case.shapes), **case.params)
    except cr.ChainruleError as refused:
        fault = refused
    else:
        raise Disagreement(f"{label(op, case)}: no error")
    if not re.search(case.match, str(fault)):
        raise Disagreement(f"{label(op, case)}: the message does not match {case.match}: {fault}")
    for part in ("needed", "came", "where", "remedy"):
        if not getattr(fault, part).strip():
            raise Disagreement(f"{label(op, case)}: the message has no part {part}: {fault}")
    if not fault.where.startswith(op.name):
        raise Disagreement(f"{label(op, case)}: the message speaks of {fault.where}")


SWITCHES = ("step", "first_max")
"""Ops that are 0 on one side of a kink and 1 on the other: gradients are made of them there."""


def check_samples(op: Op) -> None:
    """The samples reach both sides of every kink, and empty and single axes where the op takes them."""
    if not op.samples:
        raise Disagreement(f"{op.name}: no samples")
    sides: dict[str, set[float]] = {}
    for made in (made for case in op.samples for made in calls(op, case)):
        of, _, values = weighed(made.expr, made.values)
        nodes = topological([made.expr, *adjoints(of, made.operands, rules=False).values()])
        switches = [node for node in nodes if node.op.name in SWITCHES]
        for node, value in zip(switches, cr.evaluate(switches, values), strict=True):
            sides.setdefault(node.text(where=False), set()).update(np.unique(value).tolist())
    for name, seen in sides.items():
        if seen != {0.0, 1.0}:
            raise Disagreement(f"{op.name}: the samples see {name} only at {sorted(seen)}")
    for size, word in ((0, "empty"), (1, "single")):
        sampled = any(size in shape for case in op.samples for shape in case.shapes)
        if not sampled and any(_takes(op, case, size) for case in op.samples):
            raise Disagreement(
                f"{op.name}: takes an axis of size {size}, but no sample has one that is {word}"
            )


def _takes(op: Op, case: Case, size: int) -> bool:
    """Whether the op takes the sample with all axes of one size made empty or single."""
    for old in {n for shape in case.shapes for n in shape}:
        shapes = [tuple(size if n == old else n for n in shape) for shape in case.shapes]
        try:
            op(*operands(op, shapes), **case.params)
        except cr.ChainruleError:
            continue
        return True
    return False


SHAPES = re.compile(r"entry by entry|\b(entries|shapes?|axis|axes|vectors?|matrix|scalar)\b|\(\w+, ?\w*")


def check_document(op: Op) -> None:
    """The docstring of a public op says what it is, speaks of shapes, and has an example that runs."""
    text = op.__doc__ or ""
    if ">>> " not in text:
        raise Disagreement(f"{op.name}: the docstring has no example")
    if not SHAPES.search(text.split(">>>")[0]):
        raise Disagreement(f"{op.name}: the docstring says nothing of shapes")
    failures: list[str] = []
    example = doctest.DocTestParser().get_doctest(text, {}, op.name, None, 0)
    doctest.DocTestRunner(verbose=False).run(example, out=failures.append)
    if failures:
        raise Disagreement(f"{op.name}: " + "".join(failures))
