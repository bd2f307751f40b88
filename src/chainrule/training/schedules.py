"""Schedules: learning rates that change with the step t, as expressions, which print.

Legend: η the first rate; t the step since `fit` was called, from 1. An epoch of n examples in batches of B has
⌈n/B⌉ steps.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant
from chainrule.ops.exponential import maximum, minimum, step
from chainrule.ops.trigonometric import cos
from chainrule.readings.working import evaluate
from chainrule.training.settings import checked_number, checked_whole
from chainrule.training.update import PI, STEP, STEPS, scheduled


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate as a function of the step. Give it to an optimiser in the place of a number."""

    @abstractmethod
    def __call__(self, t: Expr) -> Expr:
        """The rate at step t."""

    def __str__(self) -> str:
        return f"η = {scheduled(self).text(where=False)}"

    def latex(self) -> str:
        """The rate as LaTeX."""
        return rf"\eta = {scheduled(self).latex(where=False)}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def at(self, t: int, steps: int | None = None) -> float:
        """The rate at step t, from 1, as a number. steps: of the whole training, where the schedule needs them.

        >>> InverseTime(0.1, decay=0.01).at(101)
        0.05
        """
        return float(evaluate(scheduled(self), {STEP: t, STEPS: steps or t, PI: math.pi}))


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate in every step: useful behind a warm-up.

    rate: above 0. Raises ChainruleError for others.

    >>> print(Constant(0.1))
    η = 0.1
    """

    rate: float

    def __post_init__(self) -> None:
        _checked_rate(self.rate, "Constant")

    def __call__(self, t: Expr) -> Expr:
        return constant(self.rate)


@dataclass(frozen=True)
class StepDecay(Schedule):
    """The rate times a factor after each of some steps.

    rate: at first, above 0. after: the steps t after which it is multiplied. factor: above 0.
    Raises ChainruleError for settings out of range.

    >>> print(StepDecay(0.1, after=[1000, 2000], factor=0.5))
    η = 0.1 · 0.5^(𝟙₊(t − 1000) + 𝟙₊(t − 2000))
    """

    rate: float
    after: Sequence[int]
    factor: float = 0.1

    def __post_init__(self) -> None:
        _checked_rate(self.rate, "StepDecay")
        remedy = "write factor=0.1"
        checked_number("factor above 0", self.factor, lambda factor: factor > 0, "StepDecay", remedy)
        wish, remedy = "after as steps, whole numbers from 1", "write after=[1000, 2000]"
        if isinstance(self.after, str) or not hasattr(self.after, "__iter__") or not list(self.after):
            raise ChainruleError(wish, repr(self.after)[:80], "StepDecay", remedy)
        steps = tuple(checked_whole(wish, at, "StepDecay", remedy) for at in self.after)
        object.__setattr__(self, "after", steps)

    def __call__(self, t: Expr) -> Expr:
        passed = step(t - self.after[0])
        for at in self.after[1:]:
            passed = passed + step(t - at)
        return self.rate * constant(self.factor) ** passed


@dataclass(frozen=True)
class Cosine(Schedule):
    """From the rate down to the last one along half a wave of the cosine. Loshchilov and Hutter 2017.

    rate: at step 1, above 0. steps: how many steps it takes; None takes all of the training, T; afterwards the
    last rate stays. last: 0 or above. Raises ChainruleError for settings out of range.

    >>> print(Cosine(0.1, steps=101))
    η = 0.1 (1 + cos(π min((t − 1)/100, 1)))/2
    """

    rate: float
    steps: int | None = None
    last: float = 0.0

    def __post_init__(self) -> None:
        _checked_rate(self.rate, "Cosine")
        if self.steps is not None:
            checked_whole("steps as a whole number from 1", self.steps, "Cosine", "write steps=1000")
        wish = "last, 0 or above"
        checked_number(wish, self.last, lambda last: last >= 0, "Cosine", "write last=0.0")

    def __call__(self, t: Expr) -> Expr:
        way = maximum(STEPS - 1, constant(1)) if self.steps is None else constant(max(self.steps - 1, 1))
        height = constant(round(self.rate - self.last, 15))
        falling = height * (1 + cos(PI * minimum((t - 1) / way, constant(1)))) / 2
        return falling + self.last if self.last else falling


@dataclass(frozen=True)
class InverseTime(Schedule):
    """1/t decay: η / (1 + k (t − 1)). Its sum grows without bound and that of its squares does not, as
    stochastic gradient descent needs to settle; Robbins and Monro 1951.

    rate: at step 1, above 0. decay: k, 0 or above. Raises ChainruleError for settings out of range.

    >>> print(InverseTime(0.1, decay=0.01))
    η = 0.1/(1 + 0.01 (t − 1))
    """

    rate: float
    decay: float = 0.001

    def __post_init__(self) -> None:
        _checked_rate(self.rate, "InverseTime")
        wish, remedy = "decay, 0 or above", "write decay=0.001"
        checked_number(wish, self.decay, lambda decay: decay >= 0, "InverseTime", remedy)

    def __call__(self, t: Expr) -> Expr:
        return self.rate / (1 + self.decay * (t - 1))


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A rate that grows evenly over the first steps, and another schedule from then on. Goyal et al. 2017.

    steps: how many. then: the schedule that follows, which meets its own step 1 at the end of the warm-up, or a
    rate. Raises ChainruleError for settings out of range.

    >>> print(WarmUp(500, then=0.1))
    η = 0.1 min(t/500, 1)
    """

    steps: int
    then: float | Callable[[Expr], Expr]

    def __post_init__(self) -> None:
        checked_whole("steps as a whole number from 1", self.steps, "WarmUp", "write WarmUp(500, then=0.1)")
        if not callable(self.then):
            object.__setattr__(self, "then", Constant(self.then))

    def __call__(self, t: Expr) -> Expr:
        then: Any = self.then
        start = minimum(t / self.steps, constant(1))
        return start * scheduled(then, maximum(t - (self.steps - 1), constant(1)))


def _checked_rate(rate: Any, where: str) -> None:
    remedy = f"write a number, as in {where}(0.1, ...)"
    checked_number("rate above 0", rate, lambda rate: rate > 0, where, remedy)
