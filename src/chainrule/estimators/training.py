"""How the neural estimators train: Adam, a part held out to know when to stop, and small data used to the full.

Legend: n the number of examples; E the epochs after which the held-out loss was lowest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from chainrule.networks.network import Network
from chainrule.training.history import History
from chainrule.training.optimizers import Adam
from chainrule.training.stopping import EarlyStopping

Array = NDArray[Any]
_SMALL = 5000  # examples, up to which the held-out part is too dear to lose
_FEWEST_HELD_OUT = 10
_BATCHES = ((500, 16), (5000, 32), (50000, 128))  # batches of this size up to this n
_LARGEST_BATCH = 256


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

        Where n is small, the held-out part only tells E; the network then starts again and learns from all
        examples for E epochs. stratify: class indices, whose shares the held-out part keeps.
        """
        counted = np.flatnonzero(w > 0)
        X, y, w = X[counted], y[counted], w[counted] / w[counted].mean()
        few = int(self.held_out * len(X)) < _FEWEST_HELD_OUT
        if not self.early_stopping or few:
            return self._fit(net, X, y, w, self.epochs)
        start = net.parameters
        first, last = self._split(len(X), None if stratify is None else stratify[counted], net.seed)
        rule = EarlyStopping(patience=self.patience)
        held_out = (X[last], y[last], w[last])
        history = self._fit(
            net, X[first], y[first], w[first], self.epochs, validation=held_out, early_stopping=rule
        )
        if len(X) <= _SMALL:
            best = 1 + int(np.argmin(history.validation_loss))
            net.set_parameters(start)
            again = self._fit(net, X, y, w, best)
            again.validation_loss, again.validation_metric = (
                history.validation_loss,
                history.validation_metric,
            )
            again.stopped = f"{again.stopped}; as many as were best with {len(last)} examples held out"
            return again
        return history

    def _fit(self, net: Network, X: Array, y: Array, w: Array, epochs: int, **settings: Any) -> History:
        weights = None if (w == 1).all() else w
        optimizer = Adam(self.learning_rate)
        size = min(self.size(len(X)), len(X))
        return net.fit(
            X, y, epochs, size, optimizer, l2=self.l2, sample_weight=weights, progress=False, **settings
        )

    def _split(self, n: int, stratify: Array | None, seed: int) -> tuple[Array, Array]:
        """Which examples to learn from, and which to hold out."""
        rows = np.arange(n)
        if stratify is not None:
            counts = np.bincount(stratify)
            held_out = int(np.ceil(self.held_out * n))
            if counts[counts > 0].min() < 2 or held_out < (counts > 0).sum():
                stratify = None
        first, last = train_test_split(rows, test_size=self.held_out, random_state=seed, stratify=stratify)
        return np.sort(first), np.sort(last)
