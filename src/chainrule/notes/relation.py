"""Relations: what a line of the notes says, as data. `verify` computes whether it holds.

A part of a relation is an expression, or a function that builds one: a line whose shapes do not fit
cannot be built, and that is then the evidence against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.symbols import latex_symbol, text_symbol

Part = Expr | Callable[[], Expr]
Rows = Sequence[Any]
"""Scalar parts, nested as deep as the array has axes."""


def built(part: Part) -> Expr:
    """The expression of a part. Raises ShapeError where its shapes do not fit together."""
    return part if isinstance(part, Expr) else part()


def shown(part: Part, latex: bool = False, form: str = "matrix", first: int = 1) -> str:
    """A part as a formula: a named one by its name; one that cannot be built by the reason why."""
    try:
        expr = built(part)
    except ChainruleError as fault:
        return rf"\text{{({fault.came})}}" if latex else f"(shapes do not fit: {fault.came})"
    if expr.name and not expr.is_leaf:
        return latex_symbol(expr.name) if latex else text_symbol(expr.name)
    if expr.op.name == "index" and not expr.shape:
        form = "index"  # an entry by its indices, which may count from 0
    return (
        expr.latex(where=False, form=form, first=first)
        if latex
        else expr.text(where=False, form=form, first=first)
    )


def words(text: str) -> str:
    """A text as a part of a LaTeX formula."""
    safe = text.replace("_", r"\_").replace("{", r"\{").replace("}", r"\}")
    for sign, command in (("∫", r"\int"), ("√", r"\surd")):  # which are no text
        safe = safe.replace(sign, rf"}}{command} \text{{")
    return rf"\text{{{safe}}}"


@dataclass(frozen=True)
class Equal:
    """left = right, for all values of the leaves."""

    left: Part
    right: Part
    form: str = "matrix"

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        return f"{shown(self.left, latex, self.form, first)} = {shown(self.right, latex, self.form, first)}"


@dataclass(frozen=True)
class Rate:
    """The derivative of the scalar `of` by a leaf, an entry of a leaf or a part: ∂of/∂by = equals."""

    of: Expr
    by: Expr
    equals: Part
    form: str = "matrix"

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        of, by, right = (
            shown(self.of, latex, self.form, first),
            shown(self.by, latex, first=first),
            shown(self.equals, latex, self.form, first),
        )
        plain = bool(self.of.name) or self.of.is_leaf or self.of.op.name == "index"
        if not latex:
            return f"∂{of}/∂{by} = {right}" if plain else f"∂({of})/∂{by} = {right}"
        left = (
            rf"\frac{{\partial {of}}}{{\partial {by}}}"
            if plain
            else rf"\frac{{\partial}}{{\partial {by}}}\left({of}\right)"
        )
        return f"{left} = {right}"


@dataclass(frozen=True)
class Entries:
    """left, entry by entry: a column or a matrix of scalar expressions."""

    left: Part
    rows: Rows
    form: str = "matrix"

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        return f"{shown(self.left, latex, first=first)} = {_listed(self.rows, latex, self.form, first)}"


def _listed(rows: Rows, latex: bool, form: str, first: int) -> str:
    table = [row if isinstance(row, (list, tuple)) else [row] for row in rows]
    cells = [[shown(cell, latex, form, first) for cell in row] for row in table]
    if latex:
        return r"\begin{bmatrix}" + r" \\ ".join(" & ".join(row) for row in cells) + r"\end{bmatrix}"
    deep = any(isinstance(row, (list, tuple)) for row in rows)
    listed = ["[" + ", ".join(row) + "]" if deep else row[0] for row in cells]
    return "[" + ", ".join(listed) + "]"


@dataclass(frozen=True)
class Cases:
    """left = { lines: a brace, that is, left is one of the lines."""

    left: Part
    lines: Sequence[Part]
    form: str = "matrix"

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        lines = [shown(line, latex, self.form, first) for line in self.lines]
        left = shown(self.left, latex, self.form, first)
        if latex:
            return rf"{left} = \begin{{cases}}" + r" \\ ".join(lines) + r"\end{cases}"
        return f"{left} = {{ {'; '.join(lines)} }}"


@dataclass(frozen=True)
class Rounded:
    """A number as printed, which has to be the correct rounding of the expression's value."""

    expr: Part
    printed: str
    left: str = ""

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        left = f"{self.left} = " if self.left else ""
        minus = self.printed if latex else self.printed.replace("-", "−")
        return f"{left}{shown(self.expr, latex, first=first)} = {minus}"


@dataclass(frozen=True)
class Within:
    """low < expr < high, for all values of the leaves."""

    expr: Part
    low: float
    high: float

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        less = " < " if not latex else " \\lt "
        low = f"{self.low:g}{less}" if self.low > -float("inf") else ""
        high = f"{less}{self.high:g}" if self.high < float("inf") else ""
        return f"{low}{shown(self.expr, latex, first=first)}{high}"


@dataclass(frozen=True)
class Shaped:
    """The expression has this shape."""

    expr: Part
    shape: tuple[int, ...]

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        size = (r" \times " if latex else "×").join(map(str, self.shape)) or ("" if latex else "scalar")
        return f"{shown(self.expr, latex, first=first)} " + (
            rf"\in \mathbb{{R}}^{{{size}}}"
            if latex and size
            else r"\in \mathbb{R}"
            if latex
            else f"is {size}"
        )


@dataclass(frozen=True)
class Tends:
    """The expression tends to a limit as a scalar leaf grows without bound; sign −1 for towards −∞."""

    expr: Expr
    leaf: Expr
    sign: int
    limit: float

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        where = ("+" if self.sign > 0 else "-") + (r"\infty" if latex else "∞")
        arrow = r" \to " if latex else " → "
        return (
            f"{shown(self.expr, latex, first=first)}{arrow}{self.limit:g}, "
            f"{shown(self.leaf, latex, first=first)}{arrow}{where}"
        )


@dataclass(frozen=True)
class Means:
    """A definition: the expression computes what plain NumPy computes from the same leaves."""

    expr: Part
    leaves: Sequence[Expr]
    meaning: Callable[..., Any]
    left: str = ""
    form: str = "matrix"

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        expr = built(self.expr)
        left = self.left or (str(expr.name) if expr.name and not expr.is_leaf else "")
        how = {"where": False, "form": self.form, "first": first}
        right = expr.latex(**how) if latex else expr.text(**how)
        sign = r" \equiv " if latex else " ≡ "
        return f"{latex_symbol(left) if latex else text_symbol(left)}{sign}{right}" if left else right


@dataclass(frozen=True)
class Maximal:
    """The leaf at which the expression is largest; found by ascent, then held against points around it."""

    expr: Expr
    leaf: Expr
    largest: bool = True
    form: str = "index"

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        leaf, expr = shown(self.leaf, latex, first=first), shown(self.expr, latex, self.form, first)
        how = "max" if self.largest else "min"
        return rf"{leaf}^\star = \arg\{how}_{{{leaf}}} {expr}" if latex else f"{leaf}* = arg {how} {expr}"


@dataclass(frozen=True)
class Lowers:
    """A short step of the leaf to `update` lowers the objective, wherever the leaf is."""

    update: Expr
    leaf: Expr
    objective: Expr

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        leaf, update = shown(self.leaf, latex, first=first), shown(self.update.unnamed, latex, first=first)
        return rf"{leaf} \leftarrow {update}" if latex else f"{leaf} ← {update}"


@dataclass(frozen=True)
class Brackets:
    """A text whose brackets pair up."""

    text: str

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The text itself."""
        return self.text if latex else text_symbol(self.text)


@dataclass(frozen=True)
class Same:
    """Two facts about indices, sets or sizes that have to be one: whole numbers, tuples, ranges."""

    left: Any
    right: Any
    text: str
    latex_text: str = ""

    def written(self, latex: bool = False, first: int = 1) -> str:
        """The relation as a formula."""
        return (self.latex_text or words(self.text)) if latex else self.text


Relation = (
    Equal
    | Rate
    | Entries
    | Cases
    | Rounded
    | Within
    | Shaped
    | Tends
    | Means
    | Maximal
    | Lowers
    | Brackets
    | Same
)
