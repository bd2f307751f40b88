"""The progress bar: epoch, loss, metric, examples a second, time left. It is drawn on standard error."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bar:
    """A bar over all epochs of a run.

    show: True, False, or None for a bar where standard error is a terminal. It is redrawn at each
    `advance`, by no thread of its own, which would take time from a small network's steps.
    """

    def __init__(self, show: bool | None, epochs: int, examples: int, metric_name: str) -> None:
        self.epochs, self.metric_name, self.shown = epochs, metric_name, False
        if show is False:
            return
        self.console = Console(stderr=True)
        self.shown = self.console.is_terminal if show is None else bool(show)
        if not self.shown:
            return
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("{task.fields[numbers]}"),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
        )
        self.task: TaskID = self.progress.add_task(
            "", total=epochs * examples, epoch=1, epochs=epochs, numbers="compiling"
        )

    def __enter__(self) -> Bar:
        if self.shown:
            self.progress.start()
            self.progress.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.shown:
            self.progress.refresh()
            self.progress.stop()

    def skip(self, epochs: int, examples: int) -> None:
        """So much is done before: complete epochs, and examples of the next."""
        if self.shown:
            each = (self.progress.tasks[self.task].total or 0) / self.epochs
            self.progress.update(self.task, completed=epochs * each + examples)

    def advance(self, examples: int, epoch: int, loss: float, metric: float) -> None:
        """Some more examples are done, in the epoch of that number (from 1), with these means so far."""
        if not self.shown:
            return
        self.progress.update(self.task, advance=examples)
        task = self.progress.tasks[self.task]
        speed = task.speed or (examples / task.elapsed if task.finished and task.elapsed else None)
        rate = f" · {_short(speed)} examples/s" if speed else ""
        numbers = f"loss {loss:.4f} · {self.metric_name} {metric:.4f}{rate}"
        self.progress.update(self.task, epoch=min(epoch, self.epochs), numbers=numbers)
        self.progress.refresh()


def _short(number: float) -> str:
    """A number with two or three digits and its unit: 950, 12k, 3.4M."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"
