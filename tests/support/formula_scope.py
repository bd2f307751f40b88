"""What is known while a formula is read: its signs, the symbols that are declared, the indices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.formula_index import parts
from support.formula_values import ReadingError, Value

Letters = Mapping[str, Any]
OUTSIDE = "outside"
"""What an entry outside of its array is: 0 in a sum, left out of a maximum."""
Node = Callable[[Letters], Value]
"""A part of the formula: from the values of the indices to its own."""


Scripts = dict[str, str]
"""What stands behind a part, by its kind: sub, sup, index, prime."""


@dataclass(frozen=True)
class Token:
    """A sign of the formula.

    tight: nothing stands between it and the one before. groups: its scripts or bodies.
    """

    kind: str
    text: str = ""
    tight: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Symbol:
    """A name with its scripts: x, z^{(1)}, W_{1}."""

    stem: str
    below: tuple[str, ...] = ()
    primes: int = 0
    above: str = ""


@dataclass
class Scope:
    """What is known while a formula is read.

    symbols: those that are declared. tokens, cells: how a text, and a row of a matrix, is taken apart.
    indices_below: whether an index is a subscript, which follows those of the symbol itself. letters:
    the indices that are bound. sizes: of the axes that each of them runs over.
    """

    symbols: Mapping[Symbol, Value]
    tokens: Callable[[str], list[Token]]
    cells: Callable[[str], Sequence[str]]
    indices_below: bool
    first: int
    letters: set[str]
    sizes: dict[str, set[int]] = field(default_factory=dict)


def symbol_of(tokens: Sequence[Token], text: str) -> Symbol:
    """A declared symbol from its tokens."""
    stem, *rest = tokens
    scripts = {token.kind: token.groups[0] for token in rest if token.kind != "prime"}
    primes = sum(token.kind == "prime" for token in rest)
    if stem.kind != "stem" or len(rest) != len(scripts) + primes or not scripts.keys() <= {"sub", "sup"}:
        raise ReadingError(f"the symbol {text!r}")
    below = tuple(parts(scripts["sub"])) if "sub" in scripts else ()
    return Symbol(stem.text, below, primes, scripts.get("sup", ""))
