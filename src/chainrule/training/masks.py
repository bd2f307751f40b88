"""Masks: leaves whose values training draws by chance, for each example and step. Their key is seed and step.

Legend: p the rate, the probability with which an entry is 0; the others are 1 / (1 − p), so the mean is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from chainrule.graph.expression import Expr


@dataclass(frozen=True)
class Mask:
    """A data leaf and its rate p."""

    leaf: Expr
    rate: float


def drawn(masks: Sequence[Mask], seed: Any, t: Any, size: int, dtype: str) -> dict[Expr, Any]:
    """The masks of step t for so many examples, inside compiled code: the same for the same seed and step."""
    key = jax.random.fold_in(jax.random.key(seed), t)
    values = {}
    for number, mask in enumerate(masks):
        shape, kept = (size, *mask.leaf.shape), 1 - mask.rate
        kept_here = jax.random.bernoulli(jax.random.fold_in(key, number), kept, shape)
        values[mask.leaf] = jnp.where(kept_here, 1 / kept, 0).astype(dtype)
    return values
