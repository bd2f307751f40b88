"""Counter-experiments: the same network trained for a while with one thing changed, judged on examples held out.

Legend: ℓ₀ the loss of the best constant prediction; learned: 1 − ℓ/ℓ₀, 0 for what knows no more than the labels'
shares or their mean, 1 for a loss of 0; T the steps of the run that is judged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from chainrule.graph.errors import TrainingError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import parameter
from chainrule.networks.layers import Layer
from chainrule.networks.network import Network
from chainrule.training.evaluation import Feed, values
from chainrule.training.objective import LAMBDA
from chainrule.training.optimizers import Optimizer
from chainrule.training.stepper import Plan

Array = NDArray[Any]
LONGEST = 300  # steps of one experiment
_HELD = 1024  # examples held out, at most
_LEVEL = float(norm.isf(0.001))
LEAST = 0.1
"""What an experiment has to learn before it says anything."""


@dataclass(frozen=True)
class Outcome:
    """What a run or an experiment came to.

    losses: of each example held out, inf where training diverged. learned: see above. steps: how many were taken.
    predicted: the predicted labels of the examples held out, None where training diverged.
    """

    losses: Array
    learned: float
    steps: int
    predicted: Array | None = None

    @property
    def loss(self) -> float:
        """The mean loss."""
        return float(np.mean(self.losses))

    def beats(self, other: Outcome) -> bool:
        """Whether this learned half as much again as the other, and more than chance explains.

        A paired test over the examples held out, of the mean difference or of its sign, each at the level 0.001.
        """
        if not (math.isfinite(self.loss) and self.learned >= LEAST):
            return False
        if not math.isfinite(other.loss):
            return True
        difference = other.losses - self.losses
        n = len(difference)
        mean = difference.mean() / max(float(difference.std()), 1e-30) * math.sqrt(n)
        sign = (np.mean(difference > 0) - 0.5) * 2 * math.sqrt(n)
        return max(mean, sign) > _LEVEL and max(other.learned, 0) < self.learned * 2 / 3


class Trials:
    """Experiments with one network and its data. plan: how it was or will be trained.

    Each trains on three quarters of the examples from a fresh start, whatever the layers say: biases 0, weights by
    He or Glorot. The order and the start have the network's seed, so the same call gives the same outcome.
    """

    def __init__(self, net: Network, X: Any, y: Any, plan: Plan) -> None:
        self.net, self.plan = net, plan
        X, y = np.asarray(X), np.asarray(y)
        n = len(X)
        order = np.random.default_rng(0x7E57).permutation(n)
        held = min(n // 4, _HELD) if n >= 8 else 0
        self._held = order[:held] if held else order
        rest = order[held:]
        self.total = max(net.epochs, 1 if net.epochs else plan.epochs) * -(-n // plan.size)
        self.long = min(self.total, LONGEST)
        self.short = max(1, min(self.total // 10, LONGEST))
        used = min(len(rest), max(plan.size * max(self.short, 10), 64))
        self.X, self.y, self.rest = X, y, rest[:used]
        self.steps_of_epoch = -(-used // plan.size)
        self.constant = _constant_loss(net, y[self._held])

    def as_it_is(self) -> Outcome:
        """The network as it stands, on the examples held out here, which it may have been trained on."""
        return self._outcome(self.net, self.X, self.total)

    def run(
        self,
        steps: int,
        optimizer: Optimizer | None = None,
        layers: Sequence[Layer] | None = None,
        X: Array | None = None,
        start: Mapping[str, Any] | None = None,
        y: Array | None = None,
    ) -> Outcome:
        """Train for about so many steps. start: parameters instead of fresh ones. X, y: other inputs or labels."""
        layers = fresh(self.net.layers) if layers is None and start is None else layers or self.net.layers
        net = Network(self.net.input_shape, layers, self.net.head.name, self.net.seed, self.net.dtype)
        if start is not None:
            net.set_parameters(start)
        X, y = self.X if X is None else X, self.y if y is None else y
        epochs = max(1, round(steps / self.steps_of_epoch))
        l2 = self.plan.constants.get(LAMBDA, 0.0)
        try:
            net.fit(
                X[self.rest], y[self.rest], epochs, self.plan.size, optimizer or self.plan.optimizer, l2, progress=False
            )
        except TrainingError:
            return Outcome(np.full(len(self._held), np.inf), -math.inf, epochs * self.steps_of_epoch)
        return self._outcome(net, X, epochs * self.steps_of_epoch)

    def _outcome(self, net: Network, X: Array, steps: int) -> Outcome:
        leaves = dict(zip(net.leaves, net.parameters.values(), strict=True))
        losses = values([net.expression], leaves, net.feed(X[self._held], self.y[self._held]), net.dtype)[0]
        losses = np.where(np.isfinite(losses), losses, np.inf).astype(np.float64)
        learned = 1 - float(losses.mean()) / self.constant if self.constant > 0 else 0.0
        return Outcome(losses, learned, steps, net.predict(X[self._held]))

    @property
    def held_labels(self) -> Array:
        """The labels of the examples held out."""
        return self.y[self._held]


def fresh(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, each starting as the activation behind it wants it."""
    return [replace(layer, weights=None) if hasattr(layer, "weights") else layer for layer in layers]  # type: ignore[type-var]


def scaled(optimizer: Optimizer, factor: float) -> Optimizer:
    """The optimiser with its learning rate, or schedule, times a factor."""
    rate: Any = getattr(optimizer, "learning_rate", None)
    if callable(rate):
        schedule: Callable[[Expr], Any] = rate
        return replace(optimizer, learning_rate=lambda t: factor * schedule(t))  # type: ignore[call-arg]
    return replace(optimizer, learning_rate=factor * rate)  # type: ignore[call-arg]


def rate_of(optimizer: Optimizer) -> str:
    """The learning rate as a person writes it."""
    rate: Any = getattr(optimizer, "learning_rate", None)
    return "a schedule" if callable(rate) else f"{rate:g}"


def _constant_loss(net: Network, y: Array) -> float:
    """ℓ₀: the mean loss of the best constant prediction, the mean label, from the loss's own expression."""
    zero = np.zeros((len(y), *net.input_shape), net.dtype)
    feed = net.feed(zero, y)
    rows, labels = feed.rows[1], feed.arrays[1]
    wide = np.asarray(rows(labels)) if rows else labels
    guess = parameter("c", net.output.shape)
    mean = wide.astype(np.float64).mean(axis=0)
    if net.head.probabilities:  # a class that is not among the examples has its share, but not 0
        mean = np.clip(mean, 1e-6, 1 - 1e-6)
    loss = net.head.loss(guess, net.label)
    only = Feed({net.label: labels}, {net.label: rows})
    return float(values([loss], {guess: mean}, only, net.dtype)[0].mean())
