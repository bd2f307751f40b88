"""The arithmetic of a formula that is read back: what two parts side by side mean, as their shapes say.

A vector is a column; its transposed is a row. Only numbers broadcast. Whatever mathematics leaves
undefined, or a reader could take in two ways, is a ReadingError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LONG = np.longdouble
"""Wider than what is read, so that log(1 − σ(z)) keeps the digits that our op keeps; where it is not, fewer."""


class ReadingError(ValueError):
    """The formula cannot be read, or can be read in more than one way."""


@dataclass(frozen=True)
class Value:
    """A number (rank 0), or an array. A number may hold many at once: one for each value of the indices."""

    array: Any
    rank: int
    row: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.array)[np.ndim(self.array) - self.rank :]


def number(value: Any) -> Value:
    return Value(np.asarray(value, LONG), 0)


def array(value: Any) -> Value:
    value = np.asarray(value, LONG)
    return Value(value, value.ndim)


def entrywise(how: Callable[..., Any], *values: Value) -> Value:
    """An operation on numbers, carried out entry by entry; only numbers broadcast."""
    shapes = {value.shape for value in values if value.rank}
    if any(value.row for value in values):
        raise ReadingError("an operation entry by entry on a row")
    if len(shapes) > 1:
        raise ReadingError(f"an operation entry by entry on the shapes {shapes}")
    with np.errstate(all="ignore"):
        return Value(how(*(value.array for value in values)), max(value.rank for value in values))


def side_by_side(a: Value, b: Value) -> Value:
    """a b: the product of numbers, a number times an array, or the product of linear algebra."""
    if not a.rank or not b.rank:
        return Value(a.array * b.array, max(a.rank, b.rank), a.row or b.row)
    if a.rank > 2 or b.rank > 2:
        raise ReadingError(f"a product of the shapes {a.shape} and {b.shape}")
    if a.rank == 1 and not a.row and b.row:
        return Value(np.outer(a.array, b.array), 2)
    if b.row or (a.rank == 1 and not a.row) or a.shape[-1] != b.shape[0]:
        raise ReadingError(f"a product of the shapes {a.shape} and {b.shape}" + " and a row" * b.row)
    product = a.array @ b.array
    return Value(product, product.ndim, a.row and b.rank == 2)


def hadamard(a: Value, b: Value) -> Value:
    if not a.rank or not b.rank:
        raise ReadingError("a product entry by entry (⊙) with a number")
    return entrywise(np.multiply, a, b)


def hadamard_quotient(a: Value, b: Value) -> Value:
    if not a.rank or not b.rank:
        raise ReadingError("a quotient entry by entry (⊘) with a number")
    return entrywise(np.divide, a, b)


def quotient(a: Value, b: Value) -> Value:
    if a.rank and b.rank:
        raise ReadingError("a fraction of two arrays")
    return entrywise(np.divide, a, b)


def transposed(a: Value) -> Value:
    """A matrix with rows and columns exchanged; a vector as a row; a kernel with its channels exchanged."""
    if a.row or not a.rank:
        raise ReadingError("the transposed of a number or of a row")
    return Value(a.array, 1, row=True) if a.rank == 1 else Value(np.swapaxes(a.array, 0, 1), a.rank)


def raised(a: Value, exponent: Value, each: bool) -> Value:
    """A power; of arrays only entry by entry, and then the formula has to say so."""
    if bool(a.rank or exponent.rank) is not each:
        raise ReadingError("a power of an array without ⊙" if not each else "⊙ in a power of numbers")
    return entrywise(np.power, a, exponent)


def norm_squared(a: Value) -> Value:
    return number(np.sum(np.square(a.array)))


def tensor(a: Value, b: Value) -> Value:
    """a ⊗ b: each entry of a times b."""
    if a.row or b.row or not a.rank or not b.rank:
        raise ReadingError("⊗ of a number or a row")
    product = np.multiply.outer(a.array, b.array)
    return Value(product, product.ndim)


def entries(a: Value, places: list[Any], outside: float) -> Value:
    """The entries of an array at places that depend on indices; outside: what they are outside of it."""
    if len(places) != a.rank:
        raise ReadingError(f"{len(places)} indices for the shape {a.shape}")
    inside, where = np.asarray(True), []
    for number, size in zip(places, a.shape, strict=True):
        place = np.asarray(number, float)
        inside = inside & (place == np.floor(place)) & (place >= 0) & (place < size)
        where.append(np.clip(np.floor(place), 0, max(size - 1, 0)).astype(int))
    read = a.array[tuple(np.broadcast_arrays(*where))] if a.array.size else np.zeros(())
    return Value(np.where(inside, read, outside), 0)


def parts(a: Value, key: list[int | slice]) -> Value:
    """A part of an array; here a place outside is an error."""
    if a.row or len(key) != a.rank:
        raise ReadingError(f"{len(key)} indices for the shape {a.shape}")
    for place, size in zip(key, a.shape, strict=True):
        if isinstance(place, int) and not 0 <= place < size:
            raise ReadingError(f"index {place + 1} for the size {size}")
    part = a.array[tuple(key)]
    return Value(part, np.ndim(part))
