"""Layers that slide windows over sequences and images: convolution and pooling.

Legend: C channels of the input x, O of the output; n the length of a sequence, h and w the sizes of an image;
u, v the sizes of a kernel or window; n′, h′, w′ what is left of n, h and w. How many windows there are is
in the docstrings of the ops `correlate` and `max_pool`. Inputs have channels: (C, n) or (C, h, w).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.op import Op
from chainrule.graph.shape import size_of
from chainrule.networks.initialisation import Initialisation, Zeros
from chainrule.networks.layers import Layer
from chainrule.networks.scope import Scope
from chainrule.ops.average_pooling import average_pool, average_pool2d
from chainrule.ops.channels import fill
from chainrule.ops.convolution import correlate, correlate2d
from chainrule.ops.max_pooling import max_pool, max_pool2d

Sizes = int | tuple[int, ...]
Padding = str | int | tuple[Any, ...]
"""None ("valid"), what keeps the size ("same"), "full", a number for all sides, or one for each axis."""


@dataclass(frozen=True)
class Spatial(Layer):
    """A layer on sequences or images; lists among its settings become tuples."""

    axes: ClassVar[int]

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _frozen(getattr(self, field.name)))

    def checked(self, x: Expr) -> None:
        """Raises ShapeError for an input that has no channels, or other axes."""
        if len(x.shape) != self.axes + 1:
            image = "length" if self.axes == 1 else "height, width"
            missing = len(x.shape) == self.axes
            one = f"({', '.join(map(str, (1, *x.shape)))})"
            remedy = f"for one channel write {one}" if missing else "reshape it, with channels first"
            raise ShapeError(f"an input (channels, {image})", f"the shape {x.shape}", remedy=remedy)


@dataclass(frozen=True)
class _Convolution(Spatial):
    channels: int
    size: Sizes
    stride: Sizes = 1
    padding: Padding = "valid"
    dilation: Sizes = 1
    groups: int = 1
    bias: bool = True
    weights: Initialisation | None = None

    op: ClassVar[Op]

    def __post_init__(self) -> None:
        super().__post_init__()
        where = type(self).__name__
        sizes = self.size if isinstance(self.size, tuple) else (self.size,) * self.axes
        if not _counts((self.channels,)):
            raise ShapeError("a number of channels from 1", repr(self.channels), where)
        if not _counts(sizes) or len(sizes) != self.axes:
            wish = "a size of the kernel from 1" + (", or a pair" if self.axes == 2 else "")
            raise ShapeError(wish, repr(self.size), where)
        if not _counts((self.groups,)):
            raise ShapeError("a number of groups from 1", repr(self.groups), where)

    def build(self, x: Expr, scope: Scope) -> Expr:
        self.checked(x)
        sizes = self.size if isinstance(self.size, tuple) else (self.size,) * self.axes
        settings = {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }
        inner, places = x.shape[0] // self.groups, size_of(sizes)
        scope.next_number()
        kernel = (self.channels, inner, *sizes)
        W = scope.weight("W", kernel, inner * places, self.channels // self.groups * places, self.weights)
        z = self.op(x, W, **settings)
        if self.bias:
            z = z + fill(scope.bias("b", (self.channels,), Zeros()), sizes=z.shape[1:])
        return scope.named("z", z)


@dataclass(frozen=True)
class Conv1d(_Convolution):
    """Each output is a weighted sum of the inputs in a window that slides along a sequence. Notes (127).

    channels: O, how many outputs there are at each place. size: u, of the kernel, in places.
    stride: places from one window to the next. padding: "valid" for none, "same" for as many places as
        before (with a stride, one in so many), "full", a number for both ends, or a pair (before, after).
    dilation: places from one entry that a window reads to the next. groups: the channels are split into
        so many groups, and each group of outputs sees its own group of inputs.
    bias: whether each output channel has a number of its own that is added. weights: how W starts; by
        default as the activation that follows wants it.

    x: (C, n). W: (O, C / groups, u). b: (O,). z: (O, n′). Raises ShapeError where sizes do not fit.

    >>> import chainrule as cr
    >>> print(Conv1d(4, 3).build(cr.data("x", (2, 10)), Scope()))
    z⁽¹⁾ = x ⋆ W⁽¹⁾ + b⁽¹⁾ ⊗ 1[8]
    """

    axes = 1
    op = correlate


@dataclass(frozen=True)
class Conv2d(_Convolution):
    """Each output is a weighted sum of the inputs in a window that slides over an image. Notes (137), (143).

    As Conv1d; size, stride and dilation are numbers or pairs (along rows, along columns); padding is a word,
    a number, or for each axis a number or a pair (before, after).

    x: (C, h, w). W: (O, C / groups, u, v). b: (O,). z: (O, h′, w′). Raises ShapeError where sizes do not fit.

    >>> import chainrule as cr
    >>> scope = Scope()
    >>> z = Conv2d(32, 3, padding="same").build(cr.data("x", (1, 28, 28)), scope)
    >>> print(z)
    z⁽¹⁾ = x ⋆[same] W⁽¹⁾ + b⁽¹⁾ ⊗ 1[28×28]
    >>> z.shape, [declared.leaf.shape for declared in scope.declared]
    ((32, 28, 28), [(32, 1, 3, 3), (32,)])
    """

    axes = 2
    op = correlate2d


@dataclass(frozen=True)
class _Pooling(Spatial):
    size: Sizes
    stride: Sizes | None = None
    padding: Padding = "valid"
    ceil_mode: bool = False

    @property
    @abstractmethod
    def op(self) -> Op:
        """What makes one number of a window."""

    def build(self, x: Expr, scope: Scope) -> Expr:
        self.checked(x)
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        return scope.named("p", self.op(x, **settings))


@dataclass(frozen=True)
class MaxPool1d(_Pooling):
    """The largest entry of each window of a sequence; its gradient goes to the first of them. Notes (141).

    size: of the window, in places. stride: from one window to the next; None: as large as the window, so
    that windows touch. padding: as for Conv1d, but smaller than the window; it never is the largest.
    ceil_mode: whether a last window that is only partly filled counts.

    x: (C, n). p: (C, n′). Raises ShapeError where no window fits.
    """

    axes = 1
    op = max_pool


@dataclass(frozen=True)
class MaxPool2d(_Pooling):
    """The largest entry of each window of an image; its gradient goes to the first of them. Notes (141).

    As MaxPool1d; size, stride and padding may be pairs (along rows, along columns).

    x: (C, h, w). p: (C, h′, w′). Raises ShapeError where no window fits.

    >>> import chainrule as cr
    >>> p = MaxPool2d(2).build(cr.data("x", (3, 28, 28)), Scope())
    >>> print(p, p.shape)
    p⁽⁰⁾ = maxpool[2×2](x) (3, 14, 14)
    """

    axes = 2
    op = max_pool2d


@dataclass(frozen=True)
class _Averaging(_Pooling):
    count_padding: bool = False


@dataclass(frozen=True)
class AvgPool1d(_Averaging):
    """The mean of each window of a sequence.

    As MaxPool1d. count_padding: whether the zeros of the padding count in the mean.

    x: (C, n). p: (C, n′). Raises ShapeError where no window fits.
    """

    axes = 1
    op = average_pool


@dataclass(frozen=True)
class AvgPool2d(_Averaging):
    """The mean of each window of an image.

    As MaxPool2d. count_padding: whether the zeros of the padding count in the mean.

    x: (C, h, w). p: (C, h′, w′). Raises ShapeError where no window fits.
    """

    axes = 2
    op = average_pool2d


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _counts(numbers: tuple[Any, ...]) -> bool:
    return all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in numbers)
