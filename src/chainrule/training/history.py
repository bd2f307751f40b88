"""What a training run leaves behind: a line for each epoch, and why it stopped."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """The course of a training run, a number for each complete epoch.

    loss, metric: means over the examples as training met them, each before the step it was used for;
    the regulariser is not in the loss. validation_loss, validation_metric: after the epoch, empty
    without validation data. seconds: how long each epoch took, validation included; the first has the
    compilation in it. metric_name: "accuracy" (a share) or "r2". stopped: why it ended.
    """

    metric_name: str
    loss: list[float] = field(default_factory=list)
    metric: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_metric: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.loss)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the run."""
        return self.stopped.startswith("interrupted")

    def __str__(self) -> str:
        parts = [f"{self.epochs} epochs in {sum(self.seconds):.3g} s"]
        if self.loss:
            parts.append(f"loss {self.loss[-1]:.4g}, {self.metric_name} {self.metric[-1]:.4g}")
        if self.validation_loss:
            last = (self.validation_loss[-1], self.metric_name, self.validation_metric[-1])
            parts.append("validation loss {:.4g}, {} {:.4g}".format(*last))
        return "; ".join([*parts, self.stopped])
