"""The tests of formulas are tested: each rule of the printer is broken on purpose, and must be missed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.expressions import expressions
from support.readback import problems

import chainrule as cr
from chainrule.graph import notation
from chainrule.graph.notation import ATOM, HADAMARD, OPEN, PRODUCT, Form, Notation
from chainrule.graph.op import OPS
from chainrule.readings.formula import bound, entries
from chainrule.readings.formula.layout import Layout
from chainrule.readings.formula.style import Style

ENOUGH = 600
LEVELS = ("SUM", "TERM", "QUOTIENT", "STAR", "HADAMARD", "PRODUCT", "FACTOR", "POWER")
SYMMETRIC = {"add", "multiply", "maximum", "minimum"}
ORDERED = sorted(
    op.name for op in OPS.values() if op.public and op.notation and op.arity == 2 and op.name not in SYMMETRIC
)


def is_noticed(made: Iterator[tuple[cr.Expr, dict[Any, Any]]] | None = None) -> bool:
    """Whether some formula cannot be read any more, or computes something else."""
    return any(problems([pair]) for pair in made or many())


def many() -> Iterator[tuple[cr.Expr, dict[Any, Any]]]:
    for part in range(ENOUGH // 50):
        yield from expressions(50, f"broken {part}")


def test_unbroken_formulas_are_read_back() -> None:
    assert not problems(expressions(100, "broken 0"))


@pytest.mark.parametrize("level", LEVELS)
def test_a_dropped_strength_is_noticed(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What binds as weakly as a + b, say, is taken for a single symbol."""
    strength, placed = getattr(notation, level), Layout.placed

    def careless(self: Layout, piece: Any, place: int, later: bool) -> str:
        return placed(
            self, replace(piece, strength=ATOM) if piece.strength == strength else piece, place, later
        )

    monkeypatch.setattr(Layout, "placed", careless)
    assert is_noticed()


@pytest.mark.parametrize("side", [0, 1])
def test_a_place_without_its_strength_is_noticed(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One operand of each template never gets brackets."""
    places = Form.places

    def careless(self: Form, n: int) -> tuple[int, ...]:
        return tuple(OPEN if at == side else place for at, place in enumerate(places(self, n)))

    monkeypatch.setattr(Form, "places", careless)
    assert is_noticed()


def test_a_minus_behind_a_sign_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """x + (−y − z) without its brackets."""
    x, y, z = (cr.data(name) for name in "xyz")
    pair = (x + (-y - z), {x: 2, y: 3, z: 5})
    assert not is_noticed(iter([pair]))
    placed = Layout.placed
    monkeypatch.setattr(Layout, "placed", lambda self, piece, place, later: placed(self, piece, place, False))
    assert is_noticed(iter([pair]))


def test_mixed_products_without_brackets_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = Layout.placed

    def careless(self: Layout, piece: Any, place: int, later: bool) -> str:
        mixed = {piece.strength, place} == {HADAMARD, PRODUCT}
        return piece.text if mixed and piece.strength >= place else placed(self, piece, place, later)

    monkeypatch.setattr(Layout, "placed", careless)
    assert is_noticed()


@pytest.mark.parametrize("name", ORDERED)
def test_swapped_operands_are_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two operands change places in the template of one op."""
    op = OPS[name]
    before: Any = op.notation

    def swapped(form: Form) -> Form:
        template = form.template.replace("#1", "#0").replace("#2", "#1").replace("#0", "#2")
        return Form(template, form.strength, form.places(2)[::-1])

    def of(expr: cr.Expr) -> Any:
        found = before(expr) if callable(before) else before
        return Notation(swapped(found.latex), swapped(found.text)) if isinstance(found, Notation) else found

    monkeypatch.setattr(op, "notation", of)
    rich = (
        pair for pair in many() if name in {node.op.name for node in cr.graph.walk.topological([pair[0]])}
    )
    assert is_noticed(rich)


@pytest.mark.parametrize(
    "pair",
    [
        (lambda x: (cr.data("x_1"), x), lambda a, x: a * x[0]),
        (lambda x: (cr.data("x_1", 3), cr.data("x", (2, 3))), lambda a, x: a[1] * x[0, 1]),
        (lambda x: (cr.data("x_{1,2}"), cr.data("x", (2, 3))), lambda a, x: a * x[0, 1]),
    ],
)
def test_an_entry_that_looks_like_a_symbol_is_noticed(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """x_1 beside x: without brackets the entry x_1 reads as the symbol."""
    leaves, together = pair
    a, x = leaves(cr.data("x", 3))
    values = {leaf: np.full(leaf.shape, 2.0 + len(leaf.shape)) for leaf in (a, x)}
    expr = together(a, x)
    assert not problems([(expr, values)])
    monkeypatch.setattr(Layout, "_is_taken", lambda self, symbol, indices: False)
    assert problems([(expr, values)], kinds=["latex"])


def break_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound, "fresh_letter", lambda letter, used: letter)


def break_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    reduced = entries.Entries._reduced

    def careless(self: Any, body: Any, how: str, inner: Any) -> Any:
        return reduced(self, replace(body, runs=frozenset(inner)), how, inner)

    monkeypatch.setattr(entries.Entries, "_reduced", careless)


def break_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound.Bound, "conditions", lambda self, style: [])


def break_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layout, "beside", lambda self, a, b, applied=False: f"{a} {b}")


def break_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layout, "sign_of", lambda self, reduce: {"sum": "Σ", "max": "max"}[reduce])


def break_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    number = Style._number
    monkeypatch.setattr(
        Style, "_number", lambda self, index, first: number(self, replace(index, offset=0), first)
    )


def break_places(monkeypatch: pytest.MonkeyPatch) -> None:
    opens = entries.Entries._opens
    monkeypatch.setattr(
        entries.Entries,
        "_opens",
        lambda self, operand, depth=10: True if operand.shape else opens(self, operand),
    )


def break_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exponent is set on z^{(1)} and x' without brackets."""
    placed = Layout.placed

    def careless(self: Layout, piece: Any, place: int, later: bool) -> str:
        return piece.text if piece.is_symbol else placed(self, piece, place, later)

    monkeypatch.setattr(Layout, "placed", careless)


@pytest.mark.parametrize(
    "breaking",
    [
        break_letters, break_ranges, break_conditions, break_dots, break_signs, break_offsets,
        break_places, break_symbols,
    ],
)  # fmt: skip
def test_a_broken_rule_is_noticed(
    breaking: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch)
    assert is_noticed()
