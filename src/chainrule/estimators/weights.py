"""How much each example counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from chainrule.graph.errors import FeedError

Array = NDArray[Any]


def checked_weights(sample_weight: Any, X: Array) -> Array:
    """The weights of the examples, (n,), 1 by default. Raises FeedError for negative ones and for all 0."""
    w = np.asarray(_check_sample_weight(sample_weight, X, dtype=np.float64))
    if not (w >= 0).all() or not w.any():
        came = "negative ones" if (w < 0).any() else "0 for all"
        raise FeedError(
            "weights from 0, not all of them 0", came, "sample_weight", "leave it out to count all alike"
        )
    return w


def class_weighted(w: Array, class_weight: Any, y: Array) -> Array:
    """The weights times those of the classes: a dict by label, "balanced", or None."""
    return w if class_weight is None else w * compute_sample_weight(class_weight, y)
