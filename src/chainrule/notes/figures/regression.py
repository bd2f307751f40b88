"""Figures 1, 2 and 14 to 16: points and what is fitted to them, by gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.figures.gallery import Data, figure
from chainrule.notes.figures.style import Pen
from chainrule.notes.models import LINEAR, LOGISTIC, absorbed, descend, fit


def _line(points: Any, labels: Any) -> Any:
    """Slope and height at 0 of the least-squares line."""
    return fit(LINEAR, absorbed(points[:, None]), labels, rate=0.4, steps=400, tolerance=1e-13).last


@figure("1", "2.1.2", "Linear regression: the red line has the least sum of squared residuals (dashed)",
        remark="The notes speak of the sum of the residuals; it is the sum of their squares.")  # fmt: skip
def figure_1(pen: Pen) -> Data:
    random = np.random.default_rng(3)
    x = np.sort(random.uniform(-1, 1, 16))
    y = 0.9 * x + 0.35 + 0.28 * random.normal(size=16)
    slope, height = _line(x, y)
    (axes,) = pen.panels()
    axes.vlines(
        x,
        np.minimum(y, slope * x + height),
        np.maximum(y, slope * x + height),
        color=pen.theme.blue,
        linewidth=1.1,
        linestyles=(0, (3, 2)),
    )
    ends = np.array([-1.1, 1.1])
    axes.plot(ends, slope * ends + height, color=pen.theme.red)
    pen.dot(axes, x, y)
    axes.set(xlabel="$x$", ylabel="$y$", xlim=(-1.1, 1.1))
    return {"x": x, "y": y, "slope": slope, "height": height}


@figure("2", "2.1.3", "Logistic regression: labels 0 and 1, and the fitted probability of label 1 in red")
def figure_2(pen: Pen) -> Data:
    random = np.random.default_rng(8)
    x = np.sort(random.uniform(-3, 3, 28))
    y = (random.uniform(size=28) < 1 / (1 + np.exp(-2.2 * x + 0.4))).astype(float)
    found = fit(LOGISTIC, absorbed(x[:, None]), y, rate=1.0, steps=500, tolerance=1e-9)
    θ, b = found.last
    grid = np.linspace(-3.2, 3.2, 200)
    (axes,) = pen.panels()
    axes.axhline(0.5, color=pen.theme.faint, linewidth=0.6, dashes=(1, 3))
    axes.axvline(-b / θ, color=pen.theme.faint, linewidth=0.6)
    p = cr.evaluate(cr.sigmoid(cr.data("x", 200) * float(θ) + float(b)), {"x": grid})
    axes.plot(grid, p, color=pen.theme.red)
    pen.dot(axes, x[y == 1], y[y == 1], pen.theme.blue)
    pen.dot(axes, x[y == 0], y[y == 0], pen.theme.orange)
    pen.say(axes, -b / θ + 0.12, 0.06, r"$x=-b/\theta$")
    axes.set(xlabel="$x$", ylabel="label, probability of 1", yticks=[0, 0.5, 1], xlim=(-3.2, 3.2))
    return {"x": x, "y": y, "theta": θ, "b": b, "cost": found.values[-1], "slope": found.slopes[-1]}


def _bend() -> tuple[Any, Any]:
    """Points on a bend that no line fits."""
    random = np.random.default_rng(1)
    x = np.linspace(-2, 2, 34)
    return x, 2.6 / (1 + np.exp(-3.4 * (x - 0.35))) - 0.9 + 0.1 * random.normal(size=34)


def _network() -> tuple[Any, Any, Any, Any]:
    """ŷ = U σ(W x + b) + c fitted to the bend: x, y, the parameters (W, b, U, c), and the neuron's values."""
    x, y = _bend()
    X, Y, θ = cr.data("x", len(x)), cr.data("y", len(y)), cr.parameter(r"\theta", 4)
    neuron = cr.sigmoid(θ[0] * X + θ[1])
    cost = cr.mean((θ[2] * neuron + θ[3] - Y) ** 2)
    found = descend(cost, θ, [1, 0, 1, 0], rate=0.5, steps=700, tolerance=1e-6, values={X: x, Y: y})
    return x, y, found.last, cr.evaluate(neuron, {X: x, θ: found.last})


def _share(y: Any, guess: Any) -> float:
    """The share of the labels' variance that a guess explains."""
    return float(1 - np.sum((y - guess) ** 2) / np.sum((y - y.mean()) ** 2))


@figure("14", "4", "Data on a bend, and the best line: x and y do not form a linear relationship")
def figure_14(pen: Pen) -> Data:
    x, y = _bend()
    slope, height = _line(x, y)
    (axes,) = pen.panels()
    axes.plot(x, slope * x + height, color=pen.theme.red)
    pen.dot(axes, x, y)
    axes.set(xlabel="$x$", ylabel="$y$")
    return {"explained": _share(y, slope * x + height)}


@figure("15", "4", "The same data, fitted through a neuron: ŷ = U σ(Wx + b) + c")
def figure_15(pen: Pen) -> Data:
    x, y, (W, b, U, c), a = _network()
    grid = np.linspace(-2.05, 2.05, 200)
    (axes,) = pen.panels()
    axes.plot(grid, U / (1 + np.exp(-(W * grid + b))) + c, color=pen.theme.red)
    pen.dot(axes, x, y)
    axes.set(xlabel="$x$", ylabel=r"$y,\ \hat{y}$")
    return {"explained": _share(y, U * a + c)}


@figure("16", "4", "The labels against the neuron a = σ(Wx + b): now a line fits")
def figure_16(pen: Pen) -> Data:
    _, y, (_, _, U, c), a = _network()
    (axes,) = pen.panels()
    ends = np.array([0, 1])
    axes.plot(ends, U * ends + c, color=pen.theme.red)
    pen.dot(axes, a, y)
    axes.set(xlabel=r"$a=\sigma(Wx+b)$", ylabel="$y$", xlim=(-0.03, 1.03))
    return {"explained": _share(y, U * a + c), "correlation": float(np.corrcoef(a, y)[0, 1])}
