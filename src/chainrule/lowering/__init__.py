"""Forms of single ops that XLA runs faster than the op's own rules. None is seen in a formula or a working."""

from collections.abc import Callable
from typing import Any

import jax

from chainrule.lowering import channels, convolution, pooling

FORMS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda xp, x: jax.nn.sigmoid(x),
    "erf": lambda xp, x: jax.lax.erf(x),
    "softplus": lambda xp, x: xp.logaddexp(x, 0.0),
    **convolution.FORMS,
    **pooling.FORMS,
}
"""By the op's name: a rule with the signature of its value rule."""

BATCH_SUMS: dict[str, Callable[..., Any]] = {**channels.BATCH_SUMS, **convolution.BATCH_SUMS}
"""By the op's name: a rule with the signature of its batch_sum rule."""
