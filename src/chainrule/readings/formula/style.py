"""What a formula is set in: LaTeX or Unicode text, and from which number indices count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from chainrule.graph.notation import ATOM, FACTOR, PRODUCT, SUM, TERM, Form, Notation
from chainrule.graph.symbols import latex_indexed, latex_symbol, text_indexed, text_symbol
from chainrule.ops.index_equation import Index

Indices = tuple[Index, ...]


@dataclass(frozen=True)
class Piece:
    """A printed part and how strongly it binds."""

    text: str
    strength: int


@dataclass(frozen=True)
class Style:
    """What differs between LaTeX and text."""

    latex: bool
    first: int = 1  # the index of the first entry

    @property
    def minus(self) -> str:
        return "-" if self.latex else "−"

    def symbol(self, name: str) -> str:
        """A name."""
        return latex_symbol(name) if self.latex else text_symbol(name)

    def indexed(self, symbol: str, indices: str) -> str:
        """A symbol with indices."""
        return latex_indexed(symbol, indices) if self.latex else text_indexed(symbol, indices)

    def bracketed(self, text: str) -> str:
        """A text in brackets."""
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def form(self, notation: Notation) -> Form:
        """The form of a notation in this style."""
        return notation.latex if self.latex else notation.text

    def number(self, value: int | float | Fraction) -> Piece:
        """A number, exactly."""
        if isinstance(value, Fraction) and value.denominator == 1:
            value = value.numerator
        if value < 0:
            return Piece(self.minus + self.number(-value).text, SUM)
        if isinstance(value, Fraction):
            if self.latex:
                return Piece(rf"\frac{{{value.numerator}}}{{{value.denominator}}}", FACTOR)
            return Piece(f"{value.numerator}/{value.denominator}", TERM)
        text = repr(value)
        if "inf" in text or "nan" in text:
            return Piece((r"\infty" if self.latex else "∞") if "inf" in text else r"\mathrm{nan}", ATOM)
        if "e" in text:
            digits, power = text.split("e")
            text = rf"{digits} \cdot 10^{{{int(power)}}}" if self.latex else text
            return Piece(text, PRODUCT if self.latex else ATOM)
        return Piece(text, ATOM)

    def scaled(self, digits: str, power: int) -> Piece:
        """A number as digits times a power of ten."""
        times, raised = (r" \cdot ", f"10^{{{power}}}") if self.latex else ("×", "10" + text_symbol(f"^{{{power}}}"))
        return Piece(f"{digits}{times}{raised}", PRODUCT)

    def relation(self, sign: str) -> str:
        """A relation: =, ≈ or ∈."""
        return {"≈": r"\approx", "∈": r"\in"}.get(sign, sign) if self.latex else sign

    def interval(self, low: Piece, high: Piece, shape: Sequence[int]) -> str:
        """All arrays of a shape with entries from low to high."""
        times = r" \times " if self.latex else "×"
        size = times.join(map(str, shape))
        if self.latex:
            return rf"\left[{low.text},\, {high.text}\right]^{{{size}}}"
        return f"[{low.text}, {high.text}]^{size if len(shape) < 2 else f'({size})'}"

    def index(self, index: Index) -> str:
        """An index, with the letters counting from `first`. Of a whole quotient only whole numbers are places."""
        text = self._number(index, self.first * index.divisor)
        return text if index.divisor == 1 else f"({text})/{index.divisor}"

    def _number(self, index: Index, first: int) -> str:
        """The number before its division, for a letter whose first value is `self.first`, counted from `first`."""
        parts = [(factor, letter) for factor, letter in index.terms]
        for factor, inner, by in index.rounded:
            quotient = f"({self._number(inner, 0)})/{by}"
            parts.append((factor, rf"\lfloor {quotient} \rfloor" if self.latex else f"⌊{quotient}⌋"))
        offset = index.offset + first - self.first * sum(factor for factor, _ in index.terms)
        text = ""
        for factor, what in parts:
            sign = "-" if factor < 0 else "+" if text else ""
            text += sign + (str(abs(factor)) if abs(factor) != 1 else "") + what
        return text + (f"{offset:+d}" if text and offset else "" if text else str(offset))

    def indices(self, indices: Indices) -> str:
        """Several indices."""
        return ",".join(map(self.index, indices))
