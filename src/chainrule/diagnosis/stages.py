"""A network as it is measured: each layer with parameters, and the activation behind it.

Legend: l the layer's number; z what it puts out; f the activation; t one number; f′ its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.walk import leaves, substituted, topological
from chainrule.networks.layers import Activation, Function, Layer
from chainrule.networks.network import Network
from chainrule.ops.reduction import sum as total
from chainrule.readings.gradient import gradient
from chainrule.readings.working import evaluate

_FLAT = 1e-3
"""A derivative below this share of its largest passes on next to nothing."""
_GRID = np.linspace(-12, 12, 481)
_T = data("t")


@dataclass(frozen=True)
class Slope:
    """The derivative of an activation: its formula, its largest value, and where it is flat.

    formula: f′(t). steepest: the largest |f′(t)| on a grid from −12 to 12. flat: "both sides" as for
    sigmoid and tanh, "one side" as for ReLU, or "nowhere" as for LeakyReLU.
    """

    formula: Expr
    steepest: float
    flat: str


@dataclass(frozen=True)
class Stage:
    """A layer with parameters and what stands behind it, up to the next one.

    number: l. layer: as it is written in the list. W: the weights. z: what the layer puts out. entering:
    what the activation is applied to: z, or z pooled. a, derivative, slope: its result, f′(entering), and f′;
    None without an activation.
    """

    number: int
    layer: str
    W: Expr
    z: Expr
    entering: Expr | None = None
    a: Expr | None = None
    derivative: Expr | None = None
    slope: Slope | None = None

    @property
    def units(self) -> int:
        """How many units, or channels, the activation has; 0 without one."""
        return 0 if self.a is None else (*self.a.shape, 1)[0]


def stages(net: Network) -> tuple[Stage, ...]:
    """The stages of a network, in forward order.

    >>> import chainrule as cr
    >>> net = cr.Network(3, [cr.Linear(4), cr.Sigmoid(), cr.Linear(2)], loss="cross_entropy")
    >>> [(stage.layer, stage.slope and stage.slope.steepest) for stage in stages(net)]
    [('Linear(4)', 0.25), ('Linear(2)', None)]
    """
    weights: dict[int, Expr] = {}
    for declared in net.declared:
        if declared.weight:
            weights.setdefault(declared.place, declared.leaf)
    places = sorted(weights)
    ends = [*places[1:], len(net.layers)]
    inputs = (net.input, *net.outputs)
    found = []
    for number, (place, end) in enumerate(zip(places, ends, strict=True), 1):
        stage = Stage(number, str(net.layers[place]), weights[place], net.outputs[place])
        for inner in range(place + 1, end):
            derivative = _derivative(net.layers[inner], inputs[inner])
            if derivative is not None:
                slope = _slope(net.layers[inner])
                entering, a = inputs[inner], net.outputs[inner]
                stage = replace(stage, entering=entering, a=a, derivative=derivative, slope=slope)
                break
        found.append(stage)
    return tuple(found)


def saturates(layer: Layer) -> bool:
    """Whether a layer is an activation that is flat on both sides, such as sigmoid and tanh."""
    slope = _slope(layer)
    return slope is not None and slope.flat == "both sides"


def shallow(net: Network) -> list[Layer]:
    """The layers with those left out that have parameters or an activation, all but the first and the last such."""
    found = stages(net)
    weighted = [
        place for place in range(len(net.layers)) if net.outputs[place] in {stage.z for stage in found}
    ]
    active = [place for place in range(len(net.layers)) if net.outputs[place] in {stage.a for stage in found}]
    dropped = {*weighted[1:-1], *active[1:]}
    return [layer for place, layer in enumerate(net.layers) if place not in dropped]


def _function(layer: Layer, t: Expr) -> Expr | None:
    """f(t) where the layer applies one function of a number entry by entry, else None."""
    if not isinstance(layer, (Activation, Function)):
        return None
    try:
        result = layer.function(t)
    except ChainruleError:
        return None
    inside = [node for node in topological([result]) if not node.is_leaf]
    entrywise = all(node.op.elementwise and node.shape in (t.shape, ()) for node in inside)
    return result if inside and entrywise and result.shape == t.shape and leaves([result]) == [t] else None


def _derivative(layer: Layer, entering: Expr) -> Expr | None:
    """f′, entry by entry, of what enters an activation; None for other layers."""
    t = data("t", entering.shape)
    result = _function(layer, t)
    if result is None:
        return None
    slope = gradient(result if not t.shape else total(result), t)
    return substituted(slope, {t: entering})


def _slope(layer: Layer) -> Slope | None:
    result = _function(layer, _T)
    if result is None:
        return None
    formula = gradient(result, _T)
    many = data("t", len(_GRID))
    derivative = _derivative(layer, many)
    sizes = np.abs(evaluate(derivative, {many: _GRID})) if derivative is not None else np.zeros(len(_GRID))
    steepest = float(sizes.max())
    ends = sum(bool(end < _FLAT * steepest) for end in (sizes[0], sizes[-1]))
    return Slope(formula, steepest, ("nowhere", "one side", "both sides")[ends])
