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


@dataclass(frozen=True)
class Assembly:
    """The expressions of one network, for one example.

    outputs: of each layer, in order. logits: what the head gets, z^{(L)}; the same as output where the
    head's output function is the identity.
    """

    x: Expr
    y: Expr
    outputs: tuple[Expr, ...]
    output: Expr
    loss: Expr
    metric: Expr
    declared: tuple[Declared, ...]

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
            values[declared.leaf] = start.draw(random, declared.leaf.shape, declared.n, declared.m).astype(
                dtype
            )
        return values

    def _following(self, place: int) -> Sequence[Expr]:
        """What the layers after one put out, up to the next one with parameters; after the last ŷ."""
        later = [declared.place for declared in self.declared if declared.place > place]
        return self.outputs[place + 1 : later[0]] if later else (*self.outputs[place + 1 :], self.output)


def assembled(shape: Shape, layers: Sequence[Layer], head: Head) -> Assembly:
    """Build the expressions. Raises ShapeError, naming the layer, where shapes do not fit."""
    scope, x = Scope(), data("x", shape)
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
    y = head.label(expr.shape)
    output = head.output(expr).named(r"\hat{y}")
    if output.unnamed is expr.unnamed:  # without an output function z^{(L)} is ŷ itself
        outputs[-1] = output
    loss = head.loss(output, y).named(r"\ell")
    return Assembly(x, y, tuple(outputs), output, loss, head.metric(output, y), tuple(scope.declared))


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
