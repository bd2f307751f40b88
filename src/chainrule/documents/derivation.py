"""The derivation: forward and backward line by line, as data. Renderers turn it into text, LaTeX and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from chainrule.documents.code.writer import code_of
from chainrule.documents.convention import Convention
from chainrule.documents.lookup import line_named
from chainrule.documents.model import Document
from chainrule.documents.naming import LOSS, adjoint_name, autonamed, is_activation, labels, predicted
from chainrule.documents.outline import derivation_document
from chainrule.documents.render.html import framed, page
from chainrule.documents.render.json import json_text
from chainrule.documents.render.latex import display, latex_document
from chainrule.documents.render.markdown import markdown
from chainrule.documents.render.terminal import plain_text
from chainrule.documents.render.typst import pdf
from chainrule.documents.rewritten import in_rows, is_halved, with_half
from chainrule.documents.step import Step
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import PARAMETER, data
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import leaves, topological
from chainrule.readings.gradient import adjoints


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

    def line(self, name: str) -> Step:
        """The line of that name, in LaTeX or Unicode, or "grad W" for ∂ℓ/∂W. ChainruleError where there is none."""
        return line_named(self.steps, name)

    # renderings

    def document(self, form: str = "matrix", layers: str = "both") -> Document:
        """The derivation as a document, which each renderer can print.

        form: "matrix", "index", "both", or "factors" for the factors of the chain rule before they are
        multiplied out. layers: three or more like layers as lines each ("each"), as the recursion in l
        ("recursion"), or "both".
        """
        return derivation_document(self, form, layers)

    def latex(self, form: str = "matrix", layers: str = "each") -> str:
        """All lines as one aligned LaTeX display; form and layers as for document."""
        return display(self.document(form, layers))

    def text(self, form: str = "matrix", width: int = 100, layers: str = "both") -> str:
        """All lines as Unicode text, with their shapes, folded to the width."""
        return plain_text(self.document(form, layers), width)

    def html(self, form: str = "both", layers: str = "both") -> str:
        """The derivation as a page that needs no other file and no network."""
        return page(self.document(form, layers))

    def latex_document(self, form: str = "both", layers: str = "both") -> str:
        """The derivation as a LaTeX document that compiles as it is."""
        return latex_document(self.document(form, layers))

    def markdown(self, form: str = "matrix", layers: str = "both") -> str:
        """The derivation as Markdown with LaTeX formulas."""
        return markdown(self.document(form, layers))

    def pdf(self, form: str = "both", layers: str = "both") -> bytes:
        """The derivation as a PDF, set by Typst: needs the extra `pdf`, but no TeX installation."""
        return pdf(self.document(form, layers))

    def to_json(self, form: str = "matrix", layers: str = "both") -> str:
        """The lines as one JSON document."""
        return json_text(self.document(form, layers))

    def code(self, library: str = "numpy") -> str:
        """A function of forward and backward in "numpy", "jax" or "torch", formula by formula, without chainrule."""
        return code_of(self, library)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return framed(self.html())

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def _repr_markdown_(self) -> str:
        return self.markdown()


def derive(loss: Expr, wrt: Sequence[Expr] | None = None, convention: Convention | None = None) -> Derivation:
    """The derivation of a scalar loss: its forward lines, the adjoints from the last down, the gradients.

    loss: a scalar expression; unnamed parts around activations are named z and a, the prediction ŷ.
    wrt: leaves; by default every parameter, in forward order, and the inputs. convention: see Convention;
    with vectors as rows the weight matrices of the derivation are those of the loss, transposed.
    Raises ShapeError where the loss is not a scalar.

    >>> import chainrule as cr
    >>> w, x, y = cr.parameter("w", 2), cr.data("x", 2), cr.data("y")
    >>> [step.name for step in cr.derive((w @ x - y) ** 2 / 2, wrt=[w]).of_phase("gradient")]
    ['\\\\frac{\\\\partial \\\\ell}{\\\\partial w}']
    """
    convention = convention or Convention()
    loss, turned = rewritten(loss, convention)
    wrt = None if wrt is None else [turned.get(target, target) for target in wrt]
    convention = replace(convention, half=is_halved(loss))
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


def rewritten(loss: Expr, convention: Convention) -> tuple[Expr, dict[Expr, Expr]]:
    """The loss as the convention writes it, and the weight matrices that are transposed for it, old and new."""
    if convention.half is not None:
        loss = with_half(loss, convention.half)
    return in_rows(loss) if convention.vectors == "rows" else (loss, {})


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
            Step(
                rf"\frac{{\partial {of}}}{{\partial {target.name}}}",
                found[target],
                "gradient",
                target,
                whole,
                loss,
            )
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
            last.append(
                Step(
                    rf"\frac{{\partial {of}}}{{\partial {step.of.name}}}", factor * part, "gradient", step.of
                )
            )
    middle = [Step(step.name, step.expr, "backward", step.of) for step in steps]
    return [*middle, Step(factor_name, factor, "backward", output), *last]
