"""What a training run is, in words: all that decides on its numbers. Two runs that agree in it go the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.graph.fingerprint import fingerprint
from chainrule.graph.symbols import text_symbol
from chainrule.graph.walk import leaves
from chainrule.training.epochs import Problem
from chainrule.training.stepper import Plan
from chainrule.training.storage.tensors import digest_of
from chainrule.training.update import STEPS, Update
from chainrule.training.windows import Feed

Array = NDArray[Any]


def identity(
    problem: Problem,
    start: Sequence[Array],
    plan: Plan,
    feed: Feed,
    validation: Feed | None,
) -> dict[str, str]:
    """The settings of a run by name, those that a person chose first.

    The number of epochs is none of them, but for a schedule that takes all of the training.
    """
    updates = problem.updates(plan.optimizer)
    expressions = [
        problem.objective,
        *problem.reported,
        *problem.evaluated,
        *(mask.leaf for mask in problem.masks),
    ]
    spread = STEPS in leaves(update.new for update in updates)
    rates = [mask.rate for mask in problem.masks]
    return {
        "parameters": ", ".join(f"{leaf.name} {leaf.shape}" for leaf in problem.parameters),
        "dtype": problem.dtype,
        "optimizer": f"{type(plan.optimizer).__name__}({_numbers(plan.optimizer.settings())})",
        "constants": _numbers(plan.constants),
        "batch_size": str(plan.size),
        "seed": str(plan.seed),
        "shuffle": str(plan.shuffle),
        "reduce": problem.reduce,
        "delta": str(plan.delta),
        "examples": _examples(feed),
        "validation": "none" if validation is None else _examples(validation),
        "epochs before": str(plan.first_epoch),
        **({"epochs": str(plan.epochs)} if spread else {}),
        "first parameters": digest_of("", {str(i): array for i, array in enumerate(start)}),
        "update": fingerprint(
            [*plan.constants, *(expr for update in updates for expr in _expressions(update))]
        ),
        "objective": f"{fingerprint(expressions)} {rates}",
    }


def _expressions(update: Update) -> list[Expr]:
    return [update.theta, update.g, update.new, *(expr for pair in update.memory for expr in pair)]


def _numbers(settings: Mapping[Expr, float]) -> str:
    return ", ".join(f"{text_symbol(str(leaf.name))}={number!r}" for leaf, number in settings.items())


def _examples(feed: Feed) -> str:
    return f"{feed.n:,} with the digest {feed.digest()}"
