"""The grammar of a formula, for LaTeX and text alike: from tokens to what the formula computes.

Precedence, from loose to tight: + and −; Σ and max with their body, a quotient in one line; ⋆ and ∗;
⊙ and ⊘; side by side; what needs no brackets. ⊙, ⊘, ⋆ and side by side never mix without brackets,
since readers differ on which goes first. The parser knows the shape and the value of every symbol, as
a reader of the page does, and takes nothing that can be read in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from support import formula_values as v
from support.formula_factors import Factors
from support.formula_index import span
from support.formula_scope import OUTSIDE, Letters, Node, Scope, Symbol, Token
from support.formula_values import ReadingError, Value
from support.formula_windows import starred

_FACTORS = {"number", "stem", "head", "(", "|", "‖", "frac", "sqrt", "matrix", "full", "list", "big"}
_SCRIPTS = ("sub", "sup", "prime")
_STICKY = re.compile(r"\\(?:mathrm|mathit|text|operatorname)\{.{2,}|\\sigma|[σfgh]|[^\W\d_]{2,}|‘.*")
"""Stems that, with a bracket behind them, would be taken for functions."""


class Parser(Factors):
    """Reads one formula, or one group of it."""

    # sums and terms

    def sum(self) -> Node:
        minus = self.taken("-")
        total = self.term()
        total = self.negative(total) if minus else total
        while self.next.kind in "+-":
            total = self.added(total, np.add if self.take().kind == "+" else np.subtract, self.term())
        return total

    @staticmethod
    def negative(node: Node) -> Node:
        return lambda letters: v.entrywise(np.negative, node(letters))

    @staticmethod
    def added(left: Node, how: Callable[..., Any], right: Node) -> Node:
        return lambda letters: v.entrywise(how, left(letters), right(letters))

    def term(self) -> Node:
        """Factors with one kind of sign between them."""
        factors, kinds = [self.factor()], set()
        while True:
            sign = self.next
            if sign.kind in ("⊙", "⊘", "⊗", "/", "star"):
                self.take()
                kinds.add(sign.kind)
                factors.append(self.factor())
                if sign.kind != "⊙":
                    break
            elif sign.kind == "·" or sign.kind in _FACTORS:
                self.taken("·")
                kinds.add("·")
                self.check_beside(self.tokens[self.at - 1], self.next)
                factors.append(self.factor())
            else:
                break
        return self.joined(factors, kinds, sign)

    def check_beside(self, before: Token, after: Token) -> None:
        """Whether two factors side by side can be told apart without a dot."""
        if before.kind == "·":
            return
        if after.kind == "number" or (before.kind == "number" and after.kind == "frac"):
            raise ReadingError(f"a number behind a factor without a dot in {self.text!r}")
        if after.kind == "(" and before.kind in ("stem", *_SCRIPTS):
            stem = next(token for token in reversed(self.tokens[: self.at]) if token.kind not in _SCRIPTS)
            transposed = before.kind == "sup" and before.groups[0].endswith("⊤")
            if stem.kind == "stem" and not transposed and _STICKY.fullmatch(stem.text):
                raise ReadingError(f"{stem.text} before a bracket reads as a function in {self.text!r}")

    def joined(self, factors: Sequence[Node], kinds: set[str], sign: Token) -> Node:
        if "/" in kinds and kinds <= {"/", "·"}:
            return self.combined([self.combined(factors[:-1], v.side_by_side), factors[-1]], v.quotient)
        if len(kinds) > 1 or (kinds & {"⊘", "⊗", "star"} and len(factors) > 2):
            raise ReadingError(f"{' and '.join(kinds)} side by side without brackets in {self.text!r}")
        if kinds == {"star"}:
            return self.slid(factors, sign)
        how = {"⊙": v.hadamard, "⊘": v.hadamard_quotient, "⊗": v.tensor}.get(*kinds or {"·"}, v.side_by_side)
        return self.combined(factors, how)

    @staticmethod
    def slid(factors: Sequence[Node], sign: Token) -> Node:
        return lambda letters: starred(factors[0](letters), factors[1](letters), sign.text, sign.groups[0])

    @staticmethod
    def combined(factors: Sequence[Node], how: Callable[[Value, Value], Value]) -> Node:
        """From left to right. A bracket such as [i ≤ 2] stands for 1 or 0, whatever comes with it."""

        def node(letters: Letters) -> Value:
            values = [factor(letters) for factor in factors]
            masks = [value for value in values if value.rank == -1]
            rest = [value for value in values if value.rank != -1]
            result = rest[0] if rest else v.number(1)
            for value in rest[1:]:
                result = how(result, value)
            for mask in masks:
                if result.rank:
                    raise ReadingError("a bracket such as [i ≤ 2] beside an array")
                result = Value(np.where(mask.array, result.array, 0.0), 0)
            return result

        return node

    def big(self) -> Node:
        """Σ or max over indices, with all that follows as its body."""
        token = self.take("big")
        ranges = [span(part) for part in token.groups]
        for letter, _, _ in ranges:
            if letter in self.scope.letters:
                raise ReadingError(f"the index {letter} is taken twice in {self.text!r}")
            self.scope.letters.add(letter)
        body = self.term()
        if self.next.kind not in ("end", "+", "-", ")", ",", "end|", "end‖"):
            raise ReadingError(f"more behind the body of a sum in {self.text!r}")
        for letter, low, high in reversed(ranges):
            self.scope.letters.remove(letter)
            start = self.scope.first if low is None else low
            body = _reduced(token.text, letter, range(start, self.end(letter, start, high) + 1), body)
        return body

    def end(self, letter: str, start: int, high: int | None) -> int:
        """The last number that an index takes; where it is not said, the arrays that it indexes tell it."""
        sizes = self.scope.sizes.pop(letter, set())
        if high is None and len(sizes) != 1:
            raise ReadingError(f"how far does {letter} run? {sizes} in {self.text!r}")
        return start + sizes.pop() - 1 if high is None else high


def _reduced(how: str, letter: str, places: range, body: Node) -> Node:
    """The sum or the maximum of a body over an index."""

    def node(letters: Letters) -> Value:
        inner = {name: np.asarray(value)[..., None] for name, value in letters.items() if name != OUTSIDE}
        outside = np.nan if how == "max" else 0.0
        value = body(inner | {letter: np.array(places), OUTSIDE: outside})
        if value.rank:
            raise ReadingError(f"a sum over {letter} of an array")
        terms = np.broadcast_to(value.array, np.broadcast_shapes(np.shape(value.array), (len(places),)))
        return Value(np.fmax.reduce(terms, axis=-1) if how == "max" else np.sum(terms, axis=-1), 0)

    return node


def computed(
    formula: str, declared: Mapping[Symbol, Any], how: Any, letters: str, shape: tuple[int, ...], first: int
) -> Any:
    """What a formula computes; how: the module that has its tokens."""
    symbols = {name: v.array(value) for name, value in declared.items()}
    stems = frozenset(name.stem for name in declared)
    scope = Scope(
        symbols, lambda text: how.tokens(text, stems), how.cells, how.INDICES_BELOW, first, {*letters}
    )
    grids = [grid + first for grid in np.indices(shape, sparse=True)] if letters else []
    with np.errstate(all="ignore"):
        result = Parser(scope, formula).whole()(dict(zip(letters, grids, strict=True)))
    if result.row or result.rank == -1 or (letters and result.rank):
        raise ReadingError(f"a row, or an array with indices: {formula!r}")
    return np.broadcast_to(result.array, shape) if letters else np.asarray(result.array)
