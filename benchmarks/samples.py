"""The examples that all sides train on: MNIST where its files are, otherwise made-up images of the same sizes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np

FOLDER = (
    Path(os.environ.get("CHAINRULE_DATA", Path(__file__).parent.parent.parent / "shared" / "data")) / "mnist"
)
CLASSES = 10


def digits(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 1, 28, 28) with numbers from 0 to 1, and labels (n,) from 0 to 9.

    From the four IDX files of MNIST in the folder `mnist` in CHAINRULE_DATA; without them ten drawn images with noise.
    """
    if not FOLDER.is_dir():
        return images(n, (1, 28, 28))
    with gzip.open(FOLDER / "train-images-idx3-ubyte.gz") as file:
        X = np.frombuffer(file.read(), np.uint8, count=n * 784, offset=16).reshape(n, 1, 28, 28)
    with gzip.open(FOLDER / "train-labels-idx1-ubyte.gz") as file:
        y = np.frombuffer(file.read(), np.uint8, count=n, offset=8)
    return X.astype(np.float32) / 255, y.astype(np.int64)


def images(n: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Ten drawn images, one for each class, with noise: (n, *shape) and labels (n,)."""
    random = np.random.default_rng(0)
    drawn, y = random.random((CLASSES, *shape), np.float32), random.integers(0, CLASSES, n)
    return 0.5 * drawn[y] + 0.5 * random.random((n, *shape), np.float32), y
