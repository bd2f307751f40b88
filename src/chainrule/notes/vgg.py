"""VGG (section 5.3): the trace of shapes through the network that `cr.vgg` builds, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import chainrule as cr

CONFIGURATIONS = ("A", "B", "C", "D", "E")
_KINDS = {"Conv2d": "conv", "MaxPool2d": "pool", "Linear": "dense"}


@dataclass(frozen=True)
class Stage:
    """One layer: its kind ("input", "conv", "pool", "dense"), the shape after it, and its parameters."""

    kind: str
    shape: tuple[int, ...]
    parameters: int = 0


@cache  # figure 17 and a table of the companion follow the same networks
def trace(configuration: str = "D", side: int = 224) -> tuple[Stage, ...]:
    """The shapes (channels, height, width) through the network, without the activations.

    Raises ChainruleError for a configuration there is not.
    """
    summary = cr.vgg(configuration, input_shape=(3, side, side)).summary()
    kinds = [(_KINDS.get(row.layer.split("(")[0], ""), row) for row in summary.rows]
    layers = [Stage(kind, row.shape, row.parameters) for kind, row in kinds if kind]
    return (Stage("input", summary.input_shape), *layers)


def parameters(configuration: str = "D") -> int:
    """How many parameters the network has, weights and biases."""
    return sum(stage.parameters for stage in trace(configuration))
