"""Between the examples of a user and the leaves of a network: checks, precision, one-hot rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import FeedError
from chainrule.graph.expression import Expr
from chainrule.networks.assembly import Assembly
from chainrule.networks.examples import converted, inputs, weights
from chainrule.networks.heads import Head
from chainrule.training.epochs import Problem
from chainrule.training.evaluation import Feed
from chainrule.training.loop import Examples
from chainrule.training.objective import LAMBDA


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

    def inputs(self, X: Any) -> Feed:
        """The inputs alone, checked."""
        x = self.assembly.x
        return Feed({x: converted(inputs(X, x.shape), self.dtype, "X")})

    def feed(self, X: Any, y: Any) -> Feed:
        """Inputs and labels, checked. Raises FeedError where they do not fit."""
        given, shape = self.inputs(X), self.assembly.output.shape
        labels, rows = self.head.labels(y, given.n, shape), self.head.rows(shape, self.dtype)
        kept = labels if rows else converted(labels, self.dtype, "y").reshape(given.n, *shape)
        return Feed({self.assembly.x: given.arrays[0], self.assembly.y: kept}, {self.assembly.y: rows})

    def examples(self, X: Any, y: Any, sample_weight: Any = None, reduce: str = "mean") -> Examples:
        """Examples with what scores them. sample_weight: (n,) or None, for a mean or a sum over them."""
        feed = self.feed(X, y)
        found = weights(sample_weight, feed.n, reduce)
        feed.weights = None if found is None else converted(found, self.dtype, "sample_weight")
        return Examples(feed, self.head.scored(feed.arrays[1], found))

    def validation(self, given: Any) -> Examples:
        """The validation data, (X, y) or (X, y, sample_weight). Raises FeedError, which says what they are for."""
        if not isinstance(given, (tuple, list)) or len(given) not in {2, 3}:
            raise FeedError("a pair (X, y), or (X, y, sample_weight)", type(given).__name__, "validation")
        try:
            return self.examples(*given)
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

    def problem(self, objective: Expr, feed: Feed, reduce: str = "mean") -> Problem:
        """What training minimises."""
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
            feed.weights is not None,
        )
