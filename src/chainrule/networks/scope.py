"""The scope in which layers are built: it numbers them, names what they make and notes their parameters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data, parameter
from chainrule.graph.shape import Shape
from chainrule.networks.initialisation import Initialisation
from chainrule.training.masks import Mask


@dataclass(frozen=True)
class Declared:
    """A parameter that a layer has declared, and how its first values are drawn.

    n: how many inputs one output sums over; m: how many outputs one input reaches. start: None where
    the activation that follows is to choose. place: of the layer in the network, from 0.
    weight: whether it multiplies an input; biases do not, and are not regularised.
    """

    leaf: Expr
    n: int
    m: int
    start: Initialisation | None
    place: int
    weight: bool


class Scope:
    """What a layer is given to build with.

    l counts the layers with parameters from 1: in the scope of the second, "W" becomes W^{(2)}. A
    symbol that layer l uses once more, such as a second activation, becomes a^{(l,2)}.
    masked: whether entries are dropped by chance, as in training.
    """

    def __init__(self, masked: bool = False) -> None:
        self.number = 0
        self.place = 0
        self.declared: list[Declared] = []
        self.masks: list[Mask] = []
        self._masked = masked
        self._used: Counter[str] = Counter()

    def next_number(self) -> None:
        """Begin a layer with parameters."""
        self.number += 1

    def name(self, symbol: str) -> str:
        """The symbol with the layer's number."""
        plain = f"{symbol}^{{({self.number})}}"
        self._used[plain] += 1
        used = self._used[plain]
        return plain if used == 1 else f"{symbol}^{{({self.number},{used})}}"

    def named(self, symbol: str, expr: Expr) -> Expr:
        """An expression under the symbol with the layer's number; one that the user named keeps its name."""
        return expr if expr.name else expr.named(self.name(symbol))

    def weight(self, symbol: str, shape: Shape, n: int, m: int, start: Initialisation | None = None) -> Expr:
        """A new parameter that multiplies an input."""
        return self._declare(symbol, shape, n, m, start, True)

    def bias(self, symbol: str, shape: Shape, start: Initialisation) -> Expr:
        """A new parameter that is added."""
        return self._declare(symbol, shape, 1, 1, start, False)

    def mask(self, symbol: str, shape: Shape, rate: float) -> Expr | None:
        """What training multiplies by to drop entries by chance; None where nothing is dropped."""
        if not self._masked:
            return None
        self.masks.append(Mask(data(self.name(symbol), shape), rate))
        return self.masks[-1].leaf

    def _declare(
        self, symbol: str, shape: Shape, n: int, m: int, start: Initialisation | None, weight: bool
    ) -> Expr:
        leaf = parameter(self.name(symbol), shape)
        self.declared.append(Declared(leaf, n, m, start, self.place, weight))
        return leaf
