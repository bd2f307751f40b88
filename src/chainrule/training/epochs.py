"""Whole epochs as one compiled function: gradients, updates and what is reported, step after step.

Legend: B the size of a batch; E the epochs whose order one call is given; R the numbers reported, the loss
first; θ the parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data, parameter
from chainrule.graph.walk import leaves
from chainrule.lowering.held import Held
from chainrule.lowering.options import jitted
from chainrule.readings.compiled import traced, traced_held
from chainrule.readings.gradient import gradient
from chainrule.training.masks import Mask, drawn
from chainrule.training.objective import COUNT
from chainrule.training.state import LARGE, Kept, State, kept
from chainrule.training.update import NORM, PI, STEP, STEPS, Optimizer, Update, norm_of, shrunk
from chainrule.training.windows import Arrays, Rows

WEIGHT = data(r"w_{\text{example}}")
"""How much an example counts: 1 where nobody says otherwise, 0 for those that only fill the last batch."""


@dataclass(frozen=True)
class Problem:
    """What is minimised, over which leaves.

    objective: of one example, the regulariser included. reported: of one example, the loss first.
    parameters: the leaves that training changes. inputs: the data leaves. rows: for each data leaf
    how rows of its array become values of the leaf inside compiled code, e.g. class indices one-hot
    vectors; None where they are. constants: leaves with one number for the whole run, e.g. λ.
    dtype: "float32" or "float64". masks: leaves that are drawn anew for each example and step.
    evaluated: what is reported of validation data, without masks; by default what is reported.
    reduce: whether a step minimises the "mean" of the objective over a batch or its "sum". With WEIGHT among
    the inputs, each example's objective is multiplied by its weight, and a mean divided by their sum.
    weights: the parameters that multiply an input. sparse: whether λ₁ Σ |W| over them is minimised too.
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
    reduce: str = "mean"
    weights: tuple[Expr, ...] = ()
    sparse: bool = False

    def updates(self, optimizer: Optimizer) -> tuple[Update, ...]:
        """The optimiser's update of each parameter."""
        return _updates(self, optimizer)

    def kept(self, updates: tuple[Update, ...]) -> Kept:
        """How steps keep their state."""
        return kept(self.objective, self.parameters, updates)

    def fed(self, batch: Arrays) -> dict[Expr, Any]:
        """The data leaves with their values, from rows of the arrays."""
        return {
            leaf: rows(part) if rows else part
            for leaf, rows, part in zip(self.inputs, self.rows, batch, strict=True)
        }


@lru_cache(maxsize=32)
def _updates(problem: Problem, optimizer: Optimizer) -> tuple[Update, ...]:
    updates = []
    for leaf in problem.parameters:
        weight = leaf in problem.weights
        update = optimizer.update(leaf.shape, weight)
        updates.append(shrunk(update) if weight and problem.sparse else update)
    return tuple(updates)


class Span(NamedTuple):
    """Which steps a call takes: from `start` to `stop` of each epoch from row `first` to `last` of the order.

    before: how many steps were taken before row 0 began, and earlier: of them, before this training. total: how
    many steps this training has. seed: of the masks. delta: δ, where steps are watched: the call ends at the first
    step with |θ_{n+1} − θ_n| ≤ δ.
    """

    first: int
    last: int
    start: int
    stop: int
    before: int
    earlier: int = 0
    total: int = 0
    seed: int = 0
    delta: float = 0.0


class Met(NamedTuple):
    """What a call met.

    sums: for each row of the order those of what is reported, and of the examples' weights, (E, 2, R + 1), the second
    row what the first has lost to rounding (Kahan 1965): so an epoch's sums are the same however many calls it takes,
    and good in single precision. finite: whether all parameters are. taken: how many steps; None where it is all of
    the span. moved: |θ_{n+1} − θ_n| of the last one, over all parameters; None where steps are not watched.
    """

    sums: Any
    finite: Any = None
    taken: Any = None
    moved: Any = None


Run = Callable[[State, Any, Arrays, Any, Arrays, Span], tuple[State, Met]]


