"""How the gradient flows: sizes of δ, gradients, activations and updates, by layer and epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chainrule.diagnosis.flow import Flow, LayerFlow, Spread
from chainrule.documents.drawing.axes import number
from chainrule.documents.drawing.grid import grid
from chainrule.documents.model import Block, Gallery, Note, Picture, Section, Table
from chainrule.documents.numbers import shown
from chainrule.graph.symbols import text_symbol

DELTA = text_symbol(r"\delta")
_MOST_WRITTEN = 12  # epochs up to which each cell has its number

_SIZES: tuple[tuple[str, Callable[[LayerFlow], float | None], bool], ...] = (
    (f"Size of {DELTA}", lambda layer: layer.delta.rms, True),
    ("Gradient relative to the weights", lambda layer: layer.relative_gradient, True),
    ("Update of an epoch relative to the weights", lambda layer: _median(layer.update), True),
    ("Size of the activations", lambda layer: _median(layer.activation), True),
    ("Share of units that are dead", lambda layer: layer.dead, False),
    ("Share of entries that are saturated", lambda layer: layer.saturated, False),
)
"""What is shown: its title, how it is found, and whether its colours follow the logarithm."""


def flow_section(flows: Sequence[Flow]) -> Section:
    """A heat map for each size, layers downwards and epochs to the right; and the last measurement as a table."""
    last = flows[-1]
    maps = [_map(flows, *size) for size in _SIZES] if len(flows) > 1 else []
    pictures = tuple(picture for picture in maps if picture is not None)
    told = f"Measured on {last.n} examples."
    if last.derivatives:
        told += (
            f" The derivatives of the activations, multiplied along the depth, leave {number(last.product)} of a "
            f"signal on its way back; {number(last.bound)} is the most they can."
        )
    shown: tuple[Block, ...] = (Gallery(pictures),) if pictures else ()
    return Section("How the gradient flows", (*shown, Note(told), _table(last)), "flow")


def _median(spread: Spread | None) -> float | None:
    return None if spread is None else spread.median


def _map(
    flows: Sequence[Flow], title: str, size: Callable[[LayerFlow], float | None], log: bool
) -> Picture | None:
    """None where nothing was measured, or where there is nothing to see: shares that are all zero."""
    found = [[size(flow.layers[k]) for flow in flows] for k in range(len(flows[0].layers))]
    values = np.array([[np.nan if value is None else value for value in row] for row in found], float)
    kept = ~np.isnan(values).all(axis=1)
    measured = ~np.isnan(values[kept]).all(axis=0) if kept.any() else np.zeros(0, bool)
    if not measured.any() or (not log and not np.nansum(values)):
        return None
    values = values[kept][:, measured]
    rows = [
        f"{layer.number} {layer.layer}" for layer, keep in zip(flows[0].layers, kept, strict=True) if keep
    ]
    epochs = [str(flow.epoch) for flow, keep in zip(flows, measured, strict=True) if keep]
    shares = None if log else np.nan_to_num(values) * 0.95
    write = _written if len(epochs) <= _MOST_WRITTEN else None
    return grid(values, rows, epochs, title, "epoch", "layer", shares=shares, write=write, log=log)


def _written(value: float) -> str:
    return "" if np.isnan(value) else str(shown(value, 2))


def _table(flow: Flow) -> Table:
    """The last measurement: medians with their quantiles at 5 and 95 %."""
    head = (
        "layer",
        "outputs",
        "activations",
        DELTA,
        "gradient",
        "gradient relative to weights",
        "saturated",
        "dead",
    )
    rows = tuple(
        (
            f"{layer.number} {layer.layer}",
            _range(layer.z),
            _range(layer.activation),
            _range(layer.delta),
            _range(layer.gradient),
            number(layer.relative_gradient),
            "" if layer.saturated is None else f"{layer.saturated:.0%}",
            "" if layer.dead is None else f"{layer.dead:.0%}",
        )
        for layer in flow.layers
    )
    caption = f"After epoch {flow.epoch}. Sizes are medians, with the quantiles at 5 and 95 % behind them."
    return Table(head, rows, caption)


def _range(spread: Spread | None) -> str:
    if spread is None:
        return ""
    return f"{number(spread.median)} ({number(spread.quantiles[0])} to {number(spread.quantiles[-1])})"
