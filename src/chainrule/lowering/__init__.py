"""Forms of single ops that XLA runs faster than the op's own rules. None is seen in a formula or a working."""

from collections.abc import Callable
from typing import Any

import jax

from chainrule.lowering import channels, convolution, entries, pooling
from chainrule.lowering.held import Form, Held

FORMS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda xp, x: jax.nn.sigmoid(x),
    "erf": lambda xp, x: jax.lax.erf(x),
    "softplus": lambda xp, x: xp.logaddexp(x, 0.0),
}
"""By the op's name: a rule with the signature of its value rule."""


HELD_FORMS: dict[str, Form] = {**entries.FORMS, **convolution.FORMS, **pooling.FORMS}
"""By the op's name: a form on arrays that are held in an order of their own."""

BATCH_SUMS: dict[str, Callable[..., Held | None]] = {**channels.BATCH_SUMS, **convolution.BATCH_SUMS}
"""By the op's name: the sum of its values over a batch, from operands with a leading axis; None for its own rule."""
