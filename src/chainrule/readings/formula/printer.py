"""The printer: a fold over the graph. The ops say how they are written; brackets are the layout's."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable

from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT
from chainrule.graph.notation import ATOM, FACTOR, POWER, QUOTIENT, SUM
from chainrule.graph.symbols import latex_symbol, symbol_of
from chainrule.graph.walk import answered, topological
from chainrule.readings.formula.constants import constant_piece
from chainrule.readings.formula.entries import Entries
from chainrule.readings.formula.layout import Layout
from chainrule.readings.formula.style import Indices, Piece, Style, runs_of

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
        self.layout = Layout(style, spelled_out=numbers is not None)
        self.letters: set[str] = set()
        """Letters that stand in a symbol, and are therefore no index."""
        self._symbols: dict[Expr, Piece] = {}
        self._entries = Entries(self.layout, self.is_named, self.letters, spelled_out=numbers is not None)

    def text(self, expr: Expr, indices: Indices | None = None) -> str:
        """The right-hand side of an expression; with indices that of one entry."""
        return self.piece(expr, indices).text

    def piece(self, expr: Expr, indices: Indices | None = None) -> Piece:
        """The right-hand side of an expression, run without recursion."""
        self.declare(
            topological(
                [expr], lambda node: () if node is not expr and self.is_named(node) else node.operands
            )
        )
        taken = frozenset(letter for index in indices or () for letter in index.letters)
        root: Request = (expr, indices, taken)
        return answered(root, self._opened(*root), lambda request: self._printing(*request))

    # names

    def is_named(self, expr: Expr) -> bool:
        """Whether an expression is printed as its name."""
        return expr in self.known or (expr.name is not None and (expr.is_leaf or not self.expand))

    def declare(self, nodes: Iterable[Expr]) -> None:
        """Fix the symbols of the named ones among the nodes: no two alike, a second x is written x'."""
        for node in nodes:
            if node not in self._symbols and self.is_named(node):
                self._declare(node, self.known.get(node) or str(node.name))

    def _declare(self, node: Expr, name: str) -> Piece:
        while (symbol := self.style.symbol(name)) in self.layout.ranks:
            name += "'"
        self._symbols[node] = Piece(symbol, self._strength(name), is_symbol=True)
        self.layout.ranks[symbol] = len(node.shape)
        self.letters.update(re.findall(r"(?<![A-Za-z\\])[a-z](?![A-Za-z])", latex_symbol(name)))
        return self._symbols[node]

    def _strength(self, name: str) -> int:
        """How strongly a symbol binds: a power of x' or z^{(1)} needs brackets, and ∂ℓ/∂x more of them."""
        found = symbol_of(name)
        if found is None:
            return SUM if self.style.latex and not self.style.symbol(name).startswith(r"\text") else ATOM
        if found.is_rate:
            return FACTOR if self.style.latex else QUOTIENT
        return POWER if found.is_raised else ATOM

    def name(self, expr: Expr, indices: Indices | None = None) -> str:
        """The name of a named part or leaf, with indices."""
        return self._name(expr, indices).text

    def _name(self, expr: Expr, indices: Indices | None) -> Piece:
        whole = self._symbols.get(expr) or self._declare(expr, self.known.get(expr) or str(expr.name))
        if not indices:
            return whole
        text = self.layout.indexed(whole, self.style.indices(indices))
        behind = text.startswith((r"\left(", "(")) or (not self.style.latex and whole.strength == POWER)
        strength = ATOM if behind else whole.strength
        return Piece(text, strength, runs_of(indices, expr.shape), is_indexed=True)

    # one node

    def _printing(self, expr: Expr, indices: Indices | None, taken: frozenset[str]) -> Printing:
        if self.is_named(expr):
            yield from ()
            number = self.numbers(expr, indices) if self.numbers else None
            return number or self._name(expr, indices)
        return (yield from self._opened(expr, indices, taken))

    def _opened(self, expr: Expr, indices: Indices | None, taken: frozenset[str]) -> Printing:
        if expr.op is CONSTANT:
            return constant_piece(self.layout, expr, indices)
        if expr.is_leaf:
            return self._name(expr, indices)
        notation = expr.op.notation_of(expr)
        if isinstance(notation, Expr):
            return (yield notation, indices, taken)
        entry = (yield from self._entries.entry(expr, indices, taken)) if indices is not None else None
        if entry is not None:
            return entry
        if notation is None:
            return (yield expr.op.definition(expr.operands, expr.params), None, taken)
        pieces: list[Piece] = []
        for operand in expr.operands:
            piece = yield operand, None, taken
            pieces.append(piece)
        whole = self.layout.filled(self.style.form(notation), pieces)
        return self._entries.at(whole, indices, expr) if indices else whole
