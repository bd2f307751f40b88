"""Figures 9 to 13: gradient descent in two dimensions and in one, step by step."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.figures.gallery import Data, figure
from chainrule.notes.figures.style import Pen
from chainrule.notes.models import descend


def valley(u: Any, v: Any) -> Any:
    """A valley of two variables, as an expression of expressions."""
    return u**2 / 2 + 1.4 * v**2 + 0.5 * u * v


@figure(
    "9",
    "2.8",
    "Gradient descent on a function of two variables: each step is perpendicular to the contour it leaves",
)
def figure_9(pen: Pen) -> Data:
    x = cr.parameter("x", 2)
    found = descend(valley(x[0], x[1]), x, [-2.7, 1.75], rate=0.22, steps=14)
    points = np.array(found.points)
    U, V = np.meshgrid(np.linspace(-3.2, 1.6, 121), np.linspace(-1.3, 2.3, 91))
    u, v = cr.data("u", U.shape), cr.data("v", U.shape)
    heights = cr.evaluate(valley(u, v), {u: U, v: V})
    (axes,) = pen.panels(width=1.6, height=1.15)
    levels = sorted((*found.values[:6], 0.25, 0.9, 1.6, 2.2, 7.5, 10.0))
    axes.contour(U, V, heights, levels=levels, colors=pen.theme.faint, linewidths=0.7)
    for start, end in pairwise(points[:8]):
        pen.arrow(axes, start, end, pen.theme.red, mutation_scale=10, linewidth=1.6)
    pen.dot(axes, points[:8, 0], points[:8, 1], size=26)
    axes.plot([0], [0], "+", color=pen.theme.blue, markersize=9, markeredgewidth=1.6)
    pen.say(axes, points[0][0] + 0.08, points[0][1] + 0.1, r"$\mathbf{x}_1$")
    pen.say(axes, points[1][0] + 0.12, points[1][1] - 0.02, r"$\mathbf{x}_2$")
    axes.set(aspect="equal", xlim=(-3.2, 1.6), ylim=(-1.3, 2.3), xlabel="$u$", ylabel="$v$")
    return {"points": points, "slopes": np.array(found.slopes), "values": found.values, "rates": found.rates}


def _step(pen: Pen, start: float, first: float, number: int) -> Data:
    """The step of descent on x² from a point, with its tangent; `first` is where the descent began."""
    x = cr.parameter("x")
    found = descend(x**2, x, start, rate=0.1, steps=1)
    (here, there), slope = (float(point) for point in found.points), float(found.slopes[0])
    grid = np.linspace(-2.6, 2.6, 200)
    (axes,) = pen.panels()
    axes.plot(grid, grid**2, color=pen.theme.ink, linewidth=1.4)
    ends = np.array([here - 0.75, here + 0.75])
    axes.plot(ends, here**2 + slope * (ends - here), color=pen.theme.blue, linewidth=1.2, dashes=(4, 3))
    axes.vlines(
        [here, there], 0, [here**2, there**2], color=pen.theme.faint, linewidth=0.8, linestyles=(0, (1, 2))
    )
    pen.arrow(axes, (here, 0.02), (there, 0.02), pen.theme.red, mutation_scale=11, linewidth=1.8)
    pen.dot(axes, [here], [here**2], pen.theme.red, 42)
    pen.dot(axes, [there], [there**2], size=32)
    side, outward = ("left", 0.22) if here < 0 else ("right", -0.22)
    pen.say(
        axes,
        here - outward,
        here**2 + 0.1,
        rf"$x_{number}={here:g}$".replace("-", "{-}"),
        ha="right" if here < 0 else "left",
    )
    pen.say(
        axes, there + outward, there**2 + 0.1, rf"$x_{number + 1}={there:g}$".replace("-", "{-}"), ha=side
    )
    pen.say(
        axes,
        0,
        4.9,
        rf"$x_{number + 1}=x_{number}-0.1\cdot({slope:g})$".replace("-", "{-}", 0),
        ha="center",
        color=pen.theme.red,
    )
    axes.axhline(0, color=pen.theme.faint, linewidth=0.6, zorder=0)
    axes.set(xlabel="$x$", ylabel="$x^2$", xlim=(-3.3, 3.3), ylim=(-0.35, 5.7))
    return {"here": here, "there": there, "slope": slope, "first": first}


@figure("10", "2.8.1", "Gradient descent on x² from −2 with η = 0.1: point, tangent and step")
def figure_10(pen: Pen) -> Data:
    return _step(pen, -2.0, -2.0, 1)


@figure("11", "2.8.1", "The next step, from −1.6")
def figure_11(pen: Pen) -> Data:
    return _step(pen, -1.6, -2.0, 2)


@figure("12", "2.8.2", "Gradient descent on x² from 2 with η = 0.1")
def figure_12(pen: Pen) -> Data:
    return _step(pen, 2.0, 2.0, 1)


@figure("13", "2.8.2", "The next step, from 1.6")
def figure_13(pen: Pen) -> Data:
    return _step(pen, 1.6, 2.0, 2)
