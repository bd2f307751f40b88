"""What is inside: the weights, the first kernels, the maps that an example makes."""

from __future__ import annotations

import numpy as np

from chainrule.documents.drawing.bars import histogram
from chainrule.documents.heatmap import heat_map, tiled
from chainrule.documents.model import Block, Gallery, Note, Picture, Section
from chainrule.graph.symbols import text_symbol
from chainrule.networks.network import Array
from chainrule.readings.working import evaluate
from chainrule.reports.mistakes import is_small, said
from chainrule.reports.subject import Subject

_WIDEST = 480  # pixels of the screen
_MOST_WEIGHTS = 6  # arrays whose entries are counted
_MOST_MAPS = 6  # layers whose maps are shown
_MOST_TILES = 36


def weights_section(subject: Subject) -> Section:
    """The first weights as pictures, and how the entries of each array are spread."""
    leaves = [declared.leaf for declared in subject.net.declared if declared.weight]
    parameters = subject.net.parameters
    first = parameters[str(leaves[0].name)]
    name = text_symbol(str(leaves[0].name))
    blocks: list[Block] = []
    picture = _first(subject, first, name)
    if picture is not None:
        blocks.append(picture)
    spread = [
        histogram(parameters[str(leaf.name)], f"Entries of {text_symbol(str(leaf.name))}", "weight")
        for leaf in leaves[:_MOST_WEIGHTS]
    ]
    return Section("Its weights", (*blocks, Gallery(tuple(spread))), "weights")


def _first(subject: Subject, weights: Array, name: str) -> Picture | None:
    """The first weights: kernels as tiles, rows of a matrix as images where inputs are images."""
    if weights.ndim == 4:
        tiles, what = weights.mean(axis=1)[:_MOST_TILES], "kernels"
    elif weights.ndim == 2 and subject.image_shape is not None:
        tiles = weights[:_MOST_TILES].reshape(-1, *subject.image_shape[-2:])
        what = "weights, a tile for each unit"
    elif weights.ndim == 2:
        tiles, what = weights[:64, :128], "weights, a row for each unit"
    else:
        return None
    alt = f"The first {what}: {name}, from {weights.min():.3g} to {weights.max():.3g}"
    caption = f"{name}: the first {what}. Blue: negative; orange: positive."
    return Picture(heat_map(tiles), alt, caption, size=_scaled(tiled(tiles).shape[1]))


def maps_section(subject: Subject, n: int) -> Section | None:
    """What each layer makes of one example; None where no layer makes maps."""
    net = subject.net
    outputs = [output for output in net.outputs if len(output.shape) == 3][:_MOST_MAPS]
    if not outputs or not is_small(subject):
        return None
    values = evaluate(outputs, net.values(subject.X[n], subject.y[n]))
    pictures = [subject.picture(subject.X[n], f"Example {n + 1}", f"example {n + 1}")]
    for output, value in zip(outputs, values, strict=True):
        tiles = np.asarray(value)[:_MOST_TILES]
        name = text_symbol(str(output.name)) if output.name else output.op.name
        count = f"{len(tiles)} of {len(value)} maps" if len(tiles) < len(value) else f"{len(value)} maps"
        alt = f"{count} of {name} for example {n + 1}, from {value.min():.3g} to {value.max():.3g}"
        caption = f"{name}: {count} of {value.shape[1]}×{value.shape[2]}"
        pictures.append(Picture(heat_map(tiles), alt, caption, size=_scaled(tiled(tiles).shape[1])))
    note = Note(f"{said(subject, n)} Each tile is a channel. Blue: negative; orange: positive; white: zero.")
    return Section("What the layers see", (note, Gallery(tuple(pictures))), "maps")


def _scaled(width: int) -> int:
    """How wide a picture of so many pixels is on the screen: whole pixels, no wider than 480."""
    return width * max(1, min(12, _WIDEST // width))
