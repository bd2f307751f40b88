"""The printer: it owns the brackets, the layout of products and the indices. The ops say how they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from math import lcm

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT, data
from chainrule.graph.notation import (
    ATOM,
    BESIDE,
    CALL,
    FACTOR,
    HADAMARD,
    OPEN,
    PRODUCT,
    SUM,
    TERM,
    Notation,
)
from chainrule.graph.symbols import latex_raised, text_symbol
from chainrule.ops.index_equation import Index, IndexEquation, equation_of
from chainrule.readings.formula.style import Indices, Piece, Style

LETTERS = "ijklmnpqrstuvabcdefgh"
"""The letters for indices, in the order in which they are taken."""
_MATRIX_ENTRIES = 36

Request = tuple[Expr, Indices | None, frozenset[str]]
"""What to print: an expression, the indices of an entry or None, and the letters that are taken around it."""
Printing = Generator[Request, Piece, Piece]
Numbers = Callable[[Expr, "Indices | None"], "Piece | None"]


class Printer:
    """Prints expressions in one style. Named parts are printed as their names, but for the one asked for."""

    def __init__(
        self,
        style: Style,
        known: dict[Expr, str] | None = None,
        expand: bool = False,
        numbers: Numbers | None = None,
    ) -> None:
        self.style = style
        self.known = known or {}  # names given to long parts
        self.expand = expand
        self.numbers = numbers  # prints a named part as its value, where it can

    def text(self, expr: Expr, indices: Indices | None = None) -> str:
        """The right-hand side of an expression; with indices that of one entry."""
        return self.piece(expr, indices).text

    def piece(self, expr: Expr, indices: Indices | None = None) -> Piece:
        """The right-hand side of an expression, run without recursion."""
        done: dict[Request, Piece] = {}
        taken = frozenset(letter for index in indices or () for letter in index.letters)
        root: Request = (expr, indices, taken)
        stack: list[tuple[Request, Printing]] = [(root, self._opened(*root))]
        answer: Piece | None = None
        while stack:
            request, printing = stack[-1]
            try:
                wanted = next(printing) if answer is None else printing.send(answer)
            except StopIteration as end:
                stack.pop()
                answer = done[request] = end.value
                continue
            answer = done.get(wanted)
            if answer is None:
                stack.append((wanted, self._printing(*wanted)))
        if answer is None:
            raise ChainruleError("an expression to print", repr(expr), "formula", "make one: data, parameter, constant")
        return answer

    def name(self, expr: Expr, indices: Indices | None = None) -> str:
        """The name of a named part or leaf, with indices."""
        symbol = self.style.symbol(self.known.get(expr) or str(expr.name))
        return self.style.indexed(symbol, self.style.indices(indices)) if indices else symbol

    # one node

    def _printing(self, expr: Expr, indices: Indices | None, taken: frozenset[str]) -> Printing:
        if expr in self.known or (expr.name and (expr.is_leaf or not self.expand)):
            yield from ()
            number = self.numbers(expr, indices) if self.numbers else None
            if number is not None:
                return number
            symbol, text = self.name(expr), self.name(expr, indices)
            return Piece(text, TERM if "/" in symbol else FACTOR if text.startswith(r"\frac") else ATOM)
        return (yield from self._opened(expr, indices, taken))

    def _opened(self, expr: Expr, indices: Indices | None, taken: frozenset[str]) -> Printing:
        if expr.op is CONSTANT:
            return self._constant(expr, indices)
        if expr.is_leaf:
            return Piece(self.name(expr, indices), ATOM)
        if indices is not None:
            return (yield from self._entry(expr, indices, taken))
        notation = expr.op.notation_of(expr)
        if notation is None:
            return (yield expr.op.definition(expr.operands, expr.params), None, taken)
        return (yield from self._filled(notation, [(operand, None, taken) for operand in expr.operands]))

    def _entry(self, expr: Expr, indices: Indices, taken: frozenset[str]) -> Printing:
        """One entry of an expression."""
        op = expr.op
        if op.elementwise:
            notation = op.notation_of(_scalar(expr))
            asked = [(operand, indices if operand.shape else (), taken) for operand in expr.operands]
            if notation is not None:
                return (yield from self._filled(notation, asked))
        if op.name == "index":
            return (yield expr.operands[0], _read_at(expr, indices), taken)
        if op.equation is not None:
            return (yield from self._from_equation(expr, indices, taken))
        if op.defined:
            return (yield op.definition(expr.operands, expr.params), indices, taken)
        return self._at((yield expr, None, taken), indices)

    def _at(self, whole: Piece, indices: Indices) -> Piece:
        """A printed array at indices."""
        if not indices:
            return whole
        plain = whole.strength >= ATOM and not whole.text.endswith("]")
        bracketed = whole.text if plain else self.style.bracketed(whole.text)
        return Piece(self.style.indexed(f"{{{bracketed}}}" if self.style.latex else bracketed, self.style.indices(indices)), ATOM)

    def _from_equation(self, expr: Expr, indices: Indices, taken: frozenset[str]) -> Printing:
        equation = equation_of(expr)
        sizes = equation.sizes([operand.shape for operand in expr.operands], expr.shape)
        letters: dict[str, Index] = {}
        for at, index in zip(equation.output.indices, indices, strict=True):
            if at.letter is None:
                remedy = "print the matrix form"
                raise ChainruleError("an equation whose output indices are plain", str(equation), "index form", remedy)
            letters[at.letter] = index
        used = set(taken).union(letter for index in indices for letter in index.letters)
        inner, ranged = [], dict(equation.ranges)
        for letter in equation.letters:
            if letter not in letters:
                fresh = _fresh(letter, used)
                used.add(fresh)
                letters[letter] = Index(((1, fresh),))
                inner.append((fresh, sizes[letter]))
                if letter in ranged:  # no shape tells how far it runs
                    ranged[fresh] = ranged.pop(letter) - 1 + self.style.first
        if inner and self.numbers and not any(index.terms for index in indices):
            return (yield from self._term_by_term(expr, equation, letters, indices))
        body = yield from self._product(expr, equation, letters, frozenset(used))
        if not inner:
            return body
        at_most = r" \le " if self.style.latex else "≤"
        listed = ",".join(letter + (f"{at_most}{ranged[letter]}" if letter in ranged else "") for letter, _ in inner)
        if not self.style.latex:
            head = f"{'max' if equation.reduce == 'max' else 'Σ'}[{listed}] "
        elif equation.reduce == "max":
            head = rf"\max_{{{listed}}} "
        else:
            first = self.style.first
            head = "".join(rf"\sum_{{{letter}={first}}}^{{{size - 1 + first}}} " for letter, size in inner)
        return Piece(head + self._placed(body, TERM + 1, later=False), TERM)

    def _product(
        self, expr: Expr, equation: IndexEquation, letters: dict[str, Index], taken: frozenset[str]
    ) -> Printing:
        """The product of the factors of an equation, each at its indices; outside of an array its entries are 0."""
        body: Piece | None = None
        shapes = [operand.shape for operand in expr.operands]
        for k, (factor, operand) in enumerate(zip(equation.factors, expr.operands, strict=True)):
            places = tuple(_composed(index, letters) for index in factor.indices)
            if self._opens(operand) or not equation.reads_outside(k, shapes, expr.shape):
                piece = yield operand, places, taken
            else:
                piece = self._at((yield operand, None, taken), places)
            body = piece if body is None else self._joined(body, piece)
        if body is None:
            raise ChainruleError("an equation with factors", str(equation), "index form", "print the matrix form")
        return body

    def _opens(self, operand: Expr, depth: int = 10) -> bool:
        """Whether what is printed for a place outside of the operand is 0 as well: σ(z) at such a place is not σ(0)."""
        if operand in self.known or (operand.name and (operand.is_leaf or not self.expand)):
            return True
        if not operand.op.elementwise or operand.op.linear is None or not depth:
            return False
        parts = [bool(part.shape) and self._opens(part, depth - 1) for part in operand.operands]
        return all(parts) if operand.op.linear == "joint" else any(parts)

    def _term_by_term(
        self, expr: Expr, equation: IndexEquation, letters: dict[str, Index], indices: Indices
    ) -> Printing:
        """One entry with numbers in place: every term of its sum (or maximum) written out."""
        shapes = [operand.shape for operand in expr.operands]
        terms: list[str] = []
        for read in equation.terms(tuple(index.offset for index in indices), shapes, expr.shape):
            body: Piece | None = None
            for at, operand in zip(read, expr.operands, strict=True):
                piece = yield operand, tuple(Index((), place) for place in at), frozenset()
                body = piece if body is None else self._joined(body, piece)
            if body is not None:
                terms.append(self._placed(body, TERM, later=bool(terms)))
        if equation.reduce == "max":
            return Piece((r"\max" if self.style.latex else "max") + self.style.bracketed(", ".join(terms)), CALL)
        return Piece(" + ".join(terms) or "0", SUM if len(terms) > 1 else TERM)

    def _constant(self, expr: Expr, indices: Indices | None) -> Piece:
        value = expr.params["value"]
        if not isinstance(value, tuple):
            number = self.style.number(value)
            if not expr.shape or indices is not None:
                return number
            size = (r" \times " if self.style.latex else "×").join(map(str, expr.shape))
            ones = rf"\mathbf{{1}}_{{{size}}}" if self.style.latex else f"1[{size}]"
            return Piece(ones, ATOM) if value == 1 else self._joined(number, Piece(ones, ATOM))
        text = self._array(expr)
        if indices:
            text = f"{{{text}}}" if self.style.latex else self.style.bracketed(text)
            return Piece(self.style.indexed(text, self.style.indices(indices)), ATOM)
        return Piece(text, ATOM)

    def _array(self, expr: Expr) -> str:
        entries = [self.style.number(value).text for value in expr.params["value"]]
        if len(entries) > _MATRIX_ENTRIES or len(expr.shape) > 2 or not entries:
            size = (r" \times " if self.style.latex else "×").join(map(str, expr.shape))
            return rf"\mathbf{{C}}_{{{size}}}" if self.style.latex else f"C[{size}]"
        width = expr.shape[1] if len(expr.shape) > 1 else 1
        rows = [entries[start : start + width] for start in range(0, len(entries), width)]
        if self.style.latex:
            return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in rows) + r"\end{bmatrix}"
        listed = [f"[{', '.join(row)}]" for row in rows] if len(expr.shape) > 1 else entries
        return f"[{', '.join(listed)}]"

    # brackets and layout

    def _filled(self, notation: Notation, asked: Sequence[Request]) -> Printing:
        """A template with its operands, bracketed where they bind too weakly."""
        form = self.style.form(notation)
        places = form.places(len(asked))
        pieces = []
        for request in asked:
            pieces.append((yield request))
        if BESIDE in form.template:
            return self._joined(*pieces)
        first = re.search(r"#(\d)", form.template)
        texts = []
        for at, (piece, place) in enumerate(zip(pieces, places, strict=True)):
            later = place != OPEN and not (first and int(first.group(1)) == at + 1 and form.template.startswith("#"))
            texts.append(self._placed(piece, place, later))
        raised = re.fullmatch(r"#1\^\{(.*)\}", form.template)
        if raised and self.style.latex and pieces[0].strength >= ATOM and "#" not in raised.group(1):
            beside = latex_raised(texts[0], raised.group(1)) if raised.group(1) == r"\top" else None
            if beside is None and latex_raised(texts[0], "") is not None:
                texts[0] = self.style.bracketed(texts[0])
            elif beside is not None:
                return Piece(beside, form.strength)
        text = re.sub(r"#(\d)", lambda found: texts[int(found.group(1)) - 1], form.template)
        if self.style.latex:
            text = re.sub(r"\^\{([^{}]*)\}\^\{\\top\}", r"^{\1\\top}", text)
        else:
            text = re.sub(r"\^\{([^{}]*)\}", lambda found: text_symbol(f"^{{{found.group(1)}}}"), text)
        return Piece(text, form.strength)

    def _placed(self, piece: Piece, place: int, later: bool) -> str:
        weak = piece.strength < place or {piece.strength, place} == {HADAMARD, PRODUCT}
        signed = later and piece.text.startswith(self.style.minus)
        return self.style.bracketed(piece.text) if weak or signed else piece.text

    def _joined(self, left: Piece, right: Piece) -> Piece:
        """Two factors side by side, with a dot where a reader could take them for a number or a call."""
        a, b = self._placed(left, PRODUCT, later=False), self._placed(right, PRODUCT, later=True)
        number = re.fullmatch(r"[\d./]+|\\frac\{\d+\}\{\d+\}", a)
        call = b.startswith((r"\left(", "(")) and not number and not a.endswith(")")
        if self.numbers:
            return Piece(a + (r" \times " if self.style.latex else " × ") + b, PRODUCT)
        dot = b[:1].isdigit() or b.startswith(r"\frac") or call
        space = " " if not self.style.latex else r" \, "
        return Piece(a + ((r" \cdot " if self.style.latex else " · ") if dot else space) + b, PRODUCT)


def _scalar(expr: Expr) -> Expr:
    """The same op on scalars, for the notation of one entry."""

    def scalar(operand: Expr) -> Expr:
        value = operand.params.get("value") if operand.op is CONSTANT else None
        if value is not None and not isinstance(value, tuple):
            return Expr(CONSTANT, (), {"value": value}, ())
        return data("x")

    return Expr(expr.op, tuple(scalar(operand) for operand in expr.operands), expr.params, ())


def _read_at(expr: Expr, indices: Indices) -> Indices:
    """Where an index expression reads its operand."""
    rest = iter(indices)
    places = []
    for part in expr.params["key"]:
        if isinstance(part, int):
            places.append(Index((), part))
        else:
            index, (start, _, step) = next(rest), part
            places.append(Index(tuple((factor * step, letter) for factor, letter in index.terms), start + step * index.offset))
    return tuple(places)


def _composed(index: Index, letters: dict[str, Index]) -> Index:
    """An index of letters that are themselves indices of others. A divisor stays: it says which places there are."""
    common = lcm(*(letters[letter].divisor for _, letter in index.terms))
    total: Counter[str] = Counter()
    rounded = [(factor * common, _composed(inner, letters), by) for factor, inner, by in index.rounded]
    offset = index.offset * common
    for factor, letter in index.terms:
        inner, scale = letters[letter], factor * common // letters[letter].divisor
        offset += scale * inner.offset
        rounded += [(scale * times, quotient, by) for times, quotient, by in inner.rounded]
        for times, name in inner.terms:
            total[name] += scale * times
    terms = tuple((factor, name) for name, factor in total.items() if factor)
    return Index(terms, offset, index.divisor * common, tuple(rounded))


def _fresh(letter: str, used: set[str]) -> str:
    """The letter itself where it is free, else the next free one."""
    candidates: tuple[str, ...] = (letter, *LETTERS, *(f"i_{n}" for n in range(1000)))
    return next(candidate for candidate in candidates if candidate not in used)
