"""The second suite: other data, networks, sizes of fault and seeds. It was written last and run once.

Its data are made here: counts as of words, rings, stripes on images, chirps, Friedman's function, parity of signs, and
parts of MNIST where the files are there.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from diagnosis.planted import (
    Data,
    Run,
    dense,
    relabelled,
    run,
    scaled_column,
    shifted_biases,
    swap,
    with_column,
    zeroed,
)
from sklearn import datasets

import chainrule as cr

MNIST = Path(os.environ.get("CHAINRULE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mnist"


def made(name: str, seed: int, n: int = 1200) -> Data:
    """Data of a kind, split."""
    random = np.random.default_rng(seed)
    X, y = KINDS[name](random, n)
    if X.ndim == 2 and name != "counts":
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    kind = "real" if y.dtype.kind == "f" else "classes"
    if kind == "real":
        y = (y - y.mean()) / y.std()
    order, held = random.permutation(len(y)), len(y) // 4
    return Data(X[order[held:]], y[order[held:]], X[order[:held]], y[order[:held]], kind)


def counts(random: Any, n: int) -> tuple[Any, Any]:
    """How often each of 60 words occurs in texts on four subjects; most do not occur."""
    y = random.integers(0, 4, n)
    rates = random.gamma(0.3, 1.0, (4, 60))
    return np.log1p(random.poisson(rates[y])), y


def rings(random: Any, n: int) -> tuple[Any, Any]:
    """Three rings around a point, in four coordinates of which two say nothing."""
    y = random.integers(0, 3, n)
    angle, radius = random.uniform(0, 2 * np.pi, n), 1 + y + random.normal(0, 0.15, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), *random.normal(size=(2, n))], 1), y


def stripes(random: Any, n: int) -> tuple[Any, Any]:
    """Images of 12 × 12 with stripes in one of three directions, moved at random, with noise."""
    y = random.integers(0, 3, n)
    rows, columns = np.indices((12, 12))
    along = np.stack([rows, columns, rows + columns])[y]
    phase = random.uniform(0, 2 * np.pi, (n, 1, 1))
    return (0.5 + 0.5 * np.sin(along * 1.3 + phase) + random.normal(0, 0.15, (n, 12, 12)))[:, None], y


def chirps(random: Any, n: int) -> tuple[Any, Any]:
    """Two channels of 40 places in which a tone rises, falls or stays."""
    y = random.integers(0, 3, n)
    t = np.linspace(0, 1, 40)
    slope = np.array([-6.0, 0, 6])[y][:, None]
    phase = random.uniform(0, 2 * np.pi, (n, 1)) + 2 * np.pi * (6 * t + slope * t**2 / 2)
    return np.stack([np.sin(phase), np.cos(phase)], 1) + random.normal(0, 0.2, (n, 2, 40)), y


def friedman(random: Any, n: int) -> tuple[Any, Any]:
    """Friedman's first function, of five of ten columns."""
    return datasets.make_friedman1(n, noise=1.0, random_state=int(random.integers(2**31)))


def parity(random: Any, n: int) -> tuple[Any, Any]:
    """Whether two coordinates have the same sign; three more say nothing."""
    X = random.uniform(-1, 1, (n, 5))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def mixture(random: Any, n: int) -> tuple[Any, Any]:
    """Six classes of scikit-learn's make_classification in 20 columns."""
    seed = int(random.integers(2**31))
    return datasets.make_classification(
        n, 20, n_informative=10, n_classes=6, n_clusters_per_class=1, class_sep=1.5, random_state=seed
    )


def plane(random: Any, n: int) -> tuple[Any, Any]:
    """A linear function of twelve columns with noise as large."""
    X = random.normal(size=(n, 12))
    return X, X @ random.normal(size=12) + random.normal(0, 2, n)


