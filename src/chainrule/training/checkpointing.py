"""Checkpoints of a training run: when they are written, and what happens where they cannot be."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.graph.warnings import CheckpointWarning
from chainrule.training.record import Record
from chainrule.training.settings import checked_whole
from chainrule.training.storage.checkpoints import Checkpoints, Position

_SHARE = 50
"""A checkpoint that took a second is followed by so many seconds of training at least: it costs 2 %."""
_WITHIN = 60.0
"""Seconds within an epoch after which there is a checkpoint before its end."""


@dataclass(frozen=True)
class Keeping:
    """Where a run's checkpoints go.

    folder: one for each run. every: epochs; None: at the end of an epoch, but never so often that it costs
    more than 2 % of the time. keep: how many of the newest stay. resume: go on from the newest.
    Raises ChainruleError for settings out of range.
    """

    folder: str | PathLike[str]
    every: int | None = None
    keep: int = 3
    resume: bool = False

    def __post_init__(self) -> None:
        counts = {"keep": self.keep} | ({} if self.every is None else {"checkpoint_every": self.every})
        for name, value in counts.items():
            remedy = f"write {name}=3, or leave it out"
            checked_whole(f"{name} as a whole number from 1", value, "fit", remedy)


def checked_keeping(folder: Any, every: Any, keep: Any, resume: Any) -> Keeping | None:
    """Where checkpoints go; None where none are asked for."""
    if folder is not None:
        return Keeping(folder, every, keep, bool(resume))
    if resume or every is not None:
        came = "resume=True" if resume else f"checkpoint_every={every!r}"
        raise ChainruleError(
            "a folder for checkpoints", f"{came} alone"[:80], "fit", 'write checkpoint="FOLDER"'
        )
    return None


class Keeper:
    """Writes the records of one run; without a place to keep them it does nothing. Used in a `with`.

    settings: what the run is, in words: a checkpoint with others is refused.
    """

    def __init__(self, keeping: Keeping | None, settings: Mapping[str, str]) -> None:
        self._keeping = keeping
        self._folder = None if keeping is None else Checkpoints(keeping.folder, settings, keeping.keep)
        self._saved: dict[str, Any] | None = None
        self._failed = False
        self._at, self._cost = time.monotonic(), 0.0

    def __enter__(self) -> Keeper:
        if self._folder is not None:
            self._folder.open()
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.close()

    def start(self, record: Record) -> Record:
        """Where training starts: at the newest checkpoint, or at this record, which then is the first.

        Raises ChainruleError where there are checkpoints and resume is False, or they are of another run;
        DataError where the folder cannot be read or written.
        """
        if self._keeping is None or self._folder is None:
            return record
        found = self._folder.found()
        if found and not self._keeping.resume:
            raise ChainruleError(
                "a folder without checkpoints",
                f"{len(found)} of an earlier run, the last after {found[-1]}",
                str(self._folder.path),
                "write resume=True to go on with that run, or choose another folder",
            )
        newest = self._folder.newest()
        if newest is None:
            self._write(record)
        else:
            position, tensors, where = newest
            record, self._saved = record.filled(tensors, position, where), position
        return record

    def until_due(self, epoch: int) -> int:
        """After how many epochs there must be a checkpoint, if training gets so far in one call."""
        every = self._keeping and self._keeping.every
        return every - epoch % every if every else sys.maxsize

    def due(self, epoch: int, step: int) -> bool:
        """Whether it is time for a checkpoint."""
        if self._keeping is None:
            return False
        waited, every = time.monotonic() - self._at, self._keeping.every
        if step:
            return waited > max(_WITHIN, _SHARE * self._cost)
        return epoch % every == 0 if every else waited > _SHARE * self._cost

    def save(self, read: Callable[[], Record]) -> None:
        """Keep a record, unless it is there. What cannot be written is said once, and training goes on."""
        if self._folder is None:
            return
        record = read()
        finite = all(np.isfinite(array).all() for array in record.parameters)
        if record.position() == self._saved or not finite:
            return
        try:
            self._write(record)
        except DataError as fault:
            if not self._failed:
                kept = "training goes on and keeps what it learns in memory, and the checkpoints before are whole"
                warnings.warn(f"{fault}; {kept}", CheckpointWarning, stacklevel=2)
            self._failed, self._at = True, time.monotonic()

    def _write(self, record: Record) -> None:
        if self._folder is not None:
            began = time.monotonic()
            position = record.position()
            self._folder.write(Position(record.epoch, record.step), position, record.tensors())
            self._saved, self._failed, self._at = position, False, time.monotonic()
            self._cost = self._at - began
