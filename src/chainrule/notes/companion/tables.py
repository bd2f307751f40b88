"""The demonstrations as small tables, computed when the companion is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import chainrule as cr
from chainrule.notes.demonstrations import ACTIVATIONS, Counts, slide_steps, slope_bounds, vanishing
from chainrule.notes.models import descend
from chainrule.notes.section_4_network import EXAMPLE, Network
from chainrule.notes.vgg import CONFIGURATIONS, parameters, trace


@dataclass(frozen=True)
class Table:
    """A head, rows of text, and a caption."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


def _descent(start: float) -> Table:
    x = cr.parameter("x")
    found = descend(x**2, x, start, rate=0.1, steps=60, tolerance=0.01)
    rows = [
        (str(n), f"{float(p):.6g}", f"{float(g):.6g}", f"{v:.6g}")
        for n, (p, g, v) in enumerate(zip(found.points, found.slopes, found.values, strict=True), 1)
    ]
    caption = f"Every iterate from {start:g} with η = 0.1, until a step is at most 0.01 long."
    return Table(("n", "x_n", "∇f(x_n)", "f(x_n)"), (*rows[:5], ("…", "", "", ""), rows[-1]), caption)


def _vanishing() -> Table:
    rows = []
    for name in ACTIVATIONS:
        small, scaled = vanishing(name, "small"), vanishing(name, "scaled")
        rows.append((name, f"{slope_bounds(20)[name]:.3g}", f"{small[0]:.2e}", f"{scaled[0]:.2e}"))
    head = ("activation", "largest product of 20 slopes", "weights 0.1", "weights scaled to the width")
    return Table(
        head, tuple(rows), "The gradient at the first of 20 layers of 32 neurons, relative to the last."
    )


def _counts() -> Table:
    rows = []
    for side, inside, outside in ((224, 3, 64), (112, 64, 128), (56, 128, 128)):
        one = Counts(side, inside, outside, 5)
        rows.append(
            (f"{side} × {side}, {inside} → {outside} channels", f"{one.dense:,}", f"{one.convolution:,}")
        )
    return Table(("layer", "fully connected", "kernels 5 × 5"), tuple(rows), "Weights of a layer.")


def _slides() -> Table:
    steps = slide_steps([1, 0, -1, 2, 1, 2], [1, 0, 1])
    rows = tuple((str(k), step.line) for k, step in enumerate(steps, 1))
    return Table(("place", "inner product"), rows, "The sliding of (127), step by step.")


def _vgg() -> Table:
    rows = tuple(
        (stage.kind, " × ".join(map(str, stage.shape)), f"{stage.parameters:,}" if stage.parameters else "")
        for stage in trace("D")
    )
    totals = ", ".join(f"{name} {parameters(name) / 1e6:.1f}" for name in CONFIGURATIONS)
    caption = f"The shapes through VGG, configuration D. Parameters in millions, by configuration: {totals}."
    return Table(("layer", "shape after it", "parameters"), rows, caption)


def _automatic() -> Table:
    """The hand formulas of 4.4, with the sign put right, against the gradients of the forward network."""
    n = Network()
    found = cr.evaluate([n.z, n.a, n.guess, *cr.gradient(n.loss, [n.W, n.b, n.U, n.x])], EXAMPLE)
    _, a, guess, *ours = found
    x, W, U, y = (np.array(EXAMPLE[name], float) for name in ("x", "W", "U", "y"))
    δ = (guess - y) * U * a * (1 - a)
    hand = (np.outer(δ, x), δ, (guess - y) * a, W.T @ δ)
    lines = ("(ŷ − y) δ xᵀ", "(ŷ − y) δ", "(ŷ − y) a", "(ŷ − y) Wᵀ δ")
    rows = tuple(
        (f"∂ℓ/∂{name}", line, f"{np.max(np.abs(one - other)):.1e}")
        for name, line, one, other in zip(("W", "b", "U", "x"), lines, ours, hand, strict=True)
    )
    return Table(
        ("", "by hand, as in 4.4 corrected", "largest difference"),
        rows,
        "Only the forward network was given.",
    )


TABLES = {
    "2.8.1": lambda: _descent(-2),
    "2.8.2": lambda: _descent(2),
    "4.5.3": _vanishing,
    "5.2.1": _slides,
    "5.2.4": _counts,
    "5.3": _vgg,
    "5.4.3": _automatic,
}
"""The tables by the section they belong to."""
