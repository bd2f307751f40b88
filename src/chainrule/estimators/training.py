"""How the neural estimators train: Adam, a part held out to know when to stop, and small data used to the full.

Legend: n the number of examples; E the epochs after which the held-out part was predicted best.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from chainrule.networks.network import Network
from chainrule.training.history import History
from chainrule.training.optimizers import Adam
from chainrule.training.stopping import EarlyStopping

Array = NDArray[Any]
_SMALL = 5000  # examples, up to which the held-out part is too dear to lose
_FEW, _VOTES = 1000, 4  # examples, up to which so many held-out parts decide together
_FEWEST_HELD_OUT = 5
_BATCHES = ((500, 16), (5000, 32), (50000, 128))  # batches of this size up to this n
_LARGEST_BATCH = 256
_TIE = 0.1  # how much the held-out loss counts beside the share of errors, which small parts tell coarsely


@dataclass(frozen=True)
class Course:
    """The settings of a training: see NeuralNetworkClassifier."""

    epochs: int
    batch_size: Any
    learning_rate: float
    l2: float
    early_stopping: bool
    held_out: float
    patience: int

    def size(self, n: int) -> int:
        """Examples in a batch."""
        if self.batch_size != "auto":
            return int(self.batch_size)
        return next((size for most, size in _BATCHES if n <= most), _LARGEST_BATCH)

    def run(self, net: Network, X: Array, y: Array, w: Array, stratify: Array | None = None) -> History:
        """Train the network, from its present parameters on. y: as `Network.fit` takes it.

        Where n is small, held-out parts only tell E; the network then starts again and learns from all examples
        for E epochs. stratify: class indices, whose shares the held-out part keeps.
        """
        counted = np.flatnonzero(w > 0)
        X, y, w = X[counted], y[counted], w[counted] / w[counted].mean()
        few = int(self.held_out * len(X)) < _FEWEST_HELD_OUT
        if not self.early_stopping or few:
            return self._fit(net, X, y, w, self.epochs)
        classes = stratify is not None
        rule = EarlyStopping(
            patience=self.patience, monitor="validation_metric" if classes else "validation_loss"
        )
        start, curves, metrics = net.parameters, [], []
        for first, last in self._splits(len(X), None if stratify is None else stratify[counted], net.seed):
            net.set_parameters(start)
            held_out = (X[last], y[last], w[last])
            history = self._fit(
                net, X[first], y[first], w[first], self.epochs, validation=held_out, early_stopping=rule
            )
            curves.append(history.validation_loss)
            metrics.append(history.validation_metric)
        if len(X) > _SMALL:
            return history
        held_out_loss, held_out_metric = _mean(curves), _mean(metrics)
        criterion = _TIE * held_out_loss - held_out_metric if classes else held_out_loss
        best = 1 + int(np.argmin(criterion))
        net.set_parameters(start)
        again = self._fit(net, X, y, w, best)
        again.validation_loss = held_out_loss.tolist()
        return again

    def _fit(self, net: Network, X: Array, y: Array, w: Array, epochs: int, **settings: Any) -> History:
        weights = None if (w == 1).all() else w
        optimizer = Adam(self.learning_rate)
        size = min(self.size(len(X)), len(X))
        return net.fit(
            X, y, epochs, size, optimizer, l2=self.l2, sample_weight=weights, progress=False, **settings
        )

    def _splits(self, n: int, stratify: Array | None, seed: int) -> Iterator[tuple[Array, Array]]:
        """Which examples to learn from, and which to hold out, all of one size: of few examples several times."""
        held_out = int(np.ceil(self.held_out * n))
        if stratify is not None:
            counts = np.bincount(stratify)
            if counts[counts > 0].min() < 2 or held_out < (counts > 0).sum():
                stratify = None
        kind = ShuffleSplit if stratify is None else StratifiedShuffleSplit
        splits = kind(_VOTES if n <= _FEW else 1, test_size=held_out, random_state=seed % 2**31)
        for first, last in splits.split(np.zeros(n), stratify):
            yield np.sort(first), np.sort(last)


def _mean(curves: list[list[float]]) -> Array:
    """The mean of curves, those that ended earlier going on as they ended."""
    longest = max(map(len, curves))
    return np.asarray(np.mean([np.pad(curve, (0, longest - len(curve)), "edge") for curve in curves], axis=0))
