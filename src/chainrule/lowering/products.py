"""Products of arrays as they lie in compiled code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import groupby
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from chainrule.graph.shape import Shape
from chainrule.lowering.held import Held, Order, matrix_order
from chainrule.lowering.native import product, ready

Axis = tuple[Shape, Order]
"""Of an axis the sizes of its parts, and in which order they lie."""
_FEW = 512
"""Products of two numbers that are formed: for so few a call of a matrix product takes longer than they do."""
_MANY, _WIDTH = 3 * 2**16, 8
"""Of so many, with so many columns, XLA's own product takes longer than that of `native`; smaller ones are not worth
waiting for a C compiler, once on each machine."""


def einsum(subscripts: str, *operands: Held, optimize: bool = True) -> Held:
    """jnp.einsum of arrays as they lie. The letter z is the axis of the examples.

    An axis in parts is one axis for the product, if its parts lie side by side. A matrix that is a sum over the
    examples is made in the order in which weights of its size are kept.
    """
    left, result = subscripts.split("->")
    sides, wanted = left.replace("z", "").split(","), result.replace("z", "")
    values, axes = _agreeing(sides, operands)
    given, arrays = [], []
    for side, x in zip(sides, values, strict=True):
        order, z = _order_of_axes(x), "z" * x.batched
        names = "".join(side[axis] for axis in order)
        given.append(names + z if x.last else z + names)
        arrays.append(_joined(x, order))
    order = tuple(range(len(wanted)))
    if "z" in left and len(result) == len(wanted) == 2:
        order = matrix_order(*(prod(axes[letter][0]) for letter in wanted))
    lying = "z" * ("z" in result) + "".join(wanted[axis] for axis in order)
    made = _multiplied(given, lying, arrays, optimize)
    return _parted(made, order, [axes[letter] for letter in wanted])


def _multiplied(sides: Sequence[str], result: str, arrays: Sequence[Any], optimize: bool) -> Any:
    """The product, in the way that is fastest for its size."""
    terms, subscripts = _terms(sides, arrays), f"{','.join(sides)}->{result}"
    if terms <= _FEW:
        return _written_out(subscripts, *arrays)
    if _are_matrices(sides, result):
        (first, a), (second, b) = sorted(
            zip(sides, arrays, strict=True), key=lambda side: result[0] not in side[0]
        )
        return of_matrices(a, b, first[1] == result[0], second[0] == result[1])
    return jnp.einsum(subscripts, *arrays, optimize=optimize)


def of_matrices(a: Any, b: Any, a_turned: bool = False, b_turned: bool = False) -> jax.Array:
    """A B of two matrices. turned: given as the transpose."""
    (m, k), n = a.shape[::-1] if a_turned else a.shape, b.shape[0 if b_turned else 1]
    if (
        a_turned and b_turned and k > max(m, n)
    ):  # the result is smaller than what would be read across its rows
        return of_matrices(b, a).T
    if a.dtype == b.dtype and are_fast(m, k, n, a.dtype):
        return product(a, b, a_turned, b_turned)
    return jnp.einsum(f"{'ki' if a_turned else 'ik'},{'jk' if b_turned else 'kj'}->ij", a, b)


def are_fast(m: int, k: int, n: int, dtype: Any) -> bool:
    """Whether a product (m, k) (k, n) in that dtype is made by `native`: large ones, of what is no vector."""
    return m * k * n >= _MANY and min(m, k) > 1 and n >= _WIDTH and dtype == jnp.float32 and ready()


def _are_matrices(sides: Sequence[str], result: str) -> bool:
    """Whether it is the product of two matrices, in whatever order."""
    if [*map(len, sides), len(result)] != [2, 2, 2]:
        return False
    first, second = map(set, sides)
    return len(first & second) == 1 and set(result) == first ^ second


def _terms(sides: Sequence[str], arrays: Sequence[Any]) -> int:
    """How many numbers are added up in all."""
    sizes = {
        letter: n
        for side, x in zip(sides, arrays, strict=True)
        for letter, n in zip(side, x.shape, strict=True)
    }
    return prod(sizes.values())


def _written_out(subscripts: str, *arrays: Any) -> Any:
    """The same as multiplication and sum, which XLA computes in one loop with what stands around them."""
    left, result = subscripts.split("->")
    letters = result + "".join(dict.fromkeys(letter for letter in left if letter not in f",{result}"))
    spread = [
        jnp.expand_dims(
            array.transpose([side.index(letter) for letter in letters if letter in side]),
            [axis for axis, letter in enumerate(letters) if letter not in side],
        )
        for side, array in zip(left.split(","), arrays, strict=True)
    ]
    return reduce(jnp.multiply, spread).sum(tuple(range(len(result), len(letters))))


def _agreeing(sides: Sequence[str], operands: Sequence[Held]) -> tuple[Sequence[Held], dict[str, Axis]]:
    """The operands, and how the axis of each letter lies: whole again where it does not lie alike in all of them."""
    operands = [x if len(_order_of_axes(x)) == len(x.shape) else x.whole() for x in operands]
    while True:
        found: dict[str, set[Axis]] = {}
        for side, x in zip(sides, operands, strict=True):
            for letter, axis in zip(side, _axes(x), strict=True):
                found.setdefault(letter, set()).add(axis)
        torn = {letter for letter, ways in found.items() if len(ways) > 1}
        if not torn:
            return operands, {letter: ways.pop() for letter, ways in found.items()}
        operands = [x.whole() if torn & set(side) else x for side, x in zip(sides, operands, strict=True)]


def _axes(x: Held) -> list[Axis]:
    found, start = [], 0
    for sizes in x.split or tuple((size,) for size in x.shape):
        lying = tuple(part - start for part in x.order if start <= part < start + len(sizes))
        found.append((sizes, lying))
        start += len(sizes)
    return found


def _order_of_axes(x: Held) -> Order:
    """In which order the axes lie; one comes twice where its parts do not lie side by side."""
    owner = [axis for axis, sizes in enumerate(x.split) for _ in sizes] or list(range(len(x.order)))
    return tuple(axis for axis, _ in groupby(owner[part] for part in x.order))


def _joined(x: Held, order: Order) -> Any:
    """The array with every axis in one part; nothing moves."""
    if not x.split:
        return x.array
    sizes, ends = [x.shape[axis] for axis in order], x.array.shape
    return x.array.reshape(*ends[: x.lead], *sizes, *(ends[-1:] if x.batched and x.last else ()))


def _parted(array: Any, order: Order, axes: Sequence[Axis]) -> Held:
    """The opposite of `_joined`, of an array with the examples first or without them."""
    if all(len(sizes) == 1 for sizes, _ in axes):
        return Held(array, order)
    starts = [sum(len(sizes) for sizes, _ in axes[:at]) for at in range(len(axes))]
    lead = array.shape[: array.ndim - len(order)]
    shape = [axes[axis][0][part] for axis in order for part in axes[axis][1]]
    parts = tuple(starts[axis] + part for axis in order for part in axes[axis][1])
    return Held(array.reshape(*lead, *shape), parts, tuple(sizes for sizes, _ in axes))
