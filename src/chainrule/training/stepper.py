"""Taking steps: as many in one compiled call as fit in a fifth of a second, to watch and to interrupt."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.training.epochs import Problem, Span, State, compiled_epochs
from chainrule.training.evaluation import Feed
from chainrule.training.optimizers import Optimizer
from chainrule.training.order import Order

Array = NDArray[Any]
_SECONDS = 0.2  # how long one compiled call is meant to take
_GROWTH = 8
_MOST_STEPS = 200_000  # of one call: the losses of an epoch's steps are added up in the network's precision


@dataclass(frozen=True)
class Plan:
    """How to train: how long, in which batches, by which optimiser.

    epochs: how often every example is met. size: examples in a batch; the last batch of an epoch may be
    smaller. constants: the numbers of the problem's constants. first_epoch: how many epochs came
    before, which decides on the order of the examples. delta: δ of the notes' stopping rule, or None.
    Raises ChainruleError for settings out of range.
    """

    epochs: int
    size: int
    optimizer: Optimizer
    constants: dict[Expr, float] = field(default_factory=dict)
    seed: int = 0
    shuffle: bool = True
    first_epoch: int = 0
    delta: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("epochs", self.epochs), ("batch_size", self.size)):
            if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
                raise ChainruleError(
                    f"{name} as a whole number from 1",
                    repr(value)[:80],
                    "fit",
                    f"write digits only, as in {name}=32",
                )
        if not isinstance(self.optimizer, Optimizer):
            raise ChainruleError(
                "an optimizer such as SGD(0.1)",
                repr(self.optimizer)[:80],
                "fit",
                "write optimizer=SGD(0.1), with its learning rate",
            )
        number = isinstance(self.delta, (int, float)) and not isinstance(self.delta, bool)
        if self.delta is not None and not (number and 0 <= self.delta < math.inf):
            raise ChainruleError(
                "delta as a finite number, 0 or above",
                repr(self.delta)[:80],
                "fit",
                "write delta=1e-6, or leave it out",
            )


class Stepper:
    """A training run's state: parameters, what the optimiser keeps, and how far it is.

    epoch: how many epochs are complete. step: how many steps of the next one are taken. moved: the length
    |θ_{n+1} − θ_n| of the last step, where δ asks for it.
    """

    def __init__(self, problem: Problem, start: Sequence[Array], plan: Plan, feed: Feed) -> None:
        self.epoch = self.step = 0
        self.n, self.size = feed.n, min(plan.size, feed.n)
        self.steps = -(-self.n // self.size)
        self._first, self._seed = plan.first_epoch, plan.seed % 2**31
        shuffled = plan.shuffle and self.size < self.n
        self._order = Order(plan.seed, self.n, shuffled)
        self._block, self._rows = -1, jax.device_put(np.zeros((0, 0), np.int32))
        updates = problem.updates(plan.optimizer)
        numbers = plan.optimizer.settings() | plan.constants
        self._numbers = tuple(np.asarray(number, problem.dtype) for number in numbers.values())
        self.moved, self._delta = math.inf, plan.delta
        watched = plan.delta is not None
        self._run = compiled_epochs(problem, updates, tuple(numbers), self.size, self.n, watched)
        arrays = (*feed.arrays, feed.weights) if problem.weighted else feed.arrays
        self._arrays = tuple(jax.device_put(array) for array in arrays)
        memory = [
            tuple(np.zeros(leaf.shape, problem.dtype) for leaf, _ in update.memory) for update in updates
        ]
        self._state = jax.device_put(State(tuple(np.array(value) for value in start), tuple(memory)))
        self._budget = 1.0  # how many steps the next call takes
        self._compiled = False

    def parameters(self) -> list[Array]:
        """The parameters as they are now."""
        return [np.array(value) for value in self._state.parameters]

    @property
    def settled(self) -> bool:
        """Whether the last step was no longer than δ: the notes' stopping rule, 2.8."""
        return self._delta is not None and self.moved <= self._delta

    def advance(self, epochs: int) -> Array:
        """Take some steps: whole epochs, at most as many as given, or a part of one.

        Returns the sums of what is reported over the examples met, and of their weights, a row for each
        epoch touched. A step that settles is the last one.
        """
        block, row = divmod(self._first + self.epoch, self._order.rows)
        if block != self._block:
            self._block, self._rows = block, self._filled(self._order.block(block))
        count = min(int(self._budget) // self.steps, epochs, self._order.rows - row)
        if self.step or count < 1:
            count, stop = 1, min(self.steps, self.step + int(self._budget))
        else:
            stop = self.steps
        before = (self._first + self.epoch - row) * self.steps
        span = Span(row, row + count, self.step, stop, before, self._seed, self._delta or 0.0)
        began = time.perf_counter()
        self._state, met = self._run(self._state, self._arrays, self._rows, self._numbers, span)
        taken, self.moved = int(met.taken), float(met.moved)
        whole, rest = divmod(self.step + taken, self.steps)
        rows: Array = np.array(met.sums, np.float64)[row : row + whole + (rest > 0)]
        self._learn(taken, time.perf_counter() - began)
        self.epoch, self.step = self.epoch + whole, rest
        return rows

    def _filled(self, rows: NDArray[np.int32]) -> jax.Array:
        """The order with the last batch filled up; what fills it has the weight 0."""
        filled: jax.Array = jax.device_put(np.pad(rows, ((0, 0), (0, self.steps * self.size - self.n))))
        return filled

    def _learn(self, steps: int, seconds: float) -> None:
        """Choose how many steps the next call takes; the first call says nothing, for it compiles."""
        if self._compiled:
            wish = steps * _SECONDS / max(seconds, 1e-6)
            self._budget = min(max(wish, 1.0), _GROWTH * max(self._budget, steps), _MOST_STEPS)
        self._compiled = True
