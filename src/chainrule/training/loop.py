"""The training loop: spans of compiled steps; between them progress, validation, callbacks and Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import TrainingError
from chainrule.readings.compiled import precision
from chainrule.training.epochs import Problem
from chainrule.training.evaluation import means
from chainrule.training.history import History
from chainrule.training.interruption import Interruption
from chainrule.training.optimizers import ETA
from chainrule.training.progress import Bar
from chainrule.training.stepper import Plan, Stepper
from chainrule.training.windows import Feed

Array = NDArray[Any]
Callback = Callable[[History], Any]


@dataclass(frozen=True)
class Examples:
    """Examples, and what the metric is, given the mean of what the problem reports second."""

    feed: Feed
    score: Callable[[float], float] = float


@dataclass(frozen=True)
class Watch:
    """Who is told: a progress bar, and callbacks that get the history after each epoch."""

    metric_name: str
    progress: bool | None = None
    callbacks: Sequence[Callback] = ()


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
    Ctrl-C ends the run after the steps that are under way (a fifth of a second, or one step), with the
    parameters so far; so does a callback that returns True or raises KeyboardInterrupt.
    Raises TrainingError where the loss is no longer a finite number.
    """
    history, began = History(watch.metric_name), time.perf_counter()
    with (
        precision(problem.dtype),
        Interruption() as interruption,
        Bar(watch.progress, plan.epochs, examples.feed.n, watch.metric_name) as bar,
        closing(Stepper(problem, start, plan, examples.feed)) as stepper,
    ):
        pending = np.zeros(len(problem.reported))
        alone = validation is None and not watch.callbacks
        while stepper.epoch < plan.epochs and not history.stopped:
            before = stepper.epoch * stepper.steps + stepper.step
            rows = stepper.advance(plan.epochs - stepper.epoch if alone else 1)
            rows[0] += pending
            _require_finite(rows, history.epochs, plan, examples)
            if stepper.step:
                pending = rows[0]
                met = stepper.step * stepper.size
            else:
                pending, met = np.zeros_like(pending), stepper.n
                _record(history, rows / stepper.n, examples, time.perf_counter() - began)
                began = time.perf_counter()
                if not alone:
                    _tell(history, problem, stepper, watch, validation)
                    history.seconds[-1] += time.perf_counter() - began
                    began = time.perf_counter()
            taken = stepper.epoch * stepper.steps + stepper.step - before
            shown = rows[-1] / met
            bar.advance(taken * stepper.size, stepper.epoch + 1, shown[0], examples.score(shown[1]))
            if interruption.requested and stepper.epoch < plan.epochs:
                history.stopped = f"interrupted in epoch {stepper.epoch + 1} of {plan.epochs}"
        history.stopped = history.stopped or f"all {plan.epochs} epochs done"
        parameters = stepper.parameters()
    if not all(np.isfinite(value).all() for value in parameters):
        raise _diverged("parameters that are not finite", history.epochs, plan, examples)
    return parameters, history


def _record(history: History, means_of: Array, examples: Examples, seconds: float) -> None:
    """Enter complete epochs in the history."""
    for loss, metric, *_ in means_of.tolist():
        history.loss.append(loss)
        history.metric.append(examples.score(metric))
        history.seconds.append(seconds / len(means_of))


def _tell(
    history: History, problem: Problem, stepper: Stepper, watch: Watch, validation: Examples | None
) -> None:
    """Validate, and call back."""
    if validation is not None:
        parameters = dict(zip(problem.parameters, stepper.parameters(), strict=True))
        loss, metric = means(
            problem.evaluated or problem.reported, parameters, validation.feed, problem.dtype
        )
        history.validation_loss.append(loss)
        history.validation_metric.append(validation.score(metric))
    try:
        answers = [callback(history) for callback in watch.callbacks]
        if any(answer is True for answer in answers):
            history.stopped = f"a callback said so after epoch {history.epochs}"
    except KeyboardInterrupt:
        history.stopped = f"interrupted after epoch {history.epochs}"


def _require_finite(rows: Array, epochs: int, plan: Plan, examples: Examples) -> None:
    bad = np.flatnonzero(~np.isfinite(rows[:, 0]))
    if bad.size:
        raise _diverged(f"{rows[bad[0], 0]:g}", epochs + int(bad[0]) + 1, plan, examples)


def _diverged(came: str, epoch: int, plan: Plan, examples: Examples) -> TrainingError:
    rate = plan.optimizer.settings().get(ETA)
    largest = np.abs(examples.feed.arrays[0]).max()
    return TrainingError(
        "a finite loss",
        f"{came} in epoch {epoch} of {plan.epochs}",
        "training",
        f"try a smaller learning_rate{f' (it is {rate:g})' if rate else ''}, and inputs on a scale near 1 "
        f"(the largest is {largest:g})",
    )
