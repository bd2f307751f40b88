"""Real handwritten digits: at least 97 % right on a held-out quarter, another quarter for each seed."""

import time

import numpy as np
import pytest
from sklearn.datasets import load_digits
from support.pace import at_pace

import chainrule as cr


def with_shifts(X):
    """The images, and each of them shifted by a pixel in four directions: (5 n, 64)."""
    padded = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    images = [padded[:, row : row + 8, column : column + 8] for row, column in corners]
    return np.concatenate(images).reshape(-1, 64)


def trained(seed):
    """Accuracy on the held-out quarter, and the processor's seconds that building, compiling and training took."""
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(y))
    X, y, n = X[order] / 16, y[order], len(y) * 3 // 4
    began = time.process_time()
    net = cr.Network(64, [cr.Linear(256), cr.ReLU(), cr.Linear(10)], loss="cross_entropy", seed=seed)
    optimizer = cr.SGD(cr.Cosine(0.1), momentum=0.9)
    net.fit(with_shifts(X[:n]), np.tile(y[:n], 5), 80, 64, optimizer, l2=3e-4, progress=False)
    seconds = time.process_time() - began
    return net.evaluate(X[n:], y[n:])["accuracy"], seconds


def test_digits_are_read():
    accuracy, seconds = trained(seed=0)
    assert accuracy >= 0.97
    assert seconds < at_pace(10)


@pytest.mark.evidence
@pytest.mark.parametrize("seed", range(1, 20))
def test_digits_are_read_whatever_the_seed(seed):
    accuracy, seconds = trained(seed)
    print(f"seed {seed}: {accuracy:.2%} right in {seconds:.2f} s")
    assert accuracy >= 0.97
    assert seconds < at_pace(10)
