"""A canvas: shapes and labels in pixels, put together as one SVG with its text alternative."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from chainrule.documents.drawing.colours import colour, own_style
from chainrule.documents.model import Picture, Table
from chainrule.documents.render.pictures import address

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
SIZE = 12
"""The height of labels, in pixels."""
_MARGIN = 8
_WIDE_FROM, _LEAST = (
    420,
    0.72,
)  # pixels from which a drawing may be made narrower, and by how much, before it scrolls
_NARROW, _WIDE = "iljt.,:;'|()[] ·", "mwMW%@"


def text_width(text: str, size: float = SIZE, bold: bool = False) -> float:
    """About how wide a text is, in pixels; rather too wide than too narrow."""
    widths = (
        0.0
        if unicodedata.combining(c)
        else 0.36
        if c in _NARROW
        else 0.92
        if c in _WIDE
        else 0.46
        if unicodedata.decomposition(c).startswith(("<super>", "<sub>"))
        else 0.64
        for c in text
    )
    return sum(widths) * size * (1.07 if bold else 1)


@dataclass(frozen=True)
class Box:
    """A rectangle on the canvas: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True)
class Drawing:
    """A drawing: lines, shapes and labels as SVG, light and dark, with what it shows in words.

    width, height: in pixels, as it is meant to be seen. title: what it is. description: what a person
    who cannot see it should know. A notebook shows it; `str(drawing)` is the SVG.
    """

    body: str
    box: Box
    title: str
    description: str

    @property
    def width(self) -> int:
        """In pixels."""
        return round(self.box.right - self.box.left)

    @property
    def height(self) -> int:
        """In pixels."""
        return round(self.box.bottom - self.box.top)

    def svg(self) -> str:
        """The drawing as an SVG file: paper and ink follow the reader's preference for light or dark."""
        return self._around(f"<style>{own_style()}</style>")

    @property
    def inline(self) -> str:
        """The drawing for use inside a page: on the page's paper, in its ink."""
        return self._around("")

    def _around(self, style: str) -> str:
        box = self.box
        view = f"{_short(box.left)} {_short(box.top)} {self.width} {self.height}"
        narrowest = f'style="min-width:{round(_LEAST * self.width)}px" ' if self.width > _WIDE_FROM else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" viewBox="{view}" '
            f'{narrowest}width="{self.width}" height="{self.height}" font-family="{escape(FONT)}" font-size="{SIZE}" '
            f'fill="currentColor" aria-label="{escape(f"{self.title}. {self.description}")}">'
            f"<title>{escape(self.title)}</title><desc>{escape(self.description)}</desc>{style}{self.body}</svg>"
        )

    def save(self, path: str | Path) -> None:
        """Write the SVG to a file. Raises OSError where that is not possible."""
        Path(path).write_text(self.svg() + "\n", encoding="utf-8")

    def picture(self, caption: str = "", numbers: Table | None = None) -> Picture:
        """The drawing as a part of a document. numbers: those that it shows, as a table."""
        return Picture(self.inline, f"{self.title}. {self.description}", caption, numbers)

    def __str__(self) -> str:
        return self.svg()

    def _repr_svg_(self) -> str:
        return self.svg()


