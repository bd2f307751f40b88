"""Where numbers stop being finite: the step, and the first part of the network, forward then backward.

The compiled call in which it happened is taken again from the state before it, in halves, until the step is found;
that gives the same bits. Then the parts of the objective are computed one by one on the batch of that step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER
from chainrule.graph.rewrite import stable
from chainrule.graph.symbols import text_symbol
from chainrule.graph.walk import leaves, topological
from chainrule.readings.compiled import traced
from chainrule.readings.gradient import gradient
from chainrule.training.epochs import WEIGHT, Problem
from chainrule.training.masks import drawn
from chainrule.training.objective import COUNT
from chainrule.training.optimizers import SGD, Adam, AdamW, RMSprop
from chainrule.training.state import State
from chainrule.training.stepper import Call

_Part = tuple[str, str, str]
"""The name, the phase and the share of a fault."""


@dataclass(frozen=True)
class Fault:
    """The first part that is not finite. step: of the training, from 1. part: its name. phase: "forward", "backward" or
    "after the step". share: how much of it.
    """

    step: int
    part: str
    phase: str
    share: str

    def __str__(self) -> str:
        return f"at step {self.step}; the first part that was not finite is {self.part} ({self.phase}, {self.share})"


def shows(objective: Expr, leaf: Expr, parameters: Sequence[Expr], optimizer: Any) -> bool:
    """Whether each number of the leaf that is not finite makes parameters that are not.

    So it is where the leaf is a factor of their gradients, since our own optimisers, unless they cut off entries, let
    nothing through that is not finite.

    >>> import chainrule as cr
    >>> W, x = cr.parameter("W", (2, 3)), cr.data("x", 3)
    >>> shows(cr.sum(cr.relu(W @ x)), x, [W], cr.Adam()), shows(cr.sum(W @ cr.relu(x)), x, [W], cr.Adam())
    (True, False)
    """
    ours = type(optimizer) in {SGD, RMSprop, Adam, AdamW} and optimizer.clip_value is None
    return ours and _is_factor(objective, leaf, tuple(parameters))


@lru_cache(maxsize=32)
def _is_factor(objective: Expr, leaf: Expr, parameters: tuple[Expr, ...]) -> bool:
    """Whether all that the leaf enters are products with parameters, one of which has a gradient."""
    same, met = {leaf}, []
    for node in topological([objective]):
        if same.isdisjoint(node.operands):
            continue
        if node.op.name in {"flatten", "reshape"}:
            same.add(node)
        elif node.op.name == "matmul" and node.operands[0] in parameters:
            met.append(node.operands[0])
        else:
            return False
    return any(leaf in leaves([slope]) for slope in gradient(objective, met))


def first_fault(problem: Problem, call: Call) -> Fault:
    """What went wrong in a call after which the loss or the parameters are not finite."""
    state, done = (call.state, call.taken) if call.careful else _before(call)
    spoiled = _spoiled(problem, call, state) if call.careful else None
    row, number, t = _place(call, done - (spoiled is not None))
    if spoiled is not None:
        return Fault(t - call.span.earlier, *spoiled)
    given = _given(problem, call, state, (row, number, t))
    part = _forward(problem, given) or _backward(problem, given) or _afterwards(problem, call, done)
    return Fault(t - call.span.earlier, *part)


def _place(call: Call, done: int) -> tuple[int, int, int]:
    """The step of a call after so many: its row in the order, its number in the epoch, and that of all steps."""
    span, width = call.span, call.span.stop - call.span.start
    row, number = span.first + done // width, span.start + done % width
    return row, number, span.before + row * call.window.steps + number + 1


def _before(call: Call) -> tuple[State, int]:
    """The state before the first step that spoils something, and how many steps of the call came before it."""
    low, high, state = 0, call.taken, call.state
    while high - low > 1:
        middle = (low + high) // 2
        then, fine = _after(call, middle)
        if fine:
            low, state = middle, then
        else:
            high = middle
    return state, low


def _after(call: Call, steps: int) -> tuple[State, bool]:
    """The state after the first steps of a call, and whether all was finite up to there."""
    span, state, fine = call.span, call.state, True
    whole, rest = divmod(steps, span.stop - span.start)
    middle = span.first + whole
    for first, last, stop in ((span.first, middle, span.stop), (middle, middle + 1, span.start + rest)):
        if first < last and span.start < stop:
            part = span._replace(first=first, last=last, stop=stop)
            sums = call.sums if first == span.first else np.zeros_like(call.sums)
            state, met = call.run(state, sums, part)
            sums = np.asarray(met.sums)[first:last, 0]
            fine = fine and bool(met.finite) and bool(np.isfinite(sums).all())
    return state, fine


def _given(problem: Problem, call: Call, state: State, at: tuple[int, int, int]) -> dict[Expr, Any]:
    """The values of all leaves in that step; what fills the last batch is left out."""
    (row, number, t), size = at, call.window.size
    here = np.arange(number * size, (number + 1) * size) < call.window.n
    rows = call.window.order[row, number * size : (number + 1) * size][here]
    batch = tuple(np.asarray(array)[rows] for array in call.window.arrays)
    given = {leaf: np.asarray(value) for leaf, value in problem.fed(batch).items()}
    masks = drawn(problem.masks, call.span.seed, t, size, problem.dtype)
    given |= {leaf: np.asarray(value)[here] for leaf, value in masks.items()}
    given |= dict(zip(problem.parameters, call.kept.read_parameters(state), strict=True)) | call.numbers
    return given | {COUNT: np.asarray(given[WEIGHT].sum() if WEIGHT in given else len(rows))}


def _forward(problem: Problem, given: dict[Expr, Any]) -> _Part | None:
    """The first named part of the objective, as it is computed, that is not finite for some example."""
    root = stable([problem.objective])[0]
    parts = [node for node in topological([root]) if (node.name and not node.is_leaf) or node is root]
    for node, value in zip(parts, _computed(problem, parts, given, [None] * len(parts)), strict=True):
        if not np.isfinite(value).all():
            name = text_symbol(str(node.name)) if node.name else "the objective"
            return f"{name} = {node.unnamed.text(where=False)}", "forward", _share(value)
    return None


def _backward(problem: Problem, given: dict[Expr, Any]) -> _Part | None:
    """The first adjoint of a named part, or gradient by a parameter, that is not finite."""
    root = stable([problem.objective])[0]
    parts = [
        node
        for node in reversed(topological([root]))
        if node is not root and node.name and (not node.is_leaf or node in problem.parameters)
    ]
    how = [problem.reduce if node.op is PARAMETER else None for node in parts]
    slopes = gradient(problem.objective, parts)
    for node, value in zip(parts, _computed(problem, slopes, given, how), strict=True):
        if not np.isfinite(value).all():
            return f"∂ℓ/∂{text_symbol(str(node.name))}", "backward", _share(value)
    return None


def _afterwards(problem: Problem, call: Call, done: int) -> _Part:
    """What the step made of finite gradients."""
    after = None if call.careful else _after(call, done + 1)[0]
    return (after and _spoiled(problem, call, after)) or (
        "the sum over the batch",
        "forward",
        "1 of 1 numbers",
    )


def _spoiled(problem: Problem, call: Call, state: State) -> _Part | None:
    """The first parameter that is not finite."""
    for leaf, value in zip(problem.parameters, call.kept.read_parameters(state), strict=True):
        if not np.isfinite(value).all():
            return text_symbol(str(leaf.name)), "after the step", _share(value)
    return None


def _computed(
    problem: Problem, exprs: Sequence[Expr], given: dict[Expr, Any], how: Sequence[str | None]
) -> list[Any]:
    leaves, arrays = tuple(given), tuple(given.values())
    run = jax.jit(
        lambda arrays: traced(exprs, dict(zip(leaves, arrays, strict=True)), True, problem.dtype, how)
    )
    return [np.asarray(value) for value in run(arrays)]


def _share(value: Any) -> str:
    return f"{int((~np.isfinite(value)).sum()):,} of {value.size:,} numbers"
