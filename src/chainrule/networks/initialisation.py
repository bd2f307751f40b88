"""Where training starts: the first values of the parameters, drawn by a seed.

Legend: W a weight with n inputs and m outputs; gain the factor by which an activation needs larger weights.
The notes say nothing on this: for the models of their sections 2 and 3 every start leads to the same
minimum, so `Zeros` serves there; with hidden layers equal weights would stay equal, and a draw is needed.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape


@dataclass(frozen=True)
class Initialisation(ABC):
    """How the first values of a weight are drawn."""

    @abstractmethod
    def draw(self, random: np.random.Generator, shape: Shape, n: int, m: int) -> NDArray[np.float64]:
        """The first values. n: inputs that one output sums over; m: outputs that one input reaches."""


@dataclass(frozen=True)
class Glorot(Initialisation):
    """Uniform in ±√(6 / (n + m)): keeps the spread of z and of δ alike from layer to layer where f′(0) = 1.

    The choice before tanh, sigmoid, softmax and no activation. Glorot and Bengio 2010, (16).

    >>> Glorot().draw(np.random.default_rng(0), (2, 3), 3, 2).shape
    (2, 3)
    """

    def draw(self, random: np.random.Generator, shape: Shape, n: int, m: int) -> NDArray[np.float64]:
        bound = math.sqrt(6 / max(n + m, 1))
        return random.uniform(-bound, bound, shape)


@dataclass(frozen=True)
class He(Initialisation):
    """Normal with variance 2 / ((1 + slope²) n): makes up for the half that ReLU sets to 0.

    slope: of the activation for negative numbers; 0 for ReLU. The choice before ReLU and its kin.
    He et al. 2015, (10) and (15).

    >>> He().draw(np.random.default_rng(0), (2, 3), 3, 2).shape
    (2, 3)
    """

    slope: float = 0.0

    def draw(self, random: np.random.Generator, shape: Shape, n: int, m: int) -> NDArray[np.float64]:
        return random.normal(0.0, math.sqrt(2 / ((1 + self.slope**2) * max(n, 1))), shape)


@dataclass(frozen=True)
class Normal(Initialisation):
    """Normal with mean 0, whatever the sizes.

    scale: the standard deviation.

    >>> Normal(0.01).draw(np.random.default_rng(0), (2, 3), 3, 2).shape
    (2, 3)
    """

    scale: float = 1.0

    def draw(self, random: np.random.Generator, shape: Shape, n: int, m: int) -> NDArray[np.float64]:
        return random.normal(0.0, self.scale, shape)


@dataclass(frozen=True)
class Zeros(Initialisation):
    """All 0: the start for biases, and for models without hidden layers, where every start is as good.

    >>> Zeros().draw(np.random.default_rng(0), (2,), 3, 2).tolist()
    [0.0, 0.0]
    """

    def draw(self, random: np.random.Generator, shape: Shape, n: int, m: int) -> NDArray[np.float64]:
        return np.zeros(shape)


_RECTIFIERS = ("relu", "elu", "gelu", "softplus")
_OTHERS = ("sigmoid", "tanh", "softmax")


def chosen(following: Iterable[Expr]) -> Initialisation:
    """The initialisation for a weight, by the first activation among what the layers after it put out.

    He before ReLU, LeakyReLU, ELU, GELU and Softplus, Glorot before anything else.
    """
    for expr in following:
        if expr.op.name in _RECTIFIERS:
            return He()
        if expr.op.name == "leaky_relu":
            return He(float(expr.params["slope"]))
        if expr.op.name in _OTHERS:
            break
    return Glorot()


def generator(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: by seed and name alone, so that a further layer changes no other.

    Raises ChainruleError for a seed that is no whole number from 0.
    """
    sequence = np.random.SeedSequence(checked_seed(seed), spawn_key=tuple(name.encode()))
    return np.random.Generator(np.random.Philox(sequence))


def checked_seed(seed: Any) -> int:
    """The seed itself, where it is a whole number from 0."""
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or seed.__index__() < 0:
        raise ChainruleError("a whole number from 0 as seed", repr(seed)[:80], "seed")
    return int(seed.__index__())
