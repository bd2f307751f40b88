"""How a kernel lies over an input: the windows, the channels, the index equations and the notation of it.

Legend: as in convolution.py. `turned` says that the kernel is turned round: convolution, not correlation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.graph.errors import ShapeError
from chainrule.graph.notation import FACTOR, STAR, Form, Notation
from chainrule.graph.shape import Shape
from chainrule.ops.windows import Window, padding_word, pairs, shown, windows_of

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
    x: Shape, k: Shape, stride: Any = 1, padding: Any = "valid", dilation: Any = 1, groups: int = 1, where: str = "", axes: int = 0
) -> Layout:
    """The layout of a kernel over an input, checked; axes: 1 or 2, or 0 for what the kernel's rank says."""
    axes = axes or 2 - len(k) % 2
    if (len(x), len(k)) not in _RANKS[axes]:
        remedy = "each result's channel needs a kernel of its own: make the kernel (outputs, channels, ...)"
        raise ShapeError(_FORMS[axes], f"{x} with {k}", where, remedy if len(x) > axes else "")
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:
        raise ShapeError("a number of groups of at least 1", f"groups {groups!r}", where)
    if len(k) <= 2 and groups != 1:
        raise ShapeError("channels to make groups of", f"groups {groups} for {x} with {k}", where)
    if len(k) > 2 and (x[0] % groups or k[0] % groups):
        raise ShapeError(
            "groups that divide the channels of input and result", f"{groups} groups, {x[0]} and {k[0]} channels", where
        )
    if len(k) > 2 and k[1] * groups != x[0]:
        wish = f"a kernel for the {x[0]} channels of the input" + (f" in {groups} groups, so {x[0] // groups}" if groups > 1 else "")
        raise ShapeError(wish, f"one for {k[1]}: {x} with {k}", where, f"the kernel would be {(k[0], x[0] // groups, *k[2:])}")
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


def starred(star: tuple[str, str], windows: Sequence[Window], groups: int) -> Notation:
    """x ⋆ k with what is not plain in a subscript."""
    (latex, text), words = star, shown(windows, g=groups)
    subscript, bracket = words(True), words(False)
    return Notation(
        Form(f"#1 {latex}" + (f"_{{{subscript}}}" if subscript else "") + " #2", STAR, (FACTOR,)),
        Form(f"#1 {text}" + (f"[{bracket}]" if bracket else "") + " #2", STAR, (FACTOR,)),
    )
