"""Convolutional and large networks: a block for what each layer puts out, with its shape, grouped into stages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.documents.drawing.canvas import Canvas, Drawing, text_width
from chainrule.graph.shape import Shape, size_of

_TALLEST, _THICKEST = 150.0, 26.0
_LEAN = 0.34  # how far a block goes back, as a share of its height
_GAP = 30.0


@dataclass(frozen=True)
class Slab:
    """What one layer puts out. kind: a colour: "convolution", "pooling", "dense" or "other"."""

    shape: Shape
    kind: str
    label: str

    @property
    def sizes(self) -> str:
        """The shape in words."""
        return "×".join(map(str, self.shape)) or "1"


@dataclass(frozen=True)
class Stage:
    """Layers that belong together: slabs side by side, with lines of words below."""

    slabs: tuple[Slab, ...]
    lines: tuple[str, ...]
    parameters: int = 0


def blocks(stages: Sequence[Stage], title: str) -> Drawing:
    """The stages from left to right. Heights and widths grow with the roots of the sizes and the channels."""
    canvas = Canvas()
    slabs = [slab for stage in stages for slab in stage.slabs]
    longest = max((max(slab.shape[1:]) for slab in slabs if len(slab.shape) > 1), default=1)
    widest = max((slab.shape[0] for slab in slabs if len(slab.shape) > 1), default=1)
    largest = max((size_of(slab.shape) for slab in slabs if len(slab.shape) < 2), default=1)
    x, spots = 0.0, []
    for stage in stages:
        shapes = list(dict.fromkeys(slab.sizes for slab in stage.slabs))
        heads = [(sizes, True) for sizes in shapes] + [(line, False) for line in stage.lines]
        heads += [(_counted(stage.parameters), False)] if stage.parameters else []
        words = max(text_width(line, 11, bold) for line, bold in heads)
        boxes = [_size(slab, longest, widest, largest) for slab in stage.slabs]
        drawn = sum(
            width + _back(slab, height) + 5 for slab, (width, height) in zip(stage.slabs, boxes, strict=True)
        )
        room = max(words, drawn)
        spots.append((x + room / 2, drawn, boxes, heads))
        x += room + _GAP
    for n, (stage, (middle, drawn, boxes, heads)) in enumerate(zip(stages, spots, strict=True)):
        left = middle - drawn / 2
        if n:
            before = spots[n - 1]
            _arrow(canvas, before[0] + before[1] / 2 + 2, left - 4)
        for slab, (width, height) in zip(stage.slabs, boxes, strict=True):
            _slab(canvas, slab, left, width, height)
            left += width + _back(slab, height) + 5
        for k, (line, bold) in enumerate(heads):
            canvas.text(middle, _TALLEST / 2 + 30 + 16 * k, line, 11, fill="" if bold else "quiet", bold=bold)
    listed = ", ".join(slab.sizes for slab in slabs)
    told = (
        f"{len(stages)} stages from left to right. Shapes: {listed}. Heights grow with the square root of the size "
        "of the maps, widths with that of the channels; blue: convolution, orange: pooling, green: fully connected"
    )
    return canvas.drawing(title, told)


def _counted(parameters: int) -> str:
    return f"{parameters:,} parameters"


def _back(slab: Slab, height: float) -> float:
    """How far a block reaches to the back; a vector is flat."""
    return _LEAN * height / 2 if len(slab.shape) > 2 else 0.0


def _size(slab: Slab, longest: int, widest: int, largest: int) -> tuple[float, float]:
    """Width and height on the canvas."""
    if len(slab.shape) > 1:
        tall = max(8.0, _TALLEST * math.sqrt(max(slab.shape[1:]) / longest))
        return max(3.0, _THICKEST * math.sqrt(slab.shape[0] / widest)), tall
    size = size_of(slab.shape)
    return 9.0, max(10.0, _TALLEST * math.sqrt(math.log1p(size) / math.log1p(max(largest, 2))))


def _slab(canvas: Canvas, slab: Slab, left: float, width: float, height: float) -> None:
    """A block with its front, its top and its side."""
    back, top, bottom = _back(slab, height), -height / 2, height / 2
    rise = back * 0.6
    right = left + width
    say = f"{slab.label}: {slab.sizes}"
    if back:
        upper = [(left, top), (left + back, top - rise), (right + back, top - rise), (right, top)]
        side = [(right, top), (right + back, top - rise), (right + back, bottom - rise), (right, bottom)]
        canvas.polygon(upper, slab.kind, "", say=say, stroke_width=0.6, fill_opacity=0.55)
        canvas.polygon(side, slab.kind, "", say=say, stroke_width=0.6, fill_opacity=0.75)
    canvas.rect(left, top, width, height, slab.kind, "", say=say, stroke_width=0.8)


def _arrow(canvas: Canvas, start: float, end: float) -> None:
    if end - start < 8:
        return
    canvas.line(start, 0, end - 5, 0, "quiet", 1.2)
    canvas.polygon([(end, 0), (end - 6, -3.5), (end - 6, 3.5)], "quiet", None)
