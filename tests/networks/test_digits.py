"""Real handwritten digits: at least 97 % right on a held-out quarter."""

import time

import numpy as np
import pytest
from sklearn.datasets import load_digits

import chainrule as cr


def trained(seed):
    """Accuracy on the held-out quarter, and the seconds that building, compiling and training took."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    X, y, n = X[order] / 16, y[order], len(y) * 3 // 4
    began = time.perf_counter()
    net = cr.Network(64, [cr.Linear(128), cr.ReLU(), cr.Linear(10)], loss="cross_entropy", seed=seed)
    net.fit(
        X[:n], y[:n], epochs=40, batch_size=32, optimizer=cr.SGD(0.1, momentum=0.9), l2=1e-4, progress=False
    )
    seconds = time.perf_counter() - began
    return net.evaluate(X[n:], y[n:])["accuracy"], seconds


def test_digits_are_read():
    accuracy, seconds = trained(seed=0)
    assert accuracy >= 0.97
    assert seconds < 10


@pytest.mark.evidence
@pytest.mark.parametrize("seed", range(1, 5))
def test_digits_are_read_whatever_the_seed(seed):
    accuracy, seconds = trained(seed)
    print(f"seed {seed}: {accuracy:.2%} right in {seconds:.2f} s")
    assert accuracy >= 0.97
    assert seconds < 10
