"""scikit-learn's MLPClassifier."""

from __future__ import annotations

import warnings

import numpy as np

from benchmarks.nets import MOMENTUM, RATE, Dense, Net
from benchmarks.workload import Job


def training(net: Net, X: np.ndarray, y: np.ndarray, batch: int, units: float) -> Job:
    """An epoch a run; the number is the mean loss. Its first parameters are its own."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    hidden = tuple(part.units for part in net.parts[:-1] if isinstance(part, Dense))
    settings = {"learning_rate_init": RATE, "momentum": MOMENTUM, "nesterovs_momentum": False}
    model = MLPClassifier(
        hidden,
        solver="sgd",
        alpha=0,
        batch_size=batch,
        max_iter=1,
        warm_start=True,
        random_state=0,
        **settings,
    )
    given = X.reshape(len(X), *net.shape)
    return Job(lambda: float(model.fit(given, y).loss_), units)
