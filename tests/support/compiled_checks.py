"""What must hold for an op when it is compiled: one XLA program for an op, all samples and ways in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER
from chainrule.graph.op import Case, Op
from chainrule.readings.compiled import precision, traced
from support.drawing import call, label, numbers, weighed
from support.tolerance import EQUAL, Disagreement, agree
from support.unoptimised import UNOPTIMISED


class Job(NamedTuple):
    """One way to run one sample: the expressions, the values, what is added up, what the working says."""

    what: str
    exprs: list[Expr]
    values: dict[Expr, NDArray[np.float64]]
    batch: bool
    total: list[str]
    expected: list[NDArray[Any]]


EXAMPLES = (0, 3, 4)
"""Draws, none the negative of another: where two examples cancel, wrong totals can be right."""
ALL_WAYS = 8
"""As many samples of an op are run in all ways, the others on a batch."""


def check_compiled(op: Op, dtype: str, every: bool = False) -> None:
    """For one example, each of a batch, a batch's sum and mean, at edges: the numbers of the working.

    every: each sample with each sharing of operands; otherwise the first with each, the others with one in turn.
    """
    thorough = op.samples[:: -(-len(op.samples) // ALL_WAYS)]
    rest = [case for case in op.samples if case not in thorough and dtype == "float64"]
    jobs = [
        job
        for n, case in enumerate(thorough)
        for job in ways_of(op, case, dtype, None if every or not n else n)
    ]
    jobs += [Way(op, case, (), dtype).batch() for case in rest]

    def run(feeds: list[list[Any]]) -> list[list[Any]]:
        return [
            traced(job.exprs, dict(zip(job.values, feed, strict=True)), job.batch, dtype, job.total)
            for job, feed in zip(jobs, feeds, strict=True)
        ]

    with precision(dtype):
        compiled = jax.jit(run, compiler_options=UNOPTIMISED)
        results = compiled([[np.asarray(value, dtype) for value in job.values.values()] for job in jobs])
    for job, found in zip(jobs, results, strict=True):
        for n, (one, other) in enumerate(zip(found, job.expected, strict=True)):
            what = f"{job.what}: " + (f"gradient by operand {n}" if n else "value")
            if one.dtype != dtype:
                raise Disagreement(f"{what}: came as {one.dtype}")
            agree(one, other, what, EQUAL[dtype])


def ways_of(op: Op, case: Case, dtype: str, turn: int | None) -> Iterator[Job]:
    """The ways to run a sample: how operands are shared by the examples (all ways, or one), what is added up."""
    alone = Way(op, case, (), dtype)
    yield alone.batch()
    if dtype == "float64" or case is op.samples[0]:
        yield alone.total("sum")
    if dtype == "float64":
        yield alone.one()
        for point in op.edges:
            yield alone.one(point)
        shared_ways = sharings(len(case.shapes))
        for shared in shared_ways if turn is None else [shared_ways[turn % len(shared_ways)]]:
            beside = Way(op, case, shared, dtype)
            yield beside.batch()
            yield beside.total("sum")
    if case is op.samples[0]:
        yield alone.total("mean")


def sharings(n: int) -> list[tuple[int, ...]]:
    """Which of n operands all examples may share: the first, all but the first, all."""
    return sorted({(0,), tuple(range(1, n)), tuple(range(n))} - {()})


class Way:
    """A sample with three examples of numbers, where some operands are parameters that the examples share."""

    def __init__(self, op: Op, case: Case, shared: Sequence[int], dtype: str) -> None:
        self.what = f"{label(op, case)}, shared {shared}, {dtype}"
        made = call(op, case, 0, shared)
        of, weights, values = weighed(made.expr, made.values)
        self.first = made.operands[0]
        self.exprs = [made.expr, *cr.gradient(of, made.operands)]
        self.examples = []
        for n, draw in enumerate(EXAMPLES):
            drawn = numbers(op, case, draw)
            example = {leaf: drawn[k] for k, leaf in enumerate(made.operands) if k not in shared}
            example[weights] = (1 + n) * values[weights]
            # rounded to the dtype first, so that both readings start from the same numbers
            self.examples.append(
                {leaf: np.float64(np.asarray(v, dtype)) for leaf, v in {**values, **example}.items()}
            )

    def one(self, point: float | None = None) -> Job:
        """A single example; or one whose first operand is at an edge."""
        values = self.examples[0]
        if point is not None:
            values = {**values, self.first: np.full(self.first.shape, point)}
        what = f"{self.what}, one" + (f" at {point}" if point is not None else "")
        return Job(what, self.exprs, values, False, [], cr.evaluate(self.exprs, values))

    def batch(self) -> Job:
        """All examples at once."""
        expected = [np.stack(parts) for parts in self._by_hand()]
        return Job(f"{self.what}, batch", self.exprs, self._stacked(), True, [], expected)

    def total(self, how: str) -> Job:
        """The sum or the mean over the examples."""
        expected = [getattr(np, how)(parts, axis=0) for parts in self._by_hand()]
        return Job(
            f"{self.what}, {how}", self.exprs, self._stacked(), True, [how] * len(self.exprs), expected
        )

    def _by_hand(self) -> Iterator[tuple[Any, ...]]:
        return zip(*(cr.evaluate(self.exprs, example) for example in self.examples), strict=True)

    def _stacked(self) -> dict[Expr, NDArray[np.float64]]:
        return {
            leaf: one if leaf.op is PARAMETER else np.stack([example[leaf] for example in self.examples])
            for leaf, one in self.examples[0].items()
        }
