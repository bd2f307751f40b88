"""What a step changes, and in which order of axes compiled steps keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.lowering.convolution import kernels
from chainrule.lowering.held import Held, Order
from chainrule.readings.compiled import traced_held
from chainrule.training.optimizers import Update
from chainrule.training.windows import Arrays

Array = NDArray[Any]


class State(NamedTuple):
    """What a step changes: the parameters, and what the optimiser keeps for each."""

    parameters: Arrays
    memory: tuple[Arrays, ...]


@dataclass(frozen=True)
class Kept:
    """How a state is kept between the steps of one call: a kernel of a convolution in the order that this reads.

    It is turned round when training begins and when its parameters are read, and never in a step.
    """

    leaves: tuple[Expr, ...]
    updates: tuple[Update, ...]
    orders: tuple[Order, ...]
    """The order of axes in which each parameter is kept."""

    def taken_in(self, state: State) -> State:
        """A state of NumPy arrays whose axes lie as in the expressions, as the steps keep it."""
        orders = self.orders
        memory = tuple(
            tuple(
                _turned(value, _fitting(order, leaf))
                for value, (leaf, _) in zip(remembered, update.memory, strict=True)
            )
            for remembered, order, update in zip(state.memory, orders, self.updates, strict=True)
        )
        parameters = (_turned(value, order) for value, order in zip(state.parameters, orders, strict=True))
        return State(tuple(parameters), memory)

    def read(self, state: State) -> list[Array]:
        """The parameters of a state that is kept, with their axes as in the expressions: copies."""
        return [
            np.array(np.asarray(value).transpose(np.argsort(order)), order="C")
            for value, order in zip(state.parameters, self.orders, strict=True)
        ]

    def parameters(self, state: State) -> list[Held]:
        """The parameters of a state that is kept, inside a step."""
        return [Held(value, order) for value, order in zip(state.parameters, self.orders, strict=True)]

    def updated(self, state: State, slopes: Sequence[Held], constants: dict[Expr, Any], dtype: str) -> State:
        """The state after a step with these gradients."""
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
        return State(tuple(parameters), tuple(memory))


def kept(objective: Expr, leaves: Sequence[Expr], updates: Sequence[Update]) -> Kept:
    """How the state is kept by steps that minimise the objective over the leaves."""
    wanted = kernels([objective])
    orders = tuple(wanted.get(leaf, tuple(range(len(leaf.shape)))) for leaf in leaves)
    return Kept(tuple(leaves), tuple(updates), orders)


def _turned(value: Array, order: Order) -> Array:
    return np.array(value.transpose(order), order="C")


def _fitting(order: Order, leaf: Expr) -> Order:
    """The order for what an optimiser remembers: the parameter's, where it has the parameter's axes."""
    return order if len(order) == len(leaf.shape) else tuple(range(len(leaf.shape)))
