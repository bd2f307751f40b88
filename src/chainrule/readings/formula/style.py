"""What a formula is set in: LaTeX or Unicode text, and from which number indices count."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from chainrule.graph.notation import PRODUCT, Form, Notation, numeral
from chainrule.graph.shape import Shape
from chainrule.graph.symbols import latex_indexed, latex_symbol, text_indexed, text_raised, text_symbol
from chainrule.ops.index_equation import Index

Indices = tuple[Index, ...]


@dataclass(frozen=True)
class Piece:
    """A printed part and how strongly it binds.

    runs: the letters that stand alone as an index in it, each with the size of that axis: a reader
    takes from them how far a sum goes. is_symbol: further scripts go beside its own. is_indexed: it
    ends with an index, so that a further one needs brackets.
    """

    text: str
    strength: int
    runs: frozenset[tuple[str, int]] = frozenset()
    is_symbol: bool = False
    is_indexed: bool = False


def runs_of(indices: Indices, shape: Shape) -> frozenset[tuple[str, int]]:
    """The letters that stand alone as an index, each with the size of its axis."""
    return frozenset((index.letter, size) for index, size in zip(indices, shape, strict=True) if index.letter)


def is_tall(latex: str) -> bool:
    """Whether a formula in LaTeX is higher than a line, so that brackets around it have to grow."""
    return _TALL.search(latex) is not None


_TALL = re.compile(r"\\(frac|sum|begin|max_|sqrt|left)")


@dataclass(frozen=True)
class Style:
    """What differs between LaTeX and text, and between conventions."""

    latex: bool
    first: int = 1  # the index of the first entry
    rows: bool = False  # vectors are rows, x W, and not columns, W x

    @property
    def as_latex(self) -> Style:
        """The same in LaTeX."""
        return replace(self, latex=True)

    @property
    def as_text(self) -> Style:
        """The same as text."""
        return replace(self, latex=False)

    @property
    def minus(self) -> str:
        return "-" if self.latex else "−"

    @property
    def times(self) -> str:
        return r" \times " if self.latex else " × "

    def symbol(self, name: str) -> str:
        """A name."""
        return latex_symbol(name) if self.latex else text_symbol(name)

    def indexed(self, symbol: str, indices: str) -> str:
        """A symbol with indices."""
        return latex_indexed(symbol, indices) if self.latex else text_indexed(symbol, indices)

    def bracketed(self, text: str) -> str:
        """A text in brackets; in LaTeX in growing ones where something tall is inside."""
        return rf"\left({text}\right)" if self.latex and is_tall(text) else f"({text})"

    def form(self, notation: Notation) -> Form:
        """The form of a notation in this style."""
        if self.rows and notation.rows:
            notation = notation.rows
        return notation.latex if self.latex else notation.text

    def number(self, value: int | float | Fraction) -> Piece:
        """A number, exactly."""
        form = self.form(numeral(value))
        return Piece(form.template, form.strength)

    def scaled(self, digits: str, power: int) -> Piece:
        """A number as digits times a power of ten."""
        times, raised = (
            (r" \cdot ", f"10^{{{power}}}") if self.latex else ("×", "10" + text_raised(str(power)))
        )
        return Piece(f"{digits}{times}{raised}", PRODUCT)

    def relation(self, sign: str) -> str:
        """A relation: =, ≈ or ∈."""
        return {"≈": r"\approx", "∈": r"\in"}.get(sign, sign) if self.latex else sign

    def interval(self, low: Piece, high: Piece, shape: Shape) -> str:
        """All arrays of a shape with entries from low to high."""
        size = self.sizes(shape)
        if self.latex:
            return rf"\left[{low.text},\, {high.text}\right]^{{{size}}}"
        return f"[{low.text}, {high.text}]^{size if len(shape) < 2 else f'({size})'}"

    def sizes(self, shape: Shape) -> str:
        """The sizes of a shape: 2 × 3."""
        return (r" \times " if self.latex else "×").join(map(str, shape))

    def index(self, index: Index) -> str:
        """An index, with the letters counting from `first`. A quotient that is not whole is no place."""
        text = self._number(index, self.first * index.divisor)
        return text if index.divisor == 1 else f"({text})/{index.divisor}"

    def _number(self, index: Index, first: int) -> str:
        """The number before its division, counted from `first`; the letters count from `self.first`."""
        parts = [(factor, self.symbol(letter)) for factor, letter in index.terms]
        for factor, inner, by in index.rounded:
            quotient = f"({self._number(inner, 0)})/{by}"
            parts.append((factor, rf"\lfloor {quotient} \rfloor" if self.latex else f"⌊{quotient}⌋"))
        offset = index.offset + first - self.first * sum(factor for factor, _ in index.terms)
        signed = [
            (factor < 0, (str(abs(factor)) if abs(factor) != 1 else "") + what) for factor, what in parts
        ]
        if offset or not signed:
            signed.append((offset < 0, str(abs(offset))))
        if signed[0][0]:
            signed.sort(key=lambda part: part[0])  # 4-i for -i+4
        text = "".join((self.minus if negative else "+") + what for negative, what in signed)
        return text.removeprefix("+")

    def indices(self, indices: Indices) -> str:
        """Several indices."""
        return ",".join(map(self.index, indices))
