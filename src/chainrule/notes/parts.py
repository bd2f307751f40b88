"""Sums, products and columns of scalar expressions, written out; parts that are built when needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import chainrule as cr
from chainrule.graph.expression import Expr


def total_of(parts: Sequence[Expr]) -> Expr:
    """A sum, written out."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def product(factors: Sequence[Expr]) -> Expr:
    """A product, written out."""
    total = factors[0]
    for factor in factors[1:]:
        total = total * factor
    return total


def column(*entries: Expr) -> Expr:
    """Scalars as a vector."""
    vector: Expr = cr.concatenate(*(cr.reshape(entry, (1,)) for entry in entries))
    return vector


def later(build: Callable[..., Expr], *arguments: Any) -> Callable[[], Expr]:
    """A part that is built when it is looked at, since its shapes may not fit."""
    return lambda: build(*arguments)
