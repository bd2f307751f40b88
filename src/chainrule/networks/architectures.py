"""Known architectures: LeNet-5 and the VGG networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.shape import as_shape
from chainrule.networks.dropout import Dropout
from chainrule.networks.layers import Flatten, Layer, Linear, ReLU, Tanh
from chainrule.networks.network import Network
from chainrule.networks.spatial import AvgPool2d, Conv2d, MaxPool2d

_POOLINGS: dict[str, type[AvgPool2d] | type[MaxPool2d]] = {"average": AvgPool2d, "max": MaxPool2d}
_ACTIVATIONS: dict[str, type[Tanh] | type[ReLU]] = {"tanh": Tanh, "relu": ReLU}

_VGG = {
    "A": "64 / 128 / 256 256 / 512 512 / 512 512",
    "B": "64 64 / 128 128 / 256 256 / 512 512 / 512 512",
    "C": "64 64 / 128 128 / 256 256 256:1 / 512 512 512:1 / 512 512 512:1",
    "D": "64 64 / 128 128 / 256 256 256 / 512 512 512 / 512 512 512",
    "E": "64 64 / 128 128 / 256 256 256 256 / 512 512 512 512 / 512 512 512 512",
}
"""The columns of table 1: output channels of each 3×3 convolution, of 1×1 with ":1"; "/" is max-pooling."""
_VGG["A-LRN"] = _VGG["A"]


def lenet5(
    input_shape: int | Sequence[int] = (1, 28, 28),
    classes: int = 10,
    pooling: str = "max",
    activation: str = "relu",
    **settings: Any,
) -> Network:
    """LeNet-5: 6 channels of 5×5, pooling, 16 of 5×5, pooling, 120, 84, the classes. LeCun et al. 1998.

    input_shape: (channels, height, width). Images of 28×28 are padded to the paper's 32×32 by the first
        convolution; larger ones are not. classes: how many.
    pooling: "max" or "average"; activation: "relu" or "tanh". The paper has averages and tanh; maxima and
        ReLU learn faster.
    settings: of the Network: seed, dtype.

    What differs from the paper: pooling has no coefficients of its own, all channels of the second
    convolution see all of the first, and the output is softmax with cross entropy in place of distances to
    drawn letters. Raises ShapeError for images that are too small, ChainruleError for other settings.

    >>> net = lenet5()
    >>> net.summary().total
    61706
    """
    shape = as_shape(input_shape, "lenet5")
    pool = _chosen(_POOLINGS, pooling, "pooling", "lenet5")
    act = _chosen(_ACTIVATIONS, activation, "activation", "lenet5")
    padded = len(shape) == 3 and min(shape[1:]) < 32
    layers: list[Layer] = [
        *(Conv2d(6, 5, padding=2 if padded else "valid"), act(), pool(2)),
        *(Conv2d(16, 5), act(), pool(2), Flatten()),
        *(Linear(120), act(), Linear(84), act(), Linear(classes)),
    ]
    return Network(shape, layers, loss="cross_entropy", **settings)


def vgg(
    configuration: str = "D",
    input_shape: int | Sequence[int] = (3, 224, 224),
    classes: int = 1000,
    dropout: float = 0.5,
    units: int = 4096,
    **settings: Any,
) -> Network:
    """The VGG networks: 3×3 convolutions, max-pooling five times, three dense layers. arXiv 1409.1556.

    configuration: a column of the paper's table 1: "A" (11 layers with weights), "A-LRN", "B" (13), "C" and
        "D" (16), "E" (19). "A-LRN" is built without its local response normalisation, which has no
        parameters and which the paper finds of no use: it is "A".
    input_shape: (channels, height, width); height and width at least 32. classes: how many.
    dropout: the rate of Dropout after the first two dense layers; 0 for none. units: of these two.
    settings: of the Network: seed, dtype. Parameters are drawn when they are first used.

    Raises ShapeError for images that are too small, ChainruleError for other settings.

    >>> vgg("D").summary().total, vgg("A", input_shape=(3, 32, 32), classes=10, units=512).summary().total
    (138357544, 9750922)
    """
    blocks = _chosen(_VGG, configuration, "configuration", "vgg").split("/")
    shape = as_shape(input_shape, "vgg")
    layers: list[Layer] = []
    for block in blocks:
        for entry in block.split():
            channels, _, size = entry.partition(":")
            layers += [Conv2d(int(channels), int(size or 3), padding="same"), ReLU()]
        layers.append(MaxPool2d(2))
    layers.append(Flatten())
    for _ in range(2):
        layers += [Linear(units), ReLU(), *([Dropout(dropout)] if dropout else [])]
    return Network(shape, [*layers, Linear(classes)], loss="cross_entropy", **settings)


def _chosen(table: dict[str, Any], key: Any, what: str, where: str) -> Any:
    if not isinstance(key, str) or key not in table:
        raise ChainruleError(f"{what} as one of {', '.join(map(repr, table))}", repr(key)[:80], where)
    return table[key]
