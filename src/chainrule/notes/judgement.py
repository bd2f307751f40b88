"""A judged equation: every claim with what was found for it, and the verdict that follows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.notes import relation as said
from chainrule.notes.equation import EQUATIONS, IMPRECISE, NUMBER, RIGHT, WRONG, Claim, Equation, Size
from chainrule.notes.errata import corrected_latex
from chainrule.notes.oneline import oneline
from chainrule.notes.printed import printed_latex
from chainrule.notes.relation import Relation, words
from chainrule.notes.remark import Remark
from chainrule.notes.verify import Finding, verdict_of

_SQUARE = Size(3, 3, 3, (3, 3, 3, 3))
"""All widths alike: shapes that do not fit elsewhere fit here by accident, and a misprint can be typeset."""
HOW: dict[type, str] = {
    said.Equal: "both sides in float64 on random inputs",
    said.Entries: "every entry in float64 on random inputs",
    said.Cases: "left side and lines in float64 on random inputs",
    said.Rate: "gradient, and finite differences in extended precision, on random inputs",
    said.Rounded: "the number in float64 and in extended precision, rounded to the digits printed",
    said.Within: "range on random inputs",
    said.Shaped: "shape",
    said.Tends: "values far out",
    said.Means: "expression against plain NumPy on random inputs",
    said.Maximal: "found by gradient steps, then held against points near by",
    said.Lowers: "the loss before and after a short step",
    said.Brackets: "brackets counted",
    said.Same: "both sides counted",
}
"""How a relation of each kind is checked."""


@dataclass(frozen=True)
class Line:
    """One claim: its verdict, what was found for it as printed, and for its correction."""

    claim: Claim
    verdict: str
    printed: Finding
    correct: Finding | None
    relation: Relation  # the printed one, with widths at which it can be typeset
    first: int = 1

    @property
    def true(self) -> Finding:
        """What was found for the line as it has to be."""
        return self.correct if self.verdict != RIGHT and self.correct is not None else self.printed

    @property
    def statement(self) -> str:
        """The line as printed, in Unicode."""
        return self.claim.spelled or plain(self.relation.written(False, self.first))

    @property
    def statement_latex(self) -> str:
        """The line as printed, in LaTeX."""
        return words(self.claim.spelled) if self.claim.spelled else self.relation.written(True, self.first)

    @property
    def way(self) -> str:
        """How it was checked."""
        kind = type(self.claim.printed)
        fixed = kind in (said.Equal, said.Entries) and self.printed.values
        return "both sides in float64" if fixed else HOW[kind]

    @property
    def correction(self) -> str:
        """The claim as it has to be, in Unicode; empty where it is right."""
        return plain(self._corrected(False))

    @property
    def correction_latex(self) -> str:
        """The claim as it has to be, in LaTeX; empty where it is right."""
        return self._corrected(True)

    def _corrected(self, latex: bool) -> str:
        if self.verdict == RIGHT or self.claim.correct is None:
            return ""
        return self.claim.correct.written(latex, self.first)


@dataclass(frozen=True)
class Judgement:
    """An equation with its lines judged."""

    equation: Equation
    lines: tuple[Line, ...]
    sizes: int

    @cached_property
    def verdict(self) -> str:
        """wrong if a line is, else imprecise if a line is, else right."""
        verdicts = {line.verdict for line in self.lines}
        return next((verdict for verdict in (WRONG, IMPRECISE) if verdict in verdicts), RIGHT)

    @property
    def faults(self) -> list[Line]:
        """The lines that are not right."""
        return [line for line in self.lines if line.verdict != RIGHT]

    @property
    def printed(self) -> str:
        """The equation as the notes print it, in LaTeX."""
        return printed_latex(self.equation.eq)

    @property
    def statement(self) -> str:
        """What the equation states, line by line, in Unicode."""
        return "; ".join(unique(line.statement for line in self.lines))

    @property
    def correct(self) -> str | None:
        """The whole equation as it has to be, in one line of Unicode; None where it is right."""
        return oneline(self.correct_latex) if self.correct_latex else None

    @property
    def correct_latex(self) -> str | None:
        """The whole equation as it has to be, in the notation of the notes; None where it is right."""
        return corrected_latex(self.equation.eq) if self.faults else None

    @property
    def reason(self) -> str | None:
        """Why it is not right, in a clause; None where it is."""
        return "; ".join(unique(line.claim.because for line in self.faults)) or None

    @property
    def evidence(self) -> str | None:
        """What was computed for the lines that are not right."""
        return _few(line.printed.evidence for line in self.faults)

    @property
    def proof(self) -> str | None:
        """What was computed for the corrections."""
        return _few(line.true.evidence for line in self.faults)

    @property
    def values(self) -> list[float] | None:
        """The numbers at full precision, where the equation has any."""
        if self.equation.kind != NUMBER:
            return None
        rounded = [line.true.values for line in self.lines if isinstance(line.claim.printed, said.Rounded)]
        found = rounded or dict.fromkeys(line.true.values for line in self.lines)
        return [value for numbers in found for value in numbers] or None

    @property
    def check(self) -> str:
        """How it was checked."""
        ways = "; ".join(unique(line.way for line in self.lines))
        return ways + (f"; {self.sizes} sizes, all widths different" if self.sizes > 1 else "")

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        entry = self.equation
        return {
            "eq": entry.eq,
            "section": entry.section,
            "kind": entry.kind,
            "title": entry.title,
            "statement": self.statement,
            "printed": self.printed,
            "verdict": self.verdict,
            "correct": self.correct,
            "correct_latex": self.correct_latex,
            "reason": self.reason,
            "evidence": self.evidence,
            "proof": self.proof,
            "values": self.values,
            "check": self.check,
            "remark": entry.remark or None,
            "lines": [
                {
                    "statement": line.statement,
                    "verdict": line.verdict,
                    "found": line.printed.evidence,
                    "correct": line.correction or None,
                    "reason": line.claim.because if line.verdict != RIGHT else None,
                }
                for line in self.lines
            ],
        }


def remark_dict(remark: Remark) -> dict[str, Any]:
    """A remark on the text for JSON, with the keys of an equation; its eq is null, its kind text."""
    return {
        "eq": None,
        "section": remark.section,
        "kind": "text",
        "statement": remark.says,
        "verdict": remark.verdict,
        "correct": remark.correct,
        "evidence": remark.evidence,
        "values": None,
        "check": HOW[type(remark.build())] if remark.build else "read, not computed",
    }


def unique(texts: Iterable[str]) -> list[str]:
    """Each text once, in order, without empty ones."""
    return list(dict.fromkeys(text for text in texts if text))


def _few(texts: Iterable[str]) -> str | None:
    """Each text once, the first three of them; None without any."""
    found = unique(texts)
    more = f"; and so on, {len(found)} lines" if len(found) > 3 else ""
    return "; ".join(found[:3]) + more or None


def judge(eq: int | Equation) -> Judgement:
    """Compute whether an equation holds as printed, on every size.

    Raises ChainruleError for a number there is not.
    """
    if isinstance(eq, int) and eq not in EQUATIONS:
        raise ChainruleError(f"an equation from 1 to {len(EQUATIONS)}", str(eq), "notes")
    entry = EQUATIONS[eq] if isinstance(eq, int) else eq
    lines: list[Line] = []
    for number, size in enumerate(entry.sizes):
        for at, claim in enumerate(entry.claims(size)):
            verdict, printed, correct = verdict_of(claim, 10 * entry.eq + number)
            if number == 0 or (verdict != RIGHT and all(line.verdict != verdict for line in lines)):
                relation = _typeset(claim, printed, entry, at)
                lines.append(Line(claim, verdict, printed, correct, relation, entry.first))
    return Judgement(entry, tuple(lines), len(entry.sizes))


def _typeset(claim: Claim, printed: Finding, entry: Equation, at: int) -> Relation:
    """The printed line, where its shapes do not fit at widths where they do by accident."""
    relation: Relation = claim.printed
    if claim.spelled:
        return relation
    if not printed.fits and len(entry.sizes) > 1 and not _fits(relation):
        alike = entry.claims(_SQUARE)
        if len(alike) == len(entry.claims()) and _fits(alike[at].printed):
            relation = alike[at].printed
    return relation


_QUOTED = re.compile(r"‘([^’]*)’")


def plain(text: str) -> str:
    """A statement without the quotes around names that are no single symbol; in brackets where that is needed."""
    return _QUOTED.sub(
        lambda found: f"({found[1].replace('⋆', '⋆ ')})" if re.search(r"[/⋆]", found[1]) else found[1], text
    )


def _fits(relation: Relation) -> bool:
    return "shapes do not fit" not in relation.written()


def judge_all(equations: Iterable[Equation] | None = None) -> list[Judgement]:
    """All equations judged, in order."""
    return [
        judge(entry)
        for entry in (equations if equations is not None else (EQUATIONS[n] for n in sorted(EQUATIONS)))
    ]
