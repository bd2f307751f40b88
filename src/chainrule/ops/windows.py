"""Windows that slide along the axes of an image: how many there are, and where each of them reads.

Legend, for one axis: n the size of the input; size that of the window; s the stride, the step from one
window to the next; d the dilation, the step inside a window; p the padding before; i counts windows, u
the places in a window. Window i reads place u at s i + d u − p; what lies outside of the input is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ShapeError
from chainrule.graph.shape import Shape

Pair = tuple[int, int]
_WORDS = ("valid", "same", "full")
_PADDINGS = '"valid", "same", "full", a whole number that is not negative, or pairs (before, after)'


@dataclass(frozen=True)
class Window:
    """The windows along one axis; `count` is how many there are."""

    n: int
    size: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0
    ceil: bool = False

    @property
    def extent(self) -> int:
        """The places from the first to the last that a window covers."""
        return self.dilation * (self.size - 1) + 1

    @property
    def count(self) -> int:
        """How many windows there are. With `ceil` a last one may reach beyond the padding, if it begins before it."""
        span = self.n + self.before + self.after - self.extent
        if not self.ceil:
            return span // self.stride + 1
        count = -(-span // self.stride) + 1
        return count - 1 if (count - 1) * self.stride >= self.n + self.before else count

    @property
    def mirrored(self) -> Pair:
        """The padding with which windows over the output lead back to the input: what is missing to "full"."""
        return self.extent - 1 - self.before, self.extent - 1 - self.after

    def reads(self) -> NDArray[Any]:
        """A table (size, count): the place that each window reads, or n for padding."""
        places = (
            self.stride * np.arange(self.count) + self.dilation * np.arange(self.size)[:, None] - self.before
        )
        return np.where((places >= 0) & (places < self.n), places, self.n)

    def writes(self) -> NDArray[Any]:
        """A table (size, n): the window that reads each place as its own place u, or count for none."""
        steps = np.arange(self.n) + self.before - self.dilation * np.arange(self.size)[:, None]
        windows = np.where(steps % self.stride == 0, steps // self.stride, -1)
        return np.where((windows >= 0) & (windows < self.count), windows, self.count)


@lru_cache(maxsize=4096)
def windows_of(
    where: str,
    image: Shape,
    sizes: Shape,
    stride: int | Shape = 1,
    padding: Any = "valid",
    dilation: int | Shape = 1,
    ceil: bool = False,
) -> tuple[Window, ...]:
    """The windows along each axis of an image, checked.

    image, sizes: of the input and of the window. stride, dilation: a number, or one for each axis.
    padding: "valid" (none), "full" (windows that share one place with the input count), "same" (as many
    outputs as inputs, or ceil(n / stride) of them, an odd zero after), a number for all sides, or for
    each axis a number or a pair (before, after). where: the op, for messages.
    Raises ShapeError for numbers that make no windows.
    """
    steps = one_each(where, "stride", stride, len(image))
    inner = one_each(where, "dilation", dilation, len(image))
    if min(sizes) < 1:
        raise ShapeError("a window of at least one place along each axis", by(sizes), where, "make it larger")
    found = []
    for axis, (n, size, s, d) in enumerate(zip(image, sizes, steps, inner, strict=True)):
        before, after = _sides(where, padding, axis, len(image), Window(n, size, s, d))
        window = Window(n, size, s, d, before, after, ceil)
        if window.extent > n + before + after:
            raise ShapeError(
                f"a window that fits into the padded input of {n + before + after} along axis {axis + 1}",
                f"{size} places" + (f" with dilation {d}, together {window.extent}" if d != 1 else "")
                + f" on an input of {n} with padding ({before}, {after})",
                where,
                'take a smaller window, or more padding, such as padding="same"',
            )  # fmt: skip
        found.append(window)
    return tuple(found)


def one_each(where: str, what: str, number: Any, axes: int) -> Shape:
    """A positive number for each axis, from one number or one for each."""
    each = tuple(repeat(number, axes)) if not isinstance(number, (tuple, list)) else tuple(number)
    if len(each) != axes or any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in each):
        wish = f"a {what} of at least 1" + (f", or one for each of {axes} axes" if axes > 1 else "")
        raise ShapeError(wish, f"{what} {number!r}", where, f"{what}=1 is the smallest")
    return each


def _sides(where: str, padding: Any, axis: int, axes: int, bare: Window) -> Pair:
    """How much padding comes before and after along one axis."""
    if isinstance(padding, str) and padding in _WORDS:
        if padding == "same":
            return _same(bare)
        return (bare.extent - 1, bare.extent - 1) if padding == "full" else (0, 0)
    if axes == 1 and isinstance(padding, (tuple, list)) and len(padding) == 2:
        padding = (padding,)
    one = padding[axis] if isinstance(padding, (tuple, list)) and len(padding) == axes else padding
    pair = tuple(one) if isinstance(one, (tuple, list)) else (one, one)
    if len(pair) != 2 or any(
        isinstance(side, bool) or not isinstance(side, int) or side < 0 for side in pair
    ):
        wish = _PADDINGS + (f" for each of {axes} axes" if axes > 1 else "")
        raise ShapeError(wish, f"padding {padding!r}", where, 'padding="valid" is none')
    return pair[0], pair[1]


def _same(bare: Window) -> Pair:
    needed = max((-(-bare.n // bare.stride) - 1) * bare.stride + bare.extent - bare.n, 0)
    return needed // 2, needed - needed // 2


def pairs(windows: Sequence[Window]) -> tuple[Pair, ...]:
    """The padding of windows, as one pair for each axis."""
    return tuple((window.before, window.after) for window in windows)


def padding_word(windows: Sequence[Window]) -> str | None:
    """The word for the padding of windows, where there is one."""
    found = pairs(windows)
    if not any(map(any, found)):
        return "valid"
    if found == tuple((window.extent - 1, window.extent - 1) for window in windows):
        return "full"
    return "same" if found == tuple(map(_same, windows)) else None


def by(sizes: Sequence[int]) -> str:
    """Sizes as a person writes them: 3 × 3."""
    return " × ".join(map(str, sizes)) or "1"


def gathered(xp: ModuleType, x: Any, tables: Sequence[NDArray[Any]], fill: float = 0) -> Any:
    """The entries of x at the places of the tables: (..., n1, n2) to (..., u, v, i, j); beyond the end `fill`."""
    x, axes = xp.asarray(x), len(tables)
    x = xp.pad(x, [(0, 0)] * (x.ndim - axes) + [(0, 1)] * axes, constant_values=fill)
    if axes == 1:
        return x[..., tables[0]]
    return x[..., tables[0][:, None, :, None], tables[1][None, :, None, :]]


def scattered(xp: ModuleType, parts: Any, tables: Sequence[NDArray[Any]]) -> Any:
    """The opposite of `gathered`, from (..., u, v, i, j) to (..., n1, n2): what windows hold, added up where they read.

    tables: for each axis the table (u, n) of the windows that read a place, as `Window.writes` gives it.
    """
    axes = len(tables)
    parts = xp.pad(parts, [(0, 0)] * (parts.ndim - axes) + [(0, 1)] * axes)
    rows = np.arange(len(tables[0]))
    if axes == 1:
        return xp.sum(parts[..., rows[:, None], tables[0]], axis=-2)
    columns = np.arange(len(tables[1]))
    places = (
        rows[:, None, None, None],
        columns[:, None, None],
        tables[0][:, None, :, None],
        tables[1][:, None, :],
    )
    return xp.sum(parts[(..., *places)], axis=(-4, -3))


def shown(windows: Sequence[Window], strides: Sequence[int], latex: bool) -> list[str]:
    """What differs from windows without padding and with these strides, as words for a subscript: same, s=2."""
    word = padding_word(windows)
    words = {None: [f"p={_numbers(pairs(windows))}"], "valid": []}.get(
        word, [rf"\text{{{word}}}" if latex else str(word)]
    )
    if tuple(window.stride for window in windows) != tuple(strides):
        words.append(f"s={_numbers([window.stride for window in windows])}")
    if any(window.dilation != 1 for window in windows):
        words.append(f"d={_numbers([window.dilation for window in windows])}")
    return words


def _numbers(numbers: Sequence[Any]) -> str:
    """What all axes share, as one number where that says it; else one for each axis."""
    each = {
        number[0] if isinstance(number, tuple) and number[0] == number[-1] else number for number in numbers
    }
    return str(each.pop() if len(each) == 1 else tuple(numbers))
