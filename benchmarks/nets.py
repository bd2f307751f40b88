"""The networks of the workloads, as data that every side builds from."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

RATE, MOMENTUM = 0.01, 0.9
"""Of the SGD that every side trains with."""


@dataclass(frozen=True)
class Conv:
    """A convolution of stride 1, and ReLU."""

    channels: int
    size: int
    same: bool = True


@dataclass(frozen=True)
class Pool:
    """Max-pooling of 2 × 2."""


@dataclass(frozen=True)
class Dense:
    """A dense layer, and ReLU unless it is the last."""

    units: int


Part = Conv | Pool | Dense


@dataclass(frozen=True)
class Net:
    """A classifier of inputs of a shape: (features,) or (channels, height, width)."""

    shape: tuple[int, ...]
    parts: tuple[Part, ...]

    def shapes(self) -> list[tuple[int, ...]]:
        """The shape before each part, and at the end."""
        found = [self.shape]
        for part in self.parts:
            last = found[-1]
            if isinstance(part, Dense):
                found.append((part.units,))
            elif isinstance(part, Pool):
                found.append((last[0], last[1] // 2, last[2] // 2))
            else:
                lost = 0 if part.same else part.size - 1
                found.append((part.channels, last[1] - lost, last[2] - lost))
        return found

    def products(self) -> list[int]:
        """The multiplications of each convolution and dense layer for one example, forward."""
        shapes, found = self.shapes(), []
        for part, before, after in zip(self.parts, shapes, shapes[1:], strict=False):
            if isinstance(part, Conv):
                found.append(prod(after) * before[0] * part.size**2)
            elif isinstance(part, Dense):
                found.append(prod(before) * part.units)
        return found

    def step_arithmetic(self) -> float:
        """Floating-point operations of a step for one example: forward, dW, and dx but for the first layer."""
        products = self.products()
        return 2.0 * (3 * sum(products) - products[0])

    def start(self, seed: int = 0) -> list[np.ndarray]:
        """First parameters, He et al. 2015: W (out, in) or (out, in, u, v), then b, for each layer."""
        random, found, shapes = np.random.default_rng(seed), [], self.shapes()
        for part, before in zip(self.parts, shapes, strict=False):
            if isinstance(part, Pool):
                continue
            kernel = (
                (part.channels, before[0], part.size, part.size)
                if isinstance(part, Conv)
                else (part.units, prod(before))
            )
            scale = np.sqrt(2 / prod(kernel[1:]))
            found += [
                (scale * random.normal(size=kernel)).astype(np.float32),
                np.zeros(kernel[0], np.float32),
            ]
        return found


def dense(*units: int) -> Net:
    """A net of dense layers, the inputs first."""
    return Net((units[0],), tuple(map(Dense, units[1:])))


_DENSE_END = (Dense(128), Dense(10))
LENET = Net((1, 28, 28), (Conv(6, 5), Pool(), Conv(16, 5, False), Pool(), Dense(120), Dense(84), Dense(10)))
SMALL = Net((1, 28, 28), (Conv(32, 3), Pool(), Conv(64, 3), Pool(), *_DENSE_END))
_COLUMNS = {
    "A": ((64,), (128,), (256, 256), (512, 512), (512, 512)),
    "D": ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)),
}


def vgg(column: str, side: int, units: int, classes: int) -> Net:
    """VGG without dropout on images (3, side, side). arXiv 1409.1556, table 1."""
    parts: list[Part] = []
    for block in _COLUMNS[column]:
        parts += [*(Conv(channels, 3) for channels in block), Pool()]
    return Net((3, side, side), (*parts, Dense(units), Dense(units), Dense(classes)))
