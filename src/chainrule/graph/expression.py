"""Expressions: immutable nodes, each an op applied to expressions, with a shape.

Nodes are shared: building the same node twice gives the same object, so equality is
identity, common parts are found for nothing, and a formula can say "where z = ...".
A name is part of a node's identity: `z.named("z")` is another node than `z`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from chainrule.graph.errors import ShapeError
from chainrule.graph.names import checked_name
from chainrule.graph.shape import Shape

if TYPE_CHECKING:
    from chainrule.graph.op import Op

Number = int | float | Fraction
_nodes: WeakValueDictionary[tuple[Any, ...], Expr] = WeakValueDictionary()
_one_at_a_time = Lock()
OPERATORS: dict[str, Callable[..., Expr]] = {}
"""What +, -, *, /, **, @ and [] mean: filled in by the ops that claim them."""
READERS: dict[str, Callable[..., Any]] = {}
"""How an expression is read as text: filled in by the formula reading."""


def _kind(value: Any) -> Any:
    """What tells apart parameters that are equal and hash alike, but do not print alike: 1, 1.0, True; 0.0, -0.0."""
    if isinstance(value, tuple):
        return tuple(_kind(part) for part in value)
    return str(value) if isinstance(value, float) and value == 0 else type(value)


class Expr:
    """A node of the graph: an op applied to operands, with parameters, a shape and perhaps a name."""

    __slots__ = ("__weakref__", "name", "op", "operands", "params", "shape")
    __array_ufunc__ = None  # NumPy arrays leave `array * expression` to us
    op: Op
    operands: tuple[Expr, ...]
    params: Mapping[str, Any]
    shape: Shape
    name: str | None

    def __new__(
        cls,
        op: Op,
        operands: tuple[Expr, ...],
        params: Mapping[str, Any],
        shape: Shape,
        name: str | None = None,
    ) -> Expr:
        items = tuple(sorted(params.items()))
        key = (op, operands, items, tuple(_kind(value) for _, value in items), shape, name)
        node = _nodes.get(key)
        if node is None:
            made = object.__new__(cls)
            for field, value in (
                ("op", op),
                ("operands", operands),
                ("params", MappingProxyType(dict(items))),
                ("shape", shape),
                ("name", name),
            ):
                object.__setattr__(made, field, value)
            with _one_at_a_time:
                node = _nodes.setdefault(key, made)
        return node

    def __setattr__(self, field: str, value: object) -> None:
        raise AttributeError(f"expressions are immutable: cannot set {field}")

    def __delattr__(self, field: str) -> None:
        raise AttributeError(f"expressions are immutable: cannot delete {field}")

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo: object) -> Expr:
        return self

    # names and structure

    def named(self, name: str) -> Expr:
        """The same expression under a name, under which formulas then show it."""
        return Expr(self.op, self.operands, self.params, self.shape, checked_name(name))

    @property
    def unnamed(self) -> Expr:
        """The same expression without its name. A leaf keeps it: its name is what it is."""
        return self if self.is_leaf else Expr(self.op, self.operands, self.params, self.shape)

    def with_operands(self, operands: tuple[Expr, ...]) -> Expr:
        """The same op, parameters and name on other operands of the same shapes."""
        return Expr(self.op, operands, self.params, self.shape, self.name)

    @property
    def is_leaf(self) -> bool:
        """Whether this is data, a parameter or a constant."""
        return self.op.is_leaf

    @property
    def T(self) -> Expr:
        """The transposed matrix."""
        return OPERATORS["T"](self)

    def __iter__(self) -> Iterator[Expr]:
        if not self.shape:
            raise ShapeError(
                "an expression with at least one axis",
                "a scalar",
                f"iteration over {self!r}",
                "use the scalar itself",
            )
        return (self[i] for i in range(self.shape[0]))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar expression has no length")
        return self.shape[0]

    def __bool__(self) -> bool:
        raise TypeError("an expression is neither true nor false: evaluate it first")

    # operators

    def __add__(self, other: object) -> Expr:
        return OPERATORS["+"](self, other)

    def __radd__(self, other: object) -> Expr:
        return OPERATORS["+"](other, self)

    def __sub__(self, other: object) -> Expr:
        return OPERATORS["-"](self, other)

    def __rsub__(self, other: object) -> Expr:
        return OPERATORS["-"](other, self)

    def __mul__(self, other: object) -> Expr:
        return OPERATORS["*"](self, other)

    def __rmul__(self, other: object) -> Expr:
        return OPERATORS["*"](other, self)

    def __truediv__(self, other: object) -> Expr:
        return OPERATORS["/"](self, other)

    def __rtruediv__(self, other: object) -> Expr:
        return OPERATORS["/"](other, self)

    def __matmul__(self, other: object) -> Expr:
        return OPERATORS["@"](self, other)

    def __rmatmul__(self, other: object) -> Expr:
        return OPERATORS["@"](other, self)

    def __pow__(self, other: object) -> Expr:
        return OPERATORS["**"](self, other)

    def __rpow__(self, other: object) -> Expr:
        return OPERATORS["**"](other, self)

    def __neg__(self) -> Expr:
        return OPERATORS["neg"](self)

    def __pos__(self) -> Expr:
        return self

    def __getitem__(self, key: object) -> Expr:
        return OPERATORS["[]"](self, key)

    # readings as text

    def latex(self, **how: Any) -> str:
        """The formula as LaTeX; form="matrix" or "index"; where=False leaves out the lines for named parts."""
        text: str = READERS["latex"](self, **how)
        return text

    def text(self, **how: Any) -> str:
        """The formula in one-line Unicode, with a line for each named part; options as for latex."""
        text: str = READERS["text"](self, **how)
        return text

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{self.op.name}{' ' + self.name if self.name else ''} {self.shape}>"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_markdown_(self) -> str:
        return f"$$\n{self.latex()}\n$$"
