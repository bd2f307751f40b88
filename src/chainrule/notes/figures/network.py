"""Figure 17 and the diagrams of layers: softmax, the network of 4.2, a fully connected classifier."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import chainrule as cr
from chainrule.notes.figures.gallery import Data, figure
from chainrule.notes.figures.style import Pen
from chainrule.notes.section_4_network import EXAMPLE, Network
from chainrule.notes.vgg import parameters, trace


def _column(
    pen: Pen, axes: Any, x: float, labels: Sequence[str], color: str, height: float, radius: float = 0.34
) -> list[Any]:
    """Neurons one below the other around a height; returns their centres."""
    from matplotlib.patches import Circle

    step = 1.15
    centres = []
    for k, label in enumerate(labels):
        y = height + (len(labels) - 1) / 2 * step - k * step
        axes.add_patch(
            Circle((x, y), radius, facecolor=pen.tint(color), edgecolor=color, linewidth=1.3, zorder=3)
        )
        pen.say(axes, x, y, label, ha="center", va="center", fontsize=10)
        centres.append((x, y))
    return centres


def _wires(pen: Pen, axes: Any, left: list[Any], right: list[Any], radius: float = 0.34) -> None:
    for x0, y0 in left:
        for x1, y1 in right:
            axes.plot([x0 + radius, x1 - radius], [y0, y1], color=pen.theme.faint, linewidth=0.7, zorder=1)


def _number(value: Any) -> str:
    return f"{float(value):.3g}".replace("-", "−")


@figure("softmax", "2.6.2", "Softmax as layers: a point, its logits, its probabilities, with numbers")
def figure_softmax(pen: Pen) -> Data:
    x, θ = cr.data("x", 3), cr.parameter(r"\theta", (3, 3))
    u = x @ θ
    π = cr.softmax(u)
    values: dict[str, Any] = {
        "x": [1.0, -0.5, 2.0],
        r"\theta": [[0.5, -1.0, 0.2], [0.3, 0.8, -0.4], [0.9, 0.1, -0.3]],
    }
    logits, shares = cr.evaluate([u, π], values)
    (axes,) = pen.panels(width=1.9, height=1.05)
    left = _column(pen, axes, 0, [f"$x_{k}$" for k in (1, 2, 3)], pen.theme.blue, 0)
    middle = _column(pen, axes, 2.2, [f"$u_{k}$" for k in (1, 2, 3)], pen.theme.orange, 0)
    right = _column(pen, axes, 4.4, [rf"$\pi_{k}$" for k in (1, 2, 3)], pen.theme.red, 0)
    _wires(pen, axes, left, middle)
    _wires(pen, axes, middle, right)
    for centres, numbers in ((left, values["x"]), (middle, logits), (right, shares)):
        for (px, py), number in zip(centres, numbers, strict=True):
            pen.say(
                axes,
                px,
                py - 0.48,
                _number(number),
                ha="center",
                va="center",
                fontsize=8.5,
                color=pen.theme.faint,
            )
    pen.say(axes, 1.1, 1.85, r"$u_k=\mathbf{x}^{\top}\theta_k$", ha="center")
    pen.say(axes, 3.3, 1.85, r"$\pi_k=\frac{\exp(u_k)}{\sum_l \exp(u_l)}$", ha="center", fontsize=12)
    pen.plane(axes, (-0.7, 5.1), (-1.8, 2.3))
    return {"logits": logits, "shares": shares}


@figure("network", "4.2", "The network of the example (86), forward: every weight and every number")
def figure_network(pen: Pen) -> Data:
    n = Network()
    z, a, guess, loss = cr.evaluate([n.z, n.a, n.guess, (n.guess - n.y) ** 2], EXAMPLE)
    (axes,) = pen.panels(width=2.35, height=1.3)
    left = _column(pen, axes, 0, [f"${v}$" for v in EXAMPLE["x"]], pen.theme.blue, 0)
    sums = _column(pen, axes, 2.6, [_number(v) for v in z], pen.theme.orange, 0)
    neurons = _column(pen, axes, 4.7, [f"{v:.3f}" for v in a], pen.theme.green, 0)
    (output,) = _column(pen, axes, 7.0, [f"{float(guess):.4f}"], pen.theme.red, 0, 0.5)
    for i, (x1, y1) in enumerate(sums):
        for j, (x0, y0) in enumerate(left):
            weight = EXAMPLE["W"][i][j]
            strong = weight != 0
            axes.plot(
                [x0 + 0.36, x1 - 0.36],
                [y0, y1],
                color=pen.theme.ink if strong else pen.theme.faint,
                linewidth=1.1 if strong else 0.5,
                alpha=1 if strong else 0.6,
                zorder=1,
            )
            if strong:
                share = 0.30 if i != j else 0.62
                pen.say(
                    axes,
                    x0 + 0.36 + share * (x1 - x0 - 0.72),
                    y0 + share * (y1 - y0),
                    _number(weight),
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    bbox={"facecolor": pen.theme.paper, "edgecolor": "none", "pad": 1},
                )
    for k, ((x0, y0), (x1, y1)) in enumerate(zip(sums, neurons, strict=True)):
        pen.arrow(axes, (x0 + 0.38, y0), (x1 - 0.4, y1), pen.theme.faint)
        pen.say(axes, (x0 + x1) / 2, y0 + 0.1, r"$\sigma$", ha="center", va="bottom", fontsize=9)
        axes.plot([x1 + 0.36, output[0] - 0.5], [y1, output[1]], color=pen.theme.ink, linewidth=1.1, zorder=1)
        pen.say(
            axes,
            x1 + 0.36 + 0.4 * 1.44,
            y1 + 0.4 * (output[1] - y1),
            _number(EXAMPLE["U"][k]),
            ha="center",
            va="center",
            fontsize=8.5,
            bbox={"facecolor": pen.theme.paper, "edgecolor": "none", "pad": 1},
        )
    for px, name in (
        (0, r"$\mathbf{x}$"),
        (2.6, r"$\mathbf{z}=\mathbf{W}\mathbf{x}+\mathbf{b}$"),
        (4.7, r"$\mathbf{a}=\sigma(\mathbf{z})$"),
        (7.0, r"$\hat{y}=\mathbf{U}^{\top}\mathbf{a}$"),
    ):
        pen.say(axes, px, 1.75, name, ha="center")
    pen.say(axes, 7.0, -0.85, f"$(\\hat{{y}}-1)^2={float(loss):.4f}$", ha="center")
    pen.plane(axes, (-0.6, 7.9), (-1.75, 2.15))
    return {"z": z, "a": a, "guess": float(guess), "loss": float(loss)}


@figure("classifier", "5.1", "A fully connected classifier of small images: how many weights each layer has")
def figure_classifier(pen: Pen) -> Data:
    from matplotlib.patches import Rectangle

    widths = (784, 300, 100, 10)
    W = [cr.parameter(f"W_{n}", (m, k)) for n, (k, m) in enumerate(pairwise(widths), 1)]
    counts = [one.shape[0] * one.shape[1] for one in W]
    (axes,) = pen.panels(width=2.1, height=1.0)
    for k, width in enumerate(widths):
        tall = 0.6 + 2.4 * (width / widths[0]) ** 0.5
        color = (pen.theme.blue, pen.theme.orange, pen.theme.orange, pen.theme.red)[k]
        axes.add_patch(
            Rectangle(
                (k * 2 - 0.16, -tall / 2),
                0.32,
                tall,
                facecolor=pen.tint(color),
                edgecolor=color,
                linewidth=1.3,
                zorder=3,
            )
        )
        pen.say(axes, k * 2, -tall / 2 - 0.14, str(width), ha="center", va="top")
        if k:
            before = 0.6 + 2.4 * (widths[k - 1] / widths[0]) ** 0.5
            axes.fill(
                [k * 2 - 1.84, k * 2 - 0.16, k * 2 - 0.16, k * 2 - 1.84],
                [before / 2, tall / 2, -tall / 2, -before / 2],
                color=pen.theme.wash,
                zorder=1,
            )
            pen.say(
                axes,
                k * 2 - 1,
                0,
                f"{counts[k - 1]:,}".replace(",", " "),
                ha="center",
                va="center",
                fontsize=10,
            )
    for k, name in ((0, "28 × 28 pixels"), (3, "10 classes")):
        pen.say(axes, k * 2, 1.72 if not k else 0.62, name, ha="center", va="bottom")
    pen.plane(axes, (-1.0, 7.0), (-2.0, 2.1))
    return {"widths": widths, "counts": counts, "total": sum(counts)}


@figure(
    "17", "5.3", "VGG, configuration D (VGG-16): convolutions keep the size of the images, pooling halves it"
)
def figure_17(pen: Pen) -> Data:
    (axes,) = pen.panels(width=2.7, height=1.15)
    steps = trace("D")
    colours = {
        "input": pen.theme.faint,
        "conv": pen.theme.blue,
        "pool": pen.theme.orange,
        "dense": pen.theme.green,
    }
    x = 0.0
    labels: dict[int, tuple[float, float, str]] = {}
    for step in steps:
        flat = len(step.shape) == 1
        size = 1 if flat else step.shape[1]
        tall = 0.45 + (step.shape[0] / 4096 * 1.1 if flat else 2.75 * (size / 224) ** 0.6)
        thick = 0.13 if flat else 0.1 if step.kind == "pool" else 0.07 + step.shape[0] / 512 * 0.22
        _slab(pen, axes, x, tall, thick, colours[step.kind])
        if step.kind == "conv":
            labels.setdefault(size, (x, tall, f"{size} × {size}\n{step.shape[0]} channels"))
        if flat:
            pen.say(
                axes, x + thick / 2, -tall / 2 - 0.12, str(step.shape[0]), ha="center", va="top", fontsize=8
            )
        x += thick + (0.22 if step.kind == "conv" else 0.34)
    for px, tall, text in labels.values():
        pen.say(axes, px, -tall / 2 - 0.12, text, ha="left", va="top", fontsize=8.5, linespacing=1.3)
    for k, (kind, text) in enumerate(
        (("conv", "convolution 3 × 3, ReLU"), ("pool", "max pooling 2 × 2"), ("dense", "fully connected"))
    ):
        pen.say(axes, 3.9 + k * 2.25, 1.95, text, fontsize=9.5, va="center")
        _slab(pen, axes, 3.62 + k * 2.25, 0.22, 0.09, colours[kind], 1.95)
    pen.plane(axes, (-0.2, x + 0.4), (-2.25, 2.3))
    return {
        "shapes": [step.shape for step in steps],
        "parameters": parameters("D"),
    }


def _slab(pen: Pen, axes: Any, x: float, tall: float, thick: float, color: str, y: float = 0.0) -> None:
    """A block seen from the side, with a front and a slanted top and side."""
    slant = 0.16 * tall
    low, high = y - tall / 2, y + tall / 2
    faces = (
        ([x, x + thick, x + thick, x], [low, low, high, high], 0.30),
        ([x, x + thick, x + thick + slant, x + slant], [high, high, high + slant, high + slant], 0.18),
        (
            [x + thick, x + thick + slant, x + thick + slant, x + thick],
            [low, low + slant, high + slant, high],
            0.42,
        ),
    )
    for xs, ys, strength in faces:
        axes.fill(
            xs,
            ys,
            facecolor=pen.tint(color, strength),
            edgecolor=color,
            linewidth=0.7,
            zorder=3,
            joinstyle="round",
        )
