"""The letters of an index equation, bound to the indices of the entry that is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from math import lcm

from chainrule.ops.index_equation import Index, IndexEquation
from chainrule.readings.formula.style import Indices, Style

LETTERS = "ijklmnpqrstuvabcdefgh"
"""The letters for indices, in the order in which they are taken."""


class Bound:
    """The letters of an equation at given indices of its output, and when there is an entry at all.

    From Y[i+1] = X[i] at the index k comes X at k - 1 under the condition that it lies inside; from
    Y[2*i] = X[i] the sum over i of [k = 2 i] X at i.

    ranges: an index, its bounds, and the size of its axis. equal: indices that have to be the same.
    """

    def __init__(
        self, equation: IndexEquation, indices: Indices, shape: Sequence[int], sizes: dict[str, int]
    ) -> None:
        self.equation, self.sizes = equation, sizes
        self.letters: dict[str, Index] = {}
        self.ranges: list[tuple[Index, int, int, int]] = []
        self.equal: list[tuple[Index, Index]] = []
        self.is_nowhere = False
        for at, index, size in zip(equation.output.indices, indices, shape, strict=True):
            self._bind(at, index, size)

    def _bind(self, at: Index, index: Index, size: int) -> None:
        letter = at.terms[0][1] if len(at.terms) == 1 and at.terms[0][0] == 1 else ""
        if letter in self.letters or at.divisor != 1 or at.rounded or not letter:
            self._equate(index, at)
            return
        offset = index.offset - at.offset * index.divisor
        self.letters[letter] = Index(index.terms, offset, index.divisor, index.rounded)
        if self.sizes[letter] != size:
            self._limit(index, at.offset, at.offset + self.sizes[letter] - 1, size)

    def _equate(self, index: Index, at: Index) -> None:
        if index.letters or at.letters:
            self.equal.append((index, at))
        elif index.at({}) != at.at({}):
            self.is_nowhere = True

    def _limit(self, index: Index, low: int, high: int, size: int) -> None:
        if index.letters:
            self.ranges.append((index, low, high, size))
        elif not low <= index.at({}) <= high:
            self.is_nowhere = True

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
        limits = [_limits(style, *one) for one in self.ranges]
        equal = [f"{style.index(one)} = {style.index(composed(at, self.letters))}" for one, at in self.equal]
        return [limit for limit in limits if limit] + equal


def _limits(style: Style, index: Index, low: int, high: int, size: int) -> str:
    """low ≤ index ≤ high, as far as it does not hold by itself."""
    above, below, plain = low > 0, high < size - 1, Index(index.terms)
    if plain.letter and index == Index(index.terms, index.offset):  # 1 ≤ i ≤ 3 for 2 ≤ i + 1 ≤ 4
        low, high, index = low - index.offset, high - index.offset, plain
        above = above and low > 0
    at_most, at_least = (r" \le ", r" \ge ") if style.latex else (" ≤ ", " ≥ ")
    text, lowest, highest = style.index(index), str(low + style.first), str(high + style.first)
    if above and below:
        return f"{text} = {lowest}" if low == high else lowest + at_most + text + at_most + highest
    if above:
        return text + at_least + lowest
    return text + at_most + highest if below else ""


def composed(index: Index, letters: dict[str, Index]) -> Index:
    """An index of letters that are indices of others. A divisor stays: it says which places there are."""
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
    candidates: tuple[str, ...] = (letter, *LETTERS, *(f"i_{{{n}}}" for n in range(1000)))
    return next(candidate for candidate in candidates if candidate not in used)
