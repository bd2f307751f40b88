"""Random networks, each as our layers and as a forward pass written with jax.numpy and lax alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import chainrule as cr

Pass = Callable[[Any, list[Any]], Any]
"""One layer of the reference: from a batch and the parameters left, which it takes from the front."""
ACTIVATIONS: list[tuple[cr.Layer, Callable[[Any], Any]]] = [
    (cr.ReLU(), lambda z: jnp.where(z > 0, z, 0)),
    (cr.Tanh(), jnp.tanh),
    (cr.Sigmoid(), lambda z: 1 / (1 + jnp.exp(-z))),
    (cr.LeakyReLU(0.1), lambda z: jnp.where(z > 0, z, 0.1 * z)),
    (cr.Softplus(), lambda z: jnp.log(1 + jnp.exp(z))),
    (cr.ELU(0.8), lambda z: jnp.where(z > 0, z, 0.8 * (jnp.exp(z) - 1))),
    (cr.GELU(), lambda z: z * (1 + lax.erf(z / jnp.sqrt(2.0))) / 2),
]
LOSSES = {
    "cross_entropy": lambda z, y: (
        -jnp.log(jnp.exp(z) / jnp.exp(z).sum(1, keepdims=True))[jnp.arange(len(y)), y]
    ),
    "binary_cross_entropy": lambda z, y: jnp.log(1 + jnp.exp(z[:, 0])) - y * z[:, 0],
    "squared_error": lambda z, y: ((z - y) ** 2).sum(1),
    "half_squared_error": lambda z, y: ((z - y) ** 2).sum(1) / 2,
}


@dataclass
class Twin:
    """A network and its reference: passes in order, and the losses from the last one's output."""

    loss: str
    shape: tuple[int, ...]
    layers: list[cr.Layer] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)

    def add(self, layer: cr.Layer, one: Pass) -> None:
        self.layers.append(layer)
        self.passes.append(one)

    def losses(self, parameters: list[Any], X: Any, y: Any) -> Any:
        left = [*parameters]
        for one in self.passes:
            X = one(X, left)
        assert not left
        return LOSSES[self.loss](X, y)

    def now(self, parameters: list[Any]) -> tuple[int, ...]:
        """The shape of one example after the passes so far."""

        def run(X: Any) -> Any:
            left = [*parameters]
            for one in self.passes:
                X = one(X, left)
            return X

        return jax.eval_shape(run, jnp.zeros((1, *self.shape))).shape[1:]


def convolution(settings: dict[str, Any], axes: int) -> Pass:
    """What Conv1d and Conv2d mean, by XLA's convolution."""
    pair = {key: np.broadcast_to(settings[key], axes).tolist() for key in ("size", "stride", "dilation")}
    padding = settings["padding"]
    if padding == "full":
        padding = [(d * (u - 1), d * (u - 1)) for u, d in zip(pair["size"], pair["dilation"], strict=True)]
    elif isinstance(padding, int):
        padding = [(padding, padding)] * axes
    elif isinstance(padding, tuple):
        padding = [padding] if axes == 1 else list(padding)
    else:
        padding = padding.upper()

    def one(X: Any, left: list[Any]) -> Any:
        z = lax.conv_general_dilated(
            X,
            left.pop(0),
            pair["stride"],
            padding,
            rhs_dilation=pair["dilation"],
            feature_group_count=settings["groups"],
        )
        return z + left.pop(0).reshape(1, -1, *(1,) * axes) if settings["bias"] else z

    return one