class Canvas:
    """Shapes in the order in which they are drawn. Colours are names of `colours`; the empty name is ink.

    labels: the room that each label takes, so that others can keep clear of it.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._reach: list[Box] = []
        self.labels: list[Box] = []

    def element(
        self,
        tag: str,
        reach: Box,
        stroke: str | None = None,
        fill: str | None = None,
        say: str = "",
        inside: str = "",
        **attributes: Any,
    ) -> None:
        """A shape: stroke and fill are colours, None for none; say: what a reader who points at it is told."""
        classes = [f"{kind}-{name}" for kind, name in (("s", stroke), ("f", fill)) if name]
        paint = {"stroke": stroke, "fill": fill}
        written = {name: "none" if value is None else colour(value) for name, value in paint.items()}
        if tag == "text" and stroke is None:
            del written["stroke"]
        if classes:
            written["class"] = " ".join(classes)
        numbers = {key.replace("_", "-"): value for key, value in attributes.items()}
        listed = " ".join(
            f'{key}="{escape(_short(value) if isinstance(value, float) else str(value))}"'
            for key, value in {**written, **numbers}.items()
        )
        title = f"<title>{escape(say)}</title>" if say else ""
        closed = f">{title}{inside}</{tag}>" if title or inside else "/>"
        self._parts.append(f"<{tag} {listed}{closed}")
        self._reach.append(reach)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: str = "", width: float = 1, **how: Any
    ) -> None:
        """A straight line."""
        reach = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        ends: dict[str, Any] = {"x1": float(x1), "y1": float(y1), "x2": float(x2), "y2": float(y2)}
        self.element("line", reach, stroke, None, **ends, stroke_width=float(width), **how)

    def path(
        self,
        d: str,
        reach: Box,
        stroke: str | None = "",
        fill: str | None = None,
        width: float = 1,
        **how: Any,
    ) -> None:
        """Any path, in SVG's own words; reach: the room that it takes."""
        self.element("path", reach, stroke, fill, d=d, stroke_width=float(width), **how)

    def polyline(
        self, points: Sequence[tuple[float, float]], stroke: str = "", width: float = 1.6, **how: Any
    ) -> None:
        """Straight pieces from point to point."""
        listed = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self.element(
            "polyline", _around(points), stroke, None, points=listed, stroke_width=float(width), **how
        )

    def polygon(
        self, points: Sequence[tuple[float, float]], fill: str, stroke: str | None = "", **how: Any
    ) -> None:
        """A filled shape with corners."""
        listed = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
        self.element("polygon", _around(points), stroke, fill, points=listed, **how)

    def circle(
        self, x: float, y: float, r: float, fill: str | None = "paper", stroke: str | None = "", **how: Any
    ) -> None:
        """A circle about a point."""
        reach = Box(x - r, y - r, x + r, y + r)
        self.element("circle", reach, stroke, fill, cx=float(x), cy=float(y), r=float(r), **how)

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str | None,
        stroke: str | None = None,
        **how: Any,
    ) -> None:
        """A rectangle from its corner."""
        place: dict[str, Any] = {"x": float(x), "y": float(y), "width": float(width), "height": float(height)}
        self.element("rect", Box(x, y, x + width, y + height), stroke, fill, **place, **how)

    def image(self, x: float, y: float, width: float, height: float, png: bytes, say: str = "") -> None:
        """A picture in pixels, each a square."""
        place: dict[str, Any] = {"x": float(x), "y": float(y), "width": float(width), "height": float(height)}
        self.element(
            "image",
            Box(x, y, x + width, y + height),
            None,
            None,
            say,
            **place,
            preserveAspectRatio="none",
            style="image-rendering:pixelated",
            href=address(png),
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = SIZE,
        anchor: str = "middle",
        fill: str = "",
        bold: bool = False,
        halo: bool = False,
        say: str = "",
    ) -> Box:
        """A label whose middle line is at y. anchor: "start", "middle" or "end" at x. halo: paper around it."""
        box = label_box(x, y, text, size, anchor, bold)
        how: dict[str, Any] = {"font_weight": 600} if bold else {}
        if halo:
            how |= {"paint_order": "stroke", "stroke_width": 4.0, "stroke_linejoin": "round"}
        self.element(
            "text",
            box,
            "paper" if halo else None,
            fill,
            say,
            escape(text),
            x=float(x),
            y=float(y + size * 0.35),
            font_size=float(size),
            text_anchor=anchor,
            **how,
        )
        self.labels.append(box)
        return box

    def drawing(self, title: str, description: str) -> Drawing:
        """All of it, with a margin around."""
        left = min(box.left for box in self._reach) - _MARGIN
        top = min(box.top for box in self._reach) - _MARGIN
        right = max(box.right for box in self._reach) + _MARGIN
        bottom = max(box.bottom for box in self._reach) + _MARGIN
        return Drawing("".join(self._parts), Box(left, top, right, bottom), title, description)


def label_box(
    x: float, y: float, text: str, size: float = SIZE, anchor: str = "middle", bold: bool = False
) -> Box:
    """The room that a label takes."""
    width = text_width(text, size, bold)
    left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
    return Box(left, y - size * 0.62, left + width, y + size * 0.62)


def _around(points: Sequence[tuple[float, float]]) -> Box:
    across, down = [x for x, _ in points], [y for _, y in points]
    return Box(min(across), min(down), max(across), max(down))


def _short(number: float) -> str:
    """A number without digits that nobody sees."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
