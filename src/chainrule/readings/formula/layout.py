"""Brackets and the layout of products: what must not be taken for something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chainrule.graph.notation import (
    APPLIED,
    ATOM,
    BESIDE,
    CALL,
    HADAMARD,
    OPEN,
    PLACE,
    POWER,
    PRODUCT,
    TERM,
    WORD,
    Form,
)
from chainrule.graph.symbols import Symbol, latex_raised, symbol_of
from chainrule.readings.formula.style import Piece, Style, is_tall

_OPERAND = re.compile(r"#(\d+)(\^\{\\top\}|ᵀ|_\{[^#]*\}$|\[[^#]*\]$)?")
_PLACE = re.compile(rf"{PLACE}(-?\d+)")
_NUMBER = re.compile(r"\\frac\{[0-9]+\}\{[0-9]+\}|[0-9.]+(e[-+]?[0-9]+)?|([0-9.]+ \\cdot )?10\^\{-?[0-9]+\}")
_DIGITS = tuple("0123456789")
_SPACED = (r"\sum", r"\exp", r"\log", r"\tanh", r"\max", r"\min", r"\operatorname", r"\left", "(")
"""LaTeX sets these off from what stands before them, or needs no space there."""
_CALLABLE = re.compile(r"(\\(math\w+|text|operatorname)\{[^{}]{2,}\}|\\sigma|σ|\b[fgh]|[A-Za-zͰ-Ͽ]{2,}|’)$")
"""What, with a bracket behind it, looks like a call: σ (x + y)."""
_SCRIPT = re.compile(r"('|[′⊙₀-₎ₐ-ₜ⁰-⁾¹²³]|[_^][\w.]+)+$")
"""The scripts behind a symbol."""


class Layout:
    """Puts pieces together in one style.

    ranks: the symbols of the formula with their ranks, so that nothing else is written like one of
    them. spelled_out: numbers stand in place of names, so products are written with ×.
    """

    def __init__(self, style: Style, spelled_out: bool = False) -> None:
        self.style = style
        self.spelled_out = spelled_out
        self.ranks: dict[str, int] = {}

    def placed(self, piece: Piece, place: int, later: bool) -> str:
        """A piece in a place of a strength; later: behind a sign, where it must not begin with a minus."""
        weak = piece.strength < place or {piece.strength, place} == {HADAMARD, PRODUCT}
        if place == WORD:
            weak = not re.fullmatch(r"[A-Za-zͰ-Ͽℓ]+|[0-9.]+", piece.text)
        signed = later and piece.text.startswith(self.style.minus)
        return self.style.bracketed(piece.text) if weak or signed else piece.text

    def joined(self, left: Piece, right: Piece, form: Form | None = None) -> Piece:
        """Two factors side by side. A Σ may stand last without brackets; the product then reaches as far."""
        places = form.places(2) if form else (PRODUCT, PRODUCT)
        is_sum = (
            right.strength == TERM and not right.text.startswith(self.style.minus) and not self.spelled_out
        )
        b = right.text if is_sum else self.placed(right, places[1], later=True)
        text = self.beside(self.placed(left, places[0], later=False), b)
        return Piece(text, TERM if is_sum else PRODUCT, left.runs | right.runs)

    def beside(self, a: str, b: str, applied: bool = False) -> str:
        """Two texts side by side, with a dot where a reader could take them for a number or a call."""
        if self.spelled_out:
            return a + (" " if applied else self.style.times) + b
        call = b.startswith((r"\left(", "(")) and looks_callable(a)
        number = a[-1:] in _DIGITS and b.startswith(r"\frac")
        if b[:1] in _DIGITS or call or number or (b.startswith("[") and not self.style.latex):
            return a + (r" \cdot " if self.style.latex else " · ") + b
        tight = applied or not self.style.latex or _NUMBER.fullmatch(a) or b.startswith(_SPACED)
        return a + (" " if tight else r" \, ") + b

    def filled(self, form: Form, pieces: Sequence[Piece]) -> Piece:
        """A template with its operands, bracketed where they bind too weakly."""
        if form.template == f"#1{BESIDE}#2":
            left, right = pieces
            sum_first = left.strength == TERM < right.strength and not self.spelled_out
            return self.joined(right, left, form) if sum_first else self.joined(left, right, form)
        places = form.places(len(pieces))
        text, *further = [self._substituted(side, pieces, places) for side in form.template.split(APPLIED)]
        for side in further:
            text = self.beside(text, side, applied=True)
        is_indexed = form.strength == ATOM
        strength = min(ATOM, pieces[0].strength) if is_indexed and pieces[0].is_symbol else form.strength
        runs = frozenset[tuple[str, int]]().union(*(piece.runs for piece in pieces))
        return Piece(text, strength, runs, is_indexed=is_indexed)

    def _substituted(self, template: str, pieces: Sequence[Piece], places: Sequence[int]) -> str:
        def operand(found: re.Match[str]) -> str:
            at, script = int(found[1]) - 1, found[2]
            if script in (r"^{\top}", "ᵀ"):
                return self.transposed(pieces[at])
            if script:
                return self.indexed(pieces[at], script.strip("_{}[]"))
            later = places[at] != OPEN and (found.start() > 0 or at > 0)
            return self.placed(pieces[at], places[at], later)

        template = _PLACE.sub(lambda found: str(int(found[1]) + self.style.first), template)
        text = _OPERAND.sub(operand, template)
        if r"\left(" in template and not any(is_tall(piece.text) for piece in pieces):
            text = text.replace(r"\left(", "(").replace(r"\right)", ")")
        if template.startswith(("#1^", "#1⊙")) and pieces[0].is_symbol and text in self.ranks:
            return self._substituted(template, (self.enclosed(pieces[0]), *pieces[1:]), places)
        return text

    def is_number(self, piece: Piece) -> bool:
        """Whether a piece is a number, which goes first among factors where names stand for the others."""
        return not self.spelled_out and _NUMBER.fullmatch(piece.text) is not None

    def sign_of(self, reduce: str) -> str:
        """The sign of a sum or a maximum over indices in text, unlike all symbols."""
        signs = {"sum": ("Σ", "∑"), "max": ("max", "maximum")}[reduce]
        return signs[any(symbol.startswith(signs[0]) for symbol in self.ranks)]

    # scripts

    def enclosed(self, piece: Piece) -> Piece:
        """A piece in brackets, whatever it is."""
        return Piece(self.style.bracketed(piece.text), CALL, piece.runs)

    def transposed(self, piece: Piece) -> str:
        """A piece with ⊤."""
        sign = r"^{\top}" if self.style.latex else "ᵀ"
        if piece.is_symbol and piece.strength >= POWER:
            text = latex_raised(piece.text, r"\top") if self.style.latex else piece.text + sign
            if text not in self.ranks:
                return text
            piece = self.enclosed(piece)
        return self.placed(piece, CALL, later=False) + sign

    def indexed(self, piece: Piece, indices: str) -> str:
        """A piece with an index."""
        if piece.is_symbol and not self._is_taken(piece.text, indices):
            return self.style.indexed(piece.text, indices)
        plain = piece.strength >= CALL and not piece.is_indexed and not piece.is_symbol
        text = piece.text if plain else self.style.bracketed(piece.text)
        return f"{text}_{{{indices}}}" if self.style.latex else f"{text}[{indices}]"

    def _is_taken(self, symbol: str, indices: str) -> bool:
        """Whether a symbol with an index would look like another symbol or an entry of one: x_1 beside x."""
        entry = self.style.indexed(symbol, indices)
        wanted = symbol_of(entry) if self.style.latex else None
        if entry in self.ranks or wanted is None:
            return entry in self.ranks
        return any(_is_entry(wanted, other, rank) for other, rank in self.ranks.items() if other != symbol)


def _is_entry(wanted: Symbol, symbol: str, rank: int) -> bool:
    """Whether what is wanted can be read as a symbol or as an entry of it."""
    known = symbol_of(symbol)
    if known is None or replace(known, below=()) != replace(wanted, below=()):
        return False
    further = len(wanted.below) - len(known.below)
    return further in (0, rank) and wanted.below[: len(known.below)] == known.below


def looks_callable(text: str) -> bool:
    """Whether a formula ends with a symbol that, with a bracket behind it, would look like a call."""
    while not text.endswith((r"\top}", "ᵀ")):
        if _CALLABLE.search(text):
            return True
        shorter = _SCRIPT.sub("", text)
        if text.endswith(("}", ")")):
            at = _opening(text)
            shorter = text[: at - 1] if text[at - 1 : at] in ("_", "^") else text
        if shorter == text:
            return False
        text = shorter
    return False


def _opening(text: str) -> int:
    """Where the bracket opens that closes at the end."""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] in ")}") - (text[at] in "({")
        if not depth:
            return at
    return 0
