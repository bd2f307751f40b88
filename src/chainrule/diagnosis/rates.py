"""The learning-rate test: how far the same start gets in the same steps at rates a factor apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.diagnosis.trial import Trials, scaled
from chainrule.networks.network import Network
from chainrule.training.optimizers import SGD
from chainrule.training.stepper import Plan
from chainrule.training.update import Optimizer


@dataclass(frozen=True)
class RateTest:
    """Losses by learning rate. str() is the table.

    factors: of the optimiser's own rate. rates: the learning rates, None for a schedule. losses: the mean loss
    over examples held out, after `steps` steps from the same fresh start; inf where training diverged.
    constant: the loss of the best constant prediction.
    """

    factors: tuple[float, ...]
    rates: tuple[float | None, ...]
    losses: tuple[float, ...]
    steps: int
    constant: float

    @property
    def best(self) -> int:
        """Which has the smallest loss."""
        return int(np.argmin(self.losses))

    def __str__(self) -> str:
        lines = [f"learning rate   loss after {self.steps} steps (constant prediction: {self.constant:.4g})"]
        for k, (factor, rate, loss) in enumerate(zip(self.factors, self.rates, self.losses, strict=True)):
            name = f"{rate:.3g}" if rate is not None else f"{factor:g} × schedule"
            lines.append(f"{name:>13}   {loss:.4g}{'   best' if k == self.best else ''}")
        return "\n".join(lines)


def learning_rate_test(
    net: Network,
    X: Any,
    y: Any,
    optimizer: Optimizer | None = None,
    batch_size: int = 32,
    steps: int = 100,
    factors: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0),
) -> RateTest:
    """Train from one fresh start with the optimiser's learning rate times each factor, for a few steps each.

    The network stays as it is. optimizer: by default that of the last `fit`, else SGD(0.1, momentum=0.9).
    After L. Smith 2017, Cyclical learning rates; here each rate has a run of its own.

    >>> import chainrule as cr
    >>> net = cr.Network(1, [cr.Linear(1)], loss="squared_error")
    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> test = learning_rate_test(net, x, 3 * x, cr.SGD(0.01), batch_size=16, steps=30)
    >>> test.rates[test.best] in (0.1, 1.0)
    True
    """
    known = net.plan
    optimizer = optimizer or (known.optimizer if known else SGD(0.1, momentum=0.9))
    plan = Plan(1, batch_size, optimizer, known.constants if known else {}, net.seed)
    trials = Trials(net, X, y, plan)
    outcomes = [trials.run(steps, scaled(optimizer, factor)) for factor in factors]
    rate: Any = getattr(optimizer, "learning_rate", None)
    rates = tuple(None if callable(rate) else rate * factor for factor in factors)
    return RateTest(factors, rates, tuple(o.loss for o in outcomes), outcomes[0].steps, trials.constant)
