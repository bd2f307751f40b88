"""Early stopping: training ends when a number has not improved for some epochs, and the best epoch is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.training.history import History
from chainrule.training.settings import checked_number, checked_whole

Array = NDArray[Any]
_MONITORS = ("validation_loss", "validation_metric", "loss", "metric")


@dataclass(frozen=True)
class EarlyStopping:
    """End the training after `patience` epochs without a better one, and go back to the best.

    patience: epochs. monitor: what is watched: "validation_loss" or "loss", where lower is better,
        "validation_metric" or "metric", where higher is. min_delta: by how much an epoch must be better to count,
        in the monitor's unit. restore_best: the network ends with the parameters after its best epoch, however
        the training ended; False leaves it with the last ones.

    "loss" and "metric" are means over an epoch, taken while the parameters change, so that the best epoch is
    judged by what came just before its end. Raises ChainruleError for settings out of range. Prechelt 1998.

    >>> EarlyStopping(patience=5).monitor
    'validation_loss'
    """

    patience: int = 10
    monitor: str = "validation_loss"
    min_delta: float = 0.0
    restore_best: bool = True

    def __post_init__(self) -> None:
        where, wish = "EarlyStopping", "patience as a whole number of epochs from 1"
        checked_whole(wish, self.patience, where, "write patience=10")
        if self.monitor not in _MONITORS:
            wish = f"monitor as one of {', '.join(map(repr, _MONITORS))}"
            raise ChainruleError(wish, repr(self.monitor)[:80], where, 'write monitor="validation_loss"')
        wish, remedy = "min_delta as a finite number, 0 or above", "write min_delta=1e-4"
        checked_number(wish, self.min_delta, lambda delta: delta >= 0, where, remedy)

    @property
    def sign(self) -> int:
        """1 where lower is better, −1 where higher is."""
        return 1 if self.monitor.endswith("loss") else -1


def checked_rule(rule: Any, validated: bool) -> EarlyStopping | None:
    """The rule, fit for a run with or without validation data. Raises ChainruleError where it is not."""
    if rule is None:
        return None
    if not isinstance(rule, EarlyStopping):
        remedy = "write early_stopping=EarlyStopping(patience=10)"
        raise ChainruleError("an EarlyStopping", repr(rule)[:80], "fit, early_stopping", remedy)
    if rule.monitor.startswith("validation") and not validated:
        raise ChainruleError(
            f"validation data for the monitor {rule.monitor!r}",
            "none",
            "fit, early_stopping",
            'give validation=(X, y), or write EarlyStopping(monitor="loss")',
        )
    return rule


@dataclass
class Best:
    """The best epoch so far: its number, and the parameters after it. Empty at first."""

    rule: EarlyStopping
    epoch: int = 0
    parameters: list[Array] = field(default_factory=list)

    def judge(self, history: History, read: Callable[[], Sequence[Array]]) -> str:
        """Take the epoch that has just ended into account; return why training ends, or nothing.

        read: gives the parameters as they are now.
        """
        values: list[float] = getattr(history, self.rule.monitor)
        now = self.rule.sign * values[-1]
        best = self.rule.sign * values[self.epoch - 1] if self.epoch else math.inf
        if now < best - (self.rule.min_delta if self.epoch else 0):
            self.epoch, self.parameters = history.epochs, list(read()) if self.rule.restore_best else []
            history.best_epoch = self.epoch
        waited = history.epochs - self.epoch
        if waited < self.rule.patience:
            return ""
        return (
            f"early, after epoch {history.epochs}: no better {self.rule.monitor.replace('_', ' ')} for "
            f"{waited} epochs; the best was epoch {self.epoch}"
        )
