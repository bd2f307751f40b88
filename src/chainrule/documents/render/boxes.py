"""One-line Unicode formulas as boxes of characters: [[1, 2], [3, 4]] becomes a matrix of two rows.

A box is a list of lines of one width and the number of the line that the formula runs along.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MATRIX = re.compile(r"\[(?:\[[^\[\]a-zA-Z]*\](?:, )?)+\]|\[[^\[\]a-zA-Z⊙Σ^]*\d[^\[\]a-zA-Z⊙Σ^]*\]")
_BREAKS = re.compile(r" (?=[=≈+−⊙⊘×·⋆∗] )| (?=\[)| ")
_MOST_ROWS = 8
_CORNERS = {"[": ("⎡⎢⎣", "⎤⎥⎦"), "(": ("⎛⎜⎝", "⎞⎟⎠")}


@dataclass(frozen=True)
class Box:
    """Lines of one width; `along` is the line on which the formula runs."""

    lines: tuple[str, ...]
    along: int = 0

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return len(self.lines[0])


def row(text: str) -> Box:
    """A box of one line."""
    return Box((text,))


def beside(boxes: list[Box]) -> Box:
    """Boxes side by side."""
    above = max((box.along for box in boxes), default=0)
    below = max((len(box.lines) - box.along for box in boxes), default=1)
    lines = [""] * (above + below)
    for box in boxes:
        for n in range(above + below):
            at = n - above + box.along
            lines[n] += box.lines[at] if 0 <= at < len(box.lines) else " " * box.width
    return Box(tuple(lines), above)


def enclosed(box: Box, kind: str = "[") -> Box:
    """A box in tall brackets."""
    if len(box.lines) == 1:
        return Box((f"{kind}{box.lines[0]}{']' if kind == '[' else ')'}",))
    left, right = _CORNERS[kind]
    last = len(box.lines) - 1
    part = [0, *[1] * (last - 1), 2]
    return Box(tuple(left[k] + line + right[k] for k, line in zip(part, box.lines, strict=True)), box.along)


def matrix_box(text: str, transposed: bool) -> Box | None:
    """A matrix literal as a box; None where it is better left in one line."""
    nested = text.startswith("[[")
    rows = (
        [part.split(", ") for part in text[2:-2].split("], [")]
        if nested
        else [[part] for part in text[1:-1].split(", ")]
    )
    if not nested and transposed:
        rows = [[entry for (entry,) in rows]]
    if len({len(entries) for entries in rows}) > 1 or len(rows) > _MOST_ROWS:
        return None
    columns = [_aligned([entries[k] for entries in rows]) for k in range(len(rows[0]))]
    lines = ["  ".join(entries) for entries in zip(*columns, strict=True)]
    box = enclosed(Box(tuple(lines), (len(lines) - 1) // 2))
    if nested and transposed:
        return beside([box, Box(("ᵀ", *[" "] * (len(lines) - 1)), box.along)])
    return box


def _aligned(entries: list[str]) -> list[str]:
    """Numbers padded so that their decimal points stand below one another; anything else to the right."""
    before = [len(entry.partition(".")[0]) for entry in entries]
    if any("/" in entry for entry in entries):
        before = [len(entry) for entry in entries]
    padded = [" " * (max(before) - n) + entry for n, entry in zip(before, entries, strict=True)]
    return [entry.ljust(max(map(len, padded))) for entry in padded]


def box_of(text: str) -> Box:
    """A formula as one box."""
    return _parsed(text, 0)[0]


def _parsed(text: str, start: int) -> tuple[Box, int]:
    """The box of a text up to the bracket that closes it."""
    boxes: list[Box] = []
    plain, at = "", start
    while at < len(text):
        found = _MATRIX.match(text, at) if text[at] == "[" and _stands_alone(text, at) else None
        if found and text[found.end() : found.end() + 1] == "^":  # a range of numbers, not a matrix
            found = None
        transposed = found is not None and text[found.end() : found.end() + 1] == "ᵀ"
        box = matrix_box(found.group(), transposed) if found else None
        if found and box:
            boxes += [row(plain), box]
            plain, at = "", found.end() + transposed
        elif text[at] == "(":
            inner, end = _parsed(text, at + 1)
            boxes += [row(plain), enclosed(inner, "(")]
            plain, at = "", end + 1
        elif text[at] == ")" and start:
            break
        else:
            plain += text[at]
            at += 1
    return beside([box for box in [*boxes, row(plain)] if box.width] or [row("")]), at


def _stands_alone(text: str, at: int) -> bool:
    """Whether a bracket begins a matrix, not the indices of a name."""
    return at == 0 or text[at - 1] in " ([|‖,/−"


def folded(text: str, width: int) -> list[Box]:
    """A formula as boxes below one another, each no wider than the width: broken at its operators."""
    whole = box_of(text)
    if whole.width <= width:
        return [whole]
    lines: list[Box] = []
    current = ""
    for piece in _pieces(text):
        joined = f"{current} {piece}" if current else piece
        if current and box_of(joined).width > width:
            lines += _cut(current, width)
            current = piece
        else:
            current = joined
    return [*lines, *_cut(current, width)]


def _cut(text: str, width: int) -> list[Box]:
    """A piece without an operator at its top: as it is, or in one line cut at any blank."""
    box = box_of(text)
    if box.width <= width:
        return [box]
    lines, current = [], ""
    for word in text.split(" "):
        if current and len(current) + len(word) + 1 > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [row(line) for line in [*lines, current]]


def _pieces(text: str) -> list[str]:
    """A formula in pieces that may stand on lines of their own: cut before operators outside of all brackets."""
    pieces, depth, start = [], 0, 0
    for found in re.finditer(r"[(\[]|[)\]]| ", text):
        if found.group() in "([":
            depth += 1
        elif found.group() in ")]":
            depth -= 1
        elif depth == 0 and _may_break(text, found.start()):
            pieces.append(text[start : found.start()])
            start = found.end()
    return [*pieces, text[start:]]


def _may_break(text: str, at: int) -> bool:
    follows = text[at + 1 : at + 3]
    return follows in ("= ", "≈ ", "+ ", "− ", "⊙ ", "⊘ ", "× ", "· ", "⋆ ", "∗ ") or (
        text[at + 1 : at + 2] in "[(" and text[at - 1] not in "=≈+−⊙⊘×·⋆∗"
    )
