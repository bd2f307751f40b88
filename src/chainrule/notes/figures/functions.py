"""Figures 3 to 8 and 18: functions of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.notes.figures.gallery import Data, figure
from chainrule.notes.figures.style import Pen


def curve(of: Expr, x: Expr, start: float, end: float, points: int = 241) -> tuple[Any, Any]:
    """Numbers from start to end and the values of an expression in x there."""
    grid = np.linspace(start, end, points)
    wide = cr.data("grid", points)
    return grid, cr.evaluate(of if of.is_leaf else _over(of, x, wide), {wide: grid})


def _over(of: Expr, x: Expr, wide: Expr) -> Expr:
    """An elementwise expression of a number as one of many numbers."""
    new: dict[Expr, Expr] = {x: wide}

    def build(node: Expr) -> Expr:
        if node not in new:
            new[node] = (
                node
                if node.is_leaf
                else node.op(*(build(operand) for operand in node.operands), **node.params)
            )
        return new[node]

    return build(of)


def slope_at(of: Expr, x: Expr, place: float) -> float:
    """The derivative of an expression at a place."""
    return float(cr.evaluate(cr.gradient(of, x), {x: place}))


def value_at(of: Expr, x: Expr, place: float) -> float:
    """The value of an expression at a place."""
    return float(cr.evaluate(of, {x: place}))


def _tangent(pen: Pen, axes: Any, of: Expr, x: Expr, place: float, reach: float) -> float:
    """The tangent at a place, dashed; returns its slope."""
    slope, height = slope_at(of, x, place), value_at(of, x, place)
    ends = np.array([place - reach, place + reach])
    axes.plot(
        ends, height + slope * (ends - place), color=pen.theme.faint, linewidth=1.1, dashes=(4, 3), zorder=1
    )
    return slope


def _levels(pen: Pen, axes: Any, *heights: float) -> None:
    for height in heights:
        axes.axhline(height, color=pen.theme.faint, linewidth=0.6, dashes=(1, 3), zorder=0)


def _sigmoid(pen: Pen, axes: Any, argument: Expr, x: Expr, half: float, label: str, reach: float = 8) -> Data:
    """One sigmoid with its half-point and the tangent there."""
    of = cr.sigmoid(argument)
    axes.plot(*curve(of, x, -reach, reach), color=pen.theme.red)
    slope = _tangent(pen, axes, of, x, half, min(2.0, 0.42 / abs(slope_at(of, x, half))))
    _levels(pen, axes, 0, 0.5, 1)
    pen.dot(axes, [half], [0.5])
    axes.axvline(half, color=pen.theme.faint, linewidth=0.6, zorder=0)
    axes.set(title=label, xlabel="$x$", yticks=[0, 0.5, 1], ylim=(-0.06, 1.06), xlim=(-reach, reach))
    return {"half": half, "value": value_at(of, x, half), "slope": slope}


@figure("3", "2.2", "The sigmoid: between 0 and 1, steepest at 0, where its slope is 1/4")
def figure_3(pen: Pen) -> Data:
    x = cr.data("x")
    (axes,) = pen.panels()
    data = _sigmoid(pen, axes, x, x, 0, "")
    axes.set(ylabel=r"$\sigma(x)$")
    pen.say(axes, 0.45, 0.42, "slope 1/4", color=pen.theme.ink)
    return data


def _pair(pen: Pen, thetas: tuple[float, float]) -> Data:
    x = cr.data("x")
    panels = pen.panels(2, share=True)
    parts = []
    for axes, θ in zip(panels, thetas, strict=True):
        label = rf"$\sigma({str(θ).removesuffix('.0')}\,x)$".replace("-", "{-}")
        parts.append(_sigmoid(pen, axes, θ * x, x, 0, label))
        pen.say(
            axes,
            1.0 if θ > 0 else -1.0,
            0.5,
            f"slope {parts[-1]['slope']:g}".replace("-", "−"),
            va="center",
            ha="left" if θ > 0 else "right",
        )
    return {
        "thetas": thetas,
        "slopes": [part["slope"] for part in parts],
        "values": [part["value"] for part in parts],
    }


@figure("4", "2.3.2", "The role of θ: the larger it is, the steeper the sigmoid; its slope at 0 is θ/4")
def figure_4(pen: Pen) -> Data:
    return _pair(pen, (0.5, 2.0))


@figure("5", "2.3.2", "A negative θ turns the sigmoid around")
def figure_5(pen: Pen) -> Data:
    return _pair(pen, (-0.5, -2.0))


@figure(
    "6", "2.3.3", "The role of b: with θ = 1 the half-point moves to x = −b",
    remark="The notes call σ(x − 3) the case b = 3; by (5), x θ + b, it is b = −3.",
)  # fmt: skip
def figure_6(pen: Pen) -> Data:
    x = cr.data("x")
    panels = pen.panels(2, share=True)
    parts = []
    for axes, b in zip(panels, (-3, 3), strict=True):
        sign = "-" if b < 0 else "+"
        parts.append(_sigmoid(pen, axes, x + b, x, -b, rf"$\sigma(x {sign} 3)$, $b = {b}$"))
        pen.say(
            axes,
            -b + (0.6 if b > 0 else -0.6),
            0.5,
            f"half at $x = {-b}$",
            va="center",
            ha="left" if b > 0 else "right",
        )
    return {"halves": [part["half"] for part in parts], "values": [part["value"] for part in parts]}


@figure("7", "2.4", "tanh: between −1 and 1, with slope 1 at 0")
def figure_7(pen: Pen) -> Data:
    x = cr.data("x")
    of = cr.tanh(x)
    (axes,) = pen.panels()
    axes.plot(*curve(of, x, -4, 4), color=pen.theme.red)
    slope = _tangent(pen, axes, of, x, 0, 0.85)
    _levels(pen, axes, -1, 0, 1)
    axes.axvline(0, color=pen.theme.faint, linewidth=0.6, zorder=0)
    pen.dot(axes, [0], [0])
    pen.say(axes, 0.35, -0.02, "slope 1", va="top")
    axes.set(xlabel="$x$", ylabel=r"$\tanh(x)$", yticks=[-1, 0, 1], xlim=(-4, 4), ylim=(-1.1, 1.1))
    return {"slope": slope, "limits": (value_at(of, x, -20), value_at(of, x, 20))}


@figure("8", "2.5.6", "Two functions that are 1 − t at y = 0 and t at y = 1, here for t = 0.85")
def figure_8(pen: Pen) -> Data:
    y, t = cr.data("y"), 0.85
    power = cr.exp(y * cr.log(cr.constant(t)) + (1 - y) * cr.log(cr.constant(1 - t)))
    line = t * y + (1 - t) * (1 - y)
    (axes,) = pen.panels()
    axes.plot(*curve(power, y, 0, 1), color=pen.theme.red, label=r"$t^{\,y}(1-t)^{1-y}$")
    axes.plot(*curve(line, y, 0, 1), color=pen.theme.blue, dashes=(5, 2), label=r"$t\,y+(1-t)(1-y)$")
    ends = [(float(end), value_at(power, y, end), value_at(line, y, end)) for end in (0, 1)]
    pen.dot(axes, [0, 1], [1 - t, t], size=42)
    axes.set(xlabel="$y$", xticks=[0, 1], yticks=[0, 1 - t, t, 1], xlim=(-0.04, 1.04), ylim=(0, 1.02))
    axes.set_yticklabels(["0", r"$1-t$", "$t$", "1"])
    axes.legend(loc="upper left", labelcolor=pen.theme.ink)
    return {"t": t, "ends": ends}


@figure("18", "5.3", "ReLU: slope 0 on the left, 1 on the right, none at 0 itself")
def figure_18(pen: Pen) -> Data:
    z = cr.data("z")
    of = cr.relu(z)
    (axes,) = pen.panels()
    pen.cross(axes)
    axes.plot(*curve(of, z, -3, 3), color=pen.theme.red)
    slopes = [slope_at(of, z, place) for place in (-1.5, 1.5)]
    pen.say(axes, -1.7, 0.22, "slope 0", ha="center")
    pen.say(axes, 1.45, 1.85, "slope 1", ha="right")
    pen.dot(axes, [0], [0], color=pen.theme.paper, size=46)
    axes.scatter([0], [0], s=34, facecolor=pen.theme.paper, edgecolor=pen.theme.ink, linewidth=1.1, zorder=6)
    axes.set(xlabel="$z$", ylabel=r"$\mathrm{ReLU}(z)$", xlim=(-3, 3), ylim=(-0.4, 3))
    return {"slopes": slopes}
