"""What must hold for an op when it is compiled: one XLA program for an op, all samples and ways in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from support.drawing import DRAWS, call, label, numbers, weighed
from support.tolerance import EQUAL, Disagreement, agree

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER
from chainrule.graph.op import Case, Op
from chainrule.readings.compiled import precision, traced


class Job(NamedTuple):
    """One way to run one sample: the expressions, the values, what is added up, what the working says."""

    what: str
    exprs: list[Expr]
    values: dict[Expr, NDArray[np.float64]]
    batch: bool
    total: list[str]
    expected: list[NDArray[Any]]


def check_compiled(op: Op, dtype: str) -> None:
    """For one example, for each of a batch, for a batch's sum and mean: the numbers of the working."""
    ways = [(case, shared) for case in op.samples for shared in sharings(len(case.shapes), dtype)]
    jobs = [job for case, shared in ways for job in jobs_of(op, case, shared, dtype)]

    def run(feeds: list[list[Any]]) -> list[list[Any]]:
        return [
            traced(job.exprs, dict(zip(job.values, feed, strict=True)), job.batch, dtype, job.total)
            for job, feed in zip(jobs, feeds, strict=True)
        ]

    with precision(dtype):
        results = jax.jit(run)([[np.asarray(value, dtype) for value in job.values.values()] for job in jobs])
    for job, found in zip(jobs, results, strict=True):
        for n, (one, other) in enumerate(zip(found, job.expected, strict=True)):
            what = f"{job.what}, {dtype}: " + (f"gradient by operand {n}" if n else "value")
            if one.dtype != dtype:
                raise Disagreement(f"{what}: came as {one.dtype}")
            agree(one, other, what, EQUAL[dtype])


def sharings(n: int, dtype: str) -> list[tuple[int, ...]]:
    """Which of n operands all examples share: none, the first, all but it, all; in single precision none."""
    return sorted({(), (0,), tuple(range(1, n)), tuple(range(n))}) if dtype == "float64" else [()]


def jobs_of(op: Op, case: Case, shared: Sequence[int], dtype: str) -> Iterator[Job]:
    """The ways to run one sample where some operands are parameters."""
    made = call(op, case, 0, shared)
    of, weights, values = weighed(made.expr, made.values)
    exprs = [made.expr, *cr.gradient(of, made.operands)]
    examples = []
    for draw in DRAWS:
        drawn = numbers(op, case, draw)
        example = {leaf: drawn[k] for k, leaf in enumerate(made.operands) if k not in shared}
        example[weights] = (1 + draw) * values[weights]
        # rounded to the dtype first, so that both readings start from the same numbers
        examples.append({leaf: np.float64(np.asarray(v, dtype)) for leaf, v in {**values, **example}.items()})
    expected = list(zip(*(cr.evaluate(exprs, example) for example in examples), strict=True))
    batch = {
        leaf: one if leaf.op is PARAMETER else np.stack([example[leaf] for example in examples])
        for leaf, one in examples[0].items()
    }
    what, n = f"{label(op, case)}, shared {shared}", len(exprs)
    if not shared and dtype == "float64":
        yield Job(f"{what}, one", exprs, examples[0], False, [], [parts[0] for parts in expected])
    if case is op.samples[0]:
        yield Job(f"{what}, mean", exprs, batch, True, ["mean"] * n, [np.mean(p, axis=0) for p in expected])
    yield Job(f"{what}, sum", exprs, batch, True, ["sum"] * n, [np.sum(p, axis=0) for p in expected])
    yield Job(f"{what}, batch", exprs, batch, True, [], [np.stack(parts) for parts in expected])
