"""Optimisers: how a step changes a parameter, as expressions, which print and compile like any other.

Legend: θ the parameter; g the gradient of the objective; η the learning rate; t the step, counted from 1.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant, parameter
from chainrule.graph.shape import Shape
from chainrule.graph.symbols import text_symbol

STEP = parameter("t")
"""The number of the step, from 1, for schedules and for corrections of early steps."""
Rate = float | Callable[[Expr], Expr]
"""A learning rate: a number, or a schedule: a function from the step t to an expression."""


@dataclass(frozen=True)
class Update:
    """What one step makes of a parameter, as assignments that are made one after the other.

    theta, g: the leaves for the parameter and its gradient. new: the parameter after the step. memory:
    what the optimiser keeps for this parameter, each leaf with its new value; all start at 0.
    settings: the leaves whose numbers are settings of the optimiser.
    """

    theta: Expr
    g: Expr
    new: Expr
    memory: tuple[tuple[Expr, Expr], ...] = ()
    settings: tuple[Expr, ...] = ()

    def __str__(self) -> str:
        lines = [*self.memory, (self.theta, self.new)]
        return "\n".join(f"{text_symbol(str(leaf.name))} ← {new.text(where=False)}" for leaf, new in lines)

    def latex(self) -> str:
        """The assignments as LaTeX, one line for each."""
        lines = [*self.memory, (self.theta, self.new)]
        rows = (rf"{leaf.latex()} &\leftarrow {new.latex(where=False)}" for leaf, new in lines)
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


@dataclass(frozen=True)
class Optimizer(ABC):
    """An optimiser: its settings, and the update that they stand for."""

    @abstractmethod
    def rule(self, theta: Expr, g: Expr) -> Update:
        """The update of a parameter θ with the gradient g."""

    @abstractmethod
    def settings(self) -> dict[Expr, float]:
        """The numbers of the leaves that are settings."""

    def update(self, shape: Shape = ()) -> Update:
        """The update of a parameter of a shape."""
        return self.rule(parameter(r"\theta", shape), parameter("g", shape))

    def __str__(self) -> str:
        return str(self.update())

    def latex(self) -> str:
        """The update as LaTeX."""
        return self.update().latex()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: a step against the gradient. Notes (54), (81), (111).

    learning_rate: η, above 0; or a schedule, a function from the step t to an expression such as
        `lambda t: 0.1 / (1 + 0.01 * t)`. With batches as long as the data it is the notes' gradient descent.
    momentum: μ, from 0 to below 1: how much of the last step's v is kept. Polyak 1964.
    nesterov: look ahead along v before the step. Nesterov 1983, in the form of Sutskever et al. 2013.

    Raises ChainruleError for settings out of range.

    >>> print(SGD(0.1))
    θ ← θ − η g
    >>> print(SGD(0.1, momentum=0.9))
    v ← μ v + g
    θ ← θ − η v
    >>> print(SGD(0.1, momentum=0.9, nesterov=True))
    v ← μ v + g
    θ ← θ − η (g + μ v)
    """

    learning_rate: Rate
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        if not callable(self.learning_rate):
            _checked("learning_rate above 0", self.learning_rate, lambda rate: rate > 0)
        _checked("momentum from 0 to below 1", self.momentum, lambda momentum: 0 <= momentum < 1)
        if self.nesterov and not self.momentum:
            raise ChainruleError(
                "momentum above 0 with nesterov",
                f"momentum {self.momentum}",
                "SGD",
                "write momentum=0.9, or leave nesterov out",
            )

    def rule(self, theta: Expr, g: Expr) -> Update:
        rate = ETA if not callable(self.learning_rate) else scheduled(self.learning_rate)
        settings = (ETA,) if rate is ETA else ()
        if not self.momentum:
            return Update(theta, g, theta - rate * g, settings=settings)
        v = parameter("v", theta.shape)
        new_v = (MU * v + g).named("v")
        direction = g + MU * new_v if self.nesterov else new_v
        return Update(theta, g, theta - rate * direction, ((v, new_v),), (*settings, MU))

    def settings(self) -> dict[Expr, float]:
        rate = {} if callable(self.learning_rate) else {ETA: float(self.learning_rate)}
        return rate | ({MU: float(self.momentum)} if self.momentum else {})


ETA, MU = parameter(r"\eta"), parameter(r"\mu")


def scheduled(rate: Callable[[Expr], Expr]) -> Expr:
    """The learning rate at step t as an expression. Raises ChainruleError where the schedule gives none."""
    value: Any = rate(STEP)
    if isinstance(value, (int, float)):
        value = constant(value)
    if not isinstance(value, Expr) or value.shape:
        raise ChainruleError(
            "a scalar expression of t from the schedule",
            repr(value)[:80],
            "learning_rate",
            "write it as lambda t: 0.1 / (1 + 0.01 * t)",
        )
    return value


def _checked(wish: str, value: Any, holds: Callable[[Any], bool]) -> None:
    try:
        fits = not isinstance(value, bool) and math.isfinite(value) and holds(value)
    except TypeError:
        fits = False
    if not fits:
        raise ChainruleError(wish, repr(value)[:80], "SGD", "write numbers as in SGD(0.1, momentum=0.9)")
