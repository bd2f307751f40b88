"""VGG (section 5.3): the five configurations, the trace of shapes through one, and its parameters.

Convolutions are 3 × 3 with padding 1 and stride 1 (in C some are 1 × 1), pooling is 2 × 2 with stride 2.
Simonyan and Zisserman, arXiv 1409.1556, table 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.errors import ChainruleError

_BLOCKS = (64, 128, 256, 512, 512)
_KERNELS: dict[str, tuple[tuple[int, ...], ...]] = {  # for each block the sizes of its kernels
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3),) * 5,
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}
CONFIGURATIONS = tuple(_KERNELS)
_DENSE = (4096, 4096, 1000)


@dataclass(frozen=True)
class Stage:
    """One layer: its kind ("input", "conv", "pool", "dense"), the shape after it, and its parameters."""

    kind: str
    shape: tuple[int, ...]
    parameters: int = 0


def trace(configuration: str = "D", side: int = 224) -> list[Stage]:
    """The shapes (channels, height, width) through the network.

    Raises ChainruleError for a configuration there is not.
    """
    if configuration not in _KERNELS:
        raise ChainruleError(f"one of {', '.join(_KERNELS)}", configuration, "configuration of VGG")
    stages, channels = [Stage("input", (3, side, side))], 3
    for width, kernels in zip(_BLOCKS, _KERNELS[configuration], strict=True):
        for kernel in kernels:
            stages.append(Stage("conv", (width, side, side), width * channels * kernel**2 + width))
            channels = width
        side //= 2
        stages.append(Stage("pool", (width, side, side)))
    inside = channels * side * side
    for outside in _DENSE:
        stages.append(Stage("dense", (outside,), outside * inside + outside))
        inside = outside
    return stages


def parameters(configuration: str = "D") -> int:
    """How many parameters the network has, weights and biases."""
    return sum(stage.parameters for stage in trace(configuration))
