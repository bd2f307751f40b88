"""The operations, one family a file. Importing this package registers them all."""

from chainrule.graph.op import OPS
from chainrule.ops import (
    activation,
    arithmetic,
    arrangement,
    average_pooling,
    channels,
    convolution,
    exponential,
    indexing,
    linear,
    loss,
    max_pooling,
    power,
    reduction,
    softmax,
    toeplitz,
    trigonometric,
)

__all__ = [
    "OPS",
    "activation",
    "arithmetic",
    "arrangement",
    "average_pooling",
    "channels",
    "convolution",
    "exponential",
    "indexing",
    "linear",
    "loss",
    "max_pooling",
    "power",
    "reduction",
    "softmax",
    "toeplitz",
    "trigonometric",
]
