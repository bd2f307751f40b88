"""Index form: one entry of an expression, from its index equation, its definition or its parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from functools import reduce

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data
from chainrule.graph.notation import ATOM, CALL, FACTOR, SUM, TERM, Notation
from chainrule.ops.index_equation import Index, IndexEquation, equation_of
from chainrule.readings.formula.bound import Bound, composed
from chainrule.readings.formula.layout import Layout
from chainrule.readings.formula.style import Indices, Piece, runs_of

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

    def entry(
        self, expr: Expr, indices: Indices, taken: frozenset[str]
    ) -> Generator[Request, Piece, Piece | None]:
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
        return Piece(text, ATOM, runs_of(indices, expr.shape), is_indexed=True)

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
        le = r" \le " if self.style.latex else "≤"
        ends = [
            "" if known else f"{le}{size - 1 + first}" for (_, size), known in zip(inner, said, strict=True)
        ]
        listed = ",".join(letter + end for (letter, _), end in zip(inner, ends, strict=True))
        if not self.style.latex:
            head = f"{self.layout.sign_of(how or 'sum')}[{listed}] "
        elif how == "max":
            head = rf"\max_{{{listed}}} "
        else:
            head = "".join(rf"\sum_{{{letter}={first}}}^{{{size - 1 + first}}} " for letter, size in inner)
        return Piece(head + self.layout.placed(body, TERM, later=True), TERM, runs)

    def _product(
        self,
        expr: Expr,
        equation: IndexEquation,
        letters: dict[str, Index],
        taken: frozenset[str],
        summed_last: bool,
    ) -> Printing:
        """The product of the factors of an equation, each at its indices; outside of an array there is 0.

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
        pieces.sort(key=lambda one: (not self.layout.is_number(one), summed_last and one.strength == TERM))
        return reduce(self.layout.joined, pieces)

    def _opens(self, operand: Expr, depth: int = 10) -> bool:
        """Whether what is printed for a place outside of the operand is 0: there σ(z) is 0, and not σ(0)."""
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
            head = r"\max" if self.style.latex else "max"
            return Piece(head + self.style.bracketed(", ".join(terms)), CALL)
        return Piece(" + ".join(terms) or "0", SUM if len(terms) > 1 else TERM)


def _scalar(expr: Expr) -> Expr:
    """The same op on scalars, for the notation of one entry."""
    return Expr(expr.op, (_NUMBER,) * len(expr.operands), expr.params, ())


_NUMBER = data("x")
