"""A derivation as a function of forward and backward: a line of code for each line, with its formula beside it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from chainrule.documents.code.expressions import Coder
from chainrule.documents.code.identifiers import identifiers
from chainrule.documents.code.table import HELPERS, LIBRARIES
from chainrule.documents.step import HEADINGS, PHASES, Step
from chainrule.graph.errors import ChainruleError
from chainrule.graph.op import OPS
from chainrule.readings.formula import Printer, Style

if TYPE_CHECKING:
    from chainrule.documents.derivation import Derivation

FUNCTION = "loss_and_gradients"
_RESERVED = (
    "np",
    "jnp",
    "jax",
    "torch",
    "math",
    "t",
    "read",
    "divided",
    FUNCTION,
    *HELPERS,
    "place",
    "pad",
    "erf",
    "added",
)
_COMMENT_AT = 44


def code_of(derivation: Derivation, library: str = "numpy") -> str:
    """The derivation as code that needs the library and nothing else.

    The function takes an array for each leaf and returns the loss and a dict of gradients by the leaves'
    names, for one example. Raises ChainruleError for a library that is not known.
    """
    if library not in LIBRARIES:
        raise ChainruleError(f"one of {', '.join(LIBRARIES)}", repr(library), "code", 'write d.code("numpy")')
    names = identifiers((step.name for step in derivation.steps), {*_RESERVED, *OPS})
    coder, about, style = Coder(library, names), LIBRARIES[library], derivation.convention.style
    given = derivation.of_phase("given")
    body = [f"    {names[step.name]} = {about.array.format(names[step.name])}" for step in given]
    for phase in PHASES[1:]:
        steps = derivation.of_phase(phase)
        if steps:
            body += ["", f"    # {HEADINGS[phase]}", *(_line(step, coder, names, style) for step in steps)]
    gradients = [
        f"        {str(step.of.name)!r}: {names[step.name]},"
        for step in derivation.of_phase("gradient")
        if step.of is not None
    ]
    body += ["", f"    return {names[str(derivation.loss.name)]}, {{", *gradients, "    }"]
    shapes = [f"    {names[step.name]}: {step.shape or 'a number'}" for step in given]
    head = [
        f"def {FUNCTION}({', '.join(names[step.name] for step in given)}):",
        '    """The loss of one example, and its gradients by name.',
        "",
        *textwrap.wrap(str(derivation.convention), 96, initial_indent="    ", subsequent_indent="    "),
        "",
        *shapes,
        '    """',
    ]
    helpers = [text for text in coder.helpers.values() if text]
    imports = ("import math\n\n" if any("math." in text for text in helpers) else "") + about.imports
    return "\n\n\n".join([imports, *helpers, "\n".join([*head, *body])]) + "\n"


def _line(step: Step, coder: Coder, names: dict[str, str], style: Style) -> str:
    expr = step.expr
    right = names[str(expr.name)] if expr.name and expr.name != step.name else coder.line(expr)
    line = f"    {names[step.name]} = {right}"
    printer = Printer(style)
    right = printer.name(expr) if expr.name and expr.name != step.name else printer.text(expr)
    formula = f"# {step.left(style)} = {right}"
    return f"{line.ljust(_COMMENT_AT)}  {formula}"
