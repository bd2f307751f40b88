"""A network as mathematics: its expressions, the objective and the derivation."""

from __future__ import annotations

from chainrule.documents.convention import Convention
from chainrule.documents.derivation import Derivation, derive
from chainrule.graph.expression import Expr
from chainrule.networks.assembly import Assembly
from chainrule.networks.scope import Declared
from chainrule.training.objective import regularised
from chainrule.training.settings import checked_penalty


class Mathematics:
    """The expressions of a network, for one example; Dropout is the identity but in training."""

    _assembly: Assembly

    @property
    def expression(self) -> Expr:
        """The loss ℓ of one example."""
        return self._assembly.loss

    @property
    def output(self) -> Expr:
        """The output ŷ of one example."""
        return self._assembly.output

    @property
    def logits(self) -> Expr:
        """What the head's output function is applied to, z^{(L)}; ŷ itself for the squared errors."""
        return self._assembly.logits

    @property
    def outputs(self) -> tuple[Expr, ...]:
        """What each layer puts out, in order, for one example."""
        return self._assembly.outputs

    @property
    def input(self) -> Expr:
        """The leaf x."""
        return self._assembly.x

    @property
    def label(self) -> Expr:
        """The leaf y: a one-hot vector for "cross_entropy", of the shape of ŷ for the others."""
        return self._assembly.y

    @property
    def leaves(self) -> tuple[Expr, ...]:
        """The leaves of the parameters, in forward order, weights before biases."""
        return self._assembly.parameters

    @property
    def declared(self) -> tuple[Declared, ...]:
        """The parameters in the order of `leaves`, each with the place of its layer and how it starts."""
        return self._assembly.declared

    def objective(self, l2: float = 0.0, reduce: str = "mean") -> Expr:
        """What training minimises the mean of: ℓ, and with L2 also λ/2 Σ W² over all weights. Notes (62).

        reduce: with "sum" each of a batch's n examples carries 1/n of the regulariser. After Dropout ℓ has the
        masks m in it; `expression` is the same with every mask 1.
        """
        l2 = checked_penalty("l2", l2)
        trained = self._assembly.trained
        return regularised(trained, self._assembly.weights, reduce) if l2 else trained

    def derive(self, convention: Convention | None = None) -> Derivation:
        """The formulas of forward and backward: z, a, the loss, each δ, the gradients.

        convention: see Convention. The masks m of Dropout are in the lines, as in training.

        >>> import chainrule as cr
        >>> net = cr.Network(3, [cr.Linear(2), cr.Tanh(), cr.Linear(1)], loss="half_squared_error")
        >>> [step.name for step in net.derive().of_phase("forward")]
        ['z^{(1)}', 'a^{(1)}', '\\\\hat{y}', '\\\\ell']
        """
        return derive(self._assembly.trained, (*self.leaves, self.input), convention)
