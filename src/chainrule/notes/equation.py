"""The record of a numbered equation: what it states, claim by claim, and what the judge found."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.notes.relation import Relation

DEFINITION, IDENTITY, DERIVATIVE, NUMBER = KINDS = ("definition", "identity", "derivative", "number")
RIGHT, WRONG, IMPRECISE = VERDICTS = ("right", "wrong", "imprecise")

Draw = Callable[[Any, tuple[int, ...]], Any]
"""How values for a leaf are drawn: from a generator of random numbers and a shape."""


@dataclass(frozen=True)
class Size:
    """How many of everything a statement is checked with. No two widths of layers are alike."""

    examples: int
    features: int
    classes: int
    widths: tuple[int, ...]


SIZES = (Size(3, 2, 3, (2, 3, 4, 5)), Size(4, 3, 2, (4, 2, 5, 3)), Size(2, 1, 4, (3, 5, 2, 4)))


@dataclass(frozen=True)
class Claim:
    """One line of an equation.

    printed: the line as the notes print it. correct: what is true in its place, where that differs.
    because: the reason, in a clause. notation: whether printed and correct differ in notation only, so
    that every reader repairs it alike. given: how leaves are drawn that are not any real numbers.
    """

    printed: Relation
    correct: Relation | None = None
    because: str = ""
    notation: bool = False
    given: Mapping[Expr, Draw] = field(default_factory=dict)
    spelled: str = ""
    """The printed line in letters, for a line whose shapes never fit and that cannot be an expression."""


Claims = Sequence["Claim | Relation"]


def under(given: Mapping[Expr, Draw], *claims: Claim | Relation) -> list[Claim]:
    """The claims, with leaves drawn as given."""
    return [replace(claim, given={**given, **claim.given}) for claim in as_claims(claims)]


def as_claims(claims: Claims) -> list[Claim]:
    """Relations that need no correction as claims."""
    return [claim if isinstance(claim, Claim) else Claim(claim) for claim in claims]


@dataclass(frozen=True)
class Equation:
    """A numbered equation of the notes. `claims(size)` is what it states, for widths of a size."""

    eq: int
    section: str
    kind: str
    title: str
    build: Callable[..., Claims]
    remark: str = ""
    first: int = 1  # the number from which its indices count

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes with which it is checked: one where the notes fix the sizes."""
        return SIZES if inspect.signature(self.build).parameters else SIZES[:1]

    def claims(self, size: Size = SIZES[0]) -> list[Claim]:
        """The lines of the equation, in order."""
        return as_claims(self.build(size) if inspect.signature(self.build).parameters else self.build())


EQUATIONS: dict[int, Equation] = {}
"""The equations by number."""


def equation(
    eq: int, section: str, kind: str, title: str, remark: str = "", first: int = 1
) -> Callable[[Callable[..., Claims]], Equation]:
    """Enter the equation whose claims the function below builds."""

    def enter(build: Callable[..., Claims]) -> Equation:
        if kind not in KINDS:
            raise ChainruleError(f"one of {', '.join(KINDS)}", repr(kind), f"kind of equation {eq}")
        if eq in EQUATIONS:
            raise ChainruleError("a number that no equation has yet", str(eq), "equation")
        EQUATIONS[eq] = Equation(eq, section, kind, title, build, remark, first)
        return EQUATIONS[eq]

    return enter
