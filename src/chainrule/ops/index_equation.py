"""Index equations: a definition such as Y[o,i,j] = sum(c,u,v) X[c, s*i+u, s*j+v] * K[o,c,u,v].

The same equation is typeset, run as naive loops (the oracle of every faster rule), opened at one
entry, turned into a matrix product where its indices are plain, and differentiated by letting the
output and a factor change places.

Legend: an index is affine in the letters, e.g. 2*i + u - 1. Reading outside an operand gives 0
(for max: is left out); writing outside the output is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape

Entry = tuple[int, ...]
_SIDE = re.compile(r"\s*(\w+)\s*\[([^\]]*)\]\s*")
_REDUCE = re.compile(r"\s*(sum|max)\s*\(([^)]*)\)\s*")
_TERM = re.compile(r"\s*([+-]?)\s*(?:(\w+)\s*\*\s*)?(\w+)\s*")


@dataclass(frozen=True)
class Index:
    """An index that is affine in the letters: the sum of coefficient × letter, plus an offset."""

    terms: tuple[tuple[int, str], ...]
    offset: int = 0

    @property
    def letter(self) -> str | None:
        """The letter, where the index is nothing else."""
        if self.offset == 0 and len(self.terms) == 1 and self.terms[0][0] == 1:
            return self.terms[0][1]
        return None

    def at(self, letters: Mapping[str, Any]) -> Any:
        """Its number (or array of numbers) when the letters have theirs."""
        return sum((factor * letters[letter] for factor, letter in self.terms), self.offset)


@dataclass(frozen=True)
class Access:
    """An array read (or written) at indices; `array` is its letter in the equation."""

    array: str
    indices: tuple[Index, ...]


@dataclass(frozen=True)
class IndexEquation:
    """output[...] = reduce(inner) factor[...] * factor[...]."""

    output: Access
    reduce: str
    inner: tuple[str, ...]
    factors: tuple[Access, ...]

    def __str__(self) -> str:
        right = " * ".join(map(_written, self.factors))
        return f"{_written(self.output)} = " + (f"{self.reduce}({','.join(self.inner)}) " if self.inner else "") + right

    @property
    def letters(self) -> tuple[str, ...]:
        """All letters, in the order in which they appear."""
        sides = (self.output, *self.factors)
        return tuple(dict.fromkeys(letter for side in sides for index in side.indices for _, letter in index.terms))

    def sizes(self, shapes: Sequence[Shape], out: Shape) -> dict[str, int]:
        """The range of each letter, read off wherever it stands alone as an index."""
        found: dict[str, int] = {}
        for side, shape in zip((self.output, *self.factors), (out, *shapes), strict=True):
            for index, size in zip(side.indices, shape, strict=True):
                if index.letter is not None and found.setdefault(index.letter, size) != size:
                    raise ChainruleError(
                        f"one size for the index {index.letter}", f"{found[index.letter]} and {size}", str(self)
                    )
        return found

    def swapped(self, k: int) -> IndexEquation:
        """The equation of the gradient for factor k: output and factor change places, all letters are summed."""
        factors = (self.output, *(factor for i, factor in enumerate(self.factors) if i != k))
        target = self.factors[k]
        outer = {letter for index in target.indices for _, letter in index.terms}
        plain = {index.letter for index in target.indices}
        return IndexEquation(target, "sum", tuple(i for i in self.letters if i not in outer & plain), factors)

    # as numbers

    def loops(self, arrays: Sequence[Any], out: Shape, sizes: Mapping[str, int] | None = None) -> Any:
        """The value by brute force: every combination of all letters, one array of index grids."""
        arrays = [np.asarray(array) for array in arrays]
        sizes = sizes or self.sizes([array.shape for array in arrays], out)
        letters = tuple(sizes)
        grids = dict(zip(letters, np.indices([sizes[letter] for letter in letters]), strict=True))
        shape = tuple(sizes[letter] for letter in letters)
        dtype = np.result_type(*arrays, np.float64)
        terms, inside = np.ones(shape, dtype), np.ones(shape, bool)
        for array, factor in zip(arrays, self.factors, strict=True):
            where, valid = _clipped(factor, grids, array.shape, shape)
            terms = terms * (array[where] if array.size else 0)
            inside &= valid
        where, valid = _clipped(self.output, grids, out, shape)
        inside &= valid
        result = np.full(out, -np.inf if self.reduce == "max" else 0, dtype)
        chosen = tuple(np.broadcast_to(index, shape)[inside] for index in where)
        (np.maximum if self.reduce == "max" else np.add).at(result, chosen, terms[inside])
        return result

    def terms(self, entry: Entry, shapes: Sequence[Shape], out: Shape) -> Iterator[tuple[Entry, ...]]:
        """The terms of one output entry: for each, where every factor is read. Needs plain output indices."""
        sizes = self.sizes(shapes, out)
        fixed = {index.letter: at for index, at in zip(self.output.indices, entry, strict=True)}
        free = [letter for letter in self.letters if letter not in fixed]
        for values in product(*(range(sizes[letter]) for letter in free)):
            letters = {**fixed, **dict(zip(free, values, strict=True))}
            read = tuple(tuple(index.at(letters) for index in factor.indices) for factor in self.factors)
            if all(0 <= i < n for at, shape in zip(read, shapes, strict=True) for i, n in zip(at, shape, strict=True)):
                yield read

    @property
    def is_plain(self) -> bool:
        """Whether it is a sum of products over plain letters, none twice in one factor: an einsum."""
        sides = (self.output, *self.factors)
        return self.reduce != "max" and all(
            all(index.letter for index in side.indices)
            and len({index.letter for index in side.indices}) == len(side.indices)
            for side in sides
        )

    def product(
        self, xp: ModuleType, arrays: Sequence[Any], batched: Sequence[bool] = (), total: bool = False
    ) -> Any:
        """The value of a plain equation as one matrix product.

        batched: which arrays have a leading batch axis. total: sum the results over the batch, which
        only adds a summed letter: the products of single examples are never formed.
        """
        names = {letter: chr(ord("a") + i) for i, letter in enumerate(self.letters)}
        flags = list(batched) or [False] * len(arrays)
        order = sorted(range(len(arrays)), key=lambda k: not flags[k]) if not total else range(len(arrays))
        sides = ["z" * flags[k] + "".join(names[str(i.letter)] for i in self.factors[k].indices) for k in order]
        result = "z" * (any(flags) and not total) + "".join(names[str(i.letter)] for i in self.output.indices)
        return xp.einsum(f"{','.join(sides)}->{result}", *(arrays[k] for k in order), optimize=True)


def _clipped(
    access: Access, grids: Mapping[str, Any], shape: Shape, full: tuple[int, ...]
) -> tuple[tuple[Any, ...], Any]:
    where, valid = [], np.ones(full, bool)
    for index, size in zip(access.indices, shape, strict=True):
        at = index.at(grids) if index.terms else np.asarray(index.offset)
        valid = valid & (at >= 0) & (at < size)
        where.append(np.clip(at, 0, max(size - 1, 0)))
    return tuple(where), valid


def _written(access: Access) -> str:
    def one(index: Index) -> str:
        parts = [(f"{c}*" if c != 1 else "") + letter for c, letter in index.terms]
        return "+".join(parts) + (f"{index.offset:+d}" if index.offset or not parts else "")

    return f"{access.array}[{','.join(map(one, access.indices))}]"


@lru_cache(maxsize=4096)
def parsed(equation: str, numbers: tuple[tuple[str, int], ...] = ()) -> IndexEquation:
    """An equation from its text; `numbers` gives the letters that stand for numbers, such as a stride s."""
    left, right = equation.split("=")
    given = dict(numbers)
    reduce = _REDUCE.match(right)
    body = right[reduce.end() :] if reduce else right
    return IndexEquation(
        _access(left, given),
        reduce.group(1) if reduce else "",
        tuple(letter.strip() for letter in reduce.group(2).split(",")) if reduce else (),
        tuple(_access(found.group(), given) for found in _SIDE.finditer(body)),
    )


def equation_of(node: Expr) -> IndexEquation:
    """The index equation of an expression whose op has one."""
    text = node.op.equation
    if callable(text):
        text = text([operand.shape for operand in node.operands], node.params)
    if not isinstance(text, str):
        raise ChainruleError("an op with an index equation", repr(node.op), "index equation")
    return parsed(text)


def _access(text: str, given: Mapping[str, int]) -> Access:
    match = _SIDE.fullmatch(text)
    if match is None:
        raise ChainruleError("an access such as X[i, 2*j+u]", repr(text), "index equation")
    indices = [part for part in match.group(2).split(",") if part.strip()]
    return Access(match.group(1), tuple(_index(part, given) for part in indices))


def _index(text: str, given: Mapping[str, int]) -> Index:
    terms: list[tuple[int, str]] = []
    offset, position = 0, 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise ChainruleError("an index such as 2*i + u - 1", repr(text), "index equation")
        sign = -1 if match.group(1) == "-" else 1
        factor, name = match.group(2), match.group(3)
        number = 1 if factor is None else given.get(factor, int(factor) if factor.isdigit() else 0)
        if name in given or name.isdigit():
            offset += sign * number * (given[name] if name in given else int(name))
        else:
            terms.append((sign * number, name))
        position = match.end()
    return Index(tuple(terms), offset)
