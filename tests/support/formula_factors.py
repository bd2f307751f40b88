"""The factors of a formula: numbers, symbols, brackets, calls, fractions, arrays, with their scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from support import formula_values as v
from support.formula_functions import called
from support.formula_index import Place, affine, parts, place
from support.formula_scope import OUTSIDE, Letters, Node, Scope, Scripts, Symbol, Token
from support.formula_values import ReadingError, Value


class Factors:
    """Reads the factors of one formula, or of one group of it. The grammar, built on this, reads the sums."""

    def __init__(self, scope: Scope, text: str) -> None:
        self.scope, self.text = scope, text
        self.tokens = [*scope.tokens(text), Token("end")]
        self.at = 0

    # tokens

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self, kind: str = "") -> Token:
        token = self.next
        if kind and token.kind != kind:
            raise ReadingError(f"{kind!r} expected, {token.kind} {token.text!r} found in {self.text!r}")
        self.at += 1
        return token

    def taken(self, kind: str) -> bool:
        if self.next.kind != kind:
            return False
        self.at += 1
        return True

    def whole(self) -> Node:
        """All of the text as one formula."""
        node = self.sum()
        self.take("end")
        return node

    def inner(self, text: str) -> Node:
        """A group of the formula, such as the parts of a fraction."""
        return type(self)(self.scope, text).whole()

    def sum(self) -> Node:
        raise NotImplementedError

    def big(self) -> Node:
        raise NotImplementedError

    # factors

    def factor(self) -> Node:
        token = self.next
        reader = {
            "number": self.number, "stem": self.symbol, "head": self.call, "(": self.bracket,
            "|": self.absolute, "‖": self.norm, "frac": self.fraction, "sqrt": self.root,
            "matrix": self.matrix, "full": self.full, "list": self.listed, "big": self.big,
        }.get(token.kind)  # fmt: skip
        if reader is None:
            raise ReadingError(f"a factor expected, {token.kind} {token.text!r} found in {self.text!r}")
        return reader()

    def number(self) -> Node:
        value = v.number(float(self.take().text))
        return self.scripted(lambda letters: value, allowed=("sup",))

    def bracket(self) -> Node:
        self.take("(")
        node = self.sum()
        self.take(")")
        return self.scripted(node)

    def absolute(self) -> Node:
        self.take("|")
        node = self.sum()
        self.take("end|")
        return self.scripted(lambda letters: v.entrywise(np.abs, node(letters)))

    def norm(self) -> Node:
        self.take("‖")
        node = self.sum()
        self.take("end‖")
        if self.take("sup").groups != ("2",):
            raise ReadingError("a norm that is not squared")
        return lambda letters: v.norm_squared(node(letters))

    def fraction(self) -> Node:
        above, below = map(self.inner, self.take().groups)
        return self.closed(lambda letters: v.quotient(above(letters), below(letters)))

    def root(self) -> Node:
        token = self.take()
        node = self.inner(token.groups[0]) if token.groups else self.factor()
        return self.closed(lambda letters: v.entrywise(np.sqrt, node(letters)))

    def closed(self, node: Node) -> Node:
        """A part that takes no scripts without brackets."""
        if self.next.kind in ("sub", "sup", "prime", "index"):
            raise ReadingError(f"a script on a fraction or a root in {self.text!r}")
        return node

    def call(self) -> Node:
        name = self.take().text
        words = ", ".join(self.take().groups[0] for _ in range(2) if self.next.kind in ("sub", "index"))
        while self.taken("prime"):
            name += "′"
        if not self.next.tight:
            raise ReadingError(f"{name} without its bracket")
        self.take("(")
        arguments = [self.sum()]
        while self.taken(","):
            arguments.append(self.sum())
        self.take(")")
        return self.scripted(
            lambda letters: called(name, words, [one(letters) for one in arguments], self.scope.first)
        )

    def full(self) -> Node:
        """An array of ones or zeros."""
        token = self.take()
        sizes = [int(size) for size in re.split("×", token.groups[0])]
        value = v.array(np.full(sizes, float(token.text)))
        return self.scripted(lambda letters: value, allowed=("sup",))

    def matrix(self) -> Node:
        """Numbers in rows and columns, or blocks."""
        rows = [[self.inner(entry) for entry in self.scope.cells(row)] for row in self.take().groups]
        grid = [[entry({}) for entry in row] for row in rows]
        kinds = {(len(row), bool(entry.rank)) for row in grid for entry in row}
        if len(kinds) != 1:
            raise ReadingError("a matrix with rows of different lengths, or of numbers and arrays")
        if grid[0][0].rank:
            whole = np.concatenate([np.concatenate([one.array for one in row], axis=-1) for row in grid])
        else:
            whole = np.array([[float(entry.array) for entry in row] for row in grid])
            whole = whole[:, 0] if whole.shape[1] == 1 else whole
        return self.scripted(lambda letters: v.array(whole))

    def listed(self) -> Node:
        """[1, 2], [[1, 2], [3, 4]], or a bracket such as [i ≤ 2], which is 1 where it holds, else 0."""
        text = self.take().groups[0]
        signs = re.findall(r"[≤≥=]", text)
        if signs:
            conditions = [(re.findall(r"[≤≥=]", part), self.sides(part)) for part in text.split(",")]
            return lambda letters: Value(_held(conditions, letters), -1)
        whole = v.array(_numbers(text))
        return self.scripted(lambda letters: whole)

    def sides(self, condition: str) -> list[Place]:
        return [affine(side, self.scope.letters) for side in re.split(r"[≤≥=]", condition)]

    # symbols and scripts

    def symbol(self) -> Node:
        """A declared symbol, with an index, a power or ⊤ where more scripts follow than the symbol has.

        The very symbol goes before an entry or a power of another.
        """
        stem, scripts = self.take().text, self.scripts()
        name = self.declared(stem, scripts)
        value = self.scope.symbols[name]
        below = parts(scripts["sub"])[len(name.below) :] if "sub" in scripts else []
        index = [*below, *(parts(scripts["index"]) if "index" in scripts else [])]
        above = scripts.get("sup", "").removeprefix(name.above)
        node = self.indexed(lambda letters: value, value, index) if index else (lambda letters: value)
        return self.powered(node, self.further(above))

    def declared(self, stem: str, scripts: Scripts) -> Symbol:
        """The one symbol that this can be."""
        found = [name for name in self.scope.symbols if self.can_be(name, stem, scripts)]
        below = parts(scripts["sub"]) if "sub" in scripts else []
        whole = [name for name in found if len(name.below) == len(below)]
        found = whole or found
        found = [name for name in found if name.above] or found
        if len(found) != 1:
            what = "an unknown symbol" if not found else "more than one reading of"
            raise ReadingError(f"{what} {stem} with {scripts} in {self.text!r}")
        if stem in self.scope.letters:
            raise ReadingError(f"{stem} is an index and a symbol")
        return found[0]

    def can_be(self, name: Symbol, stem: str, scripts: Scripts) -> bool:
        """Whether a symbol can be meant: it has these scripts, and what is more is an index, a power or ⊤."""
        below = tuple(parts(scripts["sub"])) if "sub" in scripts else ()
        above, primes = scripts.get("sup", ""), len(scripts.get("prime", ""))
        if (name.stem, name.primes, name.below) != (stem, primes, below[: len(name.below)]):
            return False
        if name.above and above not in (name.above, name.above + "⊤"):
            return False
        more = len(below) - len(name.below)
        if more and not self.scope.indices_below:
            return False
        more += len(parts(scripts["index"])) if "index" in scripts else 0
        return more in (0, self.scope.symbols[name].rank)

    def scripts(self) -> Scripts:
        """The scripts behind a part, each at most once."""
        found: Scripts = {}
        while self.next.kind in ("sub", "sup", "prime", "index"):
            if self.next.kind == "sup" and "index" in found:  # z⁽¹⁾[i]²
                break
            token = self.take()
            if token.kind == "prime":
                found["prime"] = found.get("prime", "") + "′"
            elif token.kind in found:
                raise ReadingError(f"a double {token.kind} in {self.text!r}")
            else:
                found[token.kind] = token.groups[0]
        return found

    def further(self, above: str) -> str:
        """The superscript; it may stand behind an index."""
        if self.next.kind == "sup" and above:
            raise ReadingError(f"a power before and behind an index in {self.text!r}")
        return self.take().groups[0] if self.next.kind == "sup" else above

    def scripted(self, node: Node, allowed: Sequence[str] = ("sub", "sup", "index")) -> Node:
        """A part in brackets, a call, a number or an array, with its scripts."""
        scripts = self.scripts()
        if not scripts.keys() <= {*allowed}:
            raise ReadingError(f"a script that means nothing in {self.text!r}")
        index = scripts.get("sub") or scripts.get("index")
        if index:
            node = self.indexed(node, node({}), parts(index))
        return self.powered(node, self.further(scripts.get("sup", "")))

    def powered(self, node: Node, above: str) -> Node:
        if not above:
            return node
        if above == "⊤":
            return lambda letters: v.transposed(node(letters))
        each = above.startswith("⊙")
        exponent = self.inner(above.removeprefix("⊙"))
        return lambda letters: v.raised(node(letters), exponent(letters), each)

    def indexed(self, node: Node, value: Value, index: Sequence[str]) -> Node:
        """An entry or a part of an array."""
        if len(index) != value.rank or value.row:
            raise ReadingError(f"the index {index} of the shape {value.shape} in {self.text!r}")
        if all(re.fullmatch(r":|[\d:−-]+", part) for part in index):
            key = [place(part, self.scope.first) for part in index]
            return lambda letters: v.parts(node(letters), key)
        places = [affine(part, self.scope.letters) for part in index]
        for part, size in zip(index, value.shape, strict=True):
            if part in self.scope.letters:
                self.scope.sizes.setdefault(part, set()).add(size)
        first = self.scope.first

        def entry(letters: Letters) -> Value:
            return v.entries(
                node(letters), [one(letters) - first for one in places], letters.get(OUTSIDE, 0.0)
            )

        return entry


def _held(conditions: Sequence[tuple[list[str], list[Place]]], letters: Letters) -> Any:
    """Whether all conditions hold."""
    how = {"≤": np.less_equal, "=": np.equal, "≥": np.greater_equal}
    held = np.asarray(True)
    for signs, sides in conditions:
        values = [side(letters) for side in sides]
        for sign, left, right in zip(signs, values, values[1:], strict=False):
            held = held & how[sign](left, right)
    return held


def _numbers(text: str) -> Any:
    code = re.sub(r"(\d+)/(\d+)", lambda found: repr(int(found[1]) / int(found[2])), text.replace("−", "-"))
    try:
        return np.array(json.loads(f"[{code}]"), float)
    except ValueError:
        raise ReadingError(f"the array [{text}]") from None
