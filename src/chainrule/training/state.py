"""What a step changes, and in which order of axes compiled steps keep it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.lowering.held import Held, Order
from chainrule.lowering.orders import kept_orders
from chainrule.readings.compiled import traced_held
from chainrule.training.update import Update
from chainrule.training.windows import Arrays

Array = NDArray[Any]
Turn = Callable[[Any, Order], Any]
LARGE = 2**20
"""Bytes of an array that is handed over by itself."""


class State(NamedTuple):
    """What a step changes: the parameters, what the optimiser keeps for each, and the sums of the epoch so far.

    sums: of what is reported, and of the examples' weights, (2, R + 1), the second row what the first has lost
    to rounding (Kahan 1965): so an epoch's sums are the same however many calls it takes, and good in single
    precision.
    """

    parameters: Arrays
    memory: tuple[Arrays, ...]
    sums: Any


@dataclass(frozen=True)
class Kept:
    """How a state is kept between the steps of one call: weights and kernels in the order that is read fastest.

    It is turned round when training begins and when its parameters are read, and never in a step.
    """

    leaves: tuple[Expr, ...]
    updates: tuple[Update, ...]
    orders: tuple[Order, ...]
    """The order of axes in which each parameter is kept."""

    def taken_in(
        self, parameters: Sequence[Array], memory: Sequence[Sequence[Array]], handed: bool
    ) -> tuple[Any, Any]:
        """Parameters and memory, whose axes lie as in the expressions, as the steps keep them: copies.

        handed: the large ones as arrays of JAX, one by one, which compiled code can take over.
        """

        def turn(value: Any, order: Order) -> Any:
            copied = np.array(value.transpose(order), order="C")
            if handed and copied.nbytes >= LARGE:
                return jax.device_put(copied, may_alias=False).block_until_ready()
            return copied

        return self._turned(parameters, memory, turn)

    def read(self, state: State) -> tuple[list[Array], list[list[Array]]]:
        """Parameters and memory of a state that is kept, with their axes as in the expressions: copies."""
        parameters, memory = self._turned(state.parameters, state.memory, _plain)
        return list(parameters), [list(remembered) for remembered in memory]

    def read_parameters(self, state: State) -> list[Array]:
        """The parameters alone."""
        return [_plain(value, order) for value, order in zip(state.parameters, self.orders, strict=True)]

    def parameters(self, state: State) -> list[Held]:
        """The parameters of a state that is kept, inside a step."""
        return [Held(value, order) for value, order in zip(state.parameters, self.orders, strict=True)]

    def updated(
        self, state: State, slopes: Sequence[Held], constants: dict[Expr, Any], dtype: str
    ) -> tuple[Arrays, tuple[Arrays, ...]]:
        """Parameters and memory after a step with these gradients, inside the step."""
        parameters, memory = [], []
        for theta, order, remembered, slope, update in zip(
            state.parameters, self.orders, state.memory, slopes, self.updates, strict=True
        ):
            leaves = [leaf for leaf, _ in update.memory]
            orders = [_fitting(order, leaf) for leaf in leaves]
            values: dict[Expr, Any] = {update.theta: Held(theta, order), update.g: slope, **constants}
            values |= {
                leaf: Held(value, one) for leaf, value, one in zip(leaves, remembered, orders, strict=True)
            }
            new, *rest = traced_held(
                [update.new, *(after for _, after in update.memory)], values, False, dtype
            )
            parameters.append(new.ordered(order))
            memory.append(tuple(value.ordered(one) for value, one in zip(rest, orders, strict=True)))
        return tuple(parameters), tuple(memory)

    def _turned(
        self, parameters: Sequence[Any], memory: Sequence[Sequence[Any]], turn: Turn
    ) -> tuple[Any, Any]:
        found = tuple(turn(value, order) for value, order in zip(parameters, self.orders, strict=True))
        remembered = tuple(
            tuple(
                turn(value, _fitting(order, leaf))
                for value, (leaf, _) in zip(values, update.memory, strict=True)
            )
            for values, order, update in zip(memory, self.orders, self.updates, strict=True)
        )
        return found, remembered


def kept(objective: Expr, leaves: Sequence[Expr], updates: Sequence[Update]) -> Kept:
    """How the state is kept by steps that minimise the objective over the leaves."""
    wanted = kept_orders([objective])
    orders = tuple(wanted.get(leaf, tuple(range(len(leaf.shape)))) for leaf in leaves)
    return Kept(tuple(leaves), tuple(updates), orders)


def _plain(value: Any, order: Order) -> Array:
    """What is kept in that order with its axes as in the expression: a copy."""
    return np.array(np.asarray(value).transpose(np.argsort(order).tolist()), order="C")


def _fitting(order: Order, leaf: Expr) -> Order:
    """The order for what an optimiser remembers: the parameter's, where it has the parameter's axes."""
    return order if len(order) == len(leaf.shape) else tuple(range(len(leaf.shape)))
