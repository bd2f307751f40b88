"""Parts of a source: which rows are held out, by seed, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import DataError
from chainrule.training.data.source import Array

Mask = NDArray[np.bool_]


class Part(Protocol):
    """Some rows of a source."""

    def mask(self, rows: Array) -> Mask:
        """Which of the rows with these numbers belong to it."""

    @property
    def name(self) -> str:
        """Tells it from other parts of the same source."""


@dataclass(frozen=True)
class Whole:
    """Every row."""

    def mask(self, rows: Array) -> Mask:
        return np.ones(len(rows), bool)

    @property
    def name(self) -> str:
        return "all rows"


@dataclass(frozen=True)
class Listed:
    """Rows that are listed. chosen: a mask over the whole source."""

    chosen: Mask

    def mask(self, rows: Array) -> Mask:
        return np.asarray(self.chosen[rows])

    @property
    def name(self) -> str:
        return f"listed rows {sha256(np.packbits(self.chosen).tobytes()).hexdigest()}"


@dataclass(frozen=True)
class Drawn:
    """Rows of `base` drawn by a hash of seed and number, for sources too large to list: on average a
    fraction of them.

    held: whether it is the held-out rows, or the others. A part of a part is drawn anew, whatever its seed.
    """

    base: Part
    fraction: float
    seed: int
    held: bool

    def mask(self, rows: Array) -> Mask:
        below = uniform(rows, self.seed, self.depth) < self.fraction
        return self.base.mask(rows) & (below if self.held else ~below)

    @property
    def name(self) -> str:
        drawn = f"drawn rows, fraction {self.fraction!r}, seed {self.seed}, held out {self.held}"
        return f"{drawn}, of {self.base.name}"

    @property
    def depth(self) -> int:
        """How many draws came before this one."""
        return self.base.depth + 1 if isinstance(self.base, Drawn) else 0


def uniform(rows: Array, seed: int, depth: int = 0) -> NDArray[np.float64]:
    """A number in [0, 1) for each row number, by splitmix64 (Steele, Lea, Flood 2014): no state, any order.

    seed, depth: number the draws.

    >>> uniform(np.array([0, 1, 2]), seed=0).round(4).tolist()
    [0.8833, 0.4315, 0.0264]
    """
    with np.errstate(over="ignore"):
        start = _mixed(_mixed(np.asarray(seed, np.uint64)) + np.uint64(depth))
        z = start + (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        return (_mixed(z) >> np.uint64(11)).astype(np.float64) / 2.0**53


def _mixed(z: Array) -> Array:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def held_out(n: int, classes: Array | None, fraction: float, seed: int) -> Mask:
    """Which of n examples are held out, (n,): round(fraction·n) of them, at least one.

    classes: class indices (n,), or None. With them the parts are stratified: each class gives its share of
    the held-out examples, rounded down, and those with the largest remainders give one more, but none all it
    has.
    """
    total = min(max(1, round(fraction * n)), n - 1)
    if n < 2:
        raise DataError(
            "at least two examples to hold some out", f"{n}", "split", "give more, or train without split"
        )
    rng = np.random.default_rng(seed)
    chosen = np.zeros(n, bool)
    if classes is None:
        chosen[rng.permutation(n)[:total]] = True
        return chosen
    counts = np.bincount(classes)
    share = fraction * counts
    take = np.minimum(np.floor(share).astype(int), np.maximum(counts - 1, 0))
    order = np.argsort(-(share - np.floor(share)), kind="stable")
    for index in order:
        if take.sum() < total and take[index] < counts[index] - 1:
            take[index] += 1
    for index, count in enumerate(take):
        chosen[rng.permutation(np.flatnonzero(classes == index))[:count]] = True
    if not chosen.any():
        raise DataError(
            "a class with two examples, to hold one out",
            "one of each at most",
            "split",
            "give more of a class",
        )
    return chosen


def checked_fraction(fraction: float, seed: int) -> None:
    """Raise DataError for what is no fraction or no seed."""
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float)) or not 0 < fraction < 1:
        raise DataError(
            "a fraction between 0 and 1", repr(fraction)[:80], "split", "write 0.2 to hold out a fifth"
        )
    checked_whole(seed, "a seed", 0)


def checked_whole(number: int, what: str, least: int) -> int:
    """The number as an int. Raises DataError where it is no whole number from `least` to 2^63."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or not least <= number < 1 << 63:
        raise DataError(
            f"{what}: a whole number, {least} or above",
            repr(number)[:80],
            "data",
            "write digits only, as in 32",
        )
    return int(number)
