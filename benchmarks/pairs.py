"""Runs in turn, A B A B ..., and what comes of them: medians, and the spread of the ratios."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.workload import OURS, Workload

_SETTINGS = {"KERAS_BACKEND": "jax", "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
_LEFT_OUT = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # peers' products run as the library chooses


@dataclass(frozen=True)
class Row:
    """Ours beside one peer. ratio: of a pair of runs, the peer's seconds by ours; median, least and greatest.

    limit_share: of the peak, for ours. peak: in the same run, operations a second. memory_ratio: what ours takes for
    data and runs by what the peer takes; None where a run is a whole process.
    wanted: the ratio to reach. A workload without peers has none of the peer's numbers.
    """

    workload: str
    peer: str | None
    ours_s: float
    peer_s: float | None
    ratio: float | None
    ratio_min: float | None
    ratio_max: float | None
    limit_share: float | None
    peak: float
    key: str
    unit: str
    pairs: int
    first_s: float
    peer_first_s: float | None
    memory: int
    memory_ratio: float | None
    wanted: float | None

    def as_json(self) -> dict[str, Any]:
        """The row as the command prints it."""
        return asdict(self)


class Worker:
    """The process of one side."""

    def __init__(self, workload: Workload, side: str, quick: bool) -> None:
        self.side, self.faults = side, tempfile.TemporaryFile("w+")
        environment = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT} | _SETTINGS
        command = [
            *(sys.executable, "-m", "benchmarks.worker"),
            *(workload.key, side, "quick" if quick else "full"),
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=self.faults, text=True, env=environment
        )
        self.ready = self._answer()

    def run(self) -> dict[str, Any]:
        """One run: its seconds a unit, and the peak of memory so far."""
        print("run", file=self.process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()
        self.faults.close()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            self.process.wait()
            self.faults.seek(0)
            raise SystemExit(f"{self.side} ended before it answered:\n{self.faults.read()[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def workers(workload: Workload, sides: list[str], quick: bool) -> Iterator[list[Worker]]:
    """The processes of some sides, ended afterwards."""
    made: list[Worker] = []
    try:
        for side in sides:
            made.append(Worker(workload, side, quick))  # noqa: PERF401 - those made so far are closed if one fails
        yield made
    finally:
        for worker in made:
            worker.close()


def measured(
    workload: Workload, pairs: int, quick: bool, peak: float, chosen: tuple[str, ...] = ()
) -> list[Row]:
    """Our row beside each peer. peak: floating-point operations a second. chosen: peers, all where empty."""
    peak = 0 if quick else peak  # tiny sizes have another arithmetic
    peers = [side for side in workload.sides if side != OURS and (not chosen or side in chosen)]
    rows = []
    for peer in peers or [None]:
        with workers(workload, [OURS, *([peer] if peer else [])], quick) as both:
            _require_agreement(workload, both)
            runs = [[worker.run() for worker in both] for _ in range(pairs)]
            rows.append(_row(workload, peer, both, runs, peak))
    return rows


def _row(
    workload: Workload, peer: str | None, both: list[Worker], runs: list[list[dict[str, Any]]], peak: float
) -> Row:
    seconds = [[pair[side]["seconds"] for pair in runs] for side in range(len(both))]
    ratios = [theirs / mine for mine, theirs in zip(*seconds, strict=True)] if peer else []
    memory = [runs[-1][side]["memory"] for side in range(len(both))]
    mine = statistics.median(seconds[0])
    return Row(
        workload=workload.title,
        peer=peer,
        ours_s=mine,
        peer_s=statistics.median(seconds[1]) if peer else None,
        ratio=statistics.median(ratios) if peer else None,
        ratio_min=min(ratios) if peer else None,
        ratio_max=max(ratios) if peer else None,
        limit_share=workload.arithmetic / mine / peak if workload.arithmetic and peak else None,
        peak=peak,
        key=workload.key,
        unit=workload.unit,
        pairs=len(runs),
        first_s=both[0].ready["first_s"],
        peer_first_s=both[1].ready["first_s"] if peer else None,
        memory=memory[0],
        memory_ratio=memory[0] / memory[1] if peer and min(memory) > 0 else None,
        wanted=workload.wanted.get(peer) if peer else None,
    )


def _require_agreement(workload: Workload, both: list[Worker]) -> None:
    numbers = [worker.ready["number"] for worker in both if worker.ready["number"] is not None]
    if (
        workload.agree is not None
        and numbers
        and max(numbers) - min(numbers) > workload.agree * max(map(abs, numbers))
    ):
        found = ", ".join(f"{worker.side} {worker.ready['number']}" for worker in both)
        raise SystemExit(f"{workload.key}: the sides do not do the same work: {found}")
