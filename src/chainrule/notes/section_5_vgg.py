"""Section 5.3, equations (137) to (142): the layers of VGG, ReLU, max pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.equation import (
    DEFINITION,
    NUMBER,
    Claim,
    Claims,
    Size,
    equation,
    under,
)
from chainrule.notes.parts import total_of
from chainrule.notes.plain import plain_slide2d
from chainrule.notes.relation import (
    Entries,
    Equal,
    Means,
    Rounded,
    Same,
)
from chainrule.notes.section_5_convolution import number


def _channels(kernels: cr.Expr, images: cr.Expr, out: int, chosen: Any = None) -> cr.Expr:
    """Channel `out` of a layer: the sum over the channels of the images of kernel ⊛ image."""
    channels = range(images.shape[0]) if chosen is None else chosen
    return total_of(
        [
            cr.correlate2d(images[c], kernels[out, c]).named(rf"W_{{{out + 1},{c + 1}}} \star x_{c + 1}")
            for c in channels
        ]
    )


def _layer(size: Size, inside: int, outside: int) -> tuple[cr.Expr, cr.Expr]:
    """Kernels W (outside, inside, 2, 2) and images (inside, 3, 3)."""
    return cr.parameter("W", (outside, inside, 2, 2)), cr.data("x", (inside, 3, 3))


def _plain_channel(W: Any, x: Any, out: int) -> Any:
    return sum(plain_slide2d(image, kernel) for image, kernel in zip(x, W[out], strict=True))


@equation(
    137,
    "5.3",
    DEFINITION,
    "From the image to the first layer",
    "The bias is left out, as 2.3.4 allows. 4 of the 64 channels in the check.",
)
def equation_137(size: Size) -> Claims:
    W, x = _layer(size, 3, 4)
    shown = [
        Means(_channels(W, x, o), (W, x), lambda W, x, o=o: _plain_channel(W, x, o), f"z_{o + 1}")
        for o in (0, 1, 3)
    ]
    return list(shown)


@equation(
    138,
    "5.3",
    DEFINITION,
    "From the first layer to the second",
    "64 and 128 channels there, 5 and 3 in the check.",
)
def equation_138(size: Size) -> Claims:
    W, a = _layer(size, 5, 3)
    dots = "without the dots between the second term and the last the sum has three terms"
    claims = []
    for o in (0, 1, 2):
        whole = _channels(W, a, o).named(f"z_{o + 1}")
        claims.append(
            Claim(
                Equal(whole, _channels(W, a, o, (0, 1, 4))),
                Equal(whole, _channels(W, a, o)),
                dots,
                notation=True,
            )
        )
    return claims


@equation(139, "5.3", DEFINITION, "ReLU")
def equation_139() -> Claims:
    z = cr.data("z")
    wide = {z: lambda random, shape: 3 * random.normal(size=shape)}
    return under(
        wide,
        Equal(cr.relu(z), cr.maximum(0, z)),
        Means(cr.maximum(0, z), (z,), lambda z: z if z > 0 else 0.0, r"\mathrm{ReLU}(z)"),
    )


@equation(140, "5.3", DEFINITION, "ReLU, entry by entry")
def equation_140(size: Size) -> Claims:
    z = cr.data("z", size.widths[:2])
    rows = [[cr.relu(z[i, j]) for j in range(size.widths[1])] for i in range(size.widths[0])]
    return [
        Entries(cr.relu(z).named("a"), rows),
        Means(cr.relu(z), (z,), lambda z: np.where(z > 0, z, 0), "a"),
    ]


P1 = [[2.5, 3.5], [1.5, 3.2]]
P2 = [[3.5, 9.5, 1.7, 6.2], [1.5, 2.5, 1.4, 3.2], [7.5, 6.5, 1.5, 5.2], [2.5, 10.0, 2.4, 0.1]]
"""The matrices that (141) pools."""


@equation(141, "5.3", NUMBER, "Max pooling, 2 × 2")
def equation_141() -> Claims:
    printed = (("9.5", "6.2"), ("10.0", "5.2"))
    claims = [Rounded(cr.max(number(P1)), "3.5")]
    for i in (0, 1):
        claims += [
            Rounded(cr.max(number(P2)[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]), printed[i][j]) for j in (0, 1)
        ]
    return claims


def pooled(size: int, window: int = 2, stride: int = 2) -> int:
    """The size of an image side after pooling."""
    return len(range(0, size - window + 1, stride))


@equation(142, "5.3", NUMBER, "What pooling does to the sizes")
def equation_142() -> Claims:
    pairs = ((224, 112), (112, 56))
    return [
        Same(
            (pooled(before), pooled(before)),
            (after, after),
            f"({before}, {before}) → ({after}, {after})",
            rf"({before}, {before}) \to ({after}, {after})",
        )
        for before, after in pairs
    ]
