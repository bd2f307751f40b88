"""The operations, one family a file. Importing this package registers them all."""

from chainrule.graph.op import OPS
from chainrule.ops import (
    activation,
    arithmetic,
    arrangement,
    convolution,
    exponential,
    linear,
    loss,
    reduction,
    softmax,
)

__all__ = ["OPS", "activation", "arithmetic", "arrangement", "convolution", "exponential", "linear", "loss", "reduction", "softmax"]
