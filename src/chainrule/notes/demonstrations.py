"""The demonstrations that the notes talk about, each a function that returns its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.errors import ChainruleError, ShapeError
from chainrule.graph.expression import Expr

ACTIVATIONS = {"sigmoid": 0.25, "tanh": 1.0, "relu": 1.0}
"""The largest slope of each activation (2.3.5, 2.4.1, 5.3)."""
STARTS = ("small", "scaled")


def deep(activation: str, depth: int, width: int) -> tuple[Expr, list[Expr], list[Expr]]:
    """A chain of layers z = W a, a = f(z): the sum of the last a, the z of every layer, and the W."""
    if activation not in ACTIVATIONS:
        raise ChainruleError(f"one of {', '.join(ACTIVATIONS)}", activation, "activation")
    a, z, W = cr.data("x", width), [], []
    for n in range(1, depth + 1):
        W.append(cr.parameter(f"W^{{({n})}}", (width, width)))
        z.append((W[-1] @ a).named(f"z^{{({n})}}"))
        a = cr.OPS[activation](z[-1]).named(f"a^{{({n})}}")
    return cr.sum(a), z, W


def weights(activation: str, start: str, width: int, depth: int, seed: int = 0) -> list[Any]:
    """Random matrices: "small" has the standard deviation 0.1; "scaled" keeps the size of the signal.

    Scaled is 1/√width for tanh, √(2/width) for ReLU (He et al. 2015), and 4/√width for the sigmoid, whose
    slope is at most 1/4.
    """
    if start not in STARTS:
        raise ChainruleError(f"one of {', '.join(STARTS)}", start, "start")
    factor = {"sigmoid": 4.0, "tanh": 1.0, "relu": float(np.sqrt(2))}[activation] / np.sqrt(width)
    random = np.random.default_rng(seed)
    return [
        random.normal(scale=0.1 if start == "small" else factor, size=(width, width)) for _ in range(depth)
    ]


def vanishing(
    activation: str, start: str = "small", depth: int = 20, width: int = 32, seed: int = 0
) -> list[float]:
    """The size of ∂ŷ/∂z^(l) for l = 1, ..., depth, relative to the last layer's. Section 4.5.3."""
    last, z, W = deep(activation, depth, width)
    values: dict[Any, Any] = dict(zip(W, weights(activation, start, width, depth, seed), strict=True))
    values["x"] = np.random.default_rng(seed + 1).normal(size=width)
    found = cr.evaluate(list(cr.gradient(last, z)), values)
    sizes = [float(np.linalg.norm(one)) for one in found]
    return [size / sizes[-1] for size in sizes]


def slope_bounds(depth: int) -> dict[str, float]:
    """The largest product of the slopes of so many activations: 0.25^L for the sigmoid."""
    return {name: largest**depth for name, largest in ACTIVATIONS.items()}


@dataclass(frozen=True)
class Counts:
    """Parameters of a dense layer beside a convolution between images of one size. Sections 5.1 and 5.2.4."""

    side: int
    inside: int
    outside: int
    kernel: int

    @property
    def dense(self) -> int:
        """Weights of a fully connected layer from all pixels to all pixels."""
        return self.inside * self.side**2 * self.outside * self.side**2

    @property
    def convolution(self) -> int:
        """Weights of the kernels: whatever the size of the image."""
        return self.inside * self.outside * self.kernel**2


@dataclass(frozen=True)
class SlideStep:
    """One place of a sliding window: where it is, what lies under it, and the inner product as a line."""

    place: tuple[int, ...]
    window: Any
    line: str
    value: float


def slide_steps(signal: Any, kernel: Any, padding: int = 0) -> list[SlideStep]:
    """A kernel slides over a signal or an image (5.2.1, 5.2.2): place by place, with the arithmetic.

    padding: zeros on every side. Raises ShapeError for a kernel with other axes, or larger than the signal.
    """
    signal, kernel = np.pad(np.asarray(signal, float), padding), np.asarray(kernel, float)
    if signal.ndim != kernel.ndim or np.any(np.less(signal.shape, kernel.shape)):
        raise ShapeError(
            f"a kernel with {signal.ndim} axes that fits into {signal.shape}",
            f"{kernel.shape}",
            "sliding window",
        )
    windows = np.lib.stride_tricks.sliding_window_view(signal, kernel.shape)
    steps = []
    for place in np.ndindex(windows.shape[: signal.ndim]):
        part = windows[place]
        f, g = cr.data("f", part.size), cr.data("g", part.size)
        value = float(cr.evaluate(f @ g, {f: part.ravel(), g: kernel.ravel()}))
        factors = zip(part.ravel(), kernel.ravel(), strict=True)
        line = " + ".join(f"{_shown(a)} × {_shown(b)}" for a, b in factors)
        steps.append(SlideStep(place, part, f"{line} = {_shown(value)}", value))
    return steps


def _shown(number: float) -> str:
    text = f"{number:g}"
    return f"(−{text[1:]})" if text.startswith("-") else text
