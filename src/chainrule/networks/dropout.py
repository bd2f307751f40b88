"""Dropout: in training some entries are left out, by chance, so that no output relies on a few of them."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.networks.layers import Layer
from chainrule.networks.scope import Scope


@dataclass(frozen=True)
class Dropout(Layer):
    r"""In training each entry is set to 0 with the probability `rate`, and the others grow to make up for it.

    ã = a ⊙ m, where each entry of the mask m is 0 with the probability p and 1 / (1 − p) otherwise: its mean
    is 1. Training draws a mask for each example and step, by the network's seed; otherwise m is 1, and the
    layer is the identity. Srivastava et al. 2014, in the form that leaves predictions as they are.

    rate: p, from 0 to below 1. x: any shape. Raises ChainruleError for other rates.

    >>> import chainrule as cr
    >>> print(Dropout(0.5).build(cr.data("a", 3), Scope(masked=True)))
    ã⁽⁰⁾ = a ⊙ m⁽⁰⁾
    """

    rate: float

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, (int, float)) or not 0 <= self.rate < 1:
            raise ChainruleError("a rate from 0 to below 1", repr(self.rate)[:80], "Dropout")

    def build(self, x: Expr, scope: Scope) -> Expr:
        if not self.rate:
            return x
        m = scope.mask("m", x.shape, float(self.rate))
        return x if m is None else scope.named(r"\tilde{a}", x * m)
