"""What the columns of a table hold: numbers, truth values or categories, found by a pass over all of it.

The rule: a column of numbers is numeric, of truth values boolean, of text categorical. Nothing is guessed
from a sample, and a column that has both numbers and text is refused unless it is declared categorical.
"""

from __future__ import annotations

from typing import Any

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.later import pa, pc
from chainrule.training.data.source import Array, Where, in_column
from chainrule.training.data.target import as_mask, first_of

NUMERIC, BOOLEAN, CATEGORICAL = "numeric", "boolean", "categorical"
MOST_CATEGORIES = 1000
"""Different texts in one column; more of them are hardly categories, and each becomes an input."""
DATE = r"^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}.*)?$|^\d{1,2}[./]\d{1,2}[./]\d{2,4}$"
_DATES = "numbers, truth values or text, and no dates"
_DO = "turn it into numbers (days since a day, month, hour), or leave the column out with ignore"


class ColumnRule:
    """Meets one column block by block and says at the end what it holds.

    typed: whether the source has types. declared: whether the user says that it is categorical.
    """

    def __init__(self, name: str, typed: bool, declared: bool) -> None:
        self.name, self._typed, self._declared = name, typed, declared
        self._met: set[str] = set()
        self._forms: dict[str, tuple[int, Any]] = {}  # of each form that was met, the first row and cell
        self._dates_only = True

    def meet(self, column: Any, rows: Array, where: Where) -> None:
        """Take one block into account. Raises DataError as soon as something cannot be right."""
        form = cells.form(column)
        if form in ("", "nothing"):
            self._refuse_type(column, rows, where)
            return
        cells.refuse_missing(column, self.name, rows, where)
        if not len(column):
            return
        if self._declared:
            self._categories(pc.unique(cells.texts(column, self.name, rows, where)), rows, where)
            self._forms.setdefault("text", (int(rows[0]), None))
        elif form == "text" and not self._typed:
            self._meet_text(column, rows, where)
        else:
            if form == "number":
                cells.numbers(column, self.name, rows, where)
            elif form == "text":
                self._categories(pc.unique(column), rows, where)
            self._note(form, column, 0, rows, where)

    def _refuse_type(self, column: Any, rows: Array, where: Where) -> None:
        if cells.form(column) == "nothing":
            if len(column):
                cells.refuse_missing(column, self.name, rows, where)
            return
        place = in_column(where(rows[0]) if len(rows) else "a table without rows", self.name)
        if pa.types.is_temporal(column.type):
            raise DataError(_DATES, f"the type {column.type}", place, _DO)
        raise DataError(
            "numbers, truth values or text", f"the type {column.type}", place, "leave it out with ignore"
        )

    def _meet_text(self, column: Any, rows: Array, where: Where) -> None:
        """A block of a file without types."""
        unique = pc.unique(column)
        number = as_mask(pc.match_substring_regex(unique, cells.NUMBER))
        truth = as_mask(pc.is_in(pc.utf8_lower(unique), value_set=pa.array(cells.TRUTH)))
        for form, mask in (("number", number), ("truth", truth), ("text", ~(number | truth))):
            if mask.any():
                at = first_of(column, unique.filter(pa.array(mask))[0])
                self._note(form, column, at, rows, where)
        if number.all():
            cells.numbers(column, self.name, rows, where)
        else:
            self._categories(unique, rows, where)

    def _note(self, form: str, column: Any, at: int, rows: Array, where: Where) -> None:
        self._forms.setdefault(form, (int(rows[at]), column[at].as_py()))
        if "number" in self._forms and len(self._forms) > 1:
            row, came = self._forms["text" if "text" in self._forms else "truth"]
            beside, number = self._forms["number"]
            raise DataError(
                f"a number, as {cells.shown(number)} ({where(beside)})",
                cells.shown(came),
                in_column(where(row), self.name),
                f'correct the cell, or say that the column is text: categorical=["{self.name}"]',
            )

    def _categories(self, unique: Any, rows: Array, where: Where) -> None:
        names = unique.to_pylist()
        self._met.update(names)
        dates = as_mask(pc.match_substring_regex(unique, DATE))
        self._dates_only = self._dates_only and bool(dates.all())
        spoilt = [name for name in names if "\0" in name]
        if spoilt:
            came, place = (
                f"{cells.shown(spoilt[0])}, which has NUL bytes",
                in_column(where(rows[0]), self.name),
            )
            raise DataError("text", came, f"{place}, or below", "is the file damaged?")
        if len(self._met) > MOST_CATEGORIES:
            came, place = f"more, among them {cells.shown(names[-1])}", in_column(where(rows[0]), self.name)
            remedy = f'leave it out: ignore=["{self.name}"]'
            raise DataError(f"at most {MOST_CATEGORIES} categories", came, f"{place}, or below", remedy)

    def decided(self, place: str, where: Where) -> str:
        """NUMERIC, BOOLEAN or CATEGORICAL."""
        forms = set(self._forms)
        if not forms:
            remedy = f'leave it out: ignore=["{self.name}"]'
            raise DataError("values", "a column without any", in_column(place, self.name), remedy)
        if "text" not in forms:
            return NUMERIC if forms == {"number"} else BOOLEAN
        if self._dates_only and not self._declared:
            row, came = self._forms["text"]
            raise DataError(_DATES, cells.shown(came), in_column(where(row), self.name), _DO)
        return CATEGORICAL
