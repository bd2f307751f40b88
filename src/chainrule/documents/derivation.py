"""The derivation: forward and backward line by line, as data. Renderers turn it into text, LaTeX and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from chainrule.documents.convention import Convention
from chainrule.documents.naming import LOSS, adjoint_name, autonamed, is_activation, labels, predicted
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER, data
from chainrule.graph.rewrite import stable
from chainrule.graph.shape import Shape
from chainrule.graph.walk import leaves, topological
from chainrule.readings.formula import Printer, Style, free_indices
from chainrule.readings.gradient import adjoints

PHASES = ("given", "forward", "backward", "gradient")
_MOST_PARTS = 12  # a gradient with more parts is not written out behind its short form


@dataclass(frozen=True)
class Step:
    """One line of a derivation: a name and the expression that it stands for.

    phase: "given" for a leaf, "forward", "backward" for an adjoint, "gradient" for the result wrt a leaf.
    of: for backward and gradient lines, the node whose adjoint this is. whole: the same with the
    adjoints' own formulas in place of their names, where that differs. sources: the names of the
    lines that the right-hand side mentions.
    """

    name: str
    expr: Expr
    phase: str
    of: Expr | None = None
    whole: Expr | None = None

    @property
    def shape(self) -> Shape:
        """The shape of the line's value, for one example."""
        return self.expr.shape

    @cached_property
    def mentioned(self) -> tuple[Expr, ...]:
        """The leaves and named parts that the right-hand side mentions, in the order of reading."""
        if self.expr.is_leaf:
            return ()
        if self.expr.name and self.expr.name != self.name:
            return (self.expr,)
        inside = topological([self.expr], lambda n: () if n.name and n is not self.expr else n.operands)
        return tuple(node for node in inside if node.name and node is not self.expr)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the lines that this one is computed from."""
        return tuple(str(node.name) for node in self.mentioned)

    def left(self, style: Style, form: str = "matrix") -> str:
        """The left-hand side."""
        symbol = style.symbol(self.name)
        return style.indexed(symbol, style.indices(free_indices(self.shape))) if form == "index" and self.shape else symbol

    def right(self, printer: Printer, form: str = "matrix") -> str:
        """The right-hand side; where it is short enough, with its factors written out behind it."""
        indices = free_indices(self.shape) if form == "index" else None
        if self.expr.name and self.expr.name != self.name:
            short = printer.name(self.expr, indices)
        else:
            short = printer.text(self.expr, indices)
        if self.whole is None or self._length > _MOST_PARTS:
            return short
        return f"{short} = {printer.text(self.whole, indices)}"

    @cached_property
    def _length(self) -> int:
        """How many parts the whole right-hand side has."""
        roots = [self.whole] if self.whole is not None else []
        return len(topological(roots, lambda n: () if n.name else n.operands))


@dataclass(frozen=True)
class Derivation:
    """The formulas of forward and backward. `steps` are its lines, in the order in which a person writes them."""

    loss: Expr
    wrt: tuple[Expr, ...]
    steps: tuple[Step, ...]
    convention: Convention

    def of_phase(self, phase: str) -> tuple[Step, ...]:
        """The lines of one phase."""
        return tuple(step for step in self.steps if step.phase == phase)

    @cached_property
    def functions(self) -> tuple[Expr, ...]:
        """Each function that the lines use and that has a definition, applied to t: σ(t), σ′(t)."""
        t = data("t")
        found: dict[Expr, None] = {}
        for node in topological([step.expr for step in self.steps]):
            if node.op.defined and node.op.elementwise and len(node.operands) == 1:
                found[Expr(node.op, (t,), node.params, ())] = None
        return tuple(found)

    def rows(self, style: Style, form: str = "matrix") -> list[tuple[Step, str, str]]:
        """The lines but the given ones, as (step, left, right)."""
        printer = Printer(style)
        return [
            (step, step.left(style, form), step.right(printer, form)) for step in self.steps if step.phase != "given"
        ]

    def latex(self, form: str = "matrix") -> str:
        """All lines as one aligned LaTeX display; form "matrix", "index" or "both"."""
        style = Style(latex=True, first=self.convention.first)
        rows = [
            f"{left} &= {right}" for one in _forms(form) for _, left, right in self.rows(style, one)
        ]
        body = " \\\\\n".join(rows)
        return f"% {self.convention}\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def text(self, form: str = "matrix") -> str:
        """All lines as Unicode text, with their shapes."""
        style = Style(latex=False, first=self.convention.first)
        result = [str(self.convention)]
        for one in _forms(form):
            rows = self.rows(style, one)
            width = max((len(left) for _, left, _ in rows), default=0)
            phase = ""
            for step, left, right in rows:
                if step.phase != phase:
                    phase = step.phase
                    result += ["", HEADINGS[phase] + (", entry by entry" if one == "index" else "")]
                result.append(f"  {left.rjust(width)} = {right}   ({'×'.join(map(str, step.shape)) or 'scalar'})")
        return "\n".join(result)

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"


HEADINGS = {"given": "given", "forward": "forward", "backward": "backward", "gradient": "gradients"}


def _forms(form: str) -> tuple[str, ...]:
    if form not in ("matrix", "index", "both"):
        raise ChainruleError("one of matrix, index, both", repr(form), "form")
    return ("matrix", "index") if form == "both" else (form,)


def derive(loss: Expr, wrt: Sequence[Expr] | None = None, convention: Convention | None = None) -> Derivation:
    """The derivation of a scalar loss: its forward lines, the adjoints from the last down, the gradients.

    loss: a scalar expression; unnamed parts around activations are named z and a, the prediction ŷ.
    wrt: leaves; by default every parameter, in forward order, and the inputs. convention: see
    Convention. Raises ShapeError where the loss is not a scalar.

    >>> import chainrule as cr
    >>> w, x, y = cr.parameter("w", 2), cr.data("x", 2), cr.data("y")
    >>> [step.name for step in cr.derive((w @ x - y) ** 2 / 2, wrt=[w]).of_phase("gradient")]
    ['\\\\frac{\\\\partial \\\\ell}{\\\\partial w}']
    """
    convention = convention or Convention()
    loss = autonamed(loss)
    forward = [node for node in topological([loss]) if node.name and not node.is_leaf]
    found = leaves(forward)
    no_line = labels(loss)
    inputs = [leaf for leaf in found if leaf.op is not PARAMETER and leaf not in no_line]
    targets = tuple(wrt) if wrt is not None else (*(leaf for leaf in found if leaf.op is PARAMETER), *inputs)
    given = [Step(str(leaf.name), leaf, "given") for leaf in found]
    lines = [Step(str(node.name), node, "forward") for node in forward]
    backward = _by_output(loss, targets) if convention.delta == "output" else _by_loss(loss, targets)
    return Derivation(loss, targets, (*given, *lines, *backward), convention)


def _by_loss(loss: Expr, targets: Sequence[Expr], of: str = "") -> list[Step]:
    """Adjoint lines with the factor of the loss in them: δ is ∂ℓ/∂z."""
    of = of or str(loss.name or LOSS)
    order = topological([loss, *stable([loss], keep=targets)])
    delta = {node.operands[0] for node in order if is_activation(node)}
    delta |= {node for node in order if node.name and str(node.name).startswith("z")}
    inlined = {node for node in order if is_activation(node) and node.operands[0].name}

    def naming(node: Expr) -> str | None:
        hidden = not node.name or node.is_leaf or node.unnamed is loss.unnamed or node in inlined
        return None if hidden or node.name == loss.name else adjoint_name(node, of, delta)

    found = adjoints(loss, targets, naming)
    steps = [
        Step(name, total, "backward", node)
        for node, total in found.items()
        if (name := naming(node)) is not None and not total.is_leaf and node not in targets
    ]
    plain = adjoints(loss, targets)
    for target in targets:
        whole = plain[target] if plain[target] is not found[target].unnamed else None
        steps.append(
            Step(rf"\frac{{\partial {of}}}{{\partial {target.name}}}", found[target], "gradient", target, whole)
        )
    return steps


def _by_output(loss: Expr, targets: Sequence[Expr]) -> list[Step]:
    """Adjoint lines of the output, and the factor of the loss last: δ is ∂ŷ/∂z, as in notes (106) and (124)."""
    output = predicted(loss)
    if output is None or output.shape != ():
        raise ChainruleError(
            "a loss of one scalar prediction ŷ",
            "no prediction" if output is None else f"a prediction of the shape {output.shape}",
            'delta="output"',
            'use delta="loss", where δ is ∂ℓ/∂z',
        )
    steps = _by_loss(output, targets, str(output.name))
    of = str(loss.name or LOSS)
    factor_name = rf"\frac{{\partial {of}}}{{\partial {output.name}}}"
    factor = adjoints(loss, [output])[output].named(factor_name)
    last = []
    for step in steps:
        if step.phase == "gradient" and step.of is not None:
            part = step.expr if step.expr.name else step.expr.named(step.name)
            last.append(Step(rf"\frac{{\partial {of}}}{{\partial {step.of.name}}}", factor * part, "gradient", step.of))
    middle = [Step(step.name, step.expr, "backward", step.of) for step in steps]
    return [*middle, Step(factor_name, factor, "backward", output), *last]
