"""A network's expressions, built from its layers: input, outputs of all layers, ŷ, label and loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.shape import Shape
from chainrule.networks.heads import Head
from chainrule.networks.initialisation import chosen, generator
from chainrule.networks.layers import Layer
from chainrule.networks.scope import Declared, Scope
from chainrule.training.masks import Mask


@dataclass(frozen=True)
class Assembly:
    """The expressions of one network, for one example.

    outputs: of each layer, in order. logits: what the head gets, z^{(L)}; the same as output where the
    head's output function is the identity. trained: the loss with the masks of dropout in it, which
    training draws; the loss itself where there are none. trained_outputs: of each layer, with masks.
    """

    x: Expr
    y: Expr
    outputs: tuple[Expr, ...]
    output: Expr
    loss: Expr
    metric: Expr
    declared: tuple[Declared, ...]
    trained_outputs: tuple[Expr, ...]
    trained: Expr
    trained_metric: Expr
    masks: tuple[Mask, ...]

    @property
    def logits(self) -> Expr:
        """What the head gets."""
        return self.outputs[-1]

    @property
    def parameters(self) -> tuple[Expr, ...]:
        """The parameter leaves in forward order, weights before biases."""
        return tuple(declared.leaf for declared in self.declared)

    @property
    def weights(self) -> tuple[Expr, ...]:
        """The parameters that multiply an input: those that L2 holds small."""
        return tuple(declared.leaf for declared in self.declared if declared.weight)

    def start(self, seed: int, dtype: str) -> dict[Expr, NDArray[Any]]:
        """The first values of all parameters: biases 0, weights as the activation that follows wants them."""
        values = {}
        for declared in self.declared:
            start = declared.start or chosen(self._following(declared.place))
            random = generator(seed, str(declared.leaf.name))
            drawn = start.draw(random, declared.leaf.shape, declared.n, declared.m)
            values[declared.leaf] = drawn.astype(dtype)
        return values

    def _following(self, place: int) -> Sequence[Expr]:
        """What the layers after one put out, up to the next one with parameters; after the last ŷ."""
        later = [declared.place for declared in self.declared if declared.place > place]
        return self.outputs[place + 1 : later[0]] if later else (*self.outputs[place + 1 :], self.output)


def assembled(shape: Shape, layers: Sequence[Layer], head: Head) -> Assembly:
    """Build the expressions. Raises ShapeError, naming the layer, where shapes do not fit."""
    x, plain, masked = data("x", shape), Scope(), Scope(masked=True)
    outputs = _outputs(x, layers, plain)
    y = head.label(outputs[-1].shape)
    output, loss, metric = _ended(outputs, y, head)
    trained_outputs = _outputs(x, layers, masked)
    _, trained, trained_metric = _ended(trained_outputs, y, head)
    return Assembly(
        x,
        y,
        tuple(outputs),
        output,
        loss,
        metric,
        tuple(plain.declared),
        tuple(trained_outputs),
        trained,
        trained_metric,
        tuple(masked.masks),
    )


def _outputs(x: Expr, layers: Sequence[Layer], scope: Scope) -> list[Expr]:
    """What each layer puts out."""
    outputs, expr = [], x
    for place, layer in enumerate(layers):
        scope.place = place
        expr = _built(layer, expr, scope, f"layer {place + 1} of {len(layers)}, {layer}")
        outputs.append(expr)
    if not scope.declared:
        raise ChainruleError(
            "a layer with parameters",
            ", ".join(map(str, layers)) or "no layers",
            "Network",
            "add Linear(...)",
        )
    return outputs


def _ended(outputs: list[Expr], y: Expr, head: Head) -> tuple[Expr, Expr, Expr]:
    """ŷ, ℓ and what the metric is made of; without an output function the last layer's output is ŷ itself."""
    output = head.output(outputs[-1]).named(r"\hat{y}")
    if output.unnamed is outputs[-1].unnamed:
        outputs[-1] = output
    return output, head.loss(output, y).named(r"\ell"), head.metric(output, y)


def _built(layer: Layer, x: Expr, scope: Scope, where: str) -> Expr:
    try:
        return layer.build(x, scope)
    except ChainruleError as fault:
        inner = f", in {fault.where}" if fault.where else ""
        came = (
            fault.came
            if str(x.shape) in fault.came
            else f"{fault.came}, from an input of the shape {x.shape}"
        )
        raise type(fault)(fault.needed, came, f"{where}{inner}", fault.remedy) from None
