"""Learning an encoder from the training part of a source, and getting a stored one back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.graph.errors import DataError
from chainrule.training.data.arrays import ArrayEncoder, array_encoder_from, learned_array
from chainrule.training.data.encoder import TableEncoder, learned_table, table_encoder_from
from chainrule.training.data.table import TableSource

Encoder = TableEncoder | ArrayEncoder


def learned(
    source: Any, blocks: Iterable[Any], standardize: bool | None = None, unseen: str = "refuse"
) -> Encoder:
    """The encoder of a source, from one pass over the blocks of its training part.

    standardize: None for numeric columns and vectors, not for images. unseen: what becomes of categories
    that these blocks do not have, "refuse" or "zeros".
    """
    if isinstance(source, TableSource):
        scaled = standardize is not False
        return learned_table(source.kinds, source.target, blocks, source.where, scaled, unseen)
    return learned_array(source, blocks, source.where, standardize)


def encoder_from(state: dict[str, Any]) -> Encoder:
    """The encoder whose `state()` was stored. Raises DataError for what is no such state."""
    try:
        return table_encoder_from(state) if state["kind"] == "table" else array_encoder_from(state)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        came = f"{type(fault).__name__}: {fault}"
        raise DataError(
            "the state of an encoder", came, "encoder_from", "give what encoder.state() returned, unchanged"
        ) from None
