"""Optimisers: how a step changes a parameter, as expressions, which print and compile like any other.

Legend: θ the parameter; g the gradient of the objective; η the learning rate; t the step, counted from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import parameter
from chainrule.ops.exponential import sqrt
from chainrule.training.settings import checked_number
from chainrule.training.update import STEP, Optimizer, Rate, Update, checked_rate, rate_number, rate_of

MU, RHO = parameter(r"\mu"), parameter(r"\rho")
BETA1, BETA2, EPSILON = parameter(r"\beta_1"), parameter(r"\beta_2"), parameter(r"\epsilon")
OMEGA = parameter(r"\omega")


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: a step against the gradient. Notes (54), (81), (111).

    learning_rate: η, above 0; or a schedule, a function from the step t to an expression such as
        `lambda t: 0.1 / (1 + 0.01 * t)`. With batches as long as the data it is the notes' gradient descent.
    momentum: μ, from 0 to below 1: how much of the last step's v is kept. Polyak 1964.
    nesterov: look ahead along v before the step. Nesterov 1983, in the form of Sutskever et al. 2013.
    clip_norm, clip_value: see Optimizer.

    Raises ChainruleError for settings out of range.

    >>> print(SGD(0.1))
    θ ← θ − η g
    >>> print(SGD(0.1, momentum=0.9))
    v ← μ v + g
    θ ← θ − η v
    >>> print(SGD(0.1, momentum=0.9, nesterov=True))
    v ← μ v + g
    θ ← θ − η (g + μ v)
    >>> print(SGD(0.1, clip_norm=1.0))
    g̃ ← min(1, c/G) g
    θ ← θ − η g̃
    """

    learning_rate: Rate
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        checked_rate(self.learning_rate, "SGD")
        _share("momentum", self.momentum, "SGD", 0.9)
        if self.nesterov and not self.momentum:
            raise ChainruleError(
                "momentum above 0 with nesterov",
                f"momentum {self.momentum}",
                "SGD",
                "write momentum=0.9, or leave nesterov out",
            )
        self.check()

    def rule(self, theta: Expr, g: Expr, weight: bool) -> Update:
        rate = rate_of(self.learning_rate)
        if not self.momentum:
            return Update(theta, g, theta - rate * g, rate)
        v = parameter("v", theta.shape)
        new_v = (MU * v + g).named("v")
        direction = g + MU * new_v if self.nesterov else new_v
        return Update(theta, g, theta - rate * direction, rate / (1 - MU), ((v, new_v),))

    def numbers(self) -> dict[Expr, float]:
        return rate_number(self.learning_rate) | ({MU: float(self.momentum)} if self.momentum else {})


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Each entry's gradient over the root of a running mean of its squares. Tieleman and Hinton 2012.

    learning_rate: η, above 0, or a schedule. rho: ρ, from 0 to below 1: how much of the running mean v is kept.
    epsilon: ϵ, above 0, added to the root. momentum: μ, from 0 to below 1, of the steps b.
    clip_norm, clip_value: see Optimizer. Raises ChainruleError for settings out of range.

    >>> print(RMSprop())
    v ← ρ v + (1 − ρ) g²
    θ ← θ − η g/(√v + ϵ)
    """

    learning_rate: Rate = 0.001
    rho: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0

    def __post_init__(self) -> None:
        checked_rate(self.learning_rate, "RMSprop")
        _share("rho", self.rho, "RMSprop", 0.99)
        _share("momentum", self.momentum, "RMSprop", 0.9)
        _positive("epsilon", self.epsilon, "RMSprop")
        self.check()

    def rule(self, theta: Expr, g: Expr, weight: bool) -> Update:
        rate = rate_of(self.learning_rate)
        v = parameter("v", theta.shape)
        new_v = (RHO * v + (1 - RHO) * g**2).named("v")
        root = sqrt(new_v) + EPSILON
        if not self.momentum:
            return Update(theta, g, theta - rate * g / root, rate / root, ((v, new_v),))
        b = parameter("b", theta.shape)
        new_b = (MU * b + g / root).named("b")
        memory = ((v, new_v), (b, new_b))
        return Update(theta, g, theta - rate * new_b, rate / ((1 - MU) * root), memory)

    def numbers(self) -> dict[Expr, float]:
        own = {RHO: float(self.rho), EPSILON: float(self.epsilon)}
        return rate_number(self.learning_rate) | own | ({MU: float(self.momentum)} if self.momentum else {})


@dataclass(frozen=True)
class Adam(Optimizer):
    """Running means of the gradient and of its squares, corrected for their start at 0. Kingma and Ba 2015.

    learning_rate: η, above 0, or a schedule. beta1, beta2: β₁ and β₂, from 0 to below 1: how much of the running
    means m and v is kept. epsilon: ϵ, above 0, added to the root. clip_norm, clip_value: see Optimizer.
    Raises ChainruleError for settings out of range.

    >>> print(Adam())
    m ← β₁ m + (1 − β₁) g
    v ← β₂ v + (1 − β₂) g²
    m̂ ← m/(1 − β₁^t)
    v̂ ← v/(1 − β₂^t)
    θ ← θ − η m̂/(√v̂ + ϵ)
    """

    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        name = type(self).__name__
        checked_rate(self.learning_rate, name)
        _share("beta1", self.beta1, name, 0.9)
        _share("beta2", self.beta2, name, 0.999)
        _positive("epsilon", self.epsilon, name)
        self.check()

    def rule(self, theta: Expr, g: Expr, weight: bool) -> Update:
        rate = rate_of(self.learning_rate)
        m, v = parameter("m", theta.shape), parameter("v", theta.shape)
        new_m = (BETA1 * m + (1 - BETA1) * g).named("m")
        new_v = (BETA2 * v + (1 - BETA2) * g**2).named("v")
        m_hat = (new_m / (1 - BETA1**STEP)).named(r"\hat{m}")
        v_hat = (new_v / (1 - BETA2**STEP)).named(r"\hat{v}")
        root = sqrt(v_hat) + EPSILON
        return Update(
            theta,
            g,
            theta - rate * m_hat / root,
            rate / root,
            ((m, new_m), (v, new_v)),
            after=(m_hat, v_hat),
        )

    def numbers(self) -> dict[Expr, float]:
        own = {BETA1: float(self.beta1), BETA2: float(self.beta2), EPSILON: float(self.epsilon)}
        return rate_number(self.learning_rate) | own


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, with weights that decay by themselves, apart from the gradient. Loshchilov and Hutter 2019.

    weight_decay: ω, 0 or above: the share η ω of each weight is taken off in a step; biases do not decay.
    The others: as for Adam. Raises ChainruleError for settings out of range.

    >>> print(str(AdamW()).splitlines()[-1])
    θ ← θ − η (m̂/(√v̂ + ϵ) + ω θ)
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        wish = "weight_decay, 0 or above"
        checked_number(wish, self.weight_decay, lambda omega: omega >= 0, "AdamW", "write weight_decay=0.01")

    def rule(self, theta: Expr, g: Expr, weight: bool) -> Update:
        adam = super().rule(theta, g, weight)
        if not weight:
            return adam
        rate = rate_of(self.learning_rate)
        m_hat, v_hat = adam.after
        new = theta - rate * (m_hat / (sqrt(v_hat) + EPSILON) + OMEGA * theta)
        return replace(adam, new=new)

    def numbers(self) -> dict[Expr, float]:
        return super().numbers() | {OMEGA: float(self.weight_decay)}


def _share(setting: str, value: Any, where: str, usual: float) -> None:
    remedy = f"write {setting}={usual}"
    checked_number(f"{setting} from 0 to below 1", value, lambda share: 0 <= share < 1, where, remedy)


def _positive(setting: str, value: Any, where: str) -> None:
    checked_number(f"{setting} above 0", value, lambda number: number > 0, where, f"write {setting}=1e-8")
