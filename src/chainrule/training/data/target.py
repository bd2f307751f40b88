"""The target: what is to be predicted, a class or a real number, and the rule that tells which.

The rule, where the task is not given: text and truth values are classes; whole numbers are classes if
there are at most 20 different ones, otherwise real numbers; other numbers are real. In a CSV file, which
has no types, text is whatever is neither a number nor true or false.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data import cells
from chainrule.training.data.later import pa, pc
from chainrule.training.data.source import Array, Where, in_column, reason, several

MOST_WHOLE_NUMBERS = 20
MOST_CLASSES = 1000
TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Target:
    """What is to be predicted.

    name: of its column. kind: "classes" or "real". classes: the labels in the order of their indices: all
    text, all whole numbers or all truth values. mean, scale: a real v is encoded as (v − mean)/scale.

    >>> Target("species", "classes", ("cat", "dog")).state()
    {'name': 'species', 'kind': 'classes', 'classes': ['cat', 'dog']}
    """

    name: str
    kind: str
    classes: tuple[str | int | bool, ...] = ()
    mean: float = 0.0
    scale: float = 1.0

    def encode(self, column: Any, rows: Array, where: Where) -> Array:
        """Class indices, int64, or real numbers, float32, (rows,).

        Raises DataError for a class that is not known.
        """
        if self.kind == "real":
            return ((cells.numbers(column, self.name, rows, where) - self.mean) / self.scale).astype(
                np.float32
            )
        labels = _labels(column, type(self.classes[0]), self.name, rows, where)
        at, unseen = cells.positions(labels, self.classes)
        if unseen >= 0:
            came = cells.shown(labels[unseen].as_py())
            place = in_column(where(rows[unseen]), self.name)
            raise DataError(
                f"one of the classes {several(map(str, self.classes))}", came, place, "correct the label"
            )
        return at

    def state(self) -> dict[str, Any]:
        """The target as JSON can store it."""
        scaled = {"mean": self.mean, "scale": self.scale} if (self.mean, self.scale) != (0.0, 1.0) else {}
        return {"name": self.name, "kind": self.kind, "classes": list(self.classes), **scaled}

    def __str__(self) -> str:
        if self.kind == "real":
            return f'target "{self.name}", real numbers'
        return f'target "{self.name}", {len(self.classes)} classes: {several(map(str, self.classes))}'


def _labels(column: Any, kind: type, name: str, rows: Array, where: Where) -> Any:
    """The cells in the type of the classes."""
    if kind is bool:
        return pa.array(cells.truths(column, name, rows, where).astype(bool))
    if kind is str:
        return cells.texts(column, name, rows, where)
    cells.refuse_missing(column, name, rows, where)
    try:  # as they are: a float64 does not hold every whole number
        if cells.form(column) == "text":
            return pc.cast(pc.utf8_ltrim(column, "+"), pa.int64())
        if pa.types.is_integer(column.type):
            return pc.cast(column, pa.int64())
    except pa.ArrowInvalid as fault:
        if cells.form(column) != "text":
            wish = "whole numbers below 2^63 as classes"
            raise DataError(
                wish, reason(fault), in_column(where(rows[0]), name), "correct the labels"
            ) from None
    values = cells.numbers(column, name, rows, where)
    broken = values != np.floor(values)
    broken |= np.abs(values) > 2.0**53
    if broken.any():
        at = int(np.argmax(broken))
        raise DataError(
            "a whole number as class",
            f"{values[at]:g}",
            in_column(where(rows[at]), name),
            "correct the label",
        )
    return pa.array(values.astype(np.int64))


class TargetRule:
    """Meets the labels block by block and says at the end what they are.

    task: "classification", "regression" or None for the rule. typed: whether the source has types, so
    that text is text even where it looks like numbers.
    """

    def __init__(self, name: str, task: str | None, typed: bool) -> None:
        if task not in (None, *TASKS):
            raise DataError(
                'the task "classification" or "regression"',
                repr(task),
                "open_data",
                "write one of the two, or leave task out",
            )
        self.name, self._task, self._typed = name, task, typed
        self._met: set[Any] = set()
        self._forms: dict[str, tuple[str, Any]] = {}  # of each form that was met, the first place and cell
        self._many = False

    def meet(self, column: Any, rows: Array, where: Where) -> None:
        """Take the labels of one block into account."""
        cells.refuse_missing(column, self.name, rows, where)
        if not len(column):
            return
        form = cells.form(column)
        if form == "text" and not self._typed:
            self._meet_text(column, rows, where)
        elif form == "number" and not pa.types.is_integer(column.type):
            values = cells.numbers(column, self.name, rows, where)
            whole = (values == np.floor(values)).all()
            self._note(
                "float" if self._task != "classification" or not whole else "whole", column, 0, rows, where
            )
            self._add(np.unique(values).tolist())
        elif form in ("text", "number", "truth"):
            self._note("whole" if form == "number" else form, column, 0, rows, where)
            self._add(pc.unique(column).to_pylist())
        else:
            raise DataError(
                "labels as text, numbers or truth values",
                str(column.type),
                in_column(where(rows[0]), self.name),
                "convert the column to one of them",
            )

    def _meet_text(self, column: Any, rows: Array, where: Where) -> None:
        """A block of a file without types."""
        unique = pc.unique(column)
        truth = as_mask(pc.is_in(pc.utf8_lower(unique), value_set=pa.array(cells.TRUTH)))
        whole = as_mask(pc.match_substring_regex(unique, cells.INTEGER))
        number = as_mask(pc.match_substring_regex(unique, cells.NUMBER)) & ~whole
        text = ~(truth | whole | number)
        for form, mask in (("truth", truth), ("whole", whole), ("float", number), ("text", text)):
            if mask.any() and form not in self._forms:
                at = first_of(column, unique.filter(pa.array(mask))[0])
                self._note(form, column, at, rows, where)
        self._add(unique.to_pylist())

    def _note(self, form: str, column: Any, at: int, rows: Array, where: Where) -> None:
        if form not in self._forms:
            self._forms[form] = (in_column(where(rows[at]), self.name), column[at].as_py())

    def _add(self, values: list[Any]) -> None:
        if not self._many:
            self._met.update(values)
            self._many = len(self._met) > MOST_CLASSES

    def decided(self, place: str) -> Target:
        """What the target is. Raises DataError for labels that contradict each other or the task."""
        forms = set(self._forms)
        place = in_column(place, self.name)
        numeric = forms <= {"whole", "float"}
        if self._task == "regression":
            if not numeric:
                form = "text" if "text" in forms else "truth"
                raise DataError(
                    "numbers, the task being regression",
                    cells.shown(self._forms[form][1]),
                    self._forms[form][0],
                    'correct the label, or write task="classification"',
                )
            return Target(self.name, "real")
        if forms & {"text", "truth"} and forms & {"whole", "float"} and self._task is None:
            where, came = self._forms["text" if "text" in forms else "truth"]
            example = cells.shown(self._forms[min(forms & {"whole", "float"})][1])
            raise DataError(
                f"a number, as {example}",
                cells.shown(came),
                where,
                'correct the label, or say that labels are classes: task="classification"',
            )
        few = forms == {"whole"} and not self._many and len(self._met) <= MOST_WHOLE_NUMBERS
        if self._task is None and numeric and not few:
            return Target(self.name, "real")
        if "float" in forms:
            where, came = self._forms["float"]
            raise DataError(
                "classes as text or whole numbers", cells.shown(came), where, 'is the task "regression"?'
            )
        return Target(self.name, "classes", self._classes(forms, place))

    def _classes(self, forms: set[str], place: str) -> tuple[Any, ...]:
        if self._many:
            raise DataError(f"at most {MOST_CLASSES} classes", "more", place, "is this the label column?")
        if forms == {"truth"}:
            met: set[Any] = {str(value).lower() == cells.TRUTH[1] for value in self._met}
        elif forms == {"whole"}:
            met = {int(value) for value in self._met}
        else:
            met = {str(value) for value in self._met}
        if len(met) < 2:
            only = "".join(f"only {cells.shown(value)}" for value in met)
            raise DataError(
                "at least two classes", only or "no label", place, "a single class has nothing to learn"
            )
        return tuple(sorted(met))


def as_mask(column: Any) -> Array:
    """An Arrow array of truth values as a NumPy mask."""
    return cells.as_numpy(column).astype(bool)


def first_of(column: Any, value: Any) -> int:
    """The position of the first cell with this value."""
    return int(pc.index(column, value).as_py())


def target_from(state: dict[str, Any] | None) -> Target | None:
    """The target that `Target.state` stored."""
    if state is None:
        return None
    scaled = float(state.get("mean", 0.0)), float(state.get("scale", 1.0))
    return Target(str(state["name"]), str(state["kind"]), tuple(state["classes"]), *scaled)
