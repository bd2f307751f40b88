"""Training on standardised numbers, and the trained network on raw ones.

Legend: x the raw inputs; x̂ = (x − m) / s; y the raw targets; ŷ the network's. A network on x̂ becomes one on x
by other parameters in its first layer, W / s and b − W (m / s), and likewise in its last for the targets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.networks.dropout import Dropout
from chainrule.networks.layers import Flatten, Layer, ReLU
from chainrule.networks.network import Network
from chainrule.networks.spatial import AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d

Array = NDArray[Any]


@dataclass(frozen=True)
class Scaling:
    """m and s of the inputs, (p,) or scalars, and of the targets."""

    m: Array
    s: Array
    target_m: Array
    target_s: Array

    @classmethod
    def of(cls, X: Array, w: Array, y: Array | None = None, centred: bool = True) -> Scaling:
        """Means and standard deviations of the columns, weighted; of constant ones 1.

        Not centred: one s for all inputs, the largest, for images, whose borders are filled up with 0.
        """
        if centred:
            m, s = _moments(X, w)
        else:
            m, s = np.zeros(()), np.asarray(np.abs(X).max() or 1.0)
        target_m, target_s = (np.zeros(()), np.ones(())) if y is None else _moments(y, w)
        return cls(m, s, target_m, target_s)

    @classmethod
    def about_zero(cls, X: Array, w: Array) -> Scaling:
        """No means, and the root mean squares of the columns, weighted: for models without a bias."""
        s = np.sqrt(np.average(X**2, axis=0, weights=w))
        return cls(np.zeros(()), np.where(s > 0, s, 1.0), np.zeros(()), np.ones(()))

    def inputs(self, X: Array) -> Array:
        """x̂."""
        return ((X - self.m) / self.s).astype(np.float32)

    def targets(self, y: Array) -> Array:
        """Standardised targets."""
        return (y - self.target_m) / self.target_s

    def on_raw(self, net: Network) -> Network:
        """The network on raw numbers, in float64."""
        raw = Network(net.input_shape, net.layers, net.head.name, net.seed, "float64")
        raw.epochs = net.epochs
        values = {str(name): value.astype(np.float64) for name, value in net.parameters.items()}
        first, bias, last, last_bias = _ends(net)
        values[last] = (values[last].T * self.target_s).T
        if last_bias:
            values[last_bias] = values[last_bias] * self.target_s + self.target_m
        if self.m.ndim:
            values[bias] = values[bias] - values[first] @ (self.m / self.s)
        values[first] = values[first] / self.s
        raw.set_parameters(values)
        return raw

    def on_scaled(self, raw: Network) -> Network:
        """The network on standardised numbers, in float32: the inverse of `on_raw`."""
        net = Network(raw.input_shape, raw.layers, raw.head.name, raw.seed, "float32")
        net.epochs = raw.epochs
        values = dict(raw.parameters)
        first, bias, last, last_bias = _ends(raw)
        values[first] = values[first] * self.s
        if self.m.ndim:
            values[bias] = values[bias] + values[first] @ (self.m / self.s)
        values[last] = (values[last].T / self.target_s).T
        if last_bias:
            values[last_bias] = (values[last_bias] - self.target_m) / self.target_s
        net.set_parameters(values)
        return net


def _moments(columns: Array, w: Array) -> tuple[Array, Array]:
    m = np.average(columns, axis=0, weights=w)
    s = np.sqrt(np.average((columns - m) ** 2, axis=0, weights=w))
    tiny = s <= 1e-12 * np.maximum(np.abs(m), np.abs(columns).max(axis=0))
    return np.asarray(m), np.where(tiny, 1.0, s)


def require_scalable(net: Network, centred: bool) -> None:
    """Raise ChainruleError where the first layer with weights cannot take up x̂ = (x − m) / s. centred: m is not 0."""
    first = net.declared[0].place
    before = next((layer for layer in net.layers[:first] if not isinstance(layer, _passing(centred))), None)
    biased = any(declared.place == first and not declared.weight for declared in net.declared)
    if before is None and (biased or not centred):
        return
    scaled = "standardised" if centred else "divided by the largest"
    raise ChainruleError(
        f"a layer with weights{' and a bias' if centred else ''} first, because the inputs are {scaled}",
        str(before or net.layers[first]),
        "layers",
        "begin with such a layer, or scale X as you want it and use cr.Network",
    )


def _passing(centred: bool) -> tuple[type[Layer], ...]:
    """The layers that come to the same before and after a shift and a scaling, or a scaling alone."""
    alike = (Flatten, Dropout)
    return alike if centred else (*alike, ReLU, MaxPool1d, MaxPool2d, AvgPool1d, AvgPool2d)


def _ends(net: Network) -> tuple[str, str, str, str]:
    """The names of the first weight and bias, and of the last."""
    weights = [str(declared.leaf.name) for declared in net.declared if declared.weight]
    biases = [str(declared.leaf.name) for declared in net.declared if not declared.weight]
    return weights[0], biases[0] if biases else "", weights[-1], biases[-1] if biases else ""
