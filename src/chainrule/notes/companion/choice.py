"""What of the notes is shown: all, a section, one equation, or what is not right. Every format prints a choice."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.errors import ChainruleError
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import TABLES, Table
from chainrule.notes.equation import EQUATIONS, RIGHT
from chainrule.notes.figures import FIGURES
from chainrule.notes.judgement import Judgement, judge, judge_all
from chainrule.notes.prose import remarks
from chainrule.notes.remark import Remark

TITLE = "Neural networks: the equations, computed"
LEAD = (
    "Equations of the lecture notes as printed, each with a verdict that was computed when this document was "
    "made. Right: true as printed. Wrong: false, or a wrong number or shape. Imprecise: right after an obvious "
    "repair of notation. What is not right is corrected, with the evidence."
)


@dataclass(frozen=True)
class Choice:
    """Judged equations and remarks on the text; with figures and demonstrations, or without.

    whole: whether it is all of the notes, so that it begins with the list of what is not right.
    """

    title: str
    judged: tuple[Judgement, ...]
    remarks: tuple[Remark, ...] = ()
    pictured: tuple[str, ...] = ()  # the sections whose figures and demonstrations are shown
    whole: bool = False

    @property
    def sections(self) -> list[str]:
        """The sections in which there is anything, in order; all of them in the whole."""
        used = {one.equation.section for one in self.judged} | {remark.section for remark in self.remarks}
        return [number for number in ordered() if self.whole or number in used or number in self.pictured]

    def equations(self, section: str) -> list[Judgement]:
        """The equations of a section."""
        return [one for one in self.judged if one.equation.section == section]

    def figures(self, section: str) -> list[str]:
        """The names of the figures of a section."""
        return [
            name for name, entry in FIGURES.items() if entry.section == section and section in self.pictured
        ]

    def tables(self, section: str) -> list[Table]:
        """The demonstrations of a section as tables, computed at this call."""
        return [build() for build in TABLES.get(section, ())] if section in self.pictured else []

    def said(self, section: str) -> list[Remark]:
        """The remarks on the text of a section."""
        return [remark for remark in self.remarks if remark.section == section]

    @property
    def faults(self) -> list[Judgement]:
        """The equations that are not right."""
        return [one for one in self.judged if one.verdict != RIGHT]


def ordered() -> list[str]:
    """All sections, in the order of their numbers."""
    return sorted(SECTIONS, key=lambda number: [int(part) for part in number.split(".")])


def chosen(equation: int | None = None, section: str | None = None, errata: bool = False) -> Choice:
    """One equation; else the equations of a section, or all; with errata only those that are not right.

    Raises ChainruleError for an equation or a section there is not.
    """
    if equation is not None:
        return Choice(f"Equation ({equation})", (judge(equation),))
    inside = [number for number in ordered() if section is None or _within(number, section)]
    if not inside:
        raise ChainruleError("a section", str(section), "notes", f"the sections are {', '.join(ordered())}")
    entries = [EQUATIONS[n] for n in sorted(EQUATIONS) if EQUATIONS[n].section in inside]
    judged = tuple(one for one in judge_all(entries) if not errata or one.verdict != RIGHT)
    place = "" if section is None else f"Section {section}: "
    if errata:
        return Choice(
            f"{place}what is not right" if place else "What is not right", judged, tuple(remarks(section))
        )
    title = TITLE if section is None else f"{place}{SECTIONS[inside[0]][0]}"
    return Choice(title, judged, tuple(remarks(section)), tuple(inside), section is None)


def _within(number: str, section: str) -> bool:
    parts = section.split(".")
    return number.split(".")[: len(parts)] == parts
