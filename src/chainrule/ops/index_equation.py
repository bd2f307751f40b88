"""Index equations: a definition such as Y[o,i,j] = sum(c,u,v) X[c, s*i+u, s*j+v] * K[o,c,u,v].

The same equation is typeset, run as naive loops (the oracle of every faster rule), opened at one
entry, turned into a matrix product where its indices are plain, and differentiated by letting the
output and a factor change places.

Legend: an index is affine in the letters, e.g. 2*i + u - 1. It may hold a rounded quotient, c + 2*(o//3),
and may be divided as a whole, (i + 1 - u)/2: where that leaves a remainder the place is outside.
Reading outside an operand gives 0 (for max: is left out); writing outside the output is dropped.
A letter that never stands alone has its range said at the end: Y[i] = max(u) X[2*i+u] for u<2.
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
_TERM = re.compile(r"\s*([+-]?)\s*(?:(\w+)\s*\*\s*)?(?:(\w+)|\((\w+)\s*//\s*(\w+)\))\s*")
_DIVIDED = re.compile(r"\s*\(([^()]*)\)\s*/\s*(\w+)\s*")
_RANGE = re.compile(r"\s*(\w+)\s*<\s*(\w+)\s*")


@dataclass(frozen=True)
class Index:
    """An index that is affine in the letters: the sum of coefficient × letter, plus an offset.

    divisor: divides all of it. rounded: coefficient, index and divisor of quotients that are rounded down.
    """

    terms: tuple[tuple[int, str], ...]
    offset: int = 0
    divisor: int = 1
    rounded: tuple[tuple[int, Index, int], ...] = ()

    @property
    def letter(self) -> str | None:
        """The letter, where the index is nothing else."""
        plain = len(self.terms) == 1 and self.terms[0][0] == 1 and self.divisor == 1
        return self.terms[0][1] if plain and not self.offset and not self.rounded else None

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters in it."""
        inner = (letter for _, index, _ in self.rounded for letter in index.letters)
        return tuple(dict.fromkeys((*(letter for _, letter in self.terms), *inner)))

    def at(self, letters: Mapping[str, Any]) -> Any:
        """Its number (or array of numbers) when the letters have theirs; -1, a place outside, after a remainder."""
        number = sum((factor * letters[letter] for factor, letter in self.terms), self.offset)
        number = sum((factor * (index.at(letters) // by) for factor, index, by in self.rounded), number)
        return number if self.divisor == 1 else np.where(number % self.divisor, -1, number // self.divisor)

    def bounds(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """The smallest and the largest number that it can be, before the division."""
        ends = [(factor, 0, sizes[letter] - 1) for factor, letter in self.terms]
        for factor, index, by in self.rounded:
            low, high = index.bounds(sizes)
            ends.append((factor, low // by, high // by))
        low = sum(factor * (start if factor > 0 else stop) for factor, start, stop in ends)
        high = sum(factor * (stop if factor > 0 else start) for factor, start, stop in ends)
        return low + self.offset, high + self.offset


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
    ranges: tuple[tuple[str, int], ...] = ()
    """How far the letters run that no shape tells."""

    def __str__(self) -> str:
        right = " * ".join(map(_written, self.factors))
        ranges = ", ".join(f"{letter}<{size}" for letter, size in self.ranges)
        head = f"{self.reduce}({','.join(self.inner)}) " if self.inner else ""
        return f"{_written(self.output)} = {head}{right}" + (f" for {ranges}" if ranges else "")

    @property
    def letters(self) -> tuple[str, ...]:
        """All letters, in the order in which they appear."""
        sides = (self.output, *self.factors)
        return tuple(
            dict.fromkeys(letter for side in sides for index in side.indices for letter in index.letters)
        )

    def sizes(self, shapes: Sequence[Shape], out: Shape) -> dict[str, int]:
        """The range of each letter: as the equation says, or read off wherever it stands alone as an index."""
        found = dict(self.ranges)
        for side, shape in zip((self.output, *self.factors), (out, *shapes), strict=True):
            for index, size in zip(side.indices, shape, strict=True):
                said = any(index.letter == letter for letter, _ in self.ranges)
                if index.letter is not None and not said and found.setdefault(index.letter, size) != size:
                    raise ChainruleError(
                        f"one size for the index {index.letter}",
                        f"{found[index.letter]} and {size}",
                        str(self),
                        "check the shapes in the body of the op",
                    )
        return found

    def swapped(self, k: int) -> IndexEquation:
        """The equation of the gradient for factor k: output and factor change places, all letters are summed."""
        factors = (self.output, *(factor for i, factor in enumerate(self.factors) if i != k))
        target = self.factors[k]
        plain = {index.letter for index in target.indices}
        return IndexEquation(
            target, "sum", tuple(i for i in self.letters if i not in plain), factors, self.ranges
        )

    def reads_outside(self, k: int, shapes: Sequence[Shape], out: Shape) -> bool:
        """Whether some term reads factor k at a place that it does not have."""
        sizes = self.sizes(shapes, out)
        bounds = [index.bounds(sizes) for index in self.factors[k].indices]
        inside = all(0 <= low and high < size for (low, high), size in zip(bounds, shapes[k], strict=True))
        return not inside or any(index.divisor != 1 for index in self.factors[k].indices)

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
        result = np.full((1, *out), -np.inf if self.reduce == "max" else 0, dtype)
        chosen = tuple(np.broadcast_to(index, shape)[inside] for index in (np.zeros((), int), *where))
        (np.maximum if self.reduce == "max" else np.add).at(result, chosen, terms[inside])
        return result[0]

    def terms(self, entry: Entry, shapes: Sequence[Shape], out: Shape) -> Iterator[tuple[Entry, ...]]:
        """The terms of one output entry: for each, where every factor is read."""
        sizes = self.sizes(shapes, out)
        fixed = {
            index.letter: at for index, at in zip(self.output.indices, entry, strict=True) if index.letter
        }
        free = [letter for letter in self.letters if letter not in fixed]
        for values in product(*(range(sizes[letter]) for letter in free)):
            letters = {**fixed, **dict(zip(free, values, strict=True))}
            if any(index.at(letters) != at for index, at in zip(self.output.indices, entry, strict=True)):
                continue
            read = tuple(tuple(int(index.at(letters)) for index in factor.indices) for factor in self.factors)
            if all(
                0 <= i < n
                for at, shape in zip(read, shapes, strict=True)
                for i, n in zip(at, shape, strict=True)
            ):
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
        sides = [
            "z" * flags[k] + "".join(names[str(i.letter)] for i in self.factors[k].indices) for k in order
        ]
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
    def signed(factor: int, what: str) -> str:
        return ("-" if factor < 0 else "+") + (f"{abs(factor)}*" if abs(factor) != 1 else "") + what

    def one(index: Index) -> str:
        parts = [signed(factor, letter) for factor, letter in index.terms]
        parts += [signed(factor, f"({one(inner)}//{by})") for factor, inner, by in index.rounded]
        number = "".join(parts) + (f"{index.offset:+d}" if index.offset or not parts else "")
        return (
            number.removeprefix("+")
            if index.divisor == 1
            else f"({number.removeprefix('+')})/{index.divisor}"
        )

    return f"{access.array}[{','.join(map(one, access.indices))}]"


@lru_cache(maxsize=4096)
def parsed(equation: str, numbers: tuple[tuple[str, int], ...] = ()) -> IndexEquation:
    """An equation from its text; `numbers` gives the letters that stand for numbers, such as a stride s."""
    given = dict(numbers)
    left, right = equation.split("=")
    right, _, ranges = right.partition(" for ")
    reduce = _REDUCE.match(right)
    body = right[reduce.end() :] if reduce else right
    return IndexEquation(
        _access(left, given),
        reduce.group(1) if reduce else "",
        tuple(letter.strip() for letter in reduce.group(2).split(",")) if reduce else (),
        tuple(_access(found.group(), given) for found in _SIDE.finditer(body)),
        tuple((letter, _number(size, given)) for letter, size in _RANGE.findall(ranges)),
    )


def equation_of(node: Expr) -> IndexEquation:
    """The index equation of an expression whose op has one."""
    text = node.op.equation
    if callable(text):
        text = text([operand.shape for operand in node.operands], node.params)
    if not isinstance(text, str):
        raise ChainruleError(
            "an op with an index equation", repr(node.op), "index equation", "declare one in equation="
        )
    return parsed(text)


def _access(text: str, given: Mapping[str, int]) -> Access:
    match = _SIDE.fullmatch(text)
    if match is None:
        raise ChainruleError(
            "an access such as X[i, 2*j+u]", repr(text), "index equation", "write a letter and [...]"
        )
    indices = [part for part in match.group(2).split(",") if part.strip()]
    return Access(match.group(1), tuple(_index(part, given) for part in indices))


def _number(text: str, given: Mapping[str, int]) -> int:
    if text not in given and not text.isdigit():
        raise ChainruleError(
            "a number or a letter that stands for one", repr(text), "index equation", "give it in numbers"
        )
    return given[text] if text in given else int(text)


def _index(text: str, given: Mapping[str, int]) -> Index:
    divided = _DIVIDED.fullmatch(text)
    if divided is not None:
        whole = _index(divided.group(1), given)
        return Index(whole.terms, whole.offset, _number(divided.group(2), given), whole.rounded)
    terms: list[tuple[int, str]] = []
    rounded: list[tuple[int, Index, int]] = []
    offset, position = 0, 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise ChainruleError(
                "an index such as 2*i + u - 1", repr(text), "index equation", "write a sum of multiples"
            )
        sign, factor, name, letter, by = match.groups()
        number = (-1 if sign == "-" else 1) * (1 if factor is None else _number(factor, given))
        if name is None and _number(by, given) != 1:
            rounded.append((number, Index(((1, letter),)), _number(by, given)))
        elif name is not None and (name in given or name.isdigit()):
            offset += number * _number(name, given)
        else:
            terms.append((number, name or letter))
        position = match.end()
    return Index(tuple(terms), offset, rounded=tuple(rounded))
