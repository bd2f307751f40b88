"""The first suite of planted faults: 36 ill runs, three of each fault, and 36 healthy ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from diagnosis.planted import (
    MOMENTUM,
    Run,
    data,
    dense,
    relabelled,
    run,
    scaled_column,
    shifted_biases,
    swap,
    with_column,
    zeroed,
)

import chainrule as cr

R, S, T = cr.ReLU(), cr.Sigmoid(), cr.Tanh()


def ill() -> Iterator[Run]:
    """Three runs of each planted fault."""
    digits, wine, cancer, iris, diabetes, housing = (
        data(name, seed)
        for seed, name in enumerate(("digits", "wine", "breast_cancer", "iris", "diabetes", "housing"))
    )
    for of, width, name in ((digits, 32, "digits"), (wine, 16, "wine"), (diabetes, 24, "diabetes")):
        yield run(f"deep sigmoid, {name}", "vanishing_gradients", of, dense(of, [width] * 9, S, 1), 30)
    for of, activation, name in ((digits, R, "digits"), (iris, T, "iris"), (diabetes, S, "diabetes")):
        yield run(
            f"zero weights, {name}", "symmetric_units", of, dense(of, [16, 8], activation, 2), prepare=zeroed
        )
    for of, activation, rate, name in (
        (digits, R, 10.0, "digits"),
        (wine, T, 10.0, "wine"),
        (housing, R, 5.0, "housing"),
    ):
        net = dense(of, [32], activation, 3)
        yield run(
            f"rate too large, {name}",
            "learning_rate_too_large",
            of,
            net,
            optimizer=cr.SGD(rate, momentum=0.9),
        )
        net = dense(of, [32], activation, 4)
        yield run(
            f"rate too small, {name}",
            "learning_rate_too_small",
            of,
            net,
            optimizer=cr.SGD(rate / 1e4, momentum=0.5),
        )
    for of, by, name in ((digits, -20.0, "digits"), (cancer, -50.0, "cancer"), (housing, -30.0, "housing")):
        net = dense(of, [32, 16], R, 5)
        yield run(f"dead, {name}", "dead_units", of, net, prepare=lambda net, by=by: shifted_biases(net, by))
    for of, j, name in ((iris, 2, "iris"), (cancer, 7, "cancer"), (housing, 4, "housing")):
        other = scaled_column(of, j, 1e6)
        yield run(f"unscaled, {name}", "unscaled", other, dense(other, [16], R, 6))
    for of, name in ((digits, "digits"), (wine, "wine"), (diabetes, "diabetes")):
        other = relabelled(of, np.random.default_rng(7).permutation(of.y))
        yield run(f"shuffled, {name}", "shuffled_labels", other, dense(other, [32], R, 7), 20, cr.SGD(0.1))
    for of, pair, share, name in (
        (digits, (3, 8), 1.0, "digits"),
        (wine, (0, 1), 1.0, "wine"),
        (digits, (2, 5), 0.4, "digits, part"),
    ):
        other = swap(of, *pair, share, 8)
        yield run(f"swapped, {name}", "swapped_classes", other, dense(other, [32], R, 8))
    for of, value, name in ((iris, 3.0, "iris"), (diabetes, 0.0, "diabetes"), (wine, 1.0, "wine")):
        other = with_column(of, np.full(len(of.y), value), np.full(len(of.yv), value))
        yield run(f"constant, {name}", "constant_column", other, dense(other, [16], T, 9))
    for of, name in ((wine, "wine"), (diabetes, "diabetes"), (digits, "digits")):
        other = with_column(of, of.y, of.yv)
        yield run(
            f"leak, {name}", "leak", other, dense(other, [16], R, 10), optimizer=cr.SGD(0.02, momentum=0.9)
        )
    for of, activation, scale, name in (
        (digits, T, 10.0, "digits"),
        (wine, S, 30.0, "wine"),
        (housing, T, 10.0, "housing"),
    ):
        net = dense(of, [32, 16], activation, 11, cr.Normal(scale))
        yield run(f"saturated, {name}", "saturated_units", of, net, 10)
    for of, activation, name in (
        (digits, R, "digits"),
        (diabetes, cr.LeakyReLU(), "diabetes"),
        (wine, R, "wine"),
    ):
        net = dense(of, [32] * 12, activation, 12, cr.Normal(1.0))
        yield run(f"exploding, {name}", "exploding_gradients", of, net, 10, cr.SGD(0.01))


def healthy() -> Iterator[Run]:
    """Data, sizes, activations and optimisers of all kinds, each a setting that people use."""
    seed = 20
    activations = [R, T, S, cr.LeakyReLU(), cr.ELU(), cr.GELU(), cr.Softplus()]
    for name in ("iris", "wine", "breast_cancer", "digits", "diabetes", "housing", "moons", "blobs"):
        for widths in ([16], [64, 32], [32, 32, 16]):
            seed += 1
            of, activation = data(name, seed), activations[seed % len(activations)]
            optimizer = optimizers()[seed % len(optimizers())]
            epochs = 60 if len(of.y) < 500 else 20
            yield run(
                f"{name} {widths} {activation} {optimizer!r}",
                "",
                of,
                dense(of, widths, activation, seed),
                epochs,
                optimizer,
            )
    for name in (
        "digits",
        "breast_cancer",
        "diabetes",
        "iris",
    ):  # the notes' models: no hidden layer, weights from 0
        seed += 1
        of = data(name, seed)
        net = cr.Network(of.X.shape[1:], [cr.Linear(of.outputs, weights=cr.Zeros())], of.loss, seed)
        yield run(f"{name} linear", "", of, net, 40, cr.SGD(0.05))
    for kernel, activation in ((3, R), (3, T), (5, R)):
        seed += 1
        of = data("images", seed)
        layers = [
            cr.Conv2d(6, kernel, padding="same"),
            activation,
            cr.MaxPool2d(2),
            cr.Flatten(),
            cr.Linear(10),
        ]
        yield run(f"images, kernel {kernel}", "", of, cr.Network((1, 8, 8), layers, "cross_entropy", seed), 6)
    for name in ("waves", "waves_real"):
        seed += 1
        of = data(name, seed)
        layers = [cr.Conv1d(8, 5), R, cr.AvgPool1d(4), cr.Flatten(), cr.Linear(16), R, cr.Linear(of.outputs)]
        yield run(name, "", of, cr.Network((1, 32), layers, of.loss, seed), 20, cr.SGD(0.05, momentum=0.9))
    for name, widths in (("breast_cancer", [8]), ("moons", [16, 16]), ("digits", [128])):
        seed += 1
        of = data(name, seed)
        net = dense(of, widths, T, seed)
        yield run(f"{name} with l2", "", of, net, 40, MOMENTUM, l2=1e-3, batch_size=64)


def optimizers() -> list[cr.training.optimizers.Optimizer]:
    """All optimisers, at rates that people use."""
    return [
        MOMENTUM,
        cr.SGD(0.1),
        cr.SGD(0.05, momentum=0.9, nesterov=True),
        cr.Adam(0.005),
        cr.AdamW(0.005),
        cr.RMSprop(0.002),
    ]
