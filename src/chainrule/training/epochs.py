"""Whole epochs as one compiled function: gradients, updates and what is reported, step after step.

Legend: B the size of a batch; S the steps of an epoch; E the epochs whose order one call is given; R the
numbers reported, the loss first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.lowering.options import jitted
from chainrule.readings.compiled import traced
from chainrule.readings.gradient import gradient
from chainrule.training.masks import Mask, drawn
from chainrule.training.optimizers import STEP, Optimizer, Update
from chainrule.training.windows import Arrays, Rows

WEIGHT = data(r"w_{\text{example}}")
"""How much an example counts: 0 for those that only fill the last batch."""


@dataclass(frozen=True)
class Problem:
    """What is minimised, over which leaves.

    objective: of one example, the regulariser included. reported: of one example, the loss first.
    parameters: the leaves that training changes. inputs: the data leaves. rows: for each data leaf
    how rows of its array become values of the leaf inside compiled code, e.g. class indices one-hot
    vectors; None where they are. constants: leaves with one number for the whole run, e.g. λ.
    dtype: "float32" or "float64". masks: leaves that are drawn anew for each example and step.
    evaluated: what is reported of validation data, without masks; by default what is reported.
    """

    objective: Expr
    reported: tuple[Expr, ...]
    parameters: tuple[Expr, ...]
    inputs: tuple[Expr, ...]
    rows: tuple[Rows | None, ...]
    constants: tuple[Expr, ...] = ()
    dtype: str = "float32"
    masks: tuple[Mask, ...] = ()
    evaluated: tuple[Expr, ...] = ()

    def updates(self, optimizer: Optimizer) -> tuple[Update, ...]:
        """The optimiser's update of each parameter."""
        return tuple(optimizer.update(leaf.shape) for leaf in self.parameters)

    def fed(self, batch: Arrays) -> dict[Expr, Any]:
        """The data leaves with their values, from rows of the arrays."""
        return {
            leaf: rows(part) if rows else part
            for leaf, rows, part in zip(self.inputs, self.rows, batch, strict=True)
        }


class State(NamedTuple):
    """What a step changes: the parameters, and what the optimiser keeps for each."""

    parameters: Arrays
    memory: tuple[Arrays, ...]


class Span(NamedTuple):
    """Which steps a call takes: from `start` to `stop` of each epoch from row `first` to `last` of the order.

    before: how many steps were taken before row 0 began. seed: of the masks.
    """

    first: int
    last: int
    start: int
    stop: int
    before: int
    seed: int = 0


Run = Callable[[State, Arrays, Any, Arrays, Span], tuple[State, Any]]


@lru_cache(maxsize=32)
def compiled_epochs(
    problem: Problem, updates: tuple[Update, ...], settings: tuple[Expr, ...], size: int, n: int
) -> Run:
    """run(state, arrays, order, numbers, span) -> (state, sums).

    The state after the span, and for each row of the order the sums of what is reported over the
    examples met, (E, R).

    settings: the leaves of problem and optimiser whose numbers are given at each call. size: B. n: how
    many examples the arrays have. The state that is given is used up.
    """
    whole, filled = size >= n, n % size != 0
    count = WEIGHT if filled else None
    exprs, how = _wanted(problem, count)

    def step(
        state: State, arrays: Arrays, order: Any, numbers: Arrays, at: tuple[Any, Any, Any, Any]
    ) -> tuple[State, Any]:
        row, number, t, seed = at
        where = None if whole else jax.lax.dynamic_slice(order, (row, number * size), (1, size))[0]
        given = problem.fed(arrays if where is None else tuple(array[where] for array in arrays))
        constants = dict(zip(settings, numbers, strict=True)) | {STEP: t.astype(problem.dtype)}
        given |= drawn(problem.masks, seed, t, size, problem.dtype)
        given |= dict(zip(problem.parameters, state.parameters, strict=True)) | constants
        divisor = jnp.asarray(1, problem.dtype)
        if count is not None:
            given[count] = (number * size + jnp.arange(size) < n).astype(problem.dtype)
            divisor = given[count].sum()
        totals = traced(exprs, given, True, problem.dtype, how)
        met, slopes = jnp.stack(totals[: len(problem.reported)]), totals[len(problem.reported) :]
        if count is not None:
            slopes = [slope / divisor for slope in slopes]
        else:
            met = met * size
        return _updated(state, slopes, updates, constants, problem.dtype), met

    @partial(jitted, donate_argnums=0)
    def run(state: State, arrays: Arrays, order: Any, numbers: Arrays, span: Span) -> tuple[State, Any]:
        steps = -(-n // size)
        zero = jnp.zeros(len(problem.reported), problem.dtype)

        def epoch(row: Any, carry: tuple[State, Any]) -> tuple[State, Any]:
            def one(number: Any, inner: tuple[State, Any]) -> tuple[State, Any]:
                t = span.before + row * steps + number + 1
                state, met = step(inner[0], arrays, order, numbers, (row, number, t, span.seed))
                return state, inner[1] + met

            state, met = jax.lax.fori_loop(span.start, span.stop, one, (carry[0], zero))
            return state, carry[1].at[row].set(met)

        sums = jnp.zeros((order.shape[0], len(problem.reported)), problem.dtype)
        done: tuple[State, Any] = jax.lax.fori_loop(span.first, span.last, epoch, (state, sums))
        return done

    return run


def _wanted(problem: Problem, count: Expr | None) -> tuple[list[Expr], list[str]]:
    """What a step computes, and how over the batch: sums of weighted examples, or means."""
    counted = [expr if count is None else count * expr for expr in (problem.objective, *problem.reported)]
    exprs = [*counted[1:], *gradient(counted[0], problem.parameters)]
    return exprs, ["mean" if count is None else "sum"] * len(exprs)


def _updated(
    state: State, slopes: Sequence[Any], updates: Sequence[Update], constants: dict[Expr, Any], dtype: str
) -> State:
    parameters, memory = [], []
    for theta, kept, slope, update in zip(state.parameters, state.memory, slopes, updates, strict=True):
        leaves = [leaf for leaf, _ in update.memory]
        values = {update.theta: theta, update.g: slope, **dict(zip(leaves, kept, strict=True)), **constants}
        new, *remembered = traced([update.new, *(new for _, new in update.memory)], values, False, dtype)
        parameters.append(new)
        memory.append(tuple(remembered))
    return State(tuple(parameters), tuple(memory))