def pooling(settings: dict[str, Any], axes: int, average: bool) -> Pass:
    """What the pooling layers mean, by XLA's reduction of windows."""
    size = np.broadcast_to(settings["size"], axes).tolist()
    stride = size if settings["stride"] is None else np.broadcast_to(settings["stride"], axes).tolist()
    p, ceil = settings["padding"], settings["ceil_mode"]

    def one(X: Any, left: list[Any]) -> Any:
        sides = []
        for n, k, s in zip(X.shape[2:], size, stride, strict=True):
            if p == "same":
                total = max((-(-n // s) - 1) * s + k - n, 0)
                sides.append((total // 2, total - total // 2))
                continue
            count = (n + 2 * p - k) // s + 1
            if ceil:
                count = -(-(n + 2 * p - k) // s) + 1
                count -= (count - 1) * s >= n + p
            sides.append((p, (count - 1) * s + k - n - p))
        X = X[(..., *(slice(n + min(after, 0)) for n, (_, after) in zip(X.shape[2:], sides, strict=True)))]
        sides = [(before, max(after, 0)) for before, after in sides]
        whole, step, around = (1, 1, *size), (1, 1, *stride), [(0, 0), (0, 0), *sides]
        if not average:
            return lax.reduce_window(X, -jnp.inf, lax.max, whole, step, around)
        entries = lax.reduce_window(jnp.ones_like(X), 0.0, lax.add, whole, step, around)
        return lax.reduce_window(X, 0.0, lax.add, whole, step, around) / entries

    return one


def linear(X: Any, left: list[Any]) -> Any:
    """What Linear means."""
    return X @ left.pop(0).T + left.pop(0)


def random_twin(seed: int, most: int = 3) -> Twin:
    """A network with up to `most` convolutions, each with pools and activations, then dense layers."""
    random = np.random.default_rng(seed)

    def one_of(*options: Any) -> Any:
        return options[random.integers(len(options))]

    axes, loss = one_of(1, 2, 2), one_of(*LOSSES)
    twin = Twin(loss, (one_of(1, 2, 3, 4), *(int(n) for n in random.integers(5, 12, axes))))
    shapes: list[Any] = []  # of the parameters so far
    for _ in range(random.integers(1, most + 1)):
        C, *image = twin.now(shapes)
        small = min(image)
        u = int(random.integers(1, min(small, 4) + 1))
        d = one_of(1, 1, 2) if 2 * (u - 1) + 1 <= small else 1
        groups = one_of(*(g for g in (1, 1, 1, 2, 3, 4) if C % g == 0))
        size = (u, max(1, u - 1)) if axes == 2 and random.random() < 0.3 else u
        padding = one_of("valid", "valid", "same", "full", 1, (0, 1) if axes == 1 else ((1, 0), (0, 2)))
        stride = (2, 1) if axes == 2 and random.random() < 0.2 else one_of(1, 1, 1, 2, 3)
        settings = {
            "size": size,
            "stride": stride,
            "padding": padding,
            "dilation": d,
            "groups": groups,
            "bias": bool(random.random() < 0.8),
        }
        outputs = groups * int(random.integers(1, 4))
        kind = cr.Conv1d if axes == 1 else cr.Conv2d
        twin.add(kind(outputs, **settings), convolution(settings, axes))
        sizes = np.broadcast_to(size, axes).tolist()
        shapes += [jnp.zeros((outputs, C // groups, *sizes))] + [jnp.zeros(outputs)] * settings["bias"]
        first = random.random() < 0.7
        for activation in (first, not first):
            if random.random() < 0.2:
                continue
            if activation:
                _activate(twin, one_of)
            else:
                _pool(twin, shapes, one_of, axes)
    twin.add(cr.Flatten(), lambda X, left: X.reshape(len(X), -1))
    outputs = {"cross_entropy": one_of(2, 3, 5), "binary_cross_entropy": 1}.get(loss, one_of(1, 2))
    for units in (*([int(random.integers(2, 7))] * one_of(0, 1)), outputs):
        shapes += [jnp.zeros((units, *twin.now(shapes))), jnp.zeros(units)]
        twin.add(cr.Linear(units), linear)
        if units != outputs:
            _activate(twin, one_of)
    return twin


def _activate(twin: Twin, one_of: Callable[..., Any]) -> None:
    layer, function = one_of(*ACTIVATIONS)
    twin.add(layer, lambda X, left: function(X))


def _pool(twin: Twin, shapes: list[Any], one_of: Callable[..., Any], axes: int) -> None:
    k, average = one_of(2, 2, 3), one_of(False, True)
    if min(twin.now(shapes)[1:]) < k:
        return
    padding = one_of(0, 0, 1, "same")
    settings = {"size": k, "stride": one_of(None, 1, 2), "padding": padding, "ceil_mode": one_of(False, True)}
    if padding == "same":
        settings["ceil_mode"] = False
    kinds = {
        (1, False): cr.MaxPool1d,
        (2, False): cr.MaxPool2d,
        (1, True): cr.AvgPool1d,
        (2, True): cr.AvgPool2d,
    }
    twin.add(kinds[axes, average](**settings), pooling(settings, axes, average))
