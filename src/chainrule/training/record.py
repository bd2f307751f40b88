"""The whole state of a training run between two steps: what it takes to go on with the same bits.

What is not in it comes from the run's settings: the order of the examples and the masks of dropout are drawn by
seed, epoch and step, and a schedule is a function of the step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import DataError
from chainrule.training.epochs import Problem
from chainrule.training.history import History
from chainrule.training.update import Optimizer

Array = NDArray[Any]
_LISTS = ("loss", "metric", "validation_loss", "validation_metric", "seconds")


@dataclass(frozen=True)
class Record:
    """A run after `step` steps of the epoch that follows `epoch` complete ones.

    parameters: in forward order. memory: what the optimiser keeps for each. sums: what is reported, added up
    over the steps of the epoch under way, as in Met. best_epoch, best: where early stopping has its best, and
    the parameters there. history: the lists of a History, as arrays. ended: why the run is over, whatever the
    number of epochs; empty where it can go on.
    """

    epoch: int
    step: int
    parameters: Sequence[Array]
    memory: Sequence[Sequence[Array]]
    sums: Array
    best_epoch: int = 0
    best: Sequence[Array] = ()
    history: Mapping[str, Array] = field(default_factory=dict)
    ended: str = ""

    def within(self, history: History) -> Record:
        """The same with the course of the run so far. Only Ctrl-C and the number of epochs leave it open."""
        lists = {name: np.array(getattr(history, name), np.float64) for name in _LISTS}
        over = history.stopped and not history.interrupted and not history.stopped.startswith("all ")
        return replace(self, history=lists, ended=history.stopped if over else "")

    def refill(self, history: History) -> None:
        """Bring a new history to where this one was."""
        for name, numbers in self.history.items():
            getattr(history, name)[:] = numbers.tolist()
        history.best_epoch = self.best_epoch or None
        history.stopped = self.ended

    def tensors(self) -> dict[str, Array]:
        """All arrays under one name each."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, Array]]:
        yield "sums", self.sums
        for i, array in enumerate(self.parameters):
            yield f"parameters/{i}", array
        for i, array in enumerate(self.best):
            yield f"best/{i}", array
        for i, kept in enumerate(self.memory):
            for j, array in enumerate(kept):
                yield f"memory/{i}/{j}", array
        for name, numbers in self.history.items():
            yield f"history/{name}", numbers

    def position(self) -> dict[str, Any]:
        """The rest, as plain data."""
        return {"epoch": self.epoch, "step": self.step, "best_epoch": self.best_epoch, "ended": self.ended}

    def filled(self, tensors: Mapping[str, Array], position: Any, where: str) -> Record:
        """The record of the same run that gave these tensors and this position; where: its file.

        Raises DataError where they are not those of the same run.
        """
        kinds = {"epoch": int, "step": int, "best_epoch": int, "ended": str}
        given = {name: type(value) for name, value in position.items()} if isinstance(position, dict) else {}
        if given != kinds or min(position["epoch"], position["step"], position["best_epoch"]) < 0:
            raise DataError("the position of a run", repr(position)[:80], where, _OTHER)
        best = self.parameters if "best/0" in tensors else ()
        own = replace(self, best=best).within(History("")).tensors()
        for name in sorted(own.keys() | tensors.keys()):
            _require_like(name, own.get(name), tensors.get(name), where)
        if len(tensors["history/loss"]) != position["epoch"]:
            came = f"those of {len(tensors['history/loss'])}"
            raise DataError(f"the losses of {position['epoch']} epochs", came, where, _OTHER)
        return replace(
            self,
            **position,
            sums=tensors["sums"],
            parameters=[tensors[f"parameters/{i}"] for i in range(len(self.parameters))],
            best=[tensors[f"best/{i}"] for i in range(len(best))],
            memory=[
                [tensors[f"memory/{i}/{j}"] for j in range(len(kept))] for i, kept in enumerate(self.memory)
            ],
            history={name: tensors[f"history/{name}"] for name in _LISTS},
        )


_OTHER = "the file is of another run: give each run a folder of its own"


def _require_like(name: str, own: Array | None, other: Array | None, where: str) -> None:
    """Two arrays of the same name must be of one dtype and shape; those of histories may be longer."""
    shapes = [
        "none"
        if array is None
        else f"{array.dtype} {array.ndim if name.startswith('history/') else array.shape}"
        for array in (own, other)
    ]
    if shapes[0] != shapes[1]:
        raise DataError(f"{shapes[0]} as the array {name}", shapes[1], where, _OTHER)


def first_record(problem: Problem, start: Sequence[Array], optimizer: Optimizer) -> Record:
    """A run before its first step."""
    memory = [
        [np.zeros(leaf.shape, problem.dtype) for leaf, _ in update.memory]
        for update in problem.updates(optimizer)
    ]
    return Record(0, 0, list(start), memory, np.zeros((2, len(problem.reported) + 1), problem.dtype))
