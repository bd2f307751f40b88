"""What all poolings share: their windows, index equations and notation, and what the tests try.

Each window of an image becomes one number; channels, where there are any, are pooled each by itself.

Legend: x the input, y the result, dy its adjoint; i, j count windows; u, v places in a window; s stride, p padding.
Window i, j reads x at s i + u − p, s j + v − q.
"""

from __future__ import annotations

from typing import Any

from chainrule.graph.errors import ShapeError
from chainrule.graph.notation import Notation, function
from chainrule.graph.op import Case, case, error
from chainrule.graph.shape import Shape, size_of
from chainrule.ops.windows import Window, by, gathered, one_each, pairs, shown, windows_of

PLAIN = {"size": (2,), "stride": (2,), "padding": ((0, 0),), "ceil_mode": False}
"""Windows of two places side by side, as parameters."""


def pools(
    x: Shape,
    size: Any,
    stride: Any = None,
    padding: Any = "valid",
    ceil_mode: bool = False,
    where: str = "",
    axes: int = 0,
) -> tuple[Window, ...]:
    """The windows of a pooling, checked; axes: 1 or 2, or 0 for one for each size."""
    axes = axes or len(size)
    if len(x) not in (axes, axes + 1):
        image = ("n", "h, w")[axes - 1]
        raise ShapeError(
            f"an input ({image}) or (channels, {image})", f"{x}", where, "reshape it, or pool its parts"
        )
    sizes = one_each(where, "size", size, axes)
    windows = windows_of(
        where, x[-axes:], sizes, sizes if stride is None else stride, padding, 1, bool(ceil_mode)
    )
    if any(max(window.before, window.after) >= window.size for window in windows):
        came = f"padding {pairs(windows)}"
        remedy = "a window that sees padding alone has no entry: take less padding or larger windows"
        raise ShapeError(f"less padding than the window of {by(sizes)} is large", came, where, remedy)
    return windows


def normal(windows: tuple[Window, ...]) -> dict[str, Any]:
    """The parameters of a pooling in their normal form."""
    return {
        "size": tuple(window.size for window in windows),
        "stride": tuple(window.stride for window in windows),
        "padding": pairs(windows),
        "ceil_mode": windows[0].ceil,
    }


def equation_text(reduce: str, x: Shape, windows: tuple[Window, ...], back: bool = False) -> str:
    """Y[c,i,j] = max(u,v) X[c, s*i+u-p, s*j+v-q], or from windows back to the places they read."""
    letters = list(zip(windows, "ij", "uv", strict=False))
    read = [
        f"({i}-{u}+{w.before})/{w.stride}" if back else f"{w.stride}*{i}+{u}-{w.before}"
        for w, i, u in letters
    ]
    c = ["c"] * (len(x) - len(windows))
    ranges = ", ".join(f"{u}<{w.size}" for w, _, u in letters)
    left, inner = ",".join(c + [i for _, i, _ in letters]), ",".join(u for _, _, u in letters)
    return f"Y[{left}] = {reduce}({inner}) X[{','.join(c + read)}] for {ranges}"


def named(
    name: str, windows: tuple[Window, ...], operands: int = 1, more: tuple[str, ...] = (), size: Shape = ()
) -> Notation:
    """name(x) with the size of the windows, and what else is not plain, in a subscript.

    size: of the result, where nothing else tells it.
    """
    sizes = [window.size for window in windows]
    more = (*more, "ceil") if windows[0].ceil else more
    latex = [
        by(sizes).replace("×", r"\times"),
        *shown(windows, sizes, latex=True),
        *(rf"\text{{{word}}}" for word in more),
    ]
    text = [by(sizes).replace(" ", ""), *shown(windows, sizes, latex=False), *more]
    if size:
        latex.insert(1, f"n={by(size)}".replace("×", r"\times"))
        text.insert(1, f"n={by(size)}".replace(" ", ""))
    subscript = r",\, ".join(latex)
    return function(rf"\operatorname{{{name}}}_{{{subscript}}}", f"{name}[{', '.join(text)}]", operands)


def samples(axes: int) -> tuple[Case, ...]:
    """Few, for each is compiled in many ways: windows that touch, overlap, leave gaps, or are not filled."""

    def sized(n: int, m: int) -> Shape:
        return (n, m)[:axes]

    uneven, each = (((0, 1), (1, 0)), (3, 2)) if axes == 2 else ((0, 1), 3)
    return (
        case((2, *sized(4, 5)), size=2),
        case(sized(5, 4), size=each, stride=1),
        case((1, *sized(4, 5)), size=3, stride=2, padding=1),
        case(sized(5, 4), size=2, padding=uneven),
        case((2, *sized(5, 3)), size=2, stride=3),
        case((1, *sized(5, 4)), size=3, stride=2, ceil_mode=True),
        case(sized(1, 1), size=1),
        case((0, *sized(2, 2)), size=2),
    )


def errors(axes: int) -> tuple[Case, ...]:
    x = (4, 4)[:axes]
    return (
        error(
            x,
            size=5,
            match=r"padded input of 4 along axis 1; came 5 places on an input of 4 with padding \(0, 0\)",
        ),
        error(x, size=0, match="a size of at least 1"),
        error(x, size=2, stride=0, match="a stride of at least 1.*came stride 0"),
        error(x, size=2, padding=2, match="less padding than the window of 2"),
        error(x, size=2, padding="half", match="\"same\".*came padding 'half'"),
        error((), size=1, match="an input"),
        error((2, 2, *x), size=2, match="an input"),
    )


def columns(xp, x, windows, fill=0):
    """(..., n1, n2) as (..., places in a window, i, j), the places in row order."""
    read = gathered(xp, x, [window.reads() for window in windows], fill)
    axes = len(windows)
    return xp.reshape(
        read, (*read.shape[: -2 * axes], size_of(read.shape[-2 * axes : -axes]), *read.shape[-axes:])
    )


def pooled(x: Shape, where: str, **params: Any) -> Shape:
    """The shape of a pooling's result."""
    windows = pools(x, **params, where=where)
    return (*x[: -len(windows)], *(window.count for window in windows))


def normal_samples(axes: int) -> tuple[tuple[Shape, Shape, dict[str, Any]], ...]:
    """The samples as shapes of x and of the result, and parameters in their normal form."""
    found = []
    for sample in samples(axes):
        (x,) = sample.shapes
        windows = pools(x, **sample.params, axes=axes)
        found.append((x, (*x[:-axes], *(window.count for window in windows)), normal(windows)))
    return tuple(found)
