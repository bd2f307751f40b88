"""Products of arrays as they lie in compiled code."""

from __future__ import annotations

import jax.numpy as jnp

from chainrule.lowering.held import Held, matrix_order


def einsum(subscripts: str, *operands: Held, optimize: bool = True) -> Held:
    """jnp.einsum of arrays as they lie. The letter z is the axis of the examples.

    A matrix that is a sum over the examples is made in the order in which weights of its size are kept.
    """
    sides, result = subscripts.split("->")
    given = []
    for side, operand in zip(sides.split(","), operands, strict=True):
        letters = side[operand.lead :]
        given.append(side[: operand.lead] + "".join(letters[axis] for axis in operand.order))
    rank = len(result) - ("z" in result)
    order = tuple(range(rank))
    if "z" in sides and rank == len(result) == 2:
        sizes = {
            letter: size
            for side, x in zip(given, operands, strict=True)
            for letter, size in zip(side, x.array.shape, strict=True)
        }
        order = matrix_order(*(sizes[letter] for letter in result))
    wanted = result[: len(result) - rank] + "".join(result[axis - rank] for axis in order)
    arrays = (operand.array for operand in operands)
    return Held(jnp.einsum(f"{','.join(given)}->{wanted}", *arrays, optimize=optimize), order)
