"""Prints an expression, reads the formula back, computes it, and says where the two disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.readings.formula import Style
from chainrule.readings.formula.parts import named_parts
from chainrule.readings.working import node_values
from support import formula_lines
from support.formula_values import ReadingError

FORMS = ("matrix", "index")
KINDS = ("latex", "text")
ROOT = r"\mathcal{Q}"
"""The name of what is printed: no other symbol looks like it."""
RTOL = 1e-9
ATOL = 1e-15  # of the largest number on the way: what is left where equal terms cancel


def problems(
    pairs: Sequence[tuple[Any, Mapping[Any, Any]]],
    kinds: Sequence[str] = KINDS,
    forms: Sequence[str] = FORMS,
    **how: Any,
) -> list[str]:
    """What is wrong with the formulas of expressions, in each kind and form."""
    found = []
    for at, (expr, values) in enumerate(pairs):
        numbers = node_values([expr], values)
        scale = max(float(np.max(np.abs(value), initial=1)) for value in numbers.values())
        for kind in kinds:
            for form in forms:
                wrong = problem(expr, values, numbers[expr], ATOL * scale, kind, form, **how)
                if wrong:
                    found.append(f"{at}, {kind}, {form} form: {wrong}")
    return found


def problem(
    expr: Any,
    values: Mapping[Any, Any],
    wanted: Any,
    atol: float,
    kind: str,
    form: str,
    expand: bool = True,
    first: int = 1,
) -> str:
    """What is wrong with one formula."""
    formula = getattr(expr.named(ROOT), kind)(form=form, expand=expand, first=first)
    try:
        found = computed(formula, expr, values, kind, form, expand, first)
    except ReadingError as fault:
        return f"{fault}\n    in {formula}"
    if found.shape != wanted.shape:
        return f"the shape {found.shape}, not {wanted.shape}\n    from {formula}"
    if np.allclose(found, wanted, rtol=RTOL, atol=atol):
        return ""
    return f"{found.tolist()}, not {wanted.tolist()}\n    from {formula}"


def computed(
    formula: str, expr: Any, values: Mapping[Any, Any], kind: str, form: str, expand: bool, first: int
) -> Any:
    """What a reader gets from the formula, who knows the symbols' shapes and the numbers of the leaves."""
    style = Style(latex=kind == "latex")
    root = expr.named(ROOT)
    order, known = named_parts([root], form, True, expand)
    shapes = {style.symbol(name): part.shape for part, name in known.items()} | {
        style.symbol(ROOT): root.shape
    }
    if not expand:
        shapes |= {style.symbol(node.name): node.shape for node in order if node.name and not node.is_leaf}
    declared = {style.symbol(leaf.name): value for leaf, value in values.items()}
    return formula_lines.read(kind, formula, declared, shapes, form == "index", first)
