"""How a kernel lies over an input: windows and channels, the index equations, the notation, and the three values.

Legend: as in convolution.py. `turned` says that the kernel is turned round: convolution, not correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from chainrule.graph.errors import ShapeError
from chainrule.graph.notation import FACTOR, STAR, Form, Notation
from chainrule.graph.shape import Shape
from chainrule.ops.windows import Window, by, gathered, padding_word, pairs, shown, windows_of

_RANKS = {1: ((1, 1), (2, 3)), 2: ((2, 2), (3, 4))}
_FORMS = {
    1: "an input (n,) with a kernel (u,), or (channels, n) with (outputs, channels / groups, u)",
    2: "an input (h, w) with a kernel (u, v), or (channels, h, w) with (outputs, channels / groups, u, v)",
}


@dataclass(frozen=True)
class Layout:
    """How a kernel lies over an input: the windows along each axis, and the channels."""

    windows: tuple[Window, ...]
    groups: int
    x: Shape
    k: Shape

    @property
    def channels(self) -> tuple[int, int]:
        """The channels of input and result; 1 and 1 where there is no axis for them."""
        return (self.x[0], self.k[0]) if self.has_channels else (1, 1)

    @property
    def has_channels(self) -> bool:
        return len(self.k) > 2

    @property
    def y(self) -> Shape:
        """The shape of the result."""
        return self.k[: self.has_channels] + tuple(window.count for window in self.windows)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters in their shortest form."""
        return {
            "stride": _shortest([window.stride for window in self.windows]),
            "padding": padding_word(self.windows) or pairs(self.windows),
            "dilation": _shortest([window.dilation for window in self.windows]),
            "groups": self.groups,
        }


def _shortest(numbers: Sequence[int]) -> int | tuple[int, ...]:
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def layout_of(
    x: Shape,
    k: Shape,
    *,
    stride: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    where: str = "",
    axes: int = 0,
) -> Layout:
    """The layout of a kernel over an input, checked; axes: 1 or 2, or 0 for what the kernel's rank says."""
    axes = axes or 2 - len(k) % 2
    if (len(x), len(k)) not in _RANKS[axes]:
        remedy = (
            "with channels the kernel is (outputs, channels, ...): one kernel for each channel of the result"
        )
        raise ShapeError(_FORMS[axes], f"{x} with {k}", where, remedy)
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ShapeError(
            "a number of groups of at least 1",
            f"groups {groups!r}",
            where,
            "groups=1 is one for all channels",
        )
    if len(k) <= 2 and groups != 1:
        raise ShapeError(
            "channels to make groups of", f"groups {groups} for {x} with {k}", where, "leave groups out"
        )
    if len(k) > 2 and (x[0] % groups or k[0] % groups):
        came = f"{groups} groups, {x[0]} and {k[0]} channels"
        remedy = "take a number of groups that divides both, or other channels"
        raise ShapeError("groups that divide the channels of input and result", came, where, remedy)
    if len(k) > 2 and k[1] * groups != x[0]:
        wish = f"a kernel for the {x[0]} channels of the input" + (
            f" in {groups} groups, so {x[0] // groups}" if groups > 1 else ""
        )
        raise ShapeError(
            wish,
            f"one for {k[1]}: {x} with {k}",
            where,
            f"the kernel would be {(k[0], x[0] // groups, *k[2:])}",
        )
    return Layout(windows_of(where, x[-axes:], k[-axes:], stride, padding, dilation), groups, x, k)


def _letters(layout: Layout) -> list[tuple[Window, str, str]]:
    return list(zip(layout.windows, "ij", "uv", strict=False))


def _read(layout: Layout, turned: bool) -> list[str]:
    """Where X is read: s i + d u − p, or with the kernel turned s i − d u + d (U − 1) − p."""
    return [
        f"{w.stride}*{i}{-w.dilation if turned else w.dilation:+d}*{u}{w.mirrored[0] if turned else -w.before:+d}"
        for w, i, u in _letters(layout)
    ]


def _written(layout: Layout, turned: bool) -> list[str]:
    """Which window reads place i of X as its own place u: `_read` solved for i."""
    return [
        f"({i}{w.dilation if turned else -w.dilation:+d}*{u}{-w.mirrored[0] if turned else w.before:+d})/{w.stride}"
        for w, i, u in _letters(layout)
    ]


