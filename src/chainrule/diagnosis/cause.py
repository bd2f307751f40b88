"""The line of the derivation behind a finding, printed from the network's own expressions.

Legend: as in a derivation: z, a, δ of layer l, the gradients, the update of the optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from chainrule.diagnosis.stages import Stage, stages
from chainrule.documents.derivation import Derivation
from chainrule.documents.recursion import recursions
from chainrule.documents.step import Step
from chainrule.graph.expression import Expr
from chainrule.networks.network import Network
from chainrule.readings.formula import Printer, Style
from chainrule.training.update import Optimizer

_TEXT, _LATEX = Style(latex=False), Style(latex=True)


@dataclass(frozen=True)
class Cause:
    """Why: a formula as Unicode text and as LaTeX, and in words what follows from it.

    line: the name of the line in `net.derive()`, for a link; "" where the formula is none of its lines.
    """

    text: str
    latex: str
    words: str
    line: str = ""

    def __str__(self) -> str:
        return f"{self.text}: {self.words}" if self.text else self.words


class Causes:
    """Prints the lines of one network's derivation, which is made when it is first needed."""

    def __init__(self, net: Network) -> None:
        self.net = net

    @cached_property
    def _derivation(self) -> Derivation:
        return self.net.derive()

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The network's stages."""
        return stages(self.net)

    def delta(self, words: str, number: int = 1) -> Cause:
        """How δ reaches layer `number`, with the bound of the activation's derivative."""
        stage = self.stages[number - 1]
        step = self._step("backward", stage.entering if stage.entering is not None else stage.z)
        cause = self._cause(step or self._step("gradient", stage.W), words, general=True)
        if stage.slope is None:
            return cause
        bound = f"{stage.slope.steepest:.3g}"
        return Cause(
            f"{cause.text}, {stage.slope.formula.text(where=False)} ≤ {bound}",
            rf"{cause.latex},\quad {stage.slope.formula.latex(where=False)} \le {bound}",
            words,
            cause.line,
        )

    def weights(self, words: str, number: int = 1) -> Cause:
        """The gradient of the weights of layer `number`."""
        return self._cause(self._step("gradient", self.stages[number - 1].W), words)

    def forward(self, words: str, number: int = 1) -> Cause:
        """What layer `number` puts out."""
        return self._cause(self._step("forward", self.stages[number - 1].z), words)

    def output(self, words: str) -> Cause:
        """The δ at the output: how labels enter the gradient."""
        return self._cause(
            self._step("backward", self.stages[-1].z) or self._step("forward", self.net.expression), words
        )

    def update(self, optimizer: Optimizer, words: str) -> Cause:
        """The update of the optimiser."""
        step = optimizer.update()
        return Cause("; ".join(str(step).splitlines()), optimizer.latex(), words)

    def _step(self, phase: str, of: Expr) -> Step | None:
        for step in self._derivation.of_phase(phase):
            node = step.of if phase != "forward" else step.expr
            if node is not None and node.name is not None and node.name == of.name:
                return step
        return None

    def _cause(self, step: Step | None, words: str, general: bool = False) -> Cause:
        if step is None:
            return Cause("", "", words)
        if general:
            for line in recursions(self._derivation.steps):
                if step.name in line.names:
                    return Cause(
                        f"{line.left(_TEXT)} = {line.right(_TEXT)}",
                        f"{line.left(_LATEX)} = {line.right(_LATEX)}",
                        words,
                        step.name,
                    )
        return Cause(
            f"{step.left(_TEXT)} = {step.right(Printer(_TEXT))}",
            f"{step.left(_LATEX)} = {step.right(Printer(_LATEX))}",
            words,
            step.name,
        )
