"""How numbers are shown: with the digits that a person needs; whole numbers and small fractions exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.graph.notation import ATOM, POWER, SUM
from chainrule.readings.formula import Piece, Style

DIGITS = 4
_LONGEST_COLUMN = 6
_WHOLE = 10**6  # whole numbers below this are written out
_DENOMINATOR = 12  # fractions with a larger denominator are written as decimals


@dataclass(frozen=True)
class Shown:
    """A number as it is printed: sign, digits and power of ten, or a fraction. `exact` is what the print says."""

    negative: bool
    digits: str
    power: int = 0
    denominator: int = 1

    @property
    def exact(self) -> Fraction | None:
        """The number that is printed; None for what is no number."""
        try:
            value = Fraction(self.digits) * Fraction(10) ** self.power / self.denominator
        except ValueError:
            return None
        return -value if self.negative else value

    def piece(self, style: Style) -> Piece:
        """The number as a part of a formula."""
        if self.digits in ("inf", "nan"):
            size = style.number(math.inf if self.digits == "inf" else math.nan)
        elif self.denominator > 1:
            size = style.number(Fraction(int(self.digits), self.denominator))
        else:
            size = style.scaled(self.digits, self.power) if self.power else Piece(self.digits, ATOM)
        return Piece(style.minus + size.text, SUM) if self.negative else size

    def __str__(self) -> str:
        return self.piece(_TEXT).text


_TEXT = Style(latex=False)


def shown(value: Any, digits: int = DIGITS, exact: Fraction | None = None) -> Shown:
    """A number with so many significant digits; exact: what it is, where that is known."""
    return _shown(float(value), digits, exact)


@lru_cache(maxsize=65536)
def _shown(number: float, digits: int, exact: Fraction | None) -> Shown:
    negative = math.copysign(1, number) < 0 and number != 0
    size = abs(number)
    if not math.isfinite(number):
        return Shown(negative, "nan" if math.isnan(number) else "inf")
    if (
        exact is not None
        and 1 < exact.denominator <= _DENOMINATOR
        and abs(exact.numerator) < 100
        and not _is_short(exact)
    ):
        return Shown(exact < 0, str(abs(exact.numerator)), 0, exact.denominator)
    if size < _WHOLE and size == int(size):
        return Shown(negative, str(int(size)))
    text = f"{size:.{digits}g}"
    mantissa, _, power = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return Shown(negative, mantissa, int(power or 0))


def _is_short(number: Fraction) -> bool:
    """Whether a fraction is a decimal of a few digits."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1 and number.denominator in (1, 2, 4, 5, 8, 10)


def bound(value: float, digits: int, up: bool) -> Shown:
    """A number rounded away, so that what is printed holds as a bound."""
    number = shown(value, digits)
    exact = number.exact
    if exact is None or (exact >= Fraction(value) if up else exact <= Fraction(value)):
        return number
    step = 10.0 ** (math.floor(math.log10(abs(value))) - digits + 1)
    return shown(float(f"{value + (step if up else -step):.{digits}g}"), digits)


def matrix(entries: Any, style: Style) -> Piece:
    """A vector or a matrix of shown numbers, written out. A vector is a column, a long one a row, transposed; or
    a row, where the style has it so."""
    row = style.rows and np.ndim(entries) == 1
    long = style.latex and np.ndim(entries) == 1 and len(entries) > _LONGEST_COLUMN and not row
    table = np.reshape(entries, (1, -1) if long or row else (len(entries), -1))
    rows = [[entry.piece(style).text for entry in line] for line in table]
    if style.latex:
        text = r"\begin{bmatrix}" + r" \\ ".join(" & ".join(cells) for cells in rows) + r"\end{bmatrix}"
        return Piece(f"{text}^{{\\top}}", POWER) if long else Piece(text, ATOM)
    listed = (
        [f"[{', '.join(cells)}]" for cells in rows]
        if np.ndim(entries) > 1 or row
        else [cells[0] for cells in rows]
    )
    return Piece(f"[{', '.join(listed)}]", ATOM)
