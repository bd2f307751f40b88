"""The measured numbers: activations, derivatives, adjoints and gradients, layer by layer, over a sample.

Legend: l the layer; z, a, δ as in a derivation; f′ the derivative of the activation; W the weights; ℓ the
mean loss over the sample. Sizes are absolute values, over all entries and examples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from chainrule.diagnosis.stages import Stage, stages
from chainrule.graph.expression import Expr
from chainrule.graph.shape import size_of
from chainrule.lowering.options import jitted
from chainrule.networks.network import Network
from chainrule.readings.compiled import precision, traced
from chainrule.readings.gradient import adjoints
from chainrule.training.windows import Feed

Array = NDArray[Any]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ENTRIES = 4096  # of an array, evenly spaced, that quantiles are taken of
_MOST = 2**23  # entries of the largest array of a sample
_SATURATED = 0.05  # of the steepest slope
_ALIKE = 1e-4  # of the largest entry


@dataclass(frozen=True)
class Spread:
    """How large the entries of an array are: quantiles of the absolute values, and their root mean square.

    quantiles: at 5, 25, 50, 75 and 95 %.
    """

    quantiles: tuple[float, ...]
    rms: float

    @property
    def median(self) -> float:
        """The quantile at 50 %."""
        return self.quantiles[2]


@dataclass(frozen=True)
class LayerFlow:
    """One layer in one measurement.

    z, activation, delta, gradient: the sizes of z, a, δ (of each example's own loss) and ∂ℓ/∂W.
    update: ‖ΔW‖/‖W‖ of the weights of each unit, over one epoch; None where it was not seen. relative_gradient:
    ‖∂ℓ/∂W‖/‖W‖. derivative: the root mean square of f′; steepest: the largest that f′ can be. saturated: the
    share of entries with |f′| below a twentieth of that, for activations that are flat on both sides. dead:
    the share of units with f′ = 0 (below a thousandth of the steepest) for every example of the sample, for
    activations that are flat somewhere. alike: whether all units have the same weights, a and δ. What an
    activation is needed for is None without one.
    """

    number: int
    layer: str
    z: Spread
    delta: Spread
    gradient: Spread
    relative_gradient: float
    weight_rms: float
    units: int
    activation: Spread | None = None
    derivative: float | None = None
    steepest: float | None = None
    saturated: float | None = None
    dead: float | None = None
    alike: bool = False
    update: Spread | None = None


@dataclass(frozen=True)
class Flow:
    """One measurement of a network. epoch: how many were complete. loss: over the n examples of the sample."""

    epoch: int
    n: int
    loss: float
    layers: tuple[LayerFlow, ...]

    @property
    def derivatives(self) -> tuple[float, ...]:
        """The root mean square of f′ in each layer with an activation. Notes 4.5.3 say 0.25 at most for σ."""
        return tuple(layer.derivative for layer in self.layers if layer.derivative is not None)

    @property
    def product(self) -> float:
        """The product of `derivatives`: what the activations leave of a signal on its way back."""
        return math.prod(self.derivatives)

    @property
    def bound(self) -> float:
        """The largest that the product can be: 0.25 for each layer of sigmoid units."""
        return math.prod(layer.steepest for layer in self.layers if layer.steepest is not None)

    @property
    def backward_ratio(self) -> float:
        """The size of δ in the first layer over that in the last."""
        return _ratio(self.layers[0].delta.rms, self.layers[-1].delta.rms)

    @property
    def forward_ratio(self) -> float:
        """The size of z in the last layer over that in the first."""
        return _ratio(self.layers[-1].z.rms, self.layers[0].z.rms)


def measured(
    net: Network,
    X: Any,
    y: Any,
    parameters: Mapping[str, Any] | None = None,
    examples: int = 1024,
    epoch: int | None = None,
) -> Flow:
    """Measure a network on a sample of the examples.

    X, y: as for `fit`. parameters: by name; by default the network's own. examples: at most so many, evenly
    spaced. Raises FeedError for examples that do not fit.

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(8), cr.Sigmoid(), cr.Linear(8), cr.Sigmoid(), cr.Linear(1)], "squared_error")
    >>> flow = measured(net, [[0, 1], [1, 1]], [0, 1])
    >>> flow.bound, flow.product < flow.bound
    (0.0625, True)
    """
    return Meter(net, X, y, examples).measure(parameters, net.epochs if epoch is None else epoch)


class Meter:
    """Measures one network on one sample, again and again."""

    def __init__(self, net: Network, X: Any, y: Any, examples: int = 1024) -> None:
        self.net = net
        self.stages = stages(net)
        largest = max(size_of(output.shape) for output in (net.input, *net.outputs))
        feed, most = net.feed(X, y), max(1, min(examples, _MOST // max(1, largest)))
        rows = np.linspace(0, feed.n - 1, min(feed.n, most)).round().astype(int)
        self.feed = Feed(
            dict(zip(feed.leaves, (np.asarray(array)[rows] for array in feed.arrays), strict=True)),
            dict(zip(feed.leaves, feed.rows, strict=True)),
        )

    def measure(
        self,
        parameters: Mapping[str, Any] | None = None,
        epoch: int = 0,
        before: Mapping[str, Any] | None = None,
    ) -> Flow:
        """One measurement. before: the parameters an epoch earlier, for the size of the updates."""
        net, given = self.net, parameters or self.net.parameters
        leaves = net.leaves
        run = _compiled(net.expression, self.stages, leaves, self.feed.leaves, self.feed.rows, net.dtype)
        numbers = tuple(np.asarray(given[str(leaf.name)], net.dtype) for leaf in leaves)
        with precision(net.dtype):
            loss, found = run(numbers, self.feed.arrays)
        layers = tuple(
            _layer(stage, {key: np.asarray(value) for key, value in part.items()}, given, before)
            for stage, part in zip(self.stages, found, strict=True)
        )
        return Flow(epoch, self.feed.n, float(loss), layers)


@lru_cache(maxsize=32)
def _compiled(
    loss: Expr,
    parts: tuple[Stage, ...],
    parameters: tuple[Expr, ...],
    inputs: tuple[Expr, ...],
    rows: tuple[Any, ...],
    dtype: str,
) -> Callable[..., Any]:
    """A function of parameters and examples: the loss, and for each stage what is small enough to hand over."""
    found = adjoints(
        loss, [node for stage in parts for node in (stage.z, stage.entering, stage.W) if node is not None]
    )
    wanted: list[tuple[int, str, Expr, str | None]] = []
    for at, stage in enumerate(parts):
        wanted += [
            (at, "z", stage.z, None),
            (at, "delta", found[stage.z], None),
            (at, "gradient", found[stage.W], "mean"),
        ]
        if stage.a is not None and stage.derivative is not None and stage.entering is not None:
            wanted += [(at, "a", stage.a, None), (at, "f", stage.derivative, None)]
            wanted += [(at, "entering", found[stage.entering], None)]

    def run(numbers: tuple[Any, ...], arrays: tuple[Any, ...]) -> Any:
        given = dict(zip(parameters, numbers, strict=True))
        given |= {
            leaf: row(part) if row else part for leaf, row, part in zip(inputs, rows, arrays, strict=True)
        }
        exprs, how = [loss, *(item[2] for item in wanted)], ["mean", *(item[3] for item in wanted)]
        mean, *values = traced(exprs, given, True, dtype, how)
        results: list[dict[str, Any]] = [{} for _ in parts]
        for (at, name, _, _), value in zip(wanted, values, strict=True):
            _reduce(results[at], name, value, parts[at])
        return mean, results

    return jitted(run, quickly=True)


def _reduce(into: dict[str, Any], name: str, value: Any, stage: Stage) -> None:
    """Enter what is wanted of one array: entries for quantiles, root mean squares, shares of units."""
    slope = stage.slope
    if name in ("z", "delta", "gradient", "a"):
        flat = jnp.abs(value).ravel()
        into[name] = flat[:: max(1, flat.size // _ENTRIES)]
    into[f"{name} rms"] = jnp.sqrt(jnp.mean(jnp.square(value)))
    by_unit = value.reshape(len(value), stage.units, -1) if name in ("a", "f", "entering") else value
    if name in ("a", "entering"):
        apart = jnp.max(jnp.abs(by_unit - by_unit[:, :1]))
        into[f"{name} alike"] = apart <= _ALIKE * jnp.max(jnp.abs(value))
    if name == "f" and slope is not None:
        size = jnp.abs(by_unit)
        into["saturated"] = jnp.mean(size < _SATURATED * slope.steepest)
        into["dead"] = jnp.mean(jnp.all(size < 1e-3 * slope.steepest, axis=(0, 2)))


def _layer(
    stage: Stage, part: dict[str, Array], given: Mapping[str, Any], before: Mapping[str, Any] | None
) -> LayerFlow:
    W = np.asarray(given[str(stage.W.name)], np.float64)
    weight_rms = float(np.sqrt(np.mean(np.square(W))))
    update = None
    if before is not None:
        earlier = np.asarray(before[str(stage.W.name)], np.float64)
        rows = (len(W), -1) if W.ndim > 1 else (1, -1)
        moved = np.linalg.norm((W - earlier).reshape(rows), axis=1)
        update = spread(moved / np.maximum(np.linalg.norm(earlier.reshape(rows), axis=1), 1e-30))
    slope = stage.slope
    return LayerFlow(
        stage.number,
        stage.layer,
        _spread(part, "z"),
        _spread(part, "delta"),
        _spread(part, "gradient"),
        _ratio(float(part["gradient rms"]), weight_rms),
        weight_rms,
        stage.units,
        None if slope is None else _spread(part, "a"),
        None if slope is None else float(part["f rms"]),
        None if slope is None else slope.steepest,
        float(part["saturated"]) if slope is not None and slope.flat == "both sides" else None,
        float(part["dead"]) if slope is not None and slope.flat != "nowhere" else None,
        slope is not None
        and stage.units > 1
        and bool(part["a alike"])
        and bool(part["entering alike"])
        and _rows_alike(W),
        update,
    )


def _rows_alike(W: Array) -> bool:
    return bool(np.abs(W - W[:1]).max() <= _ALIKE * np.abs(W).max())


def _spread(part: dict[str, Array], name: str) -> Spread:
    return spread(part[name], float(part[f"{name} rms"]))


def spread(sizes: Array, rms: float | None = None) -> Spread:
    """The spread of non-negative numbers."""
    sizes = np.asarray(sizes, np.float64)
    known = float(np.sqrt(np.mean(np.square(sizes)))) if rms is None else rms
    if not np.isfinite(sizes).all():
        return Spread((math.nan,) * len(QUANTILES), math.inf)
    return Spread(tuple(float(q) for q in np.quantile(sizes, QUANTILES)), known)


def _ratio(above: float, below: float) -> float:
    """A ratio where 0/0 says nothing: 1."""
    if below == 0 or math.isnan(above) or math.isnan(below):
        return 1.0 if above == below == 0 else math.inf
    return above / below
