"""Between the examples of a user and the leaves of a network: checks, precision, one-hot rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import FeedError
from chainrule.graph.expression import Expr
from chainrule.networks.assembly import Assembly
from chainrule.networks.examples import converted, inputs, weights
from chainrule.networks.heads import ONE, Head
from chainrule.training.data.dataset import Dataset
from chainrule.training.divergence import shows
from chainrule.training.epochs import WEIGHT, Problem
from chainrule.training.loop import Examples
from chainrule.training.objective import LAMBDA
from chainrule.training.update import Optimizer
from chainrule.training.windows import Arrays, Feed, StreamedFeed

_LARGE = 2**24
"""Bytes of an array that takes time to look through."""


@dataclass(frozen=True)
class Feeding:
    """How a network's leaves x and y get their values."""

    assembly: Assembly
    head: Head
    dtype: str

    @property
    def reported(self) -> tuple[Expr, Expr]:
        """The loss, and what the metric is made of."""
        return self.assembly.loss, self.assembly.metric

    def inputs(self, X: Any, optimizer: Optimizer | None = None) -> Feed:
        """The inputs alone, checked. optimizer: if training with it finds what is not finite, a large array is left
        to that.
        """
        of, array = self.assembly, inputs(X, self.assembly.x.shape)
        finite = partial(converted, array, self.dtype, "X")
        large = array.dtype == self.dtype and array.nbytes >= _LARGE
        if large and shows(of.trained, of.x, of.parameters, optimizer):
            return Feed({of.x: array}, require_finite=finite)
        return Feed({of.x: finite()})

    def feed(self, X: Any, y: Any, optimizer: Optimizer | None = None) -> Feed:
        """Inputs and labels, checked. Raises FeedError where they do not fit. optimizer: see `inputs`."""
        given, shape = self.inputs(X, optimizer), self.assembly.output.shape
        labels, rows = self.head.labels(y, given.n, shape), self.head.rows(shape, self.dtype)
        kept = labels if rows else converted(labels, self.dtype, "y").reshape(given.n, *shape)
        arrays = {self.assembly.x: given.arrays[0], self.assembly.y: kept}
        return Feed(arrays, {self.assembly.y: rows}, given.require_finite)

    def examples(
        self,
        X: Any,
        y: Any,
        seed: int = 0,
        sample_weight: Any = None,
        reduce: str = "mean",
        optimizer: Optimizer | None = None,
    ) -> Examples:
        """Examples with what scores them.

        X: a data set has its labels with it. seed: of its shuffling. sample_weight: (n,), to take the mean or
        the sum with, see `reduce`; or None. optimizer: see `inputs`.
        """
        if isinstance(X, Dataset):
            return self._dataset(X, y, seed, sample_weight, reduce)
        feed = self.feed(X, y, optimizer)
        found = weights(sample_weight, feed.n, reduce)
        if found is not None:
            arrays = (*feed.arrays, converted(found, self.dtype, "sample_weight"))
            leaves = (*feed.leaves, WEIGHT)
            rows = dict(zip(feed.leaves, feed.rows, strict=True))
            feed = Feed(dict(zip(leaves, arrays, strict=True)), rows, feed.require_finite)
        return Examples(feed, self.head.scored(lambda: [(feed.arrays[1], found)]))

    def _dataset(self, data: Dataset, y: Any, seed: int, sample_weight: Any, reduce: str) -> Examples:
        """The examples of a data set: arrays where they fit in its memory, otherwise read in windows."""
        self._require_fitting(data, y)
        if data.in_memory:
            return self.examples(*data.arrays(), seed, sample_weight, reduce)
        if sample_weight is not None:
            raise FeedError(
                "examples in memory, for weights",
                "a data set that is read while it trains",
                "sample_weight",
                "raise the memory of open_data, or leave the weights out",
            )

        def read(size: int, epoch: int | None) -> Iterator[Arrays]:
            for X, labels in data.windows(size, epoch or 0, seed % 2**63, shuffle=epoch is not None):
                yield self.feed(X, labels).arrays

        first = self.feed(*next(data.batches(1, shuffle=False)))

        def identity() -> str:
            return repr((data.digest, data.part, data.n, data.memory, data.encoder.state(), seed))

        return Examples(
            StreamedFeed(first, data.n, read, identity),
            self.head.scored(lambda: ((labels, None) for labels in data.labels())),
        )

    def _require_fitting(self, data: Dataset, y: Any) -> None:
        """Raise FeedError for a data set whose examples or labels are not the network's."""
        target, shape, output = data.target, self.assembly.x.shape, self.assembly.output.shape
        if y is not None or target is None:
            came = "no labels in it" if target is None else "further ones beside it"
            raise FeedError(
                "a data set with its labels", came, "fit", "write open_data(..., target=...), y=None"
            )
        if data.shape != shape:
            remedy = f"write Network({data.shape}, ...)"
            raise FeedError(f"examples of the shape {shape}", f"{data.shape}", data.source.place, remedy)
        classes = len(data.classes)
        most = (output or (1,))[0] if output not in ONE else 2
        if self.head.probabilities != (classes > 0) or classes > most:
            wish = f"at most {most} classes" if self.head.probabilities else "real numbers"
            remedy = (
                f"end with Linear({classes})"
                if self.head.probabilities and classes
                else "choose another loss"
            )
            raise FeedError(f'{wish} for loss="{self.head.name}"', str(target), data.source.place, remedy)

    def validation(self, given: Any) -> Examples:
        """The validation data: (X, y), (X, y, sample_weight), or a data set. Raises FeedError, saying whose it is."""
        if not isinstance(given, (Dataset, tuple, list)) or (
            not isinstance(given, Dataset) and len(given) not in {2, 3}
        ):
            wish = "(X, y), (X, y, sample_weight), or a data set"
            raise FeedError(wish, type(given).__name__, "validation", "write validation=(X, y)")
        try:
            if isinstance(given, Dataset):
                return self.examples(given, None)
            return self.examples(given[0], given[1], sample_weight=given[2] if len(given) == 3 else None)
        except FeedError as fault:
            raise FeedError(fault.needed, fault.came, f"validation, {fault.where}", fault.remedy) from None

    def one(self, x: Any, y: Any) -> dict[Expr, NDArray[Any]]:
        """The values of x and y for one example."""
        feed = self.feed(np.asarray(x)[None], np.asarray(y)[None])
        values = [
            np.asarray(rows(array) if rows else array)[0]
            for rows, array in zip(feed.rows, feed.arrays, strict=True)
        ]
        return dict(zip(feed.leaves, values, strict=True))

    def problem(self, objective: Expr, feed: Feed, reduce: str = "mean", sparse: bool = False) -> Problem:
        """What training minimises. sparse: with λ₁ Σ |W| over the weights."""
        of = self.assembly
        return Problem(
            objective,
            (of.trained, of.trained_metric),
            of.parameters,
            feed.leaves,
            feed.rows,
            (LAMBDA,) if objective is not of.trained else (),
            self.dtype,
            of.masks,
            self.reported,
            reduce,
            of.weights,
            sparse,
        )
