"""Training runs with planted faults, and healthy ones: what the diagnosis is held to.

A run is built from a seed and knows which finding is right. Thresholds of the diagnosis come from mathematics and
from levels of tests; none was set by looking at these runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn import datasets

import chainrule as cr
from chainrule.diagnosis import Diagnosis, Recorder, diagnose

MOMENTUM = cr.SGD(0.1, momentum=0.9)


@dataclass
class Run:
    """One training run. expected: the finding that is right, "" for a healthy one."""

    name: str
    expected: str
    net: cr.Network
    X: Any
    y: Any
    validation: tuple[Any, Any]
    fit: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[cr.Network], None] = lambda net: None

    def diagnosis(self, recorded: bool = True) -> Diagnosis:
        """Train, and ask what is wrong. recorded: whether a recorder saw the start and the course."""
        self.prepare(self.net)
        recorder = Recorder(self.net, self.X, self.y) if recorded else None
        try:
            self.net.fit(self.X, self.y, progress=False, callbacks=[recorder] if recorder else [], **self.fit)
        except cr.TrainingError:
            pass
        return diagnose(self.net, self.X, self.y, self.validation, recorder)


@dataclass(frozen=True)
class Data:
    """Training and validation examples; kind: "classes" or "real"."""

    X: Any
    y: Any
    Xv: Any
    yv: Any
    kind: str

    @property
    def loss(self) -> str:
        return "half_squared_error" if self.kind == "real" else "cross_entropy"

    @property
    def outputs(self) -> int:
        return 1 if self.kind == "real" else int(self.y.max()) + 1


def data(name: str, seed: int, n: int = 1500) -> Data:
    """A data set by name, shuffled, split, on a scale near 1."""
    random = np.random.default_rng(seed)
    kind = "real" if name in ("diabetes", "housing", "waves_real") else "classes"
    if name in ("digits", "images"):
        X, y = datasets.load_digits(return_X_y=True)
        X = X / 16
    elif name == "housing":
        X, y = housing(random, n)
    elif name in ("waves", "waves_real"):
        X, y = waves(random, n // 2, kind == "real")
    elif name == "moons":
        X, y = datasets.make_moons(n // 2, noise=0.2, random_state=seed)
    elif name == "blobs":
        X, y = datasets.make_blobs(n // 3, 6, centers=5, cluster_std=2.5, random_state=seed)
    else:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name not in ("digits", "images", "waves", "waves_real"):
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    if kind == "real":
        y = (y - y.mean()) / y.std()
    if name == "images":
        X = X.reshape(-1, 1, 8, 8)
    order = random.permutation(len(y))
    held = len(y) // 4
    return Data(X[order[held:]], y[order[held:]], X[order[:held]], y[order[:held]], kind)


def housing(random: np.random.Generator, n: int) -> tuple[Any, Any]:
    """Eight columns as a census of houses has them: skewed, related, with places; prices with noise."""
    income = random.lognormal(1.2, 0.4, n)
    age = random.uniform(1, 52, n)
    rooms = 3 + income / 2 + random.normal(0, 0.8, n)
    bedrooms = rooms / 5 + random.normal(0, 0.1, n)
    people, household = random.lognormal(7, 0.7, n), random.lognormal(1, 0.2, n)
    north, east = random.normal(0, 2, n), random.normal(0, 2, n)
    price = 0.5 * income + 0.01 * age + np.exp(-(north**2 + east**2) / 8) - 0.1 * household
    return np.stack([income, age, rooms, bedrooms, people, household, north, east], 1), price + random.normal(
        0, 0.3, n
    )


def waves(random: np.random.Generator, n: int, real: bool) -> tuple[Any, Any]:
    """Sequences of one channel: a wave with noise; its class is how fast it swings, or its frequency itself."""
    frequency = random.uniform(1, 5, n) if real else random.choice([1.0, 2.5, 5.0], n)
    phase, t = random.uniform(0, 2 * np.pi, (n, 1)), np.arange(32) / 32
    x = np.sin(2 * np.pi * frequency[:, None] * t + phase) + random.normal(0, 0.2, (n, 32))
    return x[:, None, :], frequency if real else np.searchsorted([1.0, 2.5, 5.0], frequency)


def dense(of: Data, widths: Sequence[int], activation: Any, seed: int, weights: Any = None) -> cr.Network:
    """A fully connected network."""
    layers: list[Any] = []
    for width in widths:
        layers += [cr.Linear(width, weights=weights), activation]
    layers.append(cr.Linear(of.outputs, weights=weights))
    return cr.Network(of.X.shape[1:], layers, of.loss, seed)


def run(
    name: str,
    expected: str,
    of: Data,
    net: cr.Network,
    epochs: int = 20,
    optimizer: Any = MOMENTUM,
    **more: Any,
) -> Run:
    """A run on a data set as it is."""
    fit = {
        "epochs": epochs,
        "optimizer": optimizer,
        **{k: more.pop(k) for k in ("batch_size", "l2") if k in more},
    }
    return Run(name, expected, net, of.X, of.y, (of.Xv, of.yv), fit, **more)


def with_column(of: Data, column: Any, held: Any) -> Data:
    """One column more."""
    return Data(np.column_stack([of.X, column]), of.y, np.column_stack([of.Xv, held]), of.yv, of.kind)


def scaled_column(of: Data, j: int, factor: float) -> Data:
    """Column j on another scale."""
    X, Xv = of.X.copy(), of.Xv.copy()
    X[:, j] *= factor
    Xv[:, j] *= factor
    return Data(X, of.y, Xv, of.yv, of.kind)


def relabelled(of: Data, y: Any) -> Data:
    """Other labels in training; those of validation stay right."""
    return Data(of.X, y, of.Xv, of.yv, of.kind)


def swap(of: Data, a: int, b: int, share: float, seed: int) -> Data:
    """The labels a and b exchanged, each with this probability."""
    chosen = np.random.default_rng(seed).random(len(of.y)) < share
    y = np.where(chosen & (of.y == a), b, np.where(chosen & (of.y == b), a, of.y))
    return relabelled(of, y)


def shifted_biases(net: cr.Network, by: float) -> None:
    """All hidden biases at one number."""
    biases = [name for name in net.parameters if name.startswith("b")][:-1]
    net.set_parameters({name: np.full_like(net.parameters[name], by) for name in biases})


def zeroed(net: cr.Network) -> None:
    """All parameters at 0."""
    net.set_parameters({name: np.zeros_like(value) for name, value in net.parameters.items()})
