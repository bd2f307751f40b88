"""What `chainrule train` chooses where nothing is said, by the shape and number of the examples."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.errors import ChainruleError
from chainrule.graph.shape import Shape
from chainrule.networks.network import Network
from chainrule.networks.wording import layers_from_text
from chainrule.training.data.target import Target
from chainrule.training.optimizers import SGD, Adam, AdamW, RMSprop
from chainrule.training.update import Optimizer

DENSE = "64 relu, 32 relu"
_STEPS = 3000  # that training takes at least, by default, within the bounds of epochs
_FEWEST, _MOST = 10, 300  # epochs
_STREAMED = 3  # epochs of data larger than memory
_PATIENCE = 10  # epochs
OPTIMIZERS: dict[str, tuple[float, type[Optimizer], dict[str, float]]] = {
    "adam": (0.003, Adam, {}),
    "adamw": (0.003, AdamW, {}),
    "rmsprop": (0.001, RMSprop, {}),
    "sgd": (0.05, SGD, {"momentum": 0.9}),
    "plain-sgd": (0.1, SGD, {}),
}
"""By name: the default learning rate, the optimiser and its other settings. The first one is the default."""


@dataclass(frozen=True)
class Course:
    """How long to train, and in which batches. patience: epochs without improvement; 0 for no early stopping."""

    epochs: int
    batch_size: int
    patience: int


def course(n: int, in_memory: bool, epochs: int = 0, batch_size: int = 0, patience: int = -1) -> Course:
    """What is not given (0, or −1 for patience) is chosen by the number of examples n."""
    batch_size = batch_size or (32 if n < 5_000 else 128 if in_memory else 256)
    if not epochs:
        steps = -(-n // batch_size)
        epochs = min(_MOST, max(_FEWEST, -(-_STEPS // steps))) if in_memory else _STREAMED
    return Course(epochs, batch_size, max(_PATIENCE, epochs // 10) if patience < 0 else patience)


def hidden_layers(shape: Shape) -> str:
    """Dense layers for vectors; for images convolutions, each with a pooling, until 8 pixels or fewer are left.

    >>> hidden_layers((13,)), hidden_layers((1, 28, 28))
    ('64 relu, 32 relu', 'conv 16 3 same relu, pool 2, conv 32 3 same relu, pool 2, 64 relu')
    """
    smallest = min(shape[1:], default=0)
    if smallest < 4:
        return DENSE
    items, channels = [], 16
    for _ in range(2 if smallest >= 8 else 1):
        items += [f"conv {channels} 3 same relu", "pool 2"]
        smallest, channels = smallest // 2, min(2 * channels, 128)
    while smallest > 8:
        items += [f"conv {channels} 3 same relu", "pool 2"]
        smallest, channels = smallest // 2, min(2 * channels, 128)
    return ", ".join([*items, "64 relu"])


def network_for(shape: Shape, target: Target, layers: str, seed: int) -> Network:
    """A network for examples and labels: the layers, then an output for each class, or one number.

    layers: the hidden layers as text; empty for the default, "none" for none at all. Two classes have one
    output, the log-odds of the second.
    """
    text = "" if layers.strip().lower() == "none" else layers or hidden_layers(shape)
    classes = len(target.classes)
    output = str(classes if classes > 2 else 1)
    loss = "cross_entropy" if classes > 2 else "binary_cross_entropy" if classes else "squared_error"
    if text:
        layers_from_text(text, shape)  # so that an error counts the items that were given
    return Network(shape, f"{text}, {output}" if text else output, loss, seed)


def optimizer_for(name: str, learning_rate: float) -> Optimizer:
    """The optimiser of that name; learning_rate 0 for its default. Raises ChainruleError for another name."""
    if name not in OPTIMIZERS:
        needed, remedy = f"one of {', '.join(OPTIMIZERS)}", f"write --optimizer {next(iter(OPTIMIZERS))}"
        raise ChainruleError(needed, repr(name)[:40], "--optimizer", remedy)
    rate, kind, settings = OPTIMIZERS[name]
    return kind(learning_rate or rate, **settings)  # type: ignore[call-arg]  # all take these
