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
from chainrule.training.evaluation import values
from chainrule.training.objective import LAMBDA
from chainrule.training.stepper import Plan
from chainrule.training.update import Optimizer
from chainrule.training.windows import Feed

Array = NDArray[Any]
LONGEST = 300  # steps of one experiment
_HELD = 1024  # examples held out, at most
_FEW, _PARTS = 1000, 4
_LEVEL = float(norm.isf(0.001))
LEAST = 0.1
"""What an experiment has to learn before it says anything."""


@dataclass(frozen=True)
class Outcome:
    """What a run or an experiment came to.

    losses: of each example held out, inf where training diverged. learned: see above. steps: how many were taken.
    predicted: the predicted labels of the examples held out, None where training diverged. exact: whether the
    losses are those of all examples that the run was trained on, so that their mean is no estimate.
    """

    losses: Array
    learned: float
    steps: int
    predicted: Array | None = None
    exact: bool = False

    @property
    def loss(self) -> float:
        """The mean loss."""
        return float(np.mean(self.losses))

    def beats(self, other: Outcome) -> bool:
        """Whether this learned half as much again as the other, and chance does not explain it.

        Tests at the level 0.001 over the examples held out: of the mean of the differences, of their sign, and, where
        the other's mean is exact, of the mean loss against that number.
        """
        if not (math.isfinite(self.loss) and self.learned >= LEAST):
            return False
        if not math.isfinite(other.loss):
            return True
        difference = other.losses - self.losses
        root = math.sqrt(len(difference))
        scores = [
            difference.mean() / max(float(difference.std()), 1e-30),
            (np.mean(difference > 0) - 0.5) * 2,
        ]
        if other.exact:
            scores.append((other.loss - self.loss) / max(float(self.losses.std()), 1e-30))
        return bool(max(scores) * root > _LEVEL and max(other.learned, 0) < self.learned * 2 / 3)


class Trials:
    """Experiments with one network and its data. plan: how it was or will be trained.

    Each trains on three quarters of the examples from a fresh start, whatever the layers say: biases 0, weights by
    He or Glorot; of less than 1000 examples four times, so that each is held out once. The order and the start have the
    network's seed, so the same call gives the same outcome.
    """

    def __init__(self, net: Network, X: Any, y: Any, plan: Plan, last: int = 0) -> None:
        """last: how many examples at the end are those to judge on; with 0 a quarter of all, by chance."""
        self.net, self.plan = net, plan
        self.X, self.y = np.asarray(X), np.asarray(y)
        n, held = len(self.X), last or min(len(self.X) // 4, _HELD)
        order = np.random.default_rng(0x7E57).permutation(n - last)
        order = np.concatenate([np.arange(n - last, n), order]) if last else order
        self._seen = not last
        self.total = (net.epochs or plan.epochs) * -(-n // plan.size)
        self.long, self.short = min(self.total, LONGEST), max(1, min(self.total // 10, LONGEST))
        self._used = min(n - held, max(plan.size * max(self.short, 10), 64))
        self.steps_of_epoch = -(-self._used // plan.size)
        self._parts = [order[k * held : (k + 1) * held] for k in range(1 if last or n >= _FEW else _PARTS)]
        self._order, self._held = order, np.concatenate(self._parts)
        self.constant = _constant_loss(net, self.y[self._held])

    @classmethod
    def judged_on(cls, net: Network, X: Array, y: Array, other: tuple[Array, Array], plan: Plan) -> Trials:
        """Experiments that train on all of (X, y) and are judged on other examples, at most 1024."""
        Xv, yv = (part[:_HELD] for part in other)
        return cls(net, np.concatenate([X, Xv]), np.concatenate([y, yv]), plan, len(Xv))

    @property
    def held_labels(self) -> Array:
        """The labels of the examples held out."""
        return self.y[self._held]

    def as_it_is(self) -> Outcome:
        """The network as it stands, on the examples that are held out from experiments."""
        losses, predicted = self._scores(self.net, self.X, self._held)
        return self._outcome(losses, predicted, self.total, exact=self._seen)

    def run(
        self,
        steps: int,
        optimizer: Optimizer | None = None,
        layers: Sequence[Layer] | None = None,
        X: Array | None = None,
        start: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Train for about so many steps. layers, X: others than the network's. start: parameters, not fresh ones."""
        layers = fresh(self.net.layers) if layers is None and start is None else layers or self.net.layers
        X = self.X if X is None else X
        epochs = max(1, round(steps / self.steps_of_epoch))
        scores = [
            self._trained(part, epochs, optimizer or self.plan.optimizer, layers, X, start)
            for part in self._parts
        ]
        losses = np.concatenate([part for part, _ in scores])
        predicted = None if not np.isfinite(losses).all() else np.concatenate([part for _, part in scores])
        return self._outcome(losses, predicted, epochs * self.steps_of_epoch)

    def _trained(
        self, held: Array, epochs: int, optimizer: Optimizer, layers: Sequence[Layer], X: Array, start: Any
    ) -> tuple[Array, Array]:
        """Losses and predictions of one part, of a network trained on others."""
        net = Network(self.net.input_shape, layers, self.net.head.name, self.net.seed, self.net.dtype)
        if start is not None:
            net.set_parameters(start)
        rows = self._order[~np.isin(self._order, held)][: self._used]
        l2 = self.plan.constants.get(LAMBDA, 0.0)
        try:
            history = net.fit(X[rows], self.y[rows], epochs, self.plan.size, optimizer, l2, progress=False)
        except TrainingError:
            return np.full(len(held), np.inf), self.y[held]
        if history.interrupted:
            raise KeyboardInterrupt  # an experiment that was cut short says nothing
        return self._scores(net, X, held)

    def _scores(self, net: Network, X: Array, rows: Array) -> tuple[Array, Array]:
        losses = np.asarray(net.losses(X[rows], self.y[rows]), np.float64)
        return np.where(np.isfinite(losses), losses, np.inf), net.predict(X[rows])

    def _outcome(self, losses: Array, predicted: Array | None, steps: int, exact: bool = False) -> Outcome:
        learned = 1 - float(losses.mean()) / self.constant if self.constant > 0 else 0.0
        return Outcome(losses, learned, steps, predicted, exact)


def fresh(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, each starting as the activation behind it wants it."""
    changed: list[Any] = list(layers)
    return [replace(layer, weights=None) if hasattr(layer, "weights") else layer for layer in changed]


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
