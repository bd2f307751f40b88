"""What a step changes, and in which order of axes compiled steps keep it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from chainrule.graph.expression import Expr
from chainrule.lowering.held import Held, Place, held
from chainrule.lowering.memory import aligned
from chainrule.lowering.orders import kept_places
from chainrule.readings.compiled import traced_held
from chainrule.training.update import Update
from chainrule.training.windows import Arrays

Array = NDArray[Any]
Turn = Callable[[Any, Place], Any]
LARGE = 2**20
"""Bytes of an array that is handed over by itself."""


class State(NamedTuple):
    """What a step changes: the parameters, and what the optimiser keeps for each."""

    parameters: Arrays
    memory: tuple[Arrays, ...]


@dataclass(frozen=True)
class Kept:
    """How a state is kept between the steps of one call: weights and kernels in the order that is read fastest.

    It is turned round when training begins and when its parameters are read, and never in a step.
    """

    leaves: tuple[Expr, ...]
    updates: tuple[Update, ...]
    places: tuple[Place, ...]
    """How each parameter lies."""

    def taken_in(
        self, parameters: Sequence[Array], memory: Sequence[Sequence[Array]], handed: bool
    ) -> tuple[Any, Any]:
        """Parameters and memory, whose axes lie as in the expressions, as the steps keep them: copies.

        handed: the large ones as arrays of JAX, one by one, which compiled code can take over.
        """

        def turn(value: Any, place: Place) -> Any:
            lying = held(value, value.ndim).at(place).array
            if handed and lying.nbytes >= LARGE:
                copied = np.array(lying, order="C")
                return jax.device_put(copied, may_alias=False).block_until_ready()
            return aligned(lying, copy=True)

        return self._turned(parameters, memory, turn)

    def read(self, state: State) -> tuple[list[Array], list[list[Array]]]:
        """Parameters and memory of a state that is kept, with their axes as in the expressions: copies."""
        parameters, memory = self._turned(state.parameters, state.memory, _plain)
        return list(parameters), [list(remembered) for remembered in memory]

    def read_parameters(self, state: State) -> list[Array]:
        """The parameters alone."""
        return [_plain(value, place) for value, place in zip(state.parameters, self.places, strict=True)]

    def parameters(self, state: State) -> list[Held]:
        """The parameters of a state that is kept, inside a step."""
        return [Held(value, *place) for value, place in zip(state.parameters, self.places, strict=True)]

    def updated(
        self, state: State, slopes: Sequence[Held], constants: dict[Expr, Any], dtype: str
    ) -> tuple[Arrays, tuple[Arrays, ...]]:
        """Parameters and memory after a step with these gradients, inside the step."""
        parameters, memory = [], []
        for theta, place, remembered, slope, update in zip(
            state.parameters, self.places, state.memory, slopes, self.updates, strict=True
        ):
            leaves = [leaf for leaf, _ in update.memory]
            places = [_fitting(place, leaf) for leaf in leaves]
            values: dict[Expr, Any] = {update.theta: Held(theta, *place), update.g: slope, **constants}
            values |= {
                leaf: Held(value, *one) for leaf, value, one in zip(leaves, remembered, places, strict=True)
            }
            new, *rest = traced_held(
                [update.new, *(after for _, after in update.memory)], values, False, dtype
            )
            parameters.append(new.at(place).array)
            memory.append(tuple(value.at(one).array for value, one in zip(rest, places, strict=True)))
        return tuple(parameters), tuple(memory)

    def _turned(
        self, parameters: Sequence[Any], memory: Sequence[Sequence[Any]], turn: Turn
    ) -> tuple[Any, Any]:
        found = tuple(turn(value, place) for value, place in zip(parameters, self.places, strict=True))
        remembered = tuple(
            tuple(
                turn(value, _fitting(place, leaf))
                for value, (leaf, _) in zip(values, update.memory, strict=True)
            )
            for values, place, update in zip(memory, self.places, self.updates, strict=True)
        )
        return found, remembered


@lru_cache(maxsize=32)
def kept(objective: Expr, leaves: tuple[Expr, ...], updates: tuple[Update, ...]) -> Kept:
    """How the state is kept by steps that minimise the objective over the leaves."""
    wanted = kept_places([objective])
    places = tuple(wanted.get(leaf, Place(tuple(range(len(leaf.shape))))) for leaf in leaves)
    return Kept(leaves, updates, places)


def _plain(value: Any, place: Place) -> Array:
    """What is kept in that place with its axes as in the expression: a copy."""
    return np.array(Held(np.asarray(value), *place).plain(), order="C")


def _fitting(place: Place, leaf: Expr) -> Place:
    """The place for what an optimiser remembers: the parameter's, where it has the parameter's axes."""
    rank = len(leaf.shape)
    return place if rank == len(place.split or place.order) else Place(tuple(range(rank)))
