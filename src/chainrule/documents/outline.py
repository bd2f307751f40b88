"""From a derivation to a document: sections, lines, and the links between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chainrule.documents.equations import equation_of_notes
from chainrule.documents.factors import factors
from chainrule.documents.model import ArrayView, Block, Document, Formula, Line, Note, Reference, Section
from chainrule.documents.recursion import Recursion, recursions
from chainrule.documents.step import HEADINGS, PHASES, Step
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.readings.formula import Printer, Style

if TYPE_CHECKING:
    from chainrule.documents.derivation import Derivation

FORMS = ("matrix", "index", "both", "factors")
LAYERS = ("each", "recursion", "both")


class Lines:
    """The lines of the steps, linked with each other."""

    def __init__(self, steps: Sequence[Step], style: Style, twice: bool = False) -> None:
        self.style, self.twice = style, twice  # twice: in matrix form, and again entry by entry
        self.keys = {
            step.expr if step.phase in ("given", "forward") else step.name: f"{step.phase}-{n}"
            for n, step in enumerate(steps)
        }
        self.names = {step.name: f"{step.phase}-{n}" for n, step in reversed(list(enumerate(steps)))}
        self.steps = steps
        deltas = [step.name for step in steps if step.name.startswith(r"\delta")]
        self.last_delta = deltas[0] if deltas else ""
        self.layers = len(deltas)
        self.uses: dict[str, list[Step]] = {}
        for step in steps:
            for node in step.mentioned:
                self.uses.setdefault(self.key_of(node), []).append(step)

    def key_of(self, node: Expr) -> str:
        return self.keys.get(node) or self.names.get(str(node.name), "")

    def key(self, step: Step) -> str:
        return self.names[step.name]

    def name(self, step: Step, form: str = "matrix") -> Formula:
        return Formula(lambda style: step.left(style, form), ((step.name, self.key(step)),), self.style)

    def symbols(self, step: Step) -> tuple[tuple[str, str], ...]:
        nodes = (*step.mentioned, *_mentioned_by(step.whole))
        return tuple(
            {str(node.name): self.key_of(node) for node in nodes if node.name and self.key_of(node)}.items()
        )

    def line(
        self,
        step: Step,
        rows: Sequence[tuple[str, Formula]],
        form: str = "matrix",
        array: ArrayView | None = None,
    ) -> Line:
        sources = {self.key_of(node): node for node in step.mentioned if self.key_of(node)}
        uses = {self.key(user): user for user in self.uses.get(self.key(step), ())}
        number = equation_of_notes(step, step.name == self.last_delta, self.layers)
        return Line(
            self.key(step) + ("-entries" if self.twice and form == "index" else ""),
            self.name(step, form),
            tuple(rows),
            step.shape,
            f"cf. notes ({number})" if number else "",
            tuple(Reference(key, _named(node, self.style)) for key, node in sources.items()),
            tuple(Reference(key, self.name(user)) for key, user in uses.items()),
            array,
        )


def _named(node: Expr, style: Style) -> Formula:
    return Formula(lambda style: Printer(style).name(node), (), style)


def _mentioned_by(whole: Expr | None) -> tuple[Expr, ...]:
    return () if whole is None else Step("", whole, "").mentioned


def checked_choice(value: str, allowed: Sequence[str], what: str) -> str:
    """A choice, where it is one of those allowed."""
    if value not in allowed:
        raise ChainruleError(f"one of {', '.join(allowed)}", repr(value), what, f"write {allowed[0]}")
    return value


def derivation_document(derivation: Derivation, form: str = "matrix", layers: str = "both") -> Document:
    """A derivation as a document: forward, backward and gradients, the recursion of like layers, the functions."""
    checked_choice(form, FORMS, "form"), checked_choice(layers, LAYERS, "layers")
    base = derivation.convention.style
    lines = Lines(derivation.steps, base, twice=form == "both")
    found = recursions(derivation.steps) if layers != "each" else ()
    covered = {name for recursion in found for name in recursion.names} if layers == "recursion" else set()
    forms = ("matrix", "index") if form == "both" else ("index",) if form == "factors" else (form,)
    sections = []
    for one in forms:
        for phase in PHASES[1:]:
            steps = [step for step in derivation.of_phase(phase) if step.name not in covered]
            blocks = tuple(_derived(lines, step, one, form == "factors") for step in steps)
            if blocks:
                suffix = ", entry by entry" if one == "index" else ""
                sections.append(Section(HEADINGS[phase].capitalize() + suffix, blocks, f"{phase}-{one}"))
    if found:
        sections.append(_recursion_section(found, base))
    functions = functions_section(derivation.functions)
    return Document("Derivation", str(derivation.convention), (*sections, *functions), {"kind": "derivation"})


def _derived(lines: Lines, step: Step, form: str, with_factors: bool) -> Line:
    formula = Formula(lambda style: step.right(Printer(style), form), lines.symbols(step), lines.style)
    rows = [("=", formula)]
    chain = factors(step) if with_factors and step.phase == "gradient" else None
    if chain is not None:
        product = Formula(lambda style: step.product(Printer(style)), lines.symbols(step), lines.style)
        rows = [("=", Formula(chain, (), lines.style)), ("=", product)]
    return lines.line(step, rows, form)


_LAYERS = (
    "Layer l has its own width: the weights of layer l have a {own} for each of its entries, and a {other} for each "
    "entry of layer l − 1. The δ of layer l takes the weights of layer l + 1."
)


def _recursion_section(found: Sequence[Recursion], base: Style) -> Section:
    own, other = ("column", "row") if base.rows else ("row", "column")
    blocks: list[Block] = [Note(_LAYERS.format(own=own, other=other))]
    for n, recursion in enumerate(found):
        formulas = Formula(recursion.left, (), base), Formula(recursion.right, (), base)
        facts = " · ".join(
            fact for fact in (f"l = {recursion.low}, …, {recursion.high}", recursion.cf) if fact
        )
        blocks.append(Line(f"recursion-{n}", formulas[0], (("=", formulas[1]),), (), facts, has_shape=False))
    return Section("Recursion over the layers", tuple(blocks), "recursion")


def functions_section(functions: Sequence[Expr]) -> tuple[Section, ...]:
    blocks = []
    for n, applied in enumerate(functions):
        definition = applied.op.definition(applied.operands, applied.params)
        blocks.append(
            Line(
                f"function-{n}",
                Formula(_printed(applied)),
                (("=", Formula(_printed(definition))),),
                (),
                {"sigmoid": "cf. notes (3)"}.get(applied.op.name, ""),
                has_shape=False,
            )
        )
    return (Section("Where", tuple(blocks), "where"),) if blocks else ()


def _printed(expr: Expr) -> Callable[[Style], str]:
    return lambda style: Printer(style).text(expr)
