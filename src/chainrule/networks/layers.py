"""Layers: small records that turn an input expression into an output expression and declare their parameters.

Legend: x the input of a layer; l its number among the layers with parameters, from 1; z^{(l)} what it puts
out, a^{(l)} the same after an activation. A layer has no arithmetic and no gradient of its own: ops have.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from chainrule.graph.errors import ChainruleError, ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.op import Op
from chainrule.graph.shape import as_shape
from chainrule.graph.walk import leaves
from chainrule.networks.initialisation import Initialisation, Zeros
from chainrule.networks.scope import Scope
from chainrule.ops.activation import elu, gelu, leaky_relu, relu, sigmoid, softplus, tanh
from chainrule.ops.arrangement import flatten


@dataclass(frozen=True)
class Layer(ABC):
    """A layer of a network: its settings. `build` makes the expression."""

    @abstractmethod
    def build(self, x: Expr, scope: Scope) -> Expr:
        """The layer's output for the input x. Raises ShapeError where x does not fit."""

    def __str__(self) -> str:
        first = next(iter(fields(self)), None)
        shown = [
            repr(value) if field is first or field.default is MISSING else f"{field.name}={value!r}"
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        ]
        return f"{type(self).__name__}({', '.join(shown)})" if shown else type(self).__name__


@dataclass(frozen=True)
class Linear(Layer):
    """Every output is a weighted sum of all inputs: z = W x + b. Notes (88), (98).

    units: how many outputs, m; () for a single number in place of a vector of one: then W is a
        vector and z = Wᵀ x + b, as in notes (83).
    bias: whether b is there. weights: how W starts; by default as the activation that follows wants it.

    x: (n,). W: (m, n). b: (m,). z: (m,). Raises ShapeError where x is not a vector.

    >>> scope = Scope()
    >>> import chainrule as cr
    >>> print(Linear(2).build(cr.data("x", 3), scope))
    z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾
    >>> [declared.leaf.shape for declared in scope.declared]
    [(2, 3), (2,)]
    """

    units: int | Sequence[int]
    bias: bool = True
    weights: Initialisation | None = None

    def __post_init__(self) -> None:
        shape = as_shape(self.units, "Linear")
        if len(shape) > 1 or 0 in shape:
            raise ShapeError(
                "a number of units from 1, or () for a single number", repr(self.units), "Linear"
            )
        object.__setattr__(self, "units", shape[0] if shape else ())

    def build(self, x: Expr, scope: Scope) -> Expr:
        if len(x.shape) != 1:
            remedy = (
                "put Flatten() before it" if x.shape else "the input of a network is at least a vector of one"
            )
            raise ShapeError("a vector as input", f"the shape {x.shape}", remedy=remedy)
        scope.next_number()
        shape, n = as_shape(self.units), x.shape[0]
        W = scope.weight("W", (*shape, n), n, shape[0] if shape else 1, self.weights)
        z = W @ x
        return scope.named("z", z + scope.bias("b", shape, Zeros()) if self.bias else z)


@dataclass(frozen=True)
class Activation(Layer):
    """A function of one number, applied entry by entry: a = f(z). Notes (78), (98)."""

    @abstractmethod
    def function(self, z: Expr) -> Expr:
        """f(z)."""

    def build(self, x: Expr, scope: Scope) -> Expr:
        return scope.named("a", self.function(x))


@dataclass(frozen=True)
class ReLU(Activation):
    """a = max(z, 0). Notes (139)."""

    def function(self, z: Expr) -> Expr:
        return relu(z)


@dataclass(frozen=True)
class Sigmoid(Activation):
    """a = 1 / (1 + exp(−z)), in (0, 1). Notes (3)."""

    def function(self, z: Expr) -> Expr:
        return sigmoid(z)


@dataclass(frozen=True)
class Tanh(Activation):
    """a = tanh(z), in (−1, 1). Notes (17)."""

    def function(self, z: Expr) -> Expr:
        return tanh(z)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """a = z where it is positive, slope × z elsewhere."""

    slope: float = 0.01

    def function(self, z: Expr) -> Expr:
        return leaky_relu(z, slope=self.slope)


@dataclass(frozen=True)
class Softplus(Activation):
    """a = log(1 + exp(z)): a smooth ReLU."""

    def function(self, z: Expr) -> Expr:
        return softplus(z)


@dataclass(frozen=True)
class ELU(Activation):
    """a = z where it is positive, alpha × (exp(z) − 1) elsewhere. Clevert et al. 2016, (15)."""

    alpha: float = 1

    def function(self, z: Expr) -> Expr:
        return elu(z, alpha=self.alpha)


@dataclass(frozen=True)
class GELU(Activation):
    """a = z Φ(z), with Φ the distribution function of a standard normal number. arXiv 1606.08415."""

    approximate: bool = False

    def function(self, z: Expr) -> Expr:
        return gelu(z, approximate=self.approximate)


@dataclass(frozen=True)
class Flatten(Layer):
    """All entries as one vector, in row order: (C, H, W) becomes (C H W,). Notes (130)."""

    def build(self, x: Expr, scope: Scope) -> Expr:
        return flatten(x)


@dataclass(frozen=True)
class Function(Layer):
    """An op or any function from expression to expression as a layer; its result is named a^{(l)}.

    function: without parameters of its own.

    >>> import chainrule as cr
    >>> print(Function(lambda z: cr.maximum(z, -1)).build(cr.data("x", 3), Scope()))
    a⁽⁰⁾ = max(x, −1)
    """

    function: Callable[[Expr], Expr]

    def build(self, x: Expr, scope: Scope) -> Expr:
        result = self.function(x)
        if not isinstance(result, Expr):
            raise ChainruleError("an expression from the function", repr(result)[:80])
        further = [str(leaf.name) for leaf in leaves([result]) if leaf not in set(leaves([x]))]
        if further:
            raise ChainruleError(
                "a function of its argument alone",
                f"one that brings {', '.join(further)}",
                remedy="a layer with parameters is a subclass of Layer, which declares them",
            )
        return result if result is x else scope.named("a", result)

    def __str__(self) -> str:
        return (
            self.function.name
            if isinstance(self.function, Op)
            else getattr(self.function, "__name__", "function")
        )


def as_layers(items: Any) -> tuple[Layer, ...]:
    """The layers of a list; an error says which item is none."""
    if not isinstance(items, (list, tuple)):
        raise ChainruleError("a list of layers", repr(items)[:80], "layers")
    found = []
    for place, item in enumerate(items, 1):
        try:
            found.append(as_layer(item))
        except ChainruleError as fault:
            where = f"layer {place} of {len(items)}"
            raise ChainruleError(fault.needed, fault.came, where, fault.remedy) from None
    return tuple(found)


def as_layer(item: Any) -> Layer:
    """A layer from what a user puts in the list: a layer, an op, a function.

    Raises ChainruleError for anything else.
    """
    if isinstance(item, Layer):
        return item
    if isinstance(item, type) and issubclass(item, Layer):
        remedy = f"write {item.__name__}(...) with its settings, or {item.__name__}()"
        raise ChainruleError("a layer", f"the class {item.__name__}", remedy=remedy)
    if callable(item) and not isinstance(item, type):
        return Function(item)
    raise ChainruleError(
        "a layer such as Linear(10) or ReLU(), an op, or a function of an expression", repr(item)[:80]
    )
