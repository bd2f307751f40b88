"""Taking steps: as many in one compiled call as fit in half a second, to watch and to interrupt."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.lowering.memory import handed
from chainrule.lowering.rows import lying
from chainrule.training.epochs import Met, Problem, Span, compiled_epochs
from chainrule.training.record import Record
from chainrule.training.settings import checked_number, checked_whole
from chainrule.training.state import LARGE, Kept, State
from chainrule.training.update import Optimizer
from chainrule.training.windows import Arrays, Feed, Window

Array = NDArray[Any]
_SECONDS = 0.5  # how long one compiled call is meant to take
_MOST_STEPS = 200_000  # of one call
_MOST = 2**23  # bytes of large arrays that are held twice


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
            wish = f"{name} as a whole number from 1"
            checked_whole(wish, value, "fit", f"write digits only, as in {name}=32")
        if not isinstance(self.optimizer, Optimizer):
            raise ChainruleError(
                "an optimizer such as SGD(0.1)",
                repr(self.optimizer)[:80],
                "fit",
                "write optimizer=SGD(0.1), with its learning rate, or Adam()",
            )
        if self.delta is not None:
            wish, remedy = "delta as a finite number, 0 or above", "write delta=1e-6, or leave it out"
            checked_number(wish, self.delta, lambda delta: delta >= 0, "fit", remedy)


class Call(NamedTuple):
    """A compiled call: the state and the sums before it, its span, how many steps it took, on which examples; and how
    to take it again, from any state over any span. numbers: of the leaves that are settings. kept: how the state is
    kept. careful: whether it ended before the first step that would have spoiled something, and `state` is that at its
    end.
    """

    state: State
    sums: Array
    span: Span
    taken: int
    window: Window
    run: Callable[[State, Array, Span], tuple[State, Met]]
    numbers: dict[Expr, Array]
    kept: Kept
    careful: bool


class Stepper:
    """A training run under way: it takes steps from where a record of the run stands, and gives its own.

    epoch: how many epochs are complete. step: how many steps of the next one are taken. moved: the length
    |θ_{n+1} − θ_n| of the last step, where δ asks for it. finite: whether all parameters are. last: the last call;
    the state before it is kept, to find out where numbers stopped being finite. A large one is not: there each
    step sees to it by itself.
    """

    last: Call

    def __init__(self, problem: Problem, record: Record, plan: Plan, feed: Feed) -> None:
        self.epoch, self.step = record.epoch, record.step
        self.n, self.size = feed.n, min(plan.size, feed.n)
        self.steps = -(-self.n // self.size)
        self._epochs = plan.epochs
        self._first, self._seed = plan.first_epoch, plan.seed % 2**31
        self.moved, self._delta = math.inf, plan.delta
        self._problem, self._updates = problem, problem.updates(plan.optimizer)
        numbers = plan.optimizer.settings() | plan.constants
        self._settings = tuple(numbers)
        self._numbers = tuple(np.asarray(number, problem.dtype) for number in numbers.values())
        self._kept = problem.kept(self._updates)
        everything = [*record.parameters, *(part for parts in record.memory for part in parts)]
        self._careful = sum(array.nbytes for array in everything if array.nbytes >= LARGE) > _MOST
        taken_in = self._kept.taken_in(record.parameters, record.memory, handed=self._careful)
        self._state, self._sums = State(*taken_in), record.sums if self.step else np.zeros_like(record.sums)
        self.finite = True
        at = (self._first + self.epoch, self.step)
        end = self._first + max(plan.epochs, self.epoch + 1)
        self._windows = feed.windows(self.size, plan.seed, plan.shuffle, *at, end)
        self._given: Arrays = ()
        self._enter(next(self._windows))

    def parameters(self) -> list[Array]:
        """The parameters as they are now."""
        return self._kept.read_parameters(self._state)

    def record(self) -> Record:
        """The state as it is now."""
        parameters, memory = self._kept.read(self._state)
        return Record(self.epoch, self.step, parameters, memory, self._sums)

    @property
    def settled(self) -> bool:
        """Whether the last step was no longer than δ: the notes' stopping rule, 2.8."""
        return self._delta is not None and self.moved <= self._delta

    def advance(self, epochs: int) -> Array:
        """Take some steps: whole epochs, at most as many as given, or a part of one.

        Returns the sums of what is reported over the examples met so far, and of their weights, a row for each
        epoch touched. A step that settles is the last one.
        """
        window = self._at_hand()
        budget = min(max(int((self._compiled.pace or 0) * _SECONDS), 1), _MOST_STEPS)
        row, start = self._first + self.epoch - window.epoch, self.step - window.step
        count = min(budget // self.steps, epochs, window.epochs - row)
        if self.step or count < 1 or window.steps < self.steps:
            count, stop = 1, min(window.steps, start + budget)
        else:
            stop = self.steps
        before = window.epoch * self.steps + window.step
        earlier, total = self._first * self.steps, self._epochs * self.steps
        at = (row, row + count, start, stop, before, earlier, total)
        span = Span(*at, self._seed, self._delta or 0.0)
        began = time.perf_counter()
        before_call, sums = self._state, self._sums
        self._state, met = self._taken(before_call, sums, span)
        met = Met(*(None if part is None else np.asarray(part) for part in met))
        taken = count * (stop - start) if met.taken is None else int(met.taken)
        self.finite = bool(met.finite)
        if met.moved is not None:
            self.moved = float(met.moved)
        numbers = dict(zip(self._settings, self._numbers, strict=True))
        before_call = self._state if self._careful else before_call
        how = (self._taken, numbers, self._kept, self._careful)
        self.last = Call(before_call, sums, span, taken, window, *how)
        whole, rest = divmod(self.step + taken, self.steps)
        found = met.sums[row : row + whole + (rest > 0)]
        self._sums = found[-1].copy() if rest else np.zeros_like(sums)
        found = found.astype(np.float64)
        rows: Array = found[:, 0] - found[:, 1]
        self._compiled.timed(taken, time.perf_counter() - began)
        self.epoch, self.step = self.epoch + whole, rest
        return rows

    def close(self) -> None:
        """Stop reading, and let the state go."""
        self._windows.close()
        self.__dict__.pop("last", None)  # it holds what holds it

    def _taken(self, state: State, sums: Array, span: Span) -> tuple[State, Met]:
        """The steps of a span from a state on, with the examples of the present window."""
        return self._compiled.run(state, sums, self._arrays, self._window.order, self._numbers, span)

    def _at_hand(self) -> Window:
        """The window with the examples of the next step."""
        while not self._window.holds(self._first + self.epoch, self.step):
            self._enter(next(self._windows))
        return self._window

    def _enter(self, window: Window) -> None:
        self._window = window
        if window.arrays is not self._given:
            whole = window.size >= window.n
            self._given = window.arrays
            self._arrays = tuple(_handed(array, whole) for array in window.arrays)
        watched = self._delta is not None
        self._compiled = compiled_epochs(
            self._problem, self._updates, self._settings, window.size, window.n, watched, self._careful
        )


def _handed(array: Array, whole: bool) -> Any:
    """An array for compiled code, which takes some of its rows a step or the whole: in place, or a copy."""
    found = None if whole else lying(array)
    return handed(array) if found is None else found
