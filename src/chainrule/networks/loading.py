"""A model from a file: everything is checked before a network is made of it, and nothing in it is executed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.networks.architecture import layer_from
from chainrule.networks.network import Network
from chainrule.networks.saving import FORMAT, require_fit
from chainrule.training.data.learning import Encoder, encoder_from
from chainrule.training.storage.strict_json import from_text
from chainrule.training.storage.tensors import load_tensors


@dataclass(frozen=True)
class Model:
    """What a model file holds.

    network: with its parameters. encoder: how rows of the user's data become inputs; None for numbers as
    they are. classes: the labels in the order of the network's classes; empty where they are its indices.
    training: facts on the training, as they were given. version: of the chainrule that wrote the file.
    """

    network: Network
    encoder: Encoder | None
    classes: tuple[Any, ...]
    training: Mapping[str, Any]
    version: str


def load(path: str | os.PathLike[str]) -> Network:
    """The network in a model file that `net.save` wrote: it predicts the same bits, and trains on.

    Nothing in the file is executed. Raises DataError, which names the file, unless the description and every
    number are as they were written; where a later chainrule wrote it; and where there is no such file.

    >>> import chainrule as cr, tempfile
    >>> net = cr.Network(2, [cr.Linear(1)], loss="squared_error")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net.save(f"{folder}/model.safetensors")
    ...     again = cr.load(f"{folder}/model.safetensors")
    >>> bool((again.predict([[1, 2]]) == net.predict([[1, 2]])).all())
    True
    """
    return load_model(path).network


def load_model(path: str | os.PathLike[str]) -> Model:
    """All that is in a model file, also its encoder of raw columns and its labels. Raises DataError as `load` does.

    >>> import chainrule as cr, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "line.safetensors")
    ...     cr.Network(1, [cr.Linear(1)], loss="squared_error").save(path)
    ...     cr.load_model(path).classes
    ()
    """
    text, tensors = load_tensors(path)
    where = os.fspath(path)
    description = from_text(text, where, _DAMAGED)
    if not isinstance(description, dict) or description.get("kind") != "model":
        kind = description.get("kind") if isinstance(description, dict) else description
        raise DataError(
            "a model file", f"a file of the kind {kind!r}"[:80], where, "give the path of a model"
        )
    if description.get("format") != FORMAT:
        raise DataError(
            f"the format {FORMAT} of model files",
            f"the format {description.get('format')!r} of chainrule {description.get('chainrule')!r}"[:120],
            where,
            "update chainrule",
        )
    network = _network(description, tensors, where)
    encoder = _encoder(description.get("encoder"), network, where)
    classes, training = description.get("classes"), description.get("training")
    if not isinstance(classes, list | None) or not isinstance(training, dict | None):
        raise DataError("a list of classes and facts on the training", "others", where, _DAMAGED)
    return Model(network, encoder, tuple(classes or ()), training or {}, str(description.get("chainrule")))


_DAMAGED = "the file is damaged or is another one: take another copy, or save it again"


def _network(description: dict[str, Any], tensors: dict[str, NDArray[Any]], where: str) -> Network:
    data, epochs = description.get("network"), description.get("epochs")
    needed = {"input_shape", "layers", "loss", "seed", "dtype"}
    if not isinstance(data, dict) or data.keys() != needed or not isinstance(data["layers"], list):
        raise DataError(f"a network with {', '.join(sorted(needed))}", repr(data)[:80], where, _DAMAGED)
    if type(epochs) is not int or epochs < 0:
        raise DataError("a number of epochs from 0", repr(epochs)[:80], where, _DAMAGED)
    try:
        layers = [layer_from(layer, where) for layer in data["layers"]]
        network = Network(data["input_shape"], layers, data["loss"], data["seed"], data["dtype"])
    except DataError:
        raise
    except (ChainruleError, TypeError, OverflowError) as fault:
        raise DataError("a network that can be built", str(fault)[:300], where, _DAMAGED) from None
    network.restore(_checked(network, tensors, where), epochs)
    return network


def _checked(network: Network, tensors: dict[str, NDArray[Any]], where: str) -> list[NDArray[Any]]:
    """The parameters in forward order: these names, shapes and dtypes and no others, all numbers finite."""
    wanted = {str(leaf.name): leaf.shape for leaf in network.leaves}
    for names, what in (
        (wanted.keys() - tensors.keys(), "no"),
        (tensors.keys() - wanted.keys(), "a further"),
    ):
        if names:
            came = f"{what} array {min(names)[:60]!r}"
            raise DataError(f"the parameters {', '.join(wanted)[:300]}", came, where, _DAMAGED)
    for name, shape in wanted.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != network.dtype:
            needed = f"the parameter {name} as {network.dtype} of the shape {shape}"
            raise DataError(needed, f"{tensor.dtype} of the shape {tensor.shape}", where, _DAMAGED)
        if not np.isfinite(tensor).all():
            raise DataError(f"finite numbers in the parameter {name}", "nan or inf", where, _DAMAGED)
    return [tensors[name].astype(network.dtype, copy=False) for name in wanted]


def _encoder(state: Any, network: Network, where: str) -> Encoder | None:
    if state is None:
        return None
    try:
        encoder = encoder_from(state)
    except DataError as fault:
        raise DataError(fault.needed, fault.came, where, _DAMAGED) from None
    require_fit(encoder, network, where)
    return encoder