def _within(layout: Layout) -> tuple[str, str]:
    """The channel of X for a kernel's channel c, and the kernel's channel for a channel c of X."""
    inputs, outputs = (channels // layout.groups for channels in layout.channels)
    return ("c", "c") if layout.groups == 1 else (f"c+{inputs}*(o//{outputs})", f"c-{inputs}*(o//{outputs})")


def equation_text(what: str, layout: Layout, turned: bool) -> str:
    read, written = (",".join(places(layout, turned)) for places in (_read, _written))
    ij, uv = (",".join(letters[: len(layout.windows)]) for letters in ("ij", "uv"))
    c, within = _within(layout)
    if not layout.has_channels:
        return {
            "result": f"Y[{ij}] = sum({uv}) X[{read}] * K[{uv}]",
            "input": f"Y[{ij}] = sum({uv}) D[{written}] * K[{uv}]",
            "kernel": f"Y[{uv}] = sum({ij}) X[{read}] * D[{ij}]",
        }[what]
    return {
        "result": f"Y[o,{ij}] = sum(c,{uv}) X[{c},{read}] * K[o,c,{uv}]",
        "input": f"Y[c,{ij}] = sum(o,{uv}) D[o,{written}] * K[o,{within},{uv}]",
        "kernel": f"Y[o,c,{uv}] = sum({ij}) X[{c},{read}] * D[o,{ij}]",
    }[what]


def starred(
    star: tuple[str, str], windows: Sequence[Window], groups: int, word: str = "", size: Shape = ()
) -> Notation:
    """x ⋆ k with what is not plain in a subscript. word: a further one. size: of the result, where only it tells."""
    ones, more = [1] * len(windows), [f"g={groups}"] if groups != 1 else []
    above, plain = ([rf"\text{{{word}}}"], [word]) if word else ([], [])
    if size:
        above, plain = (
            [*above, f"n={by(size)}".replace("×", r"\times")],
            [*plain, f"n={by(size)}".replace(" ", "")],
        )
    subscript = r",\, ".join(above + shown(windows, ones, latex=True) + more)
    bracket = ", ".join(plain + shown(windows, ones, latex=False) + more)
    return Notation(
        Form(f"#1 {star[0]}" + (f"_{{{subscript}}}" if subscript else "") + " #2", STAR, (FACTOR,)),
        Form(f"#1 {star[1]}" + (f"[{bracket}]" if bracket else "") + " #2", STAR, (FACTOR,)),
    )


# The three values, for one example. The kernel is a matrix (channels × places) and so are the windows.


def _columns(xp, x, tables, groups):
    """(..., channels, n1, n2) as (..., groups, channels / groups × places in a window, windows)."""
    read = gathered(xp, x, tables)
    lead, channels = x.shape[: -len(tables) - 1], x.shape[-len(tables) - 1] // groups
    places, windows = (prod(table.shape[axis] for table in tables) for axis in (0, 1))
    return xp.reshape(read, (*lead, groups, channels * places, windows))


def _turned(k, axes, turned):
    return k[(..., *(slice(None, None, -1),) * axes)] if turned else k


def result_value(xp, x, k, layout, turned):
    (c, o), g = layout.channels, layout.groups
    columns = _columns(
        xp, xp.reshape(x, (c, *x.shape[-len(layout.windows) :])), [w.reads() for w in layout.windows], g
    )
    k = xp.reshape(_turned(k, len(layout.windows), turned), (g, o // g, columns.shape[1]))
    return xp.reshape(xp.matmul(k, columns), layout.y)


def input_value(xp, dy, k, layout, turned):
    (c, o), g = layout.channels, layout.groups
    columns = _columns(
        xp, xp.reshape(dy, (o, *dy.shape[-len(layout.windows) :])), [w.writes() for w in layout.windows], g
    )
    places = prod(w.size for w in layout.windows)
    k = xp.reshape(_turned(k, len(layout.windows), turned), (g, o // g, c // g, places))
    k = xp.reshape(xp.swapaxes(k, 1, 2), (g, c // g, columns.shape[1]))
    return xp.reshape(xp.matmul(k, columns), layout.x)


def kernel_value(xp, x, dy, layout, turned):
    """Summed over a leading axis, the examples."""
    (c, o), g = layout.channels, layout.groups
    x = xp.reshape(x, (len(x), c, *x.shape[-len(layout.windows) :]))
    columns = xp.moveaxis(_columns(xp, x, [w.reads() for w in layout.windows], g), 0, 2)
    dy = xp.moveaxis(xp.reshape(dy, (len(dy), g, o // g, columns.shape[3])), 0, 2)
    columns, dy = (xp.reshape(m, (*m.shape[:2], m.shape[2] * m.shape[3])) for m in (columns, dy))
    dk = xp.reshape(xp.matmul(dy, xp.swapaxes(columns, 1, 2)), layout.k)
    return _turned(dk, len(layout.windows), turned)
