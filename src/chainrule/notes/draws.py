"""How values for leaves are drawn: labels, distributions, positive numbers; any real numbers otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
Shape = tuple[int, ...]


def real(random: np.random.Generator, shape: Shape) -> Array:
    """Standard normal numbers."""
    return random.normal(size=shape)


def positive(random: np.random.Generator, shape: Shape) -> Array:
    """Numbers above 0."""
    return random.uniform(0.2, 3, size=shape)


def probability(random: np.random.Generator, shape: Shape) -> Array:
    """Numbers between 0 and 1."""
    return random.uniform(0.05, 0.95, size=shape)


def distribution(random: np.random.Generator, shape: Shape) -> Array:
    """Positive numbers that sum to 1 along the last axis."""
    weights = random.uniform(0.1, 1, size=shape)
    return weights / weights.sum(axis=-1, keepdims=True)


def binary(random: np.random.Generator, shape: Shape) -> Array:
    """Labels 0 and 1; both occur where there is room for both."""
    flat = random.permutation(np.arange(int(np.prod(shape))) + random.integers(2)) % 2
    return flat.reshape(shape).astype(float)


def one_hot(random: np.random.Generator, shape: Shape) -> Array:
    """Rows with a single 1."""
    classes = random.integers(shape[-1], size=shape[:-1])
    return np.eye(shape[-1])[classes]


def nonzero(random: np.random.Generator, shape: Shape) -> Array:
    """Real numbers well away from 0, on both sides."""
    return random.choice([-1.0, 1.0], size=shape) * random.uniform(0.3, 2, size=shape)