@dataclass
class Epochs:
    """A compiled function, run(state, sums, arrays, order, numbers, span) -> (state, met), and how fast it is.

    sums: of the epoch that row `first` goes on with, as in Met; zeros where it begins.
    pace: steps a second in its last call; 0 after the first call, which compiles; None before it.
    """

    run: Run
    pace: float | None = None

    def timed(self, steps: int, seconds: float) -> None:
        """Say how long a call took."""
        self.pace = 0.0 if self.pace is None else steps / max(seconds, 1e-6)


@lru_cache(maxsize=32)
def compiled_epochs(
    problem: Problem,
    updates: tuple[Update, ...],
    settings: tuple[Expr, ...],
    size: int,
    n: int,
    watched: bool = False,
    careful: bool = False,
) -> Epochs:
    """The function for a problem and the updates of an optimiser, and its pace in all training so far.

    settings: the leaves of problem and optimiser whose numbers are given at each call. size: B. n: how
    many examples the arrays have. watched: whether the length of each step is measured. The state is kept as
    `Problem.kept` says. careful: for a state too large to be held twice: the function takes over the memory of
    the one that it is given, and ends before the first step whose loss or gradient is not finite.
    """
    step = _step_of(problem, updates, settings, size, n, careful)
    ends = watched or careful

    @partial(jitted, donate_argnums=0 if careful else ())
    def run(
        state: State, sums: Any, arrays: Arrays, order: Any, numbers: Arrays, span: Span
    ) -> tuple[State, Met]:
        def going(met: Met) -> Any:
            return (~(met.moved <= span.delta) if watched else True) & met.finite

        def epoch(row: Any, done: tuple[State, Met]) -> tuple[State, Met]:
            mine = jax.lax.dynamic_index_in_dim(order, row, keepdims=False)

            def one(number: Any, inner: tuple[State, Met]) -> tuple[State, Met]:
                before, met = inner
                state, part, fine = step(before, arrays, mine, numbers, (row, number, span))
                met = met._replace(sums=_added(met.sums, part))
                if ends:
                    moved = _distance(state, before) if watched else None
                    met = met._replace(finite=fine, taken=met.taken + fine, moved=moved)
                return state, met

            state, met = done
            begun = met._replace(sums=tuple(jnp.where(row == span.first, sums, 0)))
            state, ended = _loop(span.start, span.stop, one, (state, begun), going if ends else None)
            totals = jax.lax.dynamic_update_index_in_dim(met.sums, jnp.stack(ended.sums), row, 0)
            return state, ended._replace(sums=totals)

        met = Met(jnp.zeros((order.shape[0], *sums.shape), problem.dtype))
        if ends:
            far = jnp.asarray(jnp.inf, problem.dtype) if watched else None
            met = met._replace(finite=jnp.asarray(True), taken=jnp.asarray(0, jnp.int32), moved=far)
        state, met = _loop(span.first, span.last, epoch, (state, met), going if ends else None)
        large = _finite([part for part in state.parameters if _is_large(part)])
        return state, met._replace(finite=met.finite & large if ends else large)

    def checked(state: State, *given: Any) -> tuple[State, Met]:
        state, met = run(state, *given)
        small = (np.isfinite(part).all() for part in state.parameters if not _is_large(part))
        return state, met._replace(finite=bool(met.finite) and all(small))

    return Epochs(checked)


