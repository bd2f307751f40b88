"""What a training run leaves behind: a line for each epoch, and why it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Parameters = Mapping[str, Array]


@dataclass
class History:
    """The course of a training run, a number for each complete epoch.

    loss, metric: means over the examples as training met them, each before the step it was used for, with
    the examples' weights; the regulariser is not in the loss. validation_loss, validation_metric: after the
    epoch, empty without validation data. seconds: how long each epoch took, validation included; the first
    has the compilation in it. metric_name: "accuracy" (a share) or "r2". stopped: why it ended.
    best_epoch: the best one, from 1, where early stopping looked for it: printed, a history has its numbers.
    """

    metric_name: str
    loss: list[float] = field(default_factory=list)
    metric: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_metric: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""
    best_epoch: int | None = None
    source: Parameters | Callable[[], Parameters] = field(default_factory=dict, repr=False, compare=False)
    """Where `parameters` come from: during training a function that reads them."""

    @property
    def parameters(self) -> dict[str, Array]:
        """The network's parameters at this moment, by name: copies, made when they are asked for.

        In a callback these are the parameters after the epoch; once training is over, those it ended with.
        """
        values = self.source() if callable(self.source) else self.source
        return {name: np.array(value) for name, value in values.items()}

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.loss)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run."""
        return self.stopped.startswith("interrupted")

    def __str__(self) -> str:
        at = (self.best_epoch or self.epochs) - 1
        which = f"epoch {self.best_epoch}: " if self.best_epoch else ""
        parts = [f"{self.epochs} epochs in {sum(self.seconds):.3g} s"]
        if self.loss:
            parts.append(f"{which}loss {self.loss[at]:.4g}, {self.metric_name} {self.metric[at]:.4g}")
        if self.validation_loss:
            last = (self.validation_loss[at], self.metric_name, self.validation_metric[at])
            parts.append("validation loss {:.4g}, {} {:.4g}".format(*last))
        return "; ".join([*parts, self.stopped])
