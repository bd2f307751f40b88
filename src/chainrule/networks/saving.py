"""A model as a file: the network, and what it takes to use it on raw data."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.graph.version import VERSION
from chainrule.networks.architecture import layer_data
from chainrule.training.storage.strict_json import to_text
from chainrule.training.storage.tensors import save_tensors

if TYPE_CHECKING:
    from chainrule.networks.network import Network
    from chainrule.training.data.learning import Encoder

FORMAT = 1
"""Of the description; a reader refuses a higher one."""


def network_data(network: Network) -> dict[str, Any]:
    """What a network is, but for its parameters, as plain data.

    Raises ChainruleError for layers that a file cannot name: functions, and those of other programs.
    """
    stored = []
    for place, layer in enumerate(network.layers, 1):
        try:
            stored.append(layer_data(layer))
        except ChainruleError as fault:
            where = f"{fault.where}, layer {place} of {len(network.layers)}"
            raise ChainruleError(fault.needed, fault.came, where, fault.remedy) from None
    return {
        "input_shape": list(network.input_shape),
        "layers": stored,
        "loss": network.head.name,
        "seed": network.seed,
        "dtype": network.dtype,
    }


def require_fit(encoder: Encoder, network: Network, where: str) -> None:
    """Raises DataError where an encoder makes inputs of another shape than the network takes."""
    if encoder.shape != network.input_shape:
        needed = f"an encoder for inputs of the shape {network.input_shape}"
        remedy = "take the encoder of the data that the network was trained on"
        raise DataError(needed, f"one for {encoder.shape}", where, remedy)


def save(
    path: str | os.PathLike[str],
    network: Network,
    encoder: Encoder | None = None,
    classes: Iterable[Any] | None = None,
    training: Mapping[str, Any] | None = None,
) -> None:
    """Write a model file: see `Network.save`."""
    if encoder is not None:
        require_fit(encoder, network, f"save to {path}")
    labels = None if classes is None else [np.asarray(label).tolist() for label in classes]
    description = {
        "kind": "model",
        "format": FORMAT,
        "chainrule": VERSION,
        "network": network_data(network),
        "epochs": network.epochs,
        "encoder": None if encoder is None else encoder.state(),
        "classes": labels,
        "training": None if training is None else dict(training),
    }
    save_tensors(path, network.parameters, to_text(description, f"save to {path}"))
