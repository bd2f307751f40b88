"""Numbers that people set: checked, with an error that says what fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.graph.errors import ChainruleError


def checked_number(wish: str, value: Any, holds: Callable[[Any], bool], where: str, remedy: str) -> float:
    """The number as it is. Raises ChainruleError for what is no finite number or does not hold.

    wish: the name and what fits. where: the function that was called. remedy: what to write.

    >>> checked_number("patience above 0", 3, lambda x: x > 0, "EarlyStopping", "write patience=10")
    3
    """
    try:
        fits = not isinstance(value, bool) and math.isfinite(value) and bool(holds(value))
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise ChainruleError(wish, repr(value)[:80], where, remedy)
    number: float = value
    return number


def checked_whole(wish: str, value: Any, where: str, remedy: str) -> int:
    """The whole number from 1. Raises ChainruleError for anything else.

    >>> checked_whole("epochs as a whole number from 1", 10, "fit", "write epochs=10")
    10
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
        raise ChainruleError(wish, repr(value)[:80], where, remedy)
    return int(value.__index__())


def checked_penalty(name: str, value: Any) -> float:
    """The weight of a regulariser. Raises ChainruleError for anything but a finite number, 0 or above.

    >>> checked_penalty("l2", 0.1)
    0.1
    """
    wish, remedy = f"{name} as a finite number, 0 or above", f"write {name}=1e-3, or leave it out"
    return checked_number(wish, value, lambda number: number >= 0, "fit", remedy)