def mnist(random: Any, n: int) -> tuple[Any, Any]:
    """Some of MNIST's training images, as images."""
    with gzip.open(MNIST / "train-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(MNIST / "train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    rows = random.permutation(len(labels))[:n]
    return images[rows] / 255, labels[rows].astype(int)


KINDS = {
    one.__name__: one for one in (counts, rings, stripes, chirps, friedman, parity, mixture, plane, mnist)
}
R, S, T = cr.ReLU(), cr.Sigmoid(), cr.Tanh()


def ill() -> Iterator[Run]:
    """The same faults as in the first suite, on other data and in other sizes."""
    mixed, ring, smooth, flat, words, signs = (
        made(name, 100 + seed)
        for seed, name in enumerate(("mixture", "rings", "friedman", "plane", "counts", "parity"))
    )
    for of, width, depth in ((mixed, 48, 10), (ring, 20, 12), (smooth, 40, 9)):
        yield run(
            f"deep sigmoid {depth}",
            "vanishing_gradients",
            of,
            dense(of, [width] * depth, S, 101),
            25,
            cr.SGD(0.2, momentum=0.9),
        )
    for of, activation in ((mixed, T), (flat, R), (signs, S)):
        yield run(
            "zero weights",
            "symmetric_units",
            of,
            dense(of, [24], activation, 102),
            15,
            cr.SGD(0.2),
            prepare=zeroed,
        )
    for of, activation in ((mixed, R), (smooth, T), (words, cr.ELU())):
        yield run(
            "rate too large",
            "learning_rate_too_large",
            of,
            dense(of, [40, 20], activation, 103),
            15,
            cr.SGD(20.0),
            batch_size=16,
        )
        yield run(
            "rate too small",
            "learning_rate_too_small",
            of,
            dense(of, [40, 20], activation, 104),
            15,
            cr.SGD(1e-4),
            batch_size=16,
        )
    for of, by in ((mixed, -100.0), (smooth, -15.0), (words, -40.0)):
        net = dense(of, [50, 25], R, 105)
        yield run(
            "dead",
            "dead_units",
            of,
            net,
            15,
            cr.SGD(0.05),
            prepare=lambda net, by=by: shifted_biases(net, by),
        )
    for of, j in ((ring, 0), (smooth, 3), (mixed, 11)):
        other = scaled_column(of, j, 1e6)
        yield run("unscaled", "unscaled", other, dense(other, [30], T, 106), 15, cr.SGD(0.05))
    for of in (mixed, smooth, words):
        other = relabelled(of, np.random.default_rng(107).permutation(of.y))
        yield run(
            "shuffled", "shuffled_labels", other, dense(other, [24], T, 107), 15, cr.SGD(0.05, momentum=0.9)
        )
    for of, pair, share in ((mixed, (1, 4), 1.0), (ring, (0, 2), 0.6), (words, (0, 3), 0.3)):
        other = swap(of, *pair, share, 108)
        yield run(f"swapped {share}", "swapped_classes", other, dense(other, [40], R, 108), 20)
    for of, value in ((ring, -2.5), (flat, 100.0), (words, 3.0)):
        other = with_column(of, np.full(len(of.y), value), np.full(len(of.yv), value))
        yield run(f"constant {value}", "constant_column", other, dense(other, [16], T, 109), 15, cr.SGD(0.01))
    for of in (mixed, flat, signs):
        other = with_column(of, 2.0 * of.y - 1, 2.0 * of.yv - 1)
        yield run("leak", "leak", other, dense(other, [20], T, 110), 15, cr.SGD(0.02))
    for of, activation, scale in ((mixed, S, 20.0), (smooth, T, 5.0), (ring, T, 25.0)):
        yield run(
            "saturated",
            "saturated_units",
            of,
            dense(of, [40, 40], activation, 111, cr.Normal(scale)),
            12,
            cr.SGD(0.05),
        )
    for of, activation, depth in ((mixed, R, 15), (smooth, cr.GELU(), 10), (words, cr.LeakyReLU(), 20)):
        net = dense(of, [40] * depth, activation, 112, cr.Normal(0.8))
        yield run(f"exploding {depth}", "exploding_gradients", of, net, 10, cr.SGD(0.02))


def healthy() -> Iterator[Run]:
    """Other data, seeds and settings."""
    seed = 200
    activations = [R, T, cr.ELU(), cr.GELU(), S, cr.LeakyReLU(0.1), cr.Softplus()]
    optimizers = others()
    for name in ("mixture", "rings", "friedman", "plane", "counts", "parity"):
        for widths in ([24], [48, 24], [100]):
            seed += 1
            of, activation = made(name, seed, 600 + 100 * (seed % 5)), activations[seed % len(activations)]
            optimizer = optimizers[seed % len(optimizers)]
            yield run(
                f"{name} {widths} {activation} {optimizer!r}",
                "",
                of,
                dense(of, widths, activation, seed),
                40,
                optimizer,
            )
    for name, layers in (
        ("stripes", "conv 6 3 relu, pool 2, 12 relu, 3"),
        ("stripes", "conv 4 5 tanh, pool 2, 3"),
        ("chirps", "conv 8 5 relu, pool 2, conv 8 5 relu, 3"),
        ("chirps", "conv 12 7 relu, pool 4, 16 relu, 3"),
        *((("mnist", "conv 4 5 relu, pool 2, 10"), ("mnist", "64 relu, 10")) if MNIST.is_dir() else ()),
    ):
        seed += 1
        of = made(name, seed)
        net = cr.Network(of.X.shape[1:], layers, of.loss, seed)
        yield run(f"{name}: {layers}", "", of, net, 12, cr.SGD(0.05, momentum=0.9))
    for name in ("mixture", "plane", "counts"):
        seed += 1
        of = made(name, seed)
        net = cr.Network(of.X.shape[1:], [cr.Linear(of.outputs)], of.loss, seed, "float64")
        yield run(f"{name} linear", "", of, net, 40, cr.SGD(0.1), batch_size=64)
    for name, rate in (("mixture", 0.2), ("friedman", 0.1), ("counts", 0.5)):
        seed += 1
        of = made(name, seed)
        layers = [cr.Linear(64), R, cr.Dropout(rate), cr.Linear(of.outputs)]
        yield run(f"{name}, dropout {rate}", "", of, cr.Network(of.X.shape[1:], layers, of.loss, seed), 40)
    for name in ("friedman", "parity", "rings"):
        seed += 1
        of = made(name, seed)
        yield run(
            f"{name}, schedule",
            "",
            of,
            dense(of, [32, 32], T, seed),
            60,
            cr.SGD(lambda t: 0.2 / (1 + 0.001 * t), momentum=0.8),
        )


def others() -> list[Any]:
    """Optimisers at rates that people use."""
    return [cr.SGD(0.05, momentum=0.9), cr.SGD(0.2), cr.Adam(0.003), cr.AdamW(0.01), cr.RMSprop(0.002)]
