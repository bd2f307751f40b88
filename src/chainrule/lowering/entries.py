"""Ops that act entry by entry, on arrays as they lie, and ops that only give the axes other names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import jax

from chainrule.graph.shape import Shape
from chainrule.lowering.held import Form, Held, Place, Split, common_place, parts_in_order
from chainrule.lowering.once import once


def entry_by_entry(rule: Callable[..., Any], operands: Sequence[Held]) -> Held:
    """The rule on operands of one shape, or scalars among them, in the place where they meet."""
    place = common_place(operands)
    arrays = [x.at(place if x.shape else Place((), (), place.last)).array for x in operands]
    if place.last:
        made = rule(
            *(array if x.batched else array[..., None] for x, array in zip(operands, arrays, strict=True))
        )
    elif any(x.batched for x in operands):
        made = jax.vmap(rule, in_axes=[0 if x.batched else None for x in operands])(*arrays)
    else:
        made = rule(*arrays)
    return Held(made, *place)


def _permuted(operands: Sequence[Held], batched: Sequence[bool], axes: tuple[int, ...]) -> Held:
    """Nothing moves: the axes that lie there have other numbers."""
    (x,) = operands
    axes = tuple(axis % len(axes) for axis in axes)
    parts = parts_in_order(axes, x.split) if x.split else axes
    split = tuple(x.split[axis] for axis in axes) if x.split else ()
    return Held(x.array, tuple(map(parts.index, x.order)), split, x.last)


def _reshaped(operands: Sequence[Held], batched: Sequence[bool], shape: Any) -> Held | None:
    """Nothing moves where the new axes are made of whole parts of the old ones."""
    (x,) = operands
    split = None if x.place.plain else _joined(x.sizes, (shape,) if isinstance(shape, int) else tuple(shape))
    if split is None:
        return None
    kept = once(lambda array: array, x.array) if x.batched and not x.last else x.array
    return Held(kept, x.order, split if any(len(sizes) != 1 for sizes in split) else (), x.last)


def _joined(sizes: Shape, shape: Shape) -> Split | None:
    """The sizes in groups whose products are the shape; None where there are none. No group is empty."""
    left, found = list(sizes), []
    for axis, wanted in enumerate(shape):
        group: list[int] = []
        while left and (not group or prod(group) < wanted):
            group.append(left.pop(0))
        while left and left[0] == 1 and len(left) > len(shape) - axis - 1:
            group.append(left.pop(0))
        if not group or prod(group) != wanted:
            return None
        found.append(tuple(group))
    return None if left else tuple(found)


FORMS: dict[str, Form] = {
    "permute": _permuted,
    "transpose": partial(_permuted, axes=(1, 0)),
    "reshape": _reshaped,
}
