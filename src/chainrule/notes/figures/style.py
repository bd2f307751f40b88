"""One quiet style for all figures: two themes, colours that colour-blind readers tell apart, few lines.

The colours are those of Okabe and Ito, lightened for the dark theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INCHES = 3.1
"""The side of a panel."""


@dataclass(frozen=True)
class Theme:
    """The colours of a figure, by what they are for."""

    name: str
    paper: str
    ink: str
    faint: str
    wash: str
    red: str
    blue: str
    green: str
    orange: str
    purple: str


LIGHT = Theme(
    "light", "#ffffff", "#22262b", "#8a929b", "#eef1f4", "#c8452b", "#0072b2", "#00805c", "#d98c00", "#a3568a"
)
DARK = Theme(
    "dark", "#15181c", "#e6e9ec", "#7d8690", "#242a31", "#ff8a66", "#62b6e8", "#3ecfa4", "#f2b134", "#d79ac3"
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}

SETTINGS: Any = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 10,
    "svg.hashsalt": "chainrule",
    "svg.fonttype": "path",
}


class Pen:
    """What a figure is drawn with: panels in a theme, and the marks that recur."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.figure: Any = None

    def panels(
        self, columns: int = 1, rows: int = 1, width: float = 1.35, height: float = 1.0, share: bool = False
    ) -> list[Any]:
        """So many axes, width and height in units of INCHES each, in the order of reading."""
        from matplotlib.figure import Figure

        theme = self.theme
        self.figure = Figure(
            (INCHES * width * columns, INCHES * height * rows), layout="constrained", facecolor=theme.paper
        )
        grid = self.figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
        axes = list(grid.flat)
        for one in axes:
            one.set_facecolor(theme.paper)
            one.tick_params(colors=theme.faint, labelcolor=theme.ink, labelsize=9)
            for side in one.spines.values():
                side.set_color(theme.faint)
            for text in (one.xaxis.label, one.yaxis.label, one.title):
                text.set_color(theme.ink)
        return axes

    def plane(self, axes: Any, x: Sequence[float], y: Sequence[float]) -> None:
        """Axes without frame and ticks, in equal scale, for diagrams."""
        axes.set(xlim=x, ylim=y, aspect="equal")
        axes.axis("off")

    def cross(self, axes: Any) -> None:
        """Thin lines through the origin."""
        for line in (axes.axhline, axes.axvline):
            line(0, color=self.theme.faint, linewidth=0.6, zorder=0)

    def say(self, axes: Any, x: float, y: float, text: str, **how: Any) -> Any:
        """A text in ink, at a place of the data, that the layout leaves alone."""
        note = axes.text(x, y, text, **{"color": self.theme.ink, "fontsize": 10, "zorder": 6, **how})
        note.set_in_layout(False)
        return note

    def dot(self, axes: Any, x: Any, y: Any, color: str = "", size: float = 30) -> None:
        """A point with a rim in the colour of the paper."""
        axes.scatter(
            x, y, s=size, color=color or self.theme.ink, edgecolor=self.theme.paper, linewidth=0.9, zorder=5
        )

    def arrow(
        self, axes: Any, start: Sequence[float], end: Sequence[float], color: str = "", **how: Any
    ) -> None:
        """An arrow from a point to a point."""
        shape = {
            "arrowstyle": "-|>",
            "color": color or self.theme.ink,
            "linewidth": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
            **how,
        }
        axes.annotate("", xy=end, xytext=start, arrowprops=shape, zorder=4)

    def cells(
        self,
        axes: Any,
        numbers: Any,
        at: Sequence[float] = (0, 0),
        fill: Any = None,
        size: float = 1.0,
        **how: Any,
    ) -> None:
        """A matrix as a grid of cells, its first corner at `at`. fill(i, j): a colour or None."""
        from matplotlib.patches import Rectangle

        for i, row in enumerate(numbers):
            for j, number in enumerate(row):
                x, y = at[0] + j * size, at[1] - (i + 1) * size
                colour = (fill(i, j) if fill else None) or self.theme.paper
                axes.add_patch(
                    Rectangle(
                        (x, y),
                        size,
                        size,
                        facecolor=colour,
                        edgecolor=self.theme.faint,
                        linewidth=0.6,
                        zorder=2,
                    )
                )
                text = number if isinstance(number, str) else f"{number:g}".replace("-", "−")
                self.say(axes, x + size / 2, y + size / 2, text, ha="center", va="center", zorder=3, **how)

    def frame(
        self, axes: Any, x: float, y: float, width: float, height: float, color: str, **how: Any
    ) -> None:
        """A coloured frame; x, y its upper left corner."""
        from matplotlib.patches import Rectangle

        style = {
            "facecolor": "none",
            "edgecolor": color,
            "linewidth": 2,
            "zorder": 4,
            "joinstyle": "round",
            **how,
        }
        axes.add_patch(Rectangle((x, y - height), width, height, **style))

    def tint(self, color: str, strength: float = 0.22) -> str:
        """A colour mixed into the paper."""

        def parts(code: str) -> list[int]:
            return [int(code[k : k + 2], 16) for k in (1, 3, 5)]

        mixed = [
            round(p + strength * (c - p)) for p, c in zip(parts(self.theme.paper), parts(color), strict=True)
        ]
        return "#" + "".join(f"{part:02x}" for part in mixed)
