"""Index form: one entry of an expression, from its index equation, its definition or its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from functools import reduce
from math import lcm

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.notation import ATOM, CALL, FACTOR, SUM, TERM, Notation
from chainrule.ops.index_equation import Index, IndexEquation, equation_of
from chainrule.readings.formula.layout import Layout
from chainrule.readings.formula.style import Indices, Piece, Style

LETTERS = "ijklmnpqrstuvabcdefgh"
"""The letters for indices, in the order in which they are taken."""

Request = tuple[Expr, Indices | None, frozenset[str]]
"""What to print: an expression, the indices of an entry or None, and the letters that are taken around it."""
Printing = Generator[Request, Piece, Piece]


class Entries:
    """Prints single entries. is_named: what is printed as its name; avoided: letters that are no index."""

    def __init__(
        self, layout: Layout, is_named: Callable[[Expr], bool], avoided: Collection[str], spelled_out: bool
    ) -> None:
        self.layout, self.style = layout, layout.style
        self.is_named = is_named
        self.avoided = avoided
        self.spelled_out = spelled_out

    def entry(self, expr: Expr, indices: Indices, taken: frozenset[str]) -> Generator[Request, Piece, Piece | None]:
        """One entry of an expression; None where only the whole can be written."""
        op = expr.op
        if op.elementwise:
            notation = op.notation_of(_scalar(expr))
            if isinstance(notation, Notation):
                pieces: list[Piece] = []
                for operand in expr.operands:
                    piece = yield operand, indices if operand.shape else (), taken
                    pieces.append(piece)
                return self.layout.filled(self.style.form(notation), pieces)
        if op.equation is not None:
            return (yield from self._from_equation(expr, indices, taken))
        if op.defined:
            return (yield op.definition(expr.operands, expr.params), indices, taken)
        return None

    def at(self, whole: Piece, indices: Indices, expr: Expr) -> Piece:
        """A printed array at indices."""
        if not indices:
            return whole
        text = self.layout.indexed(whole, self.style.indices(indices))
        runs = frozenset((index.letter, size) for index, size in zip(indices, expr.shape, strict=True) if index.letter)
        return Piece(text, ATOM, runs, is_indexed=True)

    # index equations

    def _from_equation(self, expr: Expr, indices: Indices, taken: frozenset[str]) -> Printing:
        equation = equation_of(expr)
        sizes = equation.sizes([operand.shape for operand in expr.operands], expr.shape)
        used = {*taken, *self.avoided, *(letter for index in indices for letter in index.letters)}
        bound = Bound(equation, indices, expr.shape, sizes)
        if bound.is_nowhere:
            return Piece("0", ATOM)
        inner = bound.take_letters(used)
        if inner and self.spelled_out and not any(index.terms for index in indices):
            return (yield from self._term_by_term(expr, equation, indices))
        body = yield from self._product(expr, equation, bound.letters, frozenset(used), summed_last=not inner)
        conditions = bound.conditions(self.style)
        if conditions:
            body = self.layout.joined(Piece(f"[{', '.join(conditions)}]", FACTOR), body)
        return self._reduced(body, equation.reduce, inner) if inner else body

    def _reduced(self, body: Piece, how: str, inner: Sequence[tuple[str, int]]) -> Piece:
        """Σ or max over letters. How far one runs is said unless an array that it indexes says it."""
        first = self.style.first
        said = [{size for name, size in body.runs if name == letter} == {size} for letter, size in inner]
        runs = frozenset((name, size) for name, size in body.runs if name not in dict(inner))
        if self.style.latex and how != "max":
            head = "".join(rf"\sum_{{{letter}={first}}}^{{{size - 1 + first}}} " for letter, size in inner)
        else:
            le = r" \le " if self.style.latex else "≤"
            ranges = [letter + ("" if known else f"{le}{size - 1 + first}") for (letter, size), known in zip(inner, said, strict=True)]
            sign = self.layout.sign_of("max" if how == "max" else "sum")
            head = rf"\max_{{{','.join(ranges)}}} " if self.style.latex else f"{sign}[{','.join(ranges)}] "
        return Piece(head + self.layout.placed(body, TERM, later=True), TERM, runs)

    def _product(
        self, expr: Expr, equation: IndexEquation, letters: dict[str, Index], taken: frozenset[str], summed_last: bool
    ) -> Printing:
        """The product of the factors of an equation, each at its indices; outside of an array its entries are 0.

        summed_last: a factor that is a sum goes last, where it needs no brackets.
        """
        pieces: list[Piece] = []
        shapes = [operand.shape for operand in expr.operands]
        for k, (factor, operand) in enumerate(zip(equation.factors, expr.operands, strict=True)):
            places = tuple(composed(index, letters) for index in factor.indices)
            if self._opens(operand) or not equation.reads_outside(k, shapes, expr.shape):
                piece = yield operand, places, taken
            else:
                piece = self.at((yield operand, None, taken), places, operand)
            pieces.append(piece)
        pieces.sort(key=lambda piece: (not self.layout.is_number(piece), summed_last and piece.strength == TERM))
        return reduce(self.layout.joined, pieces)

    def _opens(self, operand: Expr, depth: int = 10) -> bool:
        """Whether what is printed for a place outside of the operand is 0 as well: σ(z) at such a place is not σ(0)."""
        if self.is_named(operand):
            return True
        if not operand.op.elementwise or operand.op.linear is None or not depth:
            return False
        arrays = [part for part in operand.operands if part.shape]
        numbers_too = operand.op.linear == "each" or len(arrays) == len(operand.operands)
        return bool(arrays) and numbers_too and all(self._opens(part, depth - 1) for part in arrays)

    def _term_by_term(self, expr: Expr, equation: IndexEquation, indices: Indices) -> Printing:
        """One entry with numbers in place: every term of its sum (or maximum) written out."""
        shapes = [operand.shape for operand in expr.operands]
        terms: list[str] = []
        for read in equation.terms(tuple(index.offset for index in indices), shapes, expr.shape):
            body: Piece | None = None
            for at, operand in zip(read, expr.operands, strict=True):
                piece = yield operand, tuple(Index((), place) for place in at), frozenset()
                body = piece if body is None else self.layout.joined(body, piece)
            if body is not None:
                terms.append(self.layout.placed(body, TERM, later=bool(terms)))
        if equation.reduce == "max":
            return Piece((r"\max" if self.style.latex else "max") + self.style.bracketed(", ".join(terms)), CALL)
        return Piece(" + ".join(terms) or "0", SUM if len(terms) > 1 else TERM)


class Bound:
    """The letters of an equation at given indices of its output, and the conditions under which there is an entry.

    From Y[i+1] = X[i] at the index k comes X at k - 1 under the condition that it lies inside; from
    Y[2*i] = X[i] the sum over i of [k = 2 i] X at i.
    """

    def __init__(self, equation: IndexEquation, indices: Indices, shape: Sequence[int], sizes: dict[str, int]) -> None:
        self.equation, self.sizes = equation, sizes
        self.letters: dict[str, Index] = {}
        self.ranges: list[tuple[Index, int, int, int]] = []  # an index, its bounds, the size of its axis
        self.equal: list[tuple[Index, Index]] = []
        for at, index, size in zip(equation.output.indices, indices, shape, strict=True):
            self._bind(at, index, size)
        self.ranges, ranged = [one for one in self.ranges if one[0].letters], self.ranges
        self.equal, equal = [one for one in self.equal if one[0].letters or one[1].letters], self.equal
        inside = all(low <= index.at({}) <= high for index, low, high, _ in ranged if not index.letters)
        self.is_nowhere = not inside or any(one.at({}) != two.at({}) for one, two in equal if (one, two) not in self.equal)

    def _bind(self, at: Index, index: Index, size: int) -> None:
        letter = at.terms[0][1] if len(at.terms) == 1 else ""
        if at.letter is not None and letter not in self.letters and self.sizes[letter] == size:
            self.letters[letter] = index
        elif letter and letter not in self.letters and at.terms[0][0] == 1 and at.divisor == 1 and not at.rounded:
            self.letters[letter] = Index(index.terms, index.offset - at.offset * index.divisor, index.divisor, index.rounded)
            self.ranges.append((index, at.offset, at.offset + self.sizes[letter] - 1, size))
        else:
            self.equal.append((index, at))

    def take_letters(self, used: set[str]) -> list[tuple[str, int]]:
        """Letters for what remains to be summed over, each with how far it runs."""
        inner = []
        for letter in self.equation.letters:
            if letter not in self.letters:
                fresh = fresh_letter(letter, used)
                used.add(fresh)
                self.letters[letter] = Index(((1, fresh),))
                inner.append((fresh, self.sizes[letter]))
        return inner

    def conditions(self, style: Style) -> list[str]:
        """What has to hold for an entry not to be 0."""
        le, ge = (r" \le ", r" \ge ") if style.latex else (" ≤ ", " ≥ ")
        found = []
        for index, low, high, size in self.ranges:
            above, below, plain = low > 0, high < size - 1, Index(index.terms)
            if plain.letter and index == Index(index.terms, index.offset):  # 1 <= i <= 3 for 2 <= i + 1 <= 4
                low, high, index = low - index.offset, high - index.offset, plain
                above = above and low > 0
            text, lowest, highest = style.index(index), str(low + style.first), str(high + style.first)
            if low == high:
                found.append(f"{text} = {lowest}")
            elif above and below:
                found.append(lowest + le + text + le + highest)
            elif above or below:
                found.append(text + ge + lowest if above else text + le + highest)
        found += [f"{style.index(index)} = {style.index(composed(at, self.letters))}" for index, at in self.equal]
        return found


def _scalar(expr: Expr) -> Expr:
    """The same op on scalars, for the notation of one entry."""
    return Expr(expr.op, (_NUMBER,) * len(expr.operands), expr.params, ())


_NUMBER = data("x")


def composed(index: Index, letters: dict[str, Index]) -> Index:
    """An index of letters that are themselves indices of others. A divisor stays: it says which places there are."""
    common = lcm(*(letters[letter].divisor for _, letter in index.terms))
    total: Counter[str] = Counter()
    rounded = [(factor * common, composed(inner, letters), by) for factor, inner, by in index.rounded]
    offset = index.offset * common
    for factor, letter in index.terms:
        inner, scale = letters[letter], factor * common // letters[letter].divisor
        offset += scale * inner.offset
        rounded += [(scale * times, quotient, by) for times, quotient, by in inner.rounded]
        for times, name in inner.terms:
            total[name] += scale * times
    terms = tuple((factor, name) for name, factor in total.items() if factor)
    return Index(terms, offset, index.divisor * common, tuple(rounded))


def fresh_letter(letter: str, used: Collection[str]) -> str:
    """The letter itself where it is free, else the next free one."""
    candidates = (letter, *LETTERS, *(f"i_{{{n}}}" for n in range(1000)))
    return next(candidate for candidate in candidates if candidate not in used)
