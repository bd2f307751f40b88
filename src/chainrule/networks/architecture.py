"""A network's architecture as plain data, for files, and back: by a table of names, never by importing one.

What the table does not have cannot be stored: layers and initialisations that a user wrote, and functions;
an op that chainrule has, such as cr.relu, is stored by its name.
"""

from __future__ import annotations

from dataclasses import fields
from numbers import Integral, Real
from typing import Any

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.graph.op import OPS, Op
from chainrule.networks import dropout, initialisation, layers, spatial
from chainrule.networks.initialisation import Initialisation
from chainrule.networks.layers import Function, Layer

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        *(layers.Linear, layers.Flatten, dropout.Dropout),
        *(layers.ReLU, layers.Sigmoid, layers.Tanh, layers.LeakyReLU),
        *(layers.Softplus, layers.ELU, layers.GELU),
        *(spatial.Conv1d, spatial.Conv2d, spatial.MaxPool1d, spatial.MaxPool2d),
        *(spatial.AvgPool1d, spatial.AvgPool2d),
    )
}
"""The layers that a file can name."""
STARTS: dict[str, type[Initialisation]] = {
    start.__name__: start
    for start in (
        initialisation.Glorot,
        initialisation.He,
        initialisation.Normal,
        initialisation.Zeros,
    )
}
"""The initialisations that a file can name."""


def layer_data(layer: Layer) -> dict[str, Any]:
    """A layer with all its settings as plain data. Raises ChainruleError for one that no file can name.

    >>> layer_data(layers.Linear(3, weights=initialisation.He()))
    {'layer': 'Linear', 'units': 3, 'bias': True, 'weights': {'start': 'He', 'slope': 0.0}}
    """
    if isinstance(layer, Function):
        op = layer.function
        if not isinstance(op, Op) or not op.public or OPS.get(op.name) is not op:
            raise ChainruleError(
                "layers that a file can name",
                f"the function {layer}",
                "save",
                "write it as a layer of chainrule or as a public op such as cr.relu; or keep the program that builds "
                "the network, and save net.parameters",
            )
        return {"layer": "op", "name": op.name}
    if LAYERS.get(type(layer).__name__) is not type(layer):
        raise ChainruleError(
            f"one of the layers {', '.join(LAYERS)}, or an op",
            f"a {type(layer).__name__} of another program",
            "save",
            "keep the program that builds the network, and save net.parameters",
        )
    return {"layer": type(layer).__name__, **_settings(layer)}


def layer_from(data: Any, where: str) -> Layer:
    """The layer that `layer_data` stored. Raises DataError for anything else, and ShapeError as the layer does.

    >>> layer_from({"layer": "op", "name": "relu"}, "model.safetensors").function
    <op relu>
    """
    if isinstance(data, dict) and data.get("layer") == "op" and data.keys() == {"layer", "name"}:
        name = data["name"]
        if isinstance(name, str) and name in OPS and OPS[name].public:
            return Function(OPS[name])
        raise DataError("the name of a public op", repr(name)[:80], where, _UPDATE)
    layer: Layer = _made(data, "layer", LAYERS, where)
    return layer


_UPDATE = "the file needs a chainrule that knows it: update chainrule"


def _settings(record: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(record, field.name), record) for field in fields(record)}


def _plain(value: Any, record: Any) -> Any:
    """A setting as plain data: tuples as lists."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, (tuple, list)):
        return [_plain(item, record) for item in value]
    if STARTS.get(type(value).__name__) is type(value):
        return {"start": type(value).__name__, **_settings(value)}
    needed = f"settings of numbers and words, or one of the initialisations {', '.join(STARTS)}"
    remedy = "keep the program that builds the network, and save net.parameters"
    raise ChainruleError(needed, repr(value)[:80], f"save, {record}", remedy)


def _made(data: Any, key: str, table: dict[str, type[Any]], where: str) -> Any:
    """A layer or an initialisation, from its name and settings."""
    name = data.get(key) if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in table:
        raise DataError(f"one of the {key}s {', '.join(table)}", repr(name or data)[:80], where, _UPDATE)
    known, given = {field.name for field in fields(table[name])}, data.keys() - {key}
    if given != known:
        raise DataError(
            f"the settings {', '.join(sorted(known))} of {name}",
            ", ".join(sorted(given))[:80],
            where,
            _UPDATE,
        )
    settings = {setting: _restored(data[setting], where) for setting in known}
    return table[name](**settings)


def _restored(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return tuple(_restored(item, where) for item in value)
    return _made(value, "start", STARTS, where) if isinstance(value, dict) else value
