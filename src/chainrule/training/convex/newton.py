"""Newton's method: the step to the minimum of the quadratic that has the objective's gradient and Hessian.

The Hessian of a convex objective is never negative, but it may be flat in some directions; nothing is
gained there, and the step leaves them out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_FLAT = 1e-14  # of the largest curvature, after scaling


def newton_direction(gradient: Array, hessian: Array) -> Array:
    """−H⁻¹ g, of all such directions the shortest in the scaled parameters. gradient: (P,). hessian: (P, P).

    >>> newton_direction(np.array([2.0, 0.0]), np.array([[4.0, 0.0], [0.0, 0.0]])).tolist()
    [-0.5, 0.0]
    """
    diagonal = np.sqrt(np.maximum(np.diag(hessian), 0))
    scale = np.where(diagonal > 0, diagonal, 1.0)
    curvatures, axes = np.linalg.eigh(hessian / np.outer(scale, scale))
    along = axes.T @ (gradient / scale)
    curved = curvatures > _FLAT * len(gradient) * max(float(curvatures[-1]), 0)
    step = np.where(curved, along / np.where(curved, curvatures, 1.0), 0.0)
    return np.asarray(-(axes @ step) / scale) + 0.0
