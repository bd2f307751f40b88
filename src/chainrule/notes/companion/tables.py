"""The demonstrations as small tables, computed when the companion is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import chainrule as cr
from chainrule.notes.demonstrations import ACTIVATIONS, Counts, slide_steps, slope_bounds, vanishing
from chainrule.notes.digit import blame
from chainrule.notes.figures.convolution import IMAGE, KERNEL
from chainrule.notes.figures.descent import valley
from chainrule.notes.models import LINEAR, LOGISTIC, MODELS, MULTINOMIAL, absorbed, descend, fit
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


def _plane() -> Table:
    """The descent of figure 9, with the rule that stops it."""
    x = cr.parameter("x", 2)
    found = descend(valley(x[0], x[1]), x, [-2.7, 1.75], rate=0.22, steps=200, tolerance=0.001)
    rows = [
        (str(n), *(f"{float(one):.4f}" for one in (*point, *slope, value)))
        for n, (point, slope, value) in enumerate(
            zip(found.points, found.slopes, found.values, strict=True), 1
        )
    ]
    head = ("n", "u_n", "v_n", "∂f/∂u", "∂f/∂v", "f(x_n)")
    caption = (
        "The descent of figure 9, η = 0.22, from (−2.7, 1.75) until a step is at most 0.001 long: "
        f"{len(found.rates)} steps."
    )
    return Table(head, (*rows[:6], ("…", "", "", "", "", ""), rows[-1]), caption)


def _models() -> Table:
    """The three models fitted by the descent of 2.8 to 30 points, with the bias as a last weight."""
    random = np.random.default_rng(3)
    X = absorbed(random.normal(size=(30, 2)))
    score = X @ [1.5, -1.0, 0.3] + random.normal(size=30)
    classes = np.digitize(score, [-0.8, 0.8])
    labels = {LINEAR: score, LOGISTIC: (score > 0).astype(float), MULTINOMIAL: np.eye(3)[classes]}
    rows = []
    for model in MODELS:
        found = fit(model, X, labels[model], rate=0.3, steps=3000, tolerance=1e-7)
        steep = float(np.max(np.abs(found.slopes[-1])))
        costs = (f"{found.values[0]:.4f}", f"{found.values[-1]:.4f}")
        rows.append((model.name, model.labels, *costs, str(len(found.rates)), f"{steep:.0e}"))
    head = ("model", "labels", "cost (74) at θ = 0", "after descent", "steps", "largest slope left")
    return Table(
        head, tuple(rows), "The same 30 points, the same cost and the same descent: η = 0.3, from θ = 0."
    )


def _two_classes() -> Table:
    """Two classes: softmax against the sigmoid, likelihoods against cross entropies."""
    random = np.random.default_rng(4)
    X, Θ, y = random.normal(size=(20, 3)), random.normal(size=(3, 2)), random.integers(2, size=20)
    two, one = MULTINOMIAL.cost(20, 3, 2), LOGISTIC.cost(20, 3)
    first = cr.evaluate([two.expr, two.guess], {two.X: X, two.y: np.eye(2)[1 - y], two.θ: Θ})
    second = cr.evaluate([one.expr, one.guess], {one.X: X, one.y: y, one.θ: Θ[:, 0] - Θ[:, 1]})
    likelihood = float(np.prod(np.where(y == 1, second[1], 1 - second[1])))
    rows = (
        ("π_1 and σ(xᵀ(θ_1 − θ_2)), largest difference", f"{np.max(np.abs(first[1][:, 0] - second[1])):.1e}"),
        ("cost of softmax and of the sigmoid", f"{float(first[0]):.12g} and {float(second[0]):.12g}"),
        ("−log of the likelihood (32), divided by n", f"{-np.log(likelihood) / 20:.12g}"),
    )
    return Table(("on 20 random points", ""), rows, "One model under two names.")


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


def _padding() -> Table:
    """The first places of a 3 × 3 kernel over a 5 × 5 image with padding 1."""
    steps = slide_steps(IMAGE, KERNEL, padding=1)
    rows = [(f"({step.place[0] + 1}, {step.place[1] + 1})", step.line) for step in steps]
    caption = f"A 3 × 3 kernel over a 5 × 5 image with padding 1: {len(steps)} places, so {len(steps) - 4} after these."
    return Table(("place", "inner product"), tuple(rows[:4]), caption)


def _matrix() -> Table:
    """The matrices of the two conventions for w = (1, 2, 3) and four numbers, and what they give."""
    w, a = np.array([1, 2, 3]), np.array([1, 0, -1, 2])
    kernel, signal = cr.parameter("w", 3), cr.data("a", 4)
    rows = []
    for name, convention, padding in (
        ("(135): kernel turned, over the ends", "convolve", "full"),
        ("(127): sliding, not turned", "correlate", 0),
    ):
        matrix = cr.toeplitz(kernel, n=4, convention=convention, padding=padding)
        table, result = cr.evaluate([matrix, matrix @ signal], {kernel: w, signal: a})
        lines = "; ".join(" ".join(f"{number:g}" for number in row) for row in table)
        rows.append((name, lines, " ".join(f"{number:g}" for number in result).replace("-", "−")))
    head = ("convention", "rows of the matrix", "times (1, 0, −1, 2)")
    return Table(head, tuple(rows), "w = (1, 2, 3): three weights, in every row.")


def _blame() -> Table:
    """What moving the blamed pixels of a digit does to its loss."""
    found = blame()
    rows = (
        ("label, and what the network says", f"{found.label}, {found.said}"),
        ("loss", f"{found.loss:.3f}"),
        ("loss after the six pixels of the largest rate moved by 0.3 against it", f"{found.repaired:.3f}"),
        ("held-out digits read rightly", f"{found.accuracy:.1%}"),
    )
    return Table(("a real digit, 8 × 8", ""), rows, "The rate ∂ℓ/∂x names the pixels that cost most.")


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
        (f"∂ℓ/∂{name}", line, f"{np.max(np.abs(one - other)):.1g}")
        for name, line, one, other in zip(("W", "b", "U", "x"), lines, ours, hand, strict=True)
    )
    return Table(
        ("", "by hand, as in 4.4 and 5.4 corrected", "largest difference"),
        (*rows, *_convolution()),
        "Only the forward networks were given; the gradients are the library's own.",
    )


def _convolution() -> list[tuple[str, str, str]]:
    """The loops of (145) and (146), over the places that there are, against the gradients of the layer."""
    N, m = 5, 3
    random = np.random.default_rng(1)
    A, K, weight = (
        random.normal(size=(N, N)),
        random.normal(size=(m, m)),
        random.normal(size=(N - m + 1, N - m + 1)),
    )
    a, W, U = cr.data("a", A.shape), cr.parameter("W", K.shape), cr.parameter("U", weight.shape)
    z = cr.correlate2d(a, W)
    guess = cr.sum(U * cr.sigmoid(z))
    values = {a: A, W: K, U: weight}
    below, kernel, forward = cr.evaluate([*cr.gradient(guess, [a, W]), z], values)
    δ = weight * np.exp(-forward) / (1 + np.exp(-forward)) ** 2
    by_hand = np.zeros(A.shape), np.zeros(K.shape)
    for i, j in np.ndindex(δ.shape):
        for u, v in np.ndindex(K.shape):
            by_hand[0][i + u, j + v] += δ[i, j] * K[u, v]
            by_hand[1][u, v] += δ[i, j] * A[i + u, j + v]
    lines = ("∂ŷ/∂a", "Σ_u Σ_v δ_{i−u,j−v} W_{u,v}"), ("∂ŷ/∂W", "Σ_i Σ_j δ_{i,j} a_{i+u,j+v}")
    return [
        (*line, f"{np.max(np.abs(one - other)):.1g}")
        for line, one, other in zip(lines, by_hand, (below, kernel), strict=True)
    ]


TABLES: dict[str, tuple[Callable[[], Table], ...]] = {
    "2.6.3": (_two_classes,),
    "2.8": (_plane,),
    "2.8.1": (lambda: _descent(-2),),
    "2.8.2": (lambda: _descent(2),),
    "3": (_models,),
    "4.4.7": (_blame,),
    "4.5.3": (_vanishing,),
    "5.2.1": (_slides,),
    "5.2.2": (_padding,),
    "5.2.4": (_counts,),
    "5.2.5": (_matrix,),
    "5.3": (_vgg,),
    "5.4.3": (_automatic,),
}
"""The tables by the section they belong to."""
