"""What a measurement of the layers makes us suspect. Nothing is said before an experiment has confirmed it.

Legend: δ, z, f′, W as in flow.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from chainrule.diagnosis.cause import Cause, Causes
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.flow import Flow, LayerFlow

AT_START = "at the start"
LARGE = 1e3
"""From this ratio between the first and the last layer on, one of them learns a thousand times as slowly."""
HALF = 0.5


@dataclass(frozen=True)
class Suspicion:
    """A finding that waits for its experiment. early: whether it was so at the start already."""

    name: str
    sentence: str
    evidence: dict[str, Any]
    cause: Cause
    remedy: str
    early: bool = False

    def confirmed(self, experiment: str) -> Finding:
        """The finding."""
        return Finding(self.name, self.sentence, self.evidence, self.cause, self.remedy, experiment)


def suspicions(flow: Flow, causes: Causes, when: str) -> tuple[Suspicion, ...]:
    """What one measurement makes us suspect, the likeliest cause first. when: "at the start" or "now"."""
    hidden = [layer for layer in flow.layers if layer.units > 1]
    alike = [layer for layer in hidden if layer.alike]
    if alike:
        return (_symmetric(alike, causes, when),)
    found: list[Suspicion] = []
    rectified = [layer for layer in hidden if layer.saturated is None]
    dead = [layer for layer in rectified if layer.dead is not None and layer.dead >= HALF]
    if dead:
        found.append(_dead(flow, dead, causes, when))
    flat = [layer for layer in hidden if layer.saturated is not None and layer.saturated >= HALF]
    if flat:
        found.append(_saturated(flat, causes, when))
    if _explodes(flow):
        found.append(_exploding(flow, causes, when))
    if not found and vanishes(flow):
        found.append(vanishing(flow, causes, when))
    return tuple(replace(one, early=when == AT_START) for one in found)


def vanishes(flow: Flow) -> bool:
    """Whether δ or z shrinks a thousandfold through the layers."""
    return 0 < flow.backward_ratio < 1 / LARGE or 0 < flow.forward_ratio < 1 / LARGE


def _explodes(flow: Flow) -> bool:
    sizes = (flow.loss, flow.layers[-1].z.rms, flow.layers[0].delta.rms)
    if not all(math.isfinite(size) for size in sizes):
        return True
    return (
        flow.forward_ratio > LARGE or LARGE < flow.backward_ratio < math.inf or flow.layers[-1].z.rms > LARGE
    )


def vanishing(flow: Flow, causes: Causes, when: str) -> Suspicion:
    """The suspicion that δ vanishes."""
    first, last = flow.layers[0], flow.layers[-1]
    evidence = {
        "delta_first": first.delta.rms,
        "delta_last": last.delta.rms,
        "ratio": flow.backward_ratio,
        "derivatives": flow.derivatives,
        "product": flow.product,
        "bound": flow.bound,
        "z_ratio": flow.forward_ratio,
    }
    if flow.backward_ratio < 1 / LARGE:
        sentence = (
            f"The gradient vanishes on its way back: {when} δ is {first.delta.rms:.2g} in layer 1 and "
            f"{last.delta.rms:.2g} in layer {last.number}, a ratio of {flow.backward_ratio:.1g}"
        )
    else:
        sentence = (
            f"The signal vanishes on its way forward: {when} z is {first.z.rms:.2g} in layer 1 and "
            f"{last.z.rms:.2g} in layer {last.number}, a ratio of {flow.forward_ratio:.1g}"
        )
    count = len(flow.derivatives)
    words = (
        f"each layer multiplies by its derivative; of {count} layers the product is {flow.product:.2g} here, "
        f"and {flow.bound:.2g} at most"
    )
    return Suspicion(
        "vanishing_gradients",
        f"{sentence}.",
        evidence,
        causes.delta(words),
        "ReLU in place of sigmoid or tanh, with weights by He; or fewer layers",
    )


def _symmetric(alike: list[LayerFlow], causes: Causes, when: str) -> Suspicion:
    layer = alike[0]
    zero = layer.weight_rms == 0
    sentence = (
        f"All {layer.units} units of {_layers(alike)} are alike {when}: they have the same weights"
        f"{', all 0' if zero else ''}, put out the same, and get the same δ."
    )
    words = "units with equal rows of weights have equal δ, so each step changes them alike; they count as one unit"
    evidence = {"layers": [one.number for one in alike], "weight_rms": [one.weight_rms for one in alike]}
    return Suspicion(
        "symmetric_units",
        sentence,
        evidence,
        causes.weights(words, layer.number),
        "start from different weights: He before ReLU, Glorot before sigmoid and tanh (the default)",
    )


def _dead(flow: Flow, dead: list[LayerFlow], causes: Causes, when: str) -> Suspicion:
    worst = max(dead, key=lambda layer: layer.dead or 0)
    sentence = (
        f"Dead units: {when} {worst.dead:.0%} of the {worst.units} units of layer {worst.number} have "
        f"a derivative of 0 for each of {flow.n} examples"
        + (f", and {_layers(dead)} have them too." if len(dead) > 1 else ".")
    )
    evidence = {
        "layers": [one.number for one in dead],
        "dead": [one.dead for one in dead],
        "examples": flow.n,
    }
    words = "where f′(z) is 0 for every example, δ is 0, the weights never change, and the unit stays dead"
    return Suspicion(
        "dead_units",
        sentence,
        evidence,
        causes.delta(words, worst.number),
        "biases of 0 and weights by He at the start, a smaller learning rate, or LeakyReLU",
    )


def _saturated(flat: list[LayerFlow], causes: Causes, when: str) -> Suspicion:
    worst = max(flat, key=lambda layer: layer.saturated or 0)
    sentence = (
        f"Saturated units: {when} {worst.saturated:.0%} of the activations of layer {worst.number} stand where the "
        f"derivative is below a twentieth of its largest; |z| is {worst.z.median:.2g} in the middle."
    )
    evidence = {
        "layers": [one.number for one in flat],
        "saturated": [one.saturated for one in flat],
        "z_median": [one.z.median for one in flat],
        "weight_rms": [one.weight_rms for one in flat],
    }
    words = "a large |z| makes f′(z) small, and with it δ: the layer hardly learns"
    return Suspicion(
        "saturated_units",
        sentence,
        evidence,
        causes.delta(words, worst.number),
        "smaller weights at the start (Glorot), inputs on a scale near 1, or a smaller learning rate",
    )


def _exploding(flow: Flow, causes: Causes, when: str) -> Suspicion:
    first, last = flow.layers[0], flow.layers[-1]
    sentence = (
        f"The signal explodes: {when} z is {first.z.rms:.2g} in layer 1 and {last.z.rms:.2g} in layer {last.number}, "
        f"δ is {last.delta.rms:.2g} in layer {last.number} and {first.delta.rms:.2g} in layer 1."
    )
    evidence = {
        "z_first": first.z.rms,
        "z_last": last.z.rms,
        "delta_first": first.delta.rms,
        "delta_last": last.delta.rms,
        "weight_rms": [layer.weight_rms for layer in flow.layers],
        "loss": flow.loss,
    }
    words = "each layer multiplies by its weights, forward and back; weights that are too large make a power of it"
    return Suspicion(
        "exploding_gradients",
        sentence,
        evidence,
        causes.delta(words),
        "weights by He or Glorot at the start, which keep the size from layer to layer; or fewer layers",
    )


def _layers(layers: list[LayerFlow]) -> str:
    numbers = [str(layer.number) for layer in layers]
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    return f"layers {', '.join(numbers[:-1])} and {numbers[-1]}"
