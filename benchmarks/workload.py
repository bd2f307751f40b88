"""What is measured: a workload, and the sides that do it.

A side is a function of `quick` (small sizes, for a test) that prepares everything and returns a Job. A job's run does
the work once and returns a number that all sides must agree on, such as the mean loss of the first epoch, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

OURS = "chainrule"


@dataclass(frozen=True)
class Job:
    """What one timed run does. units: how many times it does the workload's unit, an epoch or a step."""

    run: Callable[[], float | None]
    units: float = 1.0


Side = Callable[[bool], Job]


@dataclass(frozen=True)
class Workload:
    """One line of work.

    key: its letter, and what follows. title: what it is, sizes and batch included. unit: what the seconds are of.
    sides: by name, ours first. wanted: how many times our seconds a peer must take, at least.
    arithmetic: floating-point operations of a unit, for the share of the machine's peak; 0 where that says nothing.
    agree: how far the numbers that the runs return may be apart, relative; None where they are not comparable.
    """

    key: str
    title: str
    unit: str
    sides: Mapping[str, Side]
    wanted: Mapping[str, float] = field(default_factory=dict)
    arithmetic: float = 0.0
    agree: float | None = 0.1
