"""Measuring during training: a callback that measures the network at chosen epochs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from chainrule.diagnosis.flow import Array, Flow, Meter
from chainrule.networks.network import Network
from chainrule.training.history import History


class Recorder:
    """Measures a network while it is trained: give it to `fit` as a callback.

    net, X, y: what will be trained, and the examples to measure on. epochs: after which epochs of the run, or
    a function that says of a number whether to; by default 1, 2, 4, 8, ..., so that measuring stays a small
    part of training. examples: at most so many, evenly spaced; by default one in 32, from 32 to 256.
    `flows`: the measurements, the first one at the start. `start`: the parameters at the start.

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(3), cr.Tanh(), cr.Linear(1)], loss="half_squared_error")
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> recorder = Recorder(net, X, y)
    >>> history = net.fit(X, y, epochs=5, callbacks=[recorder])
    >>> [flow.epoch for flow in recorder.flows]
    [0, 1, 2, 4]
    """

    def __init__(
        self,
        net: Network,
        X: Any,
        y: Any,
        epochs: Collection[int] | Callable[[int], bool] | None = None,
        examples: int | None = None,
    ) -> None:
        self._meter = Meter(net, X, y, examples or min(256, max(32, len(X) // 32)))
        self._wanted = (
            epochs if callable(epochs) else _power_of_two if epochs is None else set(epochs).__contains__
        )
        self._first = net.epochs
        self.start: dict[str, Array] = net.parameters
        self.flows: list[Flow] = [self._meter.measure(self.start, self._first)]
        self._before: tuple[int, dict[str, Array]] = (0, self.start)

    def __call__(self, history: History) -> None:
        """Measure, if this epoch is one of the chosen."""
        epoch = history.epochs
        now, soon = self._wanted(epoch), self._wanted(epoch + 1)
        if not (now or soon):
            return
        parameters = dict(history.parameters)
        if now:
            known, before = self._before
            earlier = before if known == epoch - 1 else None
            self.flows.append(self._meter.measure(parameters, self._first + epoch, earlier))
        self._before = (epoch, parameters)


def _power_of_two(epoch: int) -> bool:
    return epoch & (epoch - 1) == 0
