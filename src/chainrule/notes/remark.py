"""A remark on a sentence of the notes: what it says, what is true, and what was computed for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from chainrule.notes.equation import IMPRECISE, RIGHT, WRONG
from chainrule.notes.relation import Relation
from chainrule.notes.verify import Finding, found


@dataclass(frozen=True)
class Remark:
    """A remark on a sentence: what it says, what is true, and the relation that shows it.

    build: the sentence as a relation, to be found false; None for a sentence about words or history.
    loose: whether a reader repairs it easily.
    """

    section: str
    says: str
    correct: str
    build: Callable[[], Relation] | None
    loose: bool = False
    because: str = ""

    @cached_property
    def finding(self) -> Finding:
        """What was computed for the sentence."""
        if self.build is None:
            return Finding(False, self.because)
        return found(self.build(), {}, 3)

    @property
    def verdict(self) -> str:
        """right where the sentence proves true, else imprecise or wrong."""
        return RIGHT if self.finding.holds else IMPRECISE if self.loose else WRONG

    @property
    def evidence(self) -> str:
        """What was computed, in words."""
        return self.finding.evidence
