"""How numbers are shown: with the digits that a person needs, whole numbers and short decimals exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.notation import ATOM, PRODUCT, SUM
from chainrule.readings.formula import Piece, Style

_MOST_ENTRIES = 16
_WHOLE = 1e6


def shown(value: Any, digits: int = 4) -> str:
    """A number with so many significant digits: 5, 0.9933, 1.2e-07."""
    number = float(value)
    if number == int(number) if np.isfinite(number) and abs(number) < _WHOLE else False:
        return str(int(number))
    return f"{number:.{digits}g}"


def is_exact(value: Any, digits: int = 4) -> bool:
    """Whether the shown numbers are the numbers themselves."""
    return all(float(shown(entry, digits)) == float(entry) for entry in np.ravel(value))


def piece(value: Any, style: Style, digits: int = 4) -> Piece | None:
    """A number or a small array as a part of a formula; None for an array that is too large to be read."""
    array = np.asarray(value)
    if array.ndim == 0:
        text = shown(array, digits)
        mantissa, _, power = text.partition("e")
        if power:
            text = rf"{mantissa} \cdot 10^{{{int(power)}}}" if style.latex else text
        strength = SUM if text.startswith("-") else PRODUCT if power and style.latex else ATOM
        return Piece(text.replace("-", style.minus, 1) if text.startswith("-") else text, strength)
    if array.size > _MOST_ENTRIES or array.ndim > 2 or array.size == 0:
        return None
    return Piece(matrix(array, style, digits), ATOM)


def matrix(array: Any, style: Style, digits: int = 4) -> str:
    """A vector or a matrix, written out."""
    entries = [[entry_text(entry, style, digits) for entry in row] for row in np.reshape(array, (len(array), -1))]
    if style.latex:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in entries) + r"\end{bmatrix}"
    rows = [f"[{', '.join(row)}]" for row in entries] if np.ndim(array) > 1 else [row[0] for row in entries]
    return f"[{', '.join(rows)}]"


def entry_text(value: Any, style: Style, digits: int = 4) -> str:
    """One number on its own."""
    found = piece(value, style, digits)
    return found.text if found else ""
