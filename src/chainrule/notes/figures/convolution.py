"""Figure 19 and the pictures of section 5: windows, a convolution as a matrix, pooling, the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.figures.gallery import Data, figure
from chainrule.notes.figures.style import Pen
from chainrule.notes.section_5_convolution import F2, G2
from chainrule.notes.section_5_vgg import P2


def _empty(rows: int, columns: int) -> list[list[str]]:
    return [[""] * columns for _ in range(rows)]


@figure(
    "19",
    "5.4.1",
    (
        "Where the result of a window is put: at its centre (left), or at its first corner (right), as "
        "from here on"
    ),
)
def figure_19(pen: Pen) -> Data:
    N, m, i, j = 6, 3, 1, 2
    panels = pen.panels(2, width=1.15, height=1.0)
    results = []
    for axes, shift, name in zip(panels, ((m - 1) // 2, 0), ("centre", "corner"), strict=True):
        inside = range(shift, shift + N - m + 1)
        results.append(len(inside))

        def fill(r: int, c: int, inside: range = inside) -> str | None:
            return pen.theme.wash if r in inside and c in inside else None

        pen.cells(axes, _empty(N, N), (0, 0), fill)
        pen.frame(axes, j, -i, m, m, pen.theme.blue)
        from matplotlib.patches import Rectangle

        axes.add_patch(
            Rectangle(
                (j + shift, -i - shift - 1),
                1,
                1,
                facecolor=pen.tint(pen.theme.red, 0.45),
                edgecolor=pen.theme.red,
                linewidth=1.4,
                zorder=5,
            )
        )
        pen.say(
            axes,
            j + shift + 0.5,
            -i - shift - 0.5,
            f"$z_{{{i},{j}}}$",
            ha="center",
            va="center",
            fontsize=9,
        )
        for k in range(N):
            pen.say(axes, k + 0.5, 0.28, str(k), ha="center", va="center", fontsize=8, color=pen.theme.faint)
            pen.say(
                axes, -0.32, -k - 0.5, str(k), ha="center", va="center", fontsize=8, color=pen.theme.faint
            )
        pen.say(axes, N / 2, -N - 0.5, f"result at the {name} of the window", ha="center", va="center")
        pen.plane(axes, (-0.8, N + 0.3), (-N - 0.9, 0.7))
    return {"results": results, "expected": N - m + 1}


IMAGE = np.random.default_rng(2).integers(0, 4, (5, 5))
KERNEL = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
"""An image, and a kernel that compares each pixel with its four neighbours."""


@figure("steps", "5.2.2", "A 3 × 3 kernel over a 5 × 5 image with padding 1: the first four of 25 steps",
        remark="The notes count 12 steps after these four; there are 21.")  # fmt: skip
def figure_steps(pen: Pen) -> Data:
    image, kernel = IMAGE, KERNEL
    x = cr.data("x", (5, 5))
    whole = cr.evaluate(cr.correlate2d(cr.pad(x, ((1, 1), (1, 1))), cr.constant(kernel)), {x: image})
    wide = np.pad(image, 1)
    panels = pen.panels(4, width=0.95, height=1.05)
    for step, axes in enumerate(panels):
        i, j = divmod(step, 5)

        def fill(r: int, c: int, i: int = i, j: int = j) -> str | None:
            if i <= r < i + 3 and j <= c < j + 3:
                return pen.tint(pen.theme.blue, 0.28)
            return pen.theme.wash if r in (0, 6) or c in (0, 6) else None

        pen.cells(axes, wide, (0, 0), fill, fontsize=8.5)
        pen.frame(axes, j, -i, 3, 3, pen.theme.blue)
        done = [
            [f"{whole[r, c]:g}".replace("-", "−") if r * 5 + c <= step else "" for c in range(5)]
            for r in range(5)
        ]
        pen.cells(
            axes,
            done,
            (1.75, -7.6),
            lambda r, c, i=i, j=j: pen.tint(pen.theme.red, 0.3) if (r, c) == (i, j) else None,
            0.7,
            fontsize=7.5,
        )
        pen.say(axes, 3.5, 0.45, f"step {step + 1} of {whole.size}", ha="center", va="center")
        pen.plane(axes, (-0.2, 7.2), (-11.3, 0.8))
    return {"result": whole, "steps": whole.size, "left": whole.size - 4, "image": image, "kernel": kernel}


@figure(
    "windows",
    "5.2.2",
    "The nine windows of (131): each one's inner product with the kernel is one number of (132)",
)
def figure_windows(pen: Pen) -> Data:
    f, g = cr.constant(F2), cr.constant(G2)
    result = cr.evaluate(cr.correlate2d(f, g), {})
    panels = pen.panels(3, 3, width=0.78, height=0.62)
    for axes, (i, j) in zip(panels, np.ndindex(3, 3), strict=True):

        def fill(r: int, c: int, i: int = i, j: int = j) -> str | None:
            if i <= r < i + 2 and j <= c < j + 2:
                return pen.tint(
                    pen.theme.red if G2[r - i][c - j] else pen.theme.blue, 0.3 if G2[r - i][c - j] else 0.14
                )
            return None

        pen.cells(axes, F2, (0, 0), fill, fontsize=9)
        pen.frame(axes, j, -i, 2, 2, pen.theme.blue)
        pen.say(axes, 4.35, -2, rf"$\to\ {result[i, j]:g}$", va="center", fontsize=12)
        pen.plane(axes, (-0.15, 6.0), (-4.15, 0.15))
    return {"result": result}


@figure(
    "matrix",
    "5.2.5",
    (
        "Convolution as a matrix: (135), the full convolution (left), and the sliding of (127) (right); "
        "one colour, one weight"
    ),
)
def figure_matrix(pen: Pen) -> Data:
    m, n = 3, 6
    colours = (pen.theme.red, pen.theme.orange, pen.theme.blue)
    full = [[i - j + 1 if 0 <= i - j < m else 0 for j in range(n)] for i in range(n + m - 1)]
    sliding = [[j - i + 1 if 0 <= j - i < m else 0 for j in range(n)] for i in range(n - m + 1)]
    random = np.random.default_rng(0)
    w, a = random.normal(size=m), random.normal(size=n)
    numbers = {}
    panels = pen.panels(2, width=1.1, height=1.2)
    for axes, table, name in zip(panels, (full, sliding), ("full", "sliding"), strict=True):
        weights = np.array([[w[k - 1] if k else 0.0 for k in row] for row in table])
        A, x = cr.parameter("A", weights.shape), cr.data("a", n)
        numbers[name] = cr.evaluate(A @ x, {A: weights, x: a})
        labels = [[f"$w_{k}$" if k else "0" for k in row] for row in table]

        def fill(r: int, c: int, table: Any = table) -> str | None:
            return pen.tint(colours[table[r][c] - 1], 0.34) if table[r][c] else None

        pen.cells(axes, labels, (0, 0), fill, fontsize=9)
        size = f"{len(table)} × {n}"
        pen.say(
            axes,
            n / 2,
            0.55,
            f"full convolution: {size}" if name == "full" else f"sliding, as in (127): {size}",
            ha="center",
            va="center",
        )
        pen.plane(axes, (-0.4, n + 0.4), (-n - m + 0.7, 1.1))
    return {"w": w, "a": a, **numbers, "shapes": [(len(full), n), (len(sliding), n)]}


@figure("pooling", "5.3", "Max pooling, 2 × 2: the largest number of each block, as in (141)")
def figure_pooling(pen: Pen) -> Data:
    blocks = [[cr.max(cr.constant(P2)[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]) for j in (0, 1)] for i in (0, 1)]
    result = np.array([[float(cr.evaluate(one, {})) for one in row] for row in blocks])
    colours = ((pen.theme.red, pen.theme.blue), (pen.theme.orange, pen.theme.green))
    (axes,) = pen.panels(width=1.7, height=0.95)
    largest = {(r, c) for r, c in np.ndindex(4, 4) if P2[r][c] == result[r // 2, c // 2]}
    pen.cells(
        axes,
        [[f"{v:.1f}" for v in row] for row in P2],
        (0, 0),
        lambda r, c: pen.tint(colours[r // 2][c // 2], 0.45 if (r, c) in largest else 0.14),
    )
    pen.arrow(axes, (4.35, -2), (5.35, -2), pen.theme.faint)
    pen.cells(
        axes,
        [[f"{v:.1f}" for v in row] for row in result],
        (5.7, -1),
        lambda r, c: pen.tint(colours[r][c], 0.45),
    )
    pen.plane(axes, (-0.2, 7.9), (-4.2, 0.2))
    return {"result": result, "largest": sorted(largest)}


@figure(
    "backward",
    "5.4.2",
    (
        "The way back: a neuron below gathers a window of z, as far as it lies inside, (145) (left); a "
        "weight gathers every place of z, (146) (right)"
    ),
)
def figure_backward(pen: Pen) -> Data:
    N, m, i, j, u, v = 5, 3, 1, 3, 0, 1
    side = N - m + 1
    below, W, U = cr.data("a", (N, N)), cr.parameter("W", (m, m)), cr.parameter("U", (side, side))
    guess = cr.sum(U * cr.correlate2d(below, W))
    ones = {below: np.ones((N, N)), W: np.ones((m, m)), U: np.ones((side, side))}
    by_below, by_weight = cr.evaluate(list(cr.gradient(guess, [below, W])), ones)
    panels = pen.panels(2, width=1.45, height=0.85)
    gathered = [(i - p, j - q) for p, q in np.ndindex(m, m) if 0 <= i - p < side and 0 <= j - q < side]
    mark, soft = pen.tint(pen.theme.red, 0.45), pen.tint(pen.theme.blue, 0.28)
    left, right = panels
    pen.cells(left, _empty(side, side), (0, -1), lambda r, c: soft if (r, c) in gathered else None)
    pen.frame(left, j - m + 1, -1 - (i - m + 1), m, m, pen.theme.blue)
    pen.cells(left, _empty(N, N), (5, 0), lambda r, c: mark if (r, c) == (i, j) else None)
    pen.arrow(left, (4.2, -2.5), (4.85, -2.5), pen.theme.faint)
    pen.say(left, 7.5, -5.4, rf"$\partial \hat{{y}}/\partial a_{{{i},{j}}}$", ha="center", va="center")
    pen.say(left, 1.5, -5.4, rf"$\partial \hat{{y}}/\partial z_{{{i}-u,\,{j}-v}}$", ha="center", va="center")
    pen.cells(right, _empty(side, side), (0, -1), lambda r, c: soft)
    pen.cells(right, _empty(m, m), (5, -1), lambda r, c: mark if (r, c) == (u, v) else None)
    pen.arrow(right, (3.25, -2.5), (4.75, -2.5), pen.theme.faint)
    pen.say(right, 6.5, -5.4, rf"$\partial \hat{{y}}/\partial W_{{{u},{v}}}$", ha="center", va="center")
    pen.say(right, 1.5, -5.4, r"all $\partial \hat{y}/\partial z_{i,j}$", ha="center", va="center")
    for axes in panels:
        pen.plane(axes, (-0.4, 10.4), (-5.9, 0.4))
    return {"window": gathered, "terms below": by_below, "terms of a weight": by_weight}