def _step_of(
    problem: Problem,
    updates: tuple[Update, ...],
    settings: tuple[Expr, ...],
    size: int,
    n: int,
    careful: bool,
) -> Callable[..., tuple[State, Any, Any]]:
    """step(state, arrays, order, numbers, (row, number, span)) -> (the state after the step, what is added to the sums,
    whether it was taken). order: that of the epoch in the row.

    Where it is careful it is taken only if the loss and its gradient are finite, otherwise always.
    """
    whole, filled, steps = size >= n, n % size != 0, -(-n // size)
    weighted = WEIGHT in problem.inputs
    count = WEIGHT if filled or weighted else None
    exprs = _wanted(problem, count)
    reported = len(problem.reported)
    keeping = problem.kept(updates)
    normed = NORM in leaves(update.new for update in updates)

    def step(
        state: State, arrays: Arrays, order: Any, numbers: Arrays, at: tuple[Any, Any, Span]
    ) -> tuple[State, Any, Any]:
        row, number, span = at
        t = span.before + row * steps + number + 1
        where = None if whole else jax.lax.dynamic_slice(order, (number * size,), (size,))
        given = problem.fed(arrays if where is None else tuple(array[where] for array in arrays))
        constants = dict(zip(settings, numbers, strict=True)) | {PI: math.pi}
        constants[STEP] = (t - span.earlier).astype(problem.dtype)
        constants[STEPS] = jnp.asarray(span.total, problem.dtype)
        given |= drawn(problem.masks, span.seed, t, size, problem.dtype)
        given |= dict(zip(problem.parameters, keeping.parameters(state), strict=True)) | constants
        met_weight = jnp.asarray(size, problem.dtype)
        if count is not None:
            counted = number * size + jnp.arange(size) < n
            given[count] = jnp.where(counted, given.get(WEIGHT, 1), 0).astype(problem.dtype)
            met_weight = given[count].sum()
        divisor = jnp.where(met_weight > 0, met_weight, 1) if weighted else met_weight
        given[COUNT] = divisor
        totals = traced_held(exprs, given, True, problem.dtype, ["sum"] * len(exprs))
        met, slopes = jnp.stack([total.plain() for total in totals[:reported]]), totals[reported:]

        def meant() -> list[Held]:
            if problem.reduce == "sum":
                return slopes
            return [replace(slope, array=slope.array / divisor) for slope in slopes]

        if normed:
            constants[NORM] = _norm(meant(), problem.dtype)
        before = (state.parameters, state.memory)

        def updated() -> tuple[Arrays, tuple[Arrays, ...]]:
            return keeping.updated(state, meant(), constants, problem.dtype)

        fine = _finite([met, *(slope.array for slope in slopes)]) if careful else jnp.asarray(True)
        parameters, memory = jax.lax.cond(fine, updated, lambda: before) if careful else updated()
        return State(parameters, memory), jnp.append(met, met_weight), fine

    return step


def _is_large(array: Any) -> bool:
    """Whether compiled code sees to it that its numbers are finite. A deep network has a thousand smaller arrays, and
    to compile that for each of them takes as long as all the rest.
    """
    return bool(array.size * array.dtype.itemsize >= LARGE)


def _finite(arrays: Sequence[Any]) -> Any:
    """Whether all numbers are finite. 0 x is 0 for no others, and a product with zeros is the fastest way to see it."""
    rows = [jnp.atleast_1d(array) for array in arrays]
    zeros = [row @ jnp.zeros(row.shape[-1:], row.dtype) for row in rows]
    return jnp.asarray([(zero == 0).all() for zero in zeros], bool).all()


def _added(sums: tuple[Any, Any], part: Any) -> tuple[Any, Any]:
    """Sums, and what they have lost, after one more part. Two arrays: as rows of one they would be copied each step."""
    total, lost = sums
    part = part - lost
    new = total + part
    return new, (new - total) - part


def _loop(
    first: Any,
    last: Any,
    body: Callable[[Any, Any], Any],
    carry: tuple[State, Met],
    going: Callable[[Met], Any] | None,
) -> tuple[State, Met]:
    """The body from first to last; with `going` only as long as what was met says so."""
    if going is None:
        done: tuple[State, Met] = jax.lax.fori_loop(first, last, body, carry)
        return done
    ended = jax.lax.while_loop(
        lambda at: (at[0] < last) & going(at[1][1]),
        lambda at: (at[0] + 1, body(*at)),
        (jnp.asarray(first), carry),
    )
    return ended[1][0], ended[1][1]


def _distance(state: State, before: State) -> Any:
    """|θ_{n+1} − θ_n|: the Euclidean length over all parameters."""
    pairs = zip(state.parameters, before.parameters, strict=True)
    return jnp.sqrt(sum(jnp.square(new - old).sum() for new, old in pairs))


def _norm(slopes: Sequence[Held], dtype: str) -> Any:
    """G, the norm of the whole gradient."""
    parts = [parameter(f"g_{{{at}}}", slope.shape) for at, slope in enumerate(slopes)]
    return traced([norm_of(parts)], dict(zip(parts, slopes, strict=True)), False, dtype)[0]


def _wanted(problem: Problem, count: Expr | None) -> list[Expr]:
    """What a step computes of one example, which counts as much as its weight says: what is reported; gradients."""
    counted = [expr if count is None else count * expr for expr in (problem.objective, *problem.reported)]
    return [*counted[1:], *gradient(counted[0], problem.parameters)]
