"""What a step does to one parameter, as assignments that print; what every optimiser has in common.

Legend: θ the parameter; g the gradient of the objective; η the learning rate; t the step, counted from 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant, parameter
from chainrule.graph.shape import Shape
from chainrule.graph.symbols import text_symbol
from chainrule.ops.activation import relu
from chainrule.ops.exponential import absolute, maximum, minimum, sqrt
from chainrule.ops.loss import squared_norm
from chainrule.ops.reduction import max as max_of
from chainrule.training.settings import checked_number

STEP = parameter("t")
"""The number of the step since `fit` was called, from 1: for schedules and for corrections of early steps."""
STEPS = parameter("T")
"""How many steps the training is meant to take."""
PI = parameter(r"\pi")
ETA = parameter(r"\eta")
L1 = parameter(r"\lambda_1")
"""The weight λ₁ of the sum of all |W|."""
CLIP = parameter("c")
NORM = parameter("G")
"""The Euclidean norm of the gradient by all parameters together."""
_LEAST = 1e-30  # of what the entries of a gradient are divided by, which may all be 0
Rate = float | Callable[[Expr], Expr]
"""A learning rate: a number, or a schedule: a function from the step t to an expression."""


@dataclass(frozen=True)
class Update:
    """What one step makes of a parameter, as assignments that are made one after the other.

    theta, g: the leaves for the parameter and its gradient. new: the parameter after the step. stride: how far
    θ moves in the long run for a gradient of 1 that stays. memory: what the optimiser keeps for this parameter,
    each leaf with its new value; all start at 0. before, after: named parts of the others, to be written on
    lines of their own, before the memory or after it.
    """

    theta: Expr
    g: Expr
    new: Expr
    stride: Expr
    memory: tuple[tuple[Expr, Expr], ...] = ()
    before: tuple[Expr, ...] = ()
    after: tuple[Expr, ...] = ()

    @property
    def lines(self) -> list[tuple[str, Expr]]:
        """The assignments: the name of what is assigned, and what it becomes."""
        named = [(str(leaf.name), new) for leaf, new in self.memory]
        before = [(str(part.name), part.unnamed) for part in self.before]
        after = [(str(part.name), part.unnamed) for part in self.after]
        return [*before, *named, *after, (str(self.theta.name), self.new)]

    def __str__(self) -> str:
        return "\n".join(f"{text_symbol(name)} ← {new.text(where=False)}" for name, new in self.lines)

    def latex(self) -> str:
        """The assignments as LaTeX, one line for each."""
        rows = (
            rf"{parameter(name).latex()} &\leftarrow {new.latex(where=False)}" for name, new in self.lines
        )
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def shrunk(update: Update) -> Update:
    r"""The update followed by a proximal step for λ₁ Σ |θ|: the soft threshold. It makes exact zeros.

    θ ← soft(u, τ), which takes τ = s λ₁ off the size of u, where the update alone would make u of θ and s is its
    stride, so that the parameters come to rest where the gradient and λ₁ times the sign of θ cancel. Notes (62)
    with |θ| for θ²/2; Yun, Lozano and Yang 2021 for optimisers with memory.
    """
    u, tau = update.new.named("u"), (update.stride * L1).named(r"\tau")
    new = relu(u - tau) - relu(-u - tau)
    return replace(update, new=new, after=(*update.after, u, tau))


def norm_of(gradients: Sequence[Expr]) -> Expr:
    """G, from the gradients of all parameters: of their entries over the largest, m, whose squares cannot overflow.

    >>> print(norm_of([parameter("g_1", 2), parameter("g_2")]))
    m √(‖g₁/m‖² + ‖g₂/m‖²)
      where m = max(max(max(|g₁|), max(|g₂|)), 1e-30)
    """
    largest = reduce(maximum, [max_of(absolute(g)) for g in gradients])
    m = maximum(largest, constant(_LEAST)).named("m")
    return m * sqrt(reduce(add, [squared_norm(g / m) for g in gradients]))


@dataclass(frozen=True)
class Optimizer(ABC):
    """An optimiser: its settings, and the update that they stand for. What it remembers starts at 0 in each `fit`.

    clip_norm: the longest that the gradient of all parameters together may be; a longer one is scaled down to
    it. Pascanu, Mikolov and Bengio 2013. clip_value: the largest that each entry of the gradient may be in
    size; larger ones are cut off. One of the two at most, in the unit of the gradient; None for neither.
    """

    clip_norm: float | None = field(default=None, kw_only=True)
    clip_value: float | None = field(default=None, kw_only=True)

    @abstractmethod
    def rule(self, theta: Expr, g: Expr, weight: bool) -> Update:
        """The update of a parameter θ with the gradient g. weight: whether it multiplies an input."""

    @abstractmethod
    def numbers(self) -> dict[Expr, float]:
        """The numbers of the leaves that are settings of the rule."""

    def settings(self) -> dict[Expr, float]:
        """The numbers of the leaves that are settings."""
        clip = self.clip_norm if self.clip_norm is not None else self.clip_value
        return self.numbers() | ({} if clip is None else {CLIP: float(clip)})

    def update(self, shape: Shape = (), weight: bool = True) -> Update:
        """The update of a parameter of a shape. weight: whether it multiplies an input, as opposed to a bias."""
        theta, g = parameter(r"\theta", shape), parameter("g", shape)
        if self.clip_norm is not None:
            kept = (minimum(constant(1), CLIP / NORM) * g).named(r"\tilde{g}")
        elif self.clip_value is not None:
            kept = maximum(minimum(g, CLIP), -CLIP).named(r"\tilde{g}")
        else:
            return self.rule(theta, g, weight)
        return replace(self.rule(theta, kept, weight), g=g, before=(kept,))

    def check(self) -> None:
        """Raise ChainruleError for a clipping that is out of range."""
        name = type(self).__name__
        for setting, value in (("clip_norm", self.clip_norm), ("clip_value", self.clip_value)):
            if value is not None:
                remedy = f"write {setting}=1.0, or leave it out"
                checked_number(f"{setting} above 0", value, lambda c: c > 0, name, remedy)
        if self.clip_norm is not None and self.clip_value is not None:
            came = f"clip_norm {self.clip_norm:g} and clip_value {self.clip_value:g}"
            raise ChainruleError("one way of clipping", came, name, "leave one of them out")

    def __str__(self) -> str:
        return str(self.update())

    def latex(self) -> str:
        """The update as LaTeX."""
        return self.update().latex()

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def rate_of(rate: Rate) -> Expr:
    """The learning rate as an expression: η, or what the schedule makes of t."""
    return scheduled(rate) if callable(rate) else ETA


def rate_number(rate: Rate) -> dict[Expr, float]:
    """The number of η, where no schedule gives it."""
    return {} if callable(rate) else {ETA: float(rate)}


def checked_rate(rate: Any, where: str) -> None:
    """Raise ChainruleError for a learning rate that is neither a number above 0 nor a schedule."""
    if not callable(rate):
        remedy = f"write a number, as in {where}(0.01), or a schedule such as Cosine(0.01)"
        checked_number("learning_rate above 0", rate, lambda rate: rate > 0, where, remedy)


def scheduled(rate: Callable[[Expr], Expr], t: Expr = STEP) -> Expr:
    """The learning rate at step t as an expression. Raises ChainruleError where the schedule gives none."""
    value: Any = rate(t)
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
