"""Finding a line by what a person calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chainrule.documents.step import Step
from chainrule.graph.errors import ChainruleError
from chainrule.graph.symbols import latex_symbol, text_symbol

_GRADIENT = re.compile(r"(?:grad(?:ient)?(?: of)?|d) +(.+)")


def line_named(steps: Sequence[Step], name: str) -> Step:
    """The line of that name: as printed, in LaTeX, or "grad W" (or "d W") for ∂ℓ/∂W, which may be a δ.

    Raises ChainruleError where no line has the name.
    """
    asked = name.strip()
    for step in steps:
        if asked in _names(step.name):
            return step
    gradient = _GRADIENT.fullmatch(asked)
    if gradient:
        for step in steps:
            if step.of is not None and step.of.name and gradient.group(1) in _names(str(step.of.name)):
                return step
    known = ", ".join(text_symbol(step.name) for step in steps)
    raise ChainruleError("the name of a line", repr(name)[:80], "line", f"the lines are {known}")


def _names(name: str) -> tuple[str, ...]:
    """All that a line answers to: its LaTeX, its Unicode, and what can be typed without either."""
    text = text_symbol(name)
    plain = re.sub(r"[\\{}()^ ]", "", name)
    accented = re.sub(
        r"\\(?:hat|tilde|bar|dot|vec)\{(\w+)\}", lambda m: m[1] + m[0][1 : m[0].index("{")], name
    )
    return name, latex_symbol(name), text, plain, re.sub(r"[\\{}()^ ]", "", accented)
