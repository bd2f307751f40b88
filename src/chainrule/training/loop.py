"""The training loop: spans of compiled steps; between them progress, validation, callbacks and Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, TrainingError
from chainrule.readings.compiled import precision
from chainrule.training.checkpointing import Keeper, Keeping
from chainrule.training.divergence import first_fault
from chainrule.training.epochs import Problem
from chainrule.training.evaluation import means
from chainrule.training.history import History
from chainrule.training.identity import identity
from chainrule.training.interruption import Interruption
from chainrule.training.progress import Bar
from chainrule.training.record import Record, first_record
from chainrule.training.stepper import Plan, Stepper
from chainrule.training.stopping import Best, EarlyStopping
from chainrule.training.storage.checkpoints import Position
from chainrule.training.update import CLIP, ETA
from chainrule.training.windows import Feed

Array = NDArray[Any]
Callback = Callable[[History], Any]
_SPOILED = {
    "forward": "one that is not",
    "backward": "a gradient that is not finite",
    "after the step": "parameters that are not finite",
}
_LARGE = 100  # inputs beyond this are the first suspect where training diverges


@dataclass(frozen=True)
class Examples:
    """Examples, and what the metric is, given the mean of what the problem reports second."""

    feed: Feed
    score: Callable[[float], float] = float


def checked_callbacks(callbacks: Any) -> tuple[Callback, ...]:
    """The callbacks. Raises ChainruleError for anything but a list or tuple of functions."""
    if not isinstance(callbacks, (list, tuple)) or not all(map(callable, callbacks)):
        wish, remedy = "functions of the history in a list", "write callbacks=[f]"
        raise ChainruleError(wish, repr(callbacks)[:80], "fit, callbacks", remedy)
    return tuple(callbacks)


@dataclass(frozen=True)
class Watch:
    """Who is told: a progress bar, callbacks that get the history after each epoch, early stopping, checkpoints.

    facts: what the model is, in words, beside what `identity` says of the run.
    """

    metric_name: str
    progress: bool | None = None
    callbacks: Sequence[Callback] = ()
    early_stopping: EarlyStopping | None = None
    keeping: Keeping | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def train(
    problem: Problem,
    start: Sequence[Array],
    plan: Plan,
    examples: Examples,
    watch: Watch,
    validation: Examples | None = None,
) -> tuple[list[Array], History]:
    """Minimise the problem's mean objective from the parameters `start` on.

    Returns the new parameters and the history. problem.reported: the loss and what the metric is made of.
    Ctrl-C ends the run after the steps that are under way (half a second, or one step), with the
    parameters so far; so does a callback that returns True or raises KeyboardInterrupt.
    Raises TrainingError where the loss is no longer a finite number.
    """
    first = first_record(problem, start, plan.optimizer).within(History(watch.metric_name))
    with (
        precision(problem.dtype),
        Interruption() as interruption,
        Bar(watch.progress, plan.epochs, examples.feed.n, watch.metric_name) as bar,
        _keeper(problem, start, plan, examples, watch, validation) as keeper,
        closing(_Run(problem, keeper.start(first), plan, examples, watch, validation)) as run,
    ):
        bar.skip(run.stepper.epoch, run.stepper.step * run.stepper.size)
        while run.stepper.epoch < plan.epochs and not run.history.stopped:
            taken, loss, metric = run.advance(keeper.until_due(run.stepper.epoch))
            bar.advance(taken * run.stepper.size, run.stepper.epoch + 1, loss, metric)
            if interruption.requested and run.stepper.epoch < plan.epochs:
                run.history.stopped = (
                    run.history.stopped or f"interrupted in epoch {run.stepper.epoch + 1} of {plan.epochs}"
                )
            if keeper.due(run.stepper.epoch, run.stepper.step):
                keeper.save(run.record)
        run.history.stopped = run.history.stopped or f"all {plan.epochs} epochs done"
        keeper.save(run.record)
        return run.ended()


def _keeper(
    problem: Problem,
    start: Sequence[Array],
    plan: Plan,
    examples: Examples,
    watch: Watch,
    validation: Examples | None,
) -> Keeper:
    """What writes the checkpoints of this run, if any are asked for."""
    if watch.keeping is None:
        return Keeper(None, {})
    feeds = (examples.feed, None if validation is None else validation.feed)
    facts = {**watch.facts, "early_stopping": str(watch.early_stopping)}
    return Keeper(watch.keeping, facts | identity(problem, start, plan, *feeds))


class _Run:
    """A training run from a record of it on: the stepper, and what is made of its numbers."""

    def __init__(
        self,
        problem: Problem,
        record: Record,
        plan: Plan,
        examples: Examples,
        watch: Watch,
        validation: Examples | None,
    ) -> None:
        _require_room(record, plan)
        self.problem, self.plan, self.examples = problem, plan, examples
        self.watch, self.validation = watch, validation
        self.began = time.perf_counter()
        self.stepper = Stepper(problem, record, plan, examples.feed)
        self.best = None
        if watch.early_stopping is not None:
            self.best = Best(watch.early_stopping, record.best_epoch, list(record.best))
        self.alone = validation is None and not watch.callbacks and self.best is None
        self.history = History(watch.metric_name, source=lambda: self._named(self.stepper.parameters()))
        record.refill(self.history)

    def close(self) -> None:
        """Stop reading."""
        self.stepper.close()

    def record(self) -> Record:
        """The whole state as it is now."""
        record = self.stepper.record()
        if self.best is not None:
            record = replace(record, best_epoch=self.best.epoch, best=self.best.parameters)
        return record.within(self.history)

    def advance(self, most: int) -> tuple[int, float, float]:
        """Take some steps; returns how many, and the mean loss and the metric of the epoch they ended in.

        most: how many epochs at the most, where nobody watches each of them.
        """
        stepper, epochs = self.stepper, self.stepper.epoch
        before = epochs * stepper.steps + stepper.step
        rows = stepper.advance(min(self.plan.epochs - epochs, most) if self.alone else 1)
        means_of = rows[:, :-1] / np.where(rows[:, -1:] > 0, rows[:, -1:], 1)
        self._require_finite(means_of)
        if stepper.epoch > epochs:
            self._record(means_of[: stepper.epoch - epochs])
        if stepper.settled and not self.history.stopped:
            step = stepper.epoch * stepper.steps + stepper.step
            self.history.stopped = (
                f"settled at step {step}, in epoch {-(-step // stepper.steps)}: "
                f"|θ_{{n+1}} − θ_n| = {stepper.moved:.3g} ≤ δ = {self.plan.delta:g}"
            )
        taken = stepper.epoch * stepper.steps + stepper.step - before
        return taken, float(means_of[-1, 0]), self.examples.score(float(means_of[-1, 1]))

    def ended(self) -> tuple[list[Array], History]:
        """The parameters at the end, and the history."""
        history = self.history
        parameters = self.stepper.parameters()
        if self.best is not None and self.best.parameters:
            parameters = self.best.parameters
        history.source = self._named(parameters)
        return parameters, history

    def _record(self, means_of: Array) -> None:
        """Enter complete epochs in the history, validate, and ask all who watch."""
        history, seconds = self.history, time.perf_counter() - self.began
        losses, metrics, *_ = means_of.T.tolist()
        history.loss += losses
        history.metric += map(self.examples.score, metrics)
        history.seconds += [seconds / len(losses)] * len(losses)
        if not self.alone:
            self._validate()
            self._ask()
            history.seconds[-1] = time.perf_counter() - self.began
        self.began = time.perf_counter()

    def _validate(self) -> None:
        if self.validation is not None:
            problem, feed = self.problem, self.validation.feed
            parameters = dict(zip(problem.parameters, self.stepper.parameters(), strict=True))
            loss, metric = means(problem.evaluated or problem.reported, parameters, feed, problem.dtype)
            self.history.validation_loss.append(loss)
            self.history.validation_metric.append(self.validation.score(metric))

    def _ask(self) -> None:
        """Whether early stopping or a callback ends the training."""
        history = self.history
        if self.best is not None:
            history.stopped = self.best.judge(history, self.stepper.parameters)
        try:
            answers = [callback(history) for callback in self.watch.callbacks]
            if any(answer is True for answer in answers):
                history.stopped = f"a callback said so after epoch {history.epochs}"
        except KeyboardInterrupt:
            history.stopped = f"interrupted after epoch {history.epochs}"

    def _named(self, parameters: Sequence[Array]) -> dict[str, Array]:
        leaves = self.problem.parameters
        return {str(leaf.name): value for leaf, value in zip(leaves, parameters, strict=True)}

    def _require_finite(self, means_of: Array) -> None:
        bad = np.flatnonzero(~np.isfinite(means_of[:, 0]))
        if bad.size or not self.stepper.finite:
            self.examples.feed.require_finite()
            raise self._diverged()

    def _diverged(self) -> TrainingError:
        fault = first_fault(self.problem, self.stepper.last)
        came = _SPOILED[fault.phase]
        epoch = (fault.step - 1) // self.stepper.steps + 1
        return TrainingError(
            "a finite loss",
            f"{came} in epoch {epoch} of {self.plan.epochs}, {fault}",
            "training",
            _advice(self.plan, self.examples.feed),
        )


def _advice(plan: Plan, feed: Feed) -> str:
    """What to try where training diverges, the likeliest first."""
    scale = float(np.abs(feed.arrays[0]).max())
    rate = plan.optimizer.settings().get(ETA)
    ways = [f"a smaller learning_rate{f' (it is {rate:g})' if rate else ''}"]
    ways.insert(0 if scale > _LARGE else 1, f"inputs on a scale near 1 (the largest is {scale:g})")
    if CLIP not in plan.optimizer.settings():
        ways.append(f"{type(plan.optimizer).__name__}(..., clip_norm=1.0)")
    return f"try {ways[0]}, then {', '.join(ways[1:])}"


def _require_room(record: Record, plan: Plan) -> None:
    """Raises ChainruleError where more is done than is asked for."""
    if (record.epoch, record.step) > (plan.epochs, 0):
        came = f"epochs={plan.epochs} where the checkpoints go to {Position(record.epoch, record.step)}"
        needed, remedy = f"epochs of at least {record.epoch + (record.step > 0)}", "ask for more epochs"
        raise ChainruleError(needed, came, "fit, resume", remedy)
