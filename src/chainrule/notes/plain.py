"""What definitions mean, in plain NumPy: the other side of a comparison."""

from __future__ import annotations

from typing import Any

import numpy as np


def squash(z: Any) -> Any:
    """The sigmoid."""
    return 1 / (1 + np.exp(-z))


def plain_softmax(u: Any) -> Any:
    """Softmax over the last axis."""
    return np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)


def plain_slide2d(f: Any, g: Any) -> Any:
    """The inner products of g with each window of f."""
    windows = np.lib.stride_tricks.sliding_window_view(f, g.shape)
    return np.einsum("ijuv,uv->ij", windows, g)
