"""Section 5.4, equations (143) to (146): a convolutional layer forward and backward, index by index.

Indices count from 0 here, as in the notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import chainrule as cr
from chainrule.notes.equation import DEFINITION, DERIVATIVE, Claim, Claims, Size, equation
from chainrule.notes.parts import later, total_of
from chainrule.notes.plain import plain_slide2d, squash
from chainrule.notes.relation import Entries, Means, Rate
from chainrule.notes.section_4_backward import slope


class Layer:
    """a (N, N) of layer l − 1, a kernel W (m, m), z (N − m + 1, N − m + 1), its activation, an output ŷ."""

    def __init__(self, size: Size) -> None:
        self.m = 2 if size.examples < 4 else 3
        self.N = self.m + 2
        self.below, self.W = cr.data("a^{(l-1)}", (self.N, self.N)), cr.parameter("W", (self.m, self.m))
        self.z = cr.correlate2d(self.below, self.W).named("z^{(l)}")
        self.a = cr.sigmoid(self.z).named("a^{(l)}")
        self.last = self.N - self.m
        self.U = cr.parameter("U", (self.last + 1, self.last + 1))
        self.guess = cr.sum(self.U * self.a**2).named(r"\hat{y}")
        self.by_a = cr.gradient(self.guess, self.a).named(r"\partial \hat{y}/\partial a^{(l)}")
        self.by_z = cr.gradient(self.guess, self.z).named(r"\partial \hat{y}/\partial z^{(l)}")

    def offsets(self) -> Iterable[tuple[int, int]]:
        """All u, v of the kernel."""
        return ((u, v) for u in range(self.m) for v in range(self.m))


def at(array: cr.Expr, i: int, j: int) -> cr.Expr:
    """An entry by indices that count from 0; negative ones are outside. Raises ShapeError there."""
    rows, columns = array.shape
    if not (0 <= i < rows and 0 <= j < columns):
        raise cr.ShapeError(f"indices from 0 to {rows - 1}", f"({i}, {j})", f"entry of {array.name}")
    return array[i, j]


def padded(array: cr.Expr, i: int, j: int) -> cr.Expr:
    """An entry, or 0 outside."""
    inside = 0 <= i < array.shape[0] and 0 <= j < array.shape[1]
    return array[i, j] if inside else cr.constant(0)


@equation(
    143,
    "5.4.1",
    DEFINITION,
    "A convolutional layer forward",
    "i and j run from 0 to N − m. The kernel is not turned.",
    first=0,
)
def equation_143(size: Size) -> Claims:
    n = Layer(size)

    def entry(i: int, j: int) -> cr.Expr:
        return total_of([n.W[u, v] * at(n.below, i + u, j + v) for u, v in n.offsets()])

    places = range(n.last + 1)
    return [
        Entries(n.z, [[entry(i, j) for j in places] for i in places], "index"),
        Means(n.z, (n.below, n.W), plain_slide2d),
        Means(n.a, (n.below, n.W), lambda a, W: squash(plain_slide2d(a, W))),
    ]


@equation(144, "5.4.2", DERIVATIVE, "The four derivatives of the layer", first=0)
def equation_144(size: Size) -> Claims:
    n = Layer(size)
    i, j, u, v = 1, 0, 0, 1  # u and v differ, so that a mixed-up index shows
    z = n.z[i, j].named("z_{i,j}")
    own = cr.data("z")
    moved = n.z[n.last - u, n.last - v].named("z_{i-u,j-v}")
    because = "the second index of a is j + v; with j + u the derivative is another entry of W"
    return [
        Rate(cr.sigmoid(own), own, slope(own)),
        Rate(z, n.W[u, v], n.below[i + u, j + v], "index"),
        Claim(
            Rate(z, n.below[i + u, j + u], n.W[u, v], "index"),
            Rate(z, n.below[i + u, j + v], n.W[u, v], "index"),
            because,
        ),
        Rate(moved, n.below[n.last, n.last], n.W[u, v], "index"),
    ]


@equation(145, "5.4.2", DERIVATIVE, "Backward to the neurons below", first=0)
def equation_145(size: Size) -> Claims:
    n = Layer(size)

    def first(i: int, j: int, entry: Any) -> cr.Expr:
        return total_of([entry(n.by_z, i - u, j - v) * n.W[u, v] for u, v in n.offsets()])

    def second(i: int, j: int, entry: Any) -> cr.Expr:
        slopes = slope(n.z).named(r"\sigma^{\prime}(z^{(l)})")
        return total_of(
            [entry(n.by_a, i - u, j - v) * entry(slopes, i - u, j - v) * n.W[u, v] for u, v in n.offsets()]
        )

    because = "near the borders i − u and j − v leave the range of z; those terms are 0, which is not said"
    inside, borders = (n.m - 1, n.m - 1), ((0, 0), (n.N - 1, 0), (n.N - 1, n.N - 1))
    claims: list[Claim | Rate] = [
        Rate(n.guess, n.below[inside], line(*inside, at), "index") for line in (first, second)
    ]
    for i, j in borders:
        claims += [
            Claim(
                Rate(n.guess, n.below[i, j], later(line, i, j, at)),
                Rate(n.guess, n.below[i, j], line(i, j, padded), "index"),
                because,
                notation=True,
                spelled=f"∂ŷ/∂a⁽ˡ⁻¹⁾[{i},{j}] = Σ_u Σ_v (∂ŷ/∂z⁽ˡ⁾)[{i}−u,{j}−v] W[u,v]"
                if line is first
                else f"∂ŷ/∂a⁽ˡ⁻¹⁾[{i},{j}] = Σ_u Σ_v (∂ŷ/∂a⁽ˡ⁾)[{i}−u,{j}−v] σ′(z⁽ˡ⁾[{i}−u,{j}−v]) W[u,v]",
            )
            for line in (first, second)
        ]
    return claims


@equation(146, "5.4.2", DERIVATIVE, "Backward to the kernel", first=0)
def equation_146(size: Size) -> Claims:
    n = Layer(size)
    slopes = slope(n.z).named(r"\sigma^{\prime}(z^{(l)})")
    because = (
        "the sums end at N − m, the last index of z; to N − m + 1 they have one row and one column too many"
    )
    claims = []
    for u, v in ((0, 1), (n.m - 1, 0)):

        def first(last: int, u: int = u, v: int = v) -> cr.Expr:
            places = product(range(last + 1), repeat=2)
            return total_of([at(n.by_z, i, j) * at(n.below, i + u, j + v) for i, j in places])

        def second(last: int, u: int = u, v: int = v) -> cr.Expr:
            places = product(range(last + 1), repeat=2)
            return total_of(
                [at(n.by_a, i, j) * at(slopes, i, j) * at(n.below, i + u, j + v) for i, j in places]
            )

        claims += [
            Claim(
                Rate(n.guess, n.W[u, v], later(line, n.last + 1)),
                Rate(n.guess, n.W[u, v], line(n.last), "index"),
                because,
                spelled=f"∂ŷ/∂W[{u},{v}] = Σ_i Σ_j, 0 ≤ i, j ≤ N − m + 1, {terms}",
            )
            for line, terms in (
                (first, f"(∂ŷ/∂z⁽ˡ⁾)[i,j] a⁽ˡ⁻¹⁾[i+{u},j+{v}]"),
                (second, f"(∂ŷ/∂a⁽ˡ⁾)[i,j] σ′(z⁽ˡ⁾[i,j]) a⁽ˡ⁻¹⁾[i+{u},j+{v}]"),
            )
        ]
    return claims
