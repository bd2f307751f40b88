"""What is no expression gives one clear error, fast, and nothing runs."""

import ast
import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import HOSTILE, SHAPES
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pace import at_pace

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.op import OPS, Op
from chainrule.ops import syntax

SLOWEST = 1.0  # seconds of this process, at the pace that limits are told for
PLACE = re.compile(r"line \d+, column \d+")


@contextmanager
def quick() -> Iterator[None]:
    """What takes less than `SLOWEST`. The collector rests: it would look through what all other tests have left."""
    gc.disable()
    try:
        start = time.process_time()
        yield
        seconds = time.process_time() - start
        assert seconds < SLOWEST or seconds < at_pace(SLOWEST)
    finally:
        gc.enable()


def refusal(text: Any, shapes: Any = None, **more: Any) -> cr.ChainruleError:
    """The error that a text gives; it is of the promised kind and has its parts."""
    with pytest.raises((cr.ParseError, cr.ShapeError)) as caught:
        cr.parse(text, shapes, **more)
    fault = caught.value
    assert fault.needed and fault.came and f"needed {fault.needed}; came {fault.came}" in str(fault)
    assert fault.__cause__ is None, "an op raised something of its own: it should check its parameters"
    assert len(str(fault)) < 1500 and "\n" not in str(fault)
    return fault


def test_there_are_enough_hostile_texts() -> None:
    assert len({text for text, _ in HOSTILE}) >= 500


@pytest.mark.parametrize(
    ("text", "pattern"), HOSTILE, ids=[f"{i}:{text[:30]!a}" for i, (text, _) in enumerate(HOSTILE)]
)
def test_a_hostile_text_gives_one_clear_error_fast(text: str, pattern: str) -> None:
    with quick():
        fault = refusal(text, SHAPES)
    assert re.search(pattern, str(fault)), str(fault)
    assert PLACE.search(fault.where) or "100,000 characters" in fault.needed
    str(fault).encode()  # no half characters that a terminal cannot print


@pytest.mark.parametrize(
    "text", [text for text, _ in HOSTILE if not text.isidentifier()], ids=lambda text: ascii(text[:30])
)
def test_without_shapes_a_hostile_text_ends_too(text: str) -> None:
    with quick():
        try:
            assert isinstance(cr.parse(text), Expr)
        except (cr.ParseError, cr.ShapeError) as fault:
            assert fault.needed


MESSAGES = {
    "W @ (x + b)": (
        "add of x and b, line 1, column 6, `x + b`: "
        "needed operands of one shape (only scalars broadcast); came (3,) and (2,). "
        "For a product of linear algebra write @; to repeat along an axis write spread(x, axis, size)"
    ),
    "z = W @ x\nsigmod(z)": (
        "line 2, column 1, `sigmod`: needed the name of an op before a bracket; came `sigmod`. "
        "Did you mean sigmoid"
    ),
    "x^2": "line 1, column 2, `^2`: needed a number, a name or a sign; came `^`. For a power write **",
    "q @ x + 3*r": (
        "line 1, column 1, `q`: needed a shape for every name; came none for q, r. "
        'Give them, as in shapes={"q": (3, 2)}; () is a scalar'
    ),
    "sum(x, axis=1.5)": ("line 1, column 13, `1.5`: needed None or a whole number as axis of sum; came 1.5"),
    "(x + v": "line 1, column 1, `(x + v`: needed `)` for this bracket; came the end of the text without it",
    "maximum(x)": (
        "line 1, column 1, `maximum(x)`: needed maximum with 2 operands: a, b; came 1. "
        "It is called as maximum(a, b)"
    ),
    "1 - 9**999": (
        "line 1, column 5, `9**999`: "
        "needed numbers that come to a real number below 1.8e308 in size; came a larger one"
    ),
    "x.grad": (
        "line 1, column 2, `.grad`: needed `.T`, the transpose; came `.grad`. "
        "No other parts of an expression can be read"
    ),
}


@pytest.mark.parametrize(("text", "message"), MESSAGES.items(), ids=MESSAGES)
def test_messages_word_for_word(text: str, message: str) -> None:
    assert str(refusal(text, SHAPES)) == message


def test_lines_and_columns_count_from_one() -> None:
    for text, line, column in (
        ("q", 1, 1),
        ("a = x\n\n  a + q", 3, 7),
        ("(x +\r\n q)", 2, 2),
        ("x + # c\r", 1, 8),
    ):
        assert refusal(text, SHAPES).where.startswith(f"line {line}, column {column}")


@pytest.mark.parametrize(
    ("text", "more", "pattern"),
    [
        (None, {}, "a text such as"),
        (b"x", {}, "came a bytes"),
        (5, {}, "came a int"),
        ("x", {"shapes": [("x", 3)]}, "shapes by name"),
        ("x", {"shapes": {3: 3}}, "names as text"),
        ("x", {"shapes": {"x": (-1,)}}, "shape of x.*none negative"),
        ("x", {"shapes": {"x": (2.5,)}}, "whole numbers"),
        ("x", {"shapes": {"x": (float("inf"),)}}, "whole numbers"),
        ("x", {"shapes": {"x": "ab"}}, "whole numbers"),
        ("x", {"shapes": {"x": None}}, "whole numbers"),
        ("x", {"shapes": {"x": 10**12}}, "shape of x.*268,435,456 entries"),
        ("x", {"shapes": {"x": (1,) * 9}}, "at most 8 axes"),
        ("x", {"data": [3]}, "names as text"),
        ("x", {"data": None}, "a sequence of names"),
    ],
)
def test_what_is_no_text_or_no_shape(text: Any, more: dict[str, Any], pattern: str) -> None:
    with pytest.raises((cr.ParseError, cr.ShapeError), match=pattern):
        cr.parse(text, **more)


def test_an_op_that_does_not_check_its_parameters_still_gives_a_parse_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(x: Any, /, size: int = 1) -> Any:
        return x[size]

    monkeypatch.setitem(OPS, "careless", Op(careless, "careless", None))
    with pytest.raises(
        cr.ParseError, match=r"line 1, column 1, .careless\(x, 5\).: needed parameters that careless takes"
    ):
        cr.parse("careless(x, 5)")


# Texts made at random: an expression comes out, or one of the two errors.

PIECES = [
    *"x v W b s M empty y q z σ 0 1 2 3 0.5 1e3 1e308 999999999999999 None True".split(),
    *"'a' (1,2) [1,2,3] __ ² axis= shape= size= key= widths=".split(),
    *"+ - * / @ ** ( ) [ ] , = : ; . .T ... # \0".split(),
    *("\n", " ", "z = "),
    *(f"{name}(" for name in OPS),
]  # fmt: skip
GOOD = [
    "z = W @ x + b; (sigmoid(z) @ b - y)**2 / 2",
    "sum(W[0, 1:3], axis=0)",
    "concatenate(x, v, axis=0)[::-1] @ pad(x, widths=((1, 2),))",
]


def holds(text: str, shapes: Any = SHAPES) -> None:
    with quick():
        try:
            assert isinstance(cr.parse(text, shapes), Expr)
        except (cr.ParseError, cr.ShapeError) as fault:
            assert fault.needed and fault.came and fault.where
            assert fault.__cause__ is None, text


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    holds(text)
    holds(text, None)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_any_row_of_pieces(pieces: list[str]) -> None:
    holds("".join(pieces))
    holds(" ".join(pieces), None)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 80), st.sampled_from([*PIECES, ""]), st.integers(0, 3)), max_size=4),
)
def test_any_change_of_a_good_text(text: str, changes: list[tuple[int, str, int]]) -> None:
    for at, piece, dropped in changes:
        text = text[:at] + piece + text[at + dropped :]
    holds(text)


small = st.integers(-3, 4)
plain: Any = st.recursive(
    st.one_of(small, st.sampled_from([None, True, 0.5, "a", 10**12, -(10**12), 1e300])),
    lambda values: st.one_of(st.lists(values, max_size=3), st.lists(values, max_size=3).map(tuple)),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_parameters_of_any_op(draw: st.DataObject) -> None:
    op = draw.draw(st.sampled_from([op for op in OPS.values() if op.public]))
    n = op.arity if draw.draw(st.integers(0, 9)) else draw.draw(st.integers(0, 3))
    operands = [
        draw.draw(st.sampled_from(["x", "W", "s", "M", "empty", "b"])) for _ in range(n + 2 * op.variadic)
    ]
    names = [name for name in op.__signature__.parameters if name not in op.operand_names and name != "xs"]
    params = [f"{name}={draw.draw(plain)!r}" for name in names if draw.draw(st.integers(0, 3))]
    holds(f"{op.name}({', '.join([*operands, *params])})")


# Nothing runs.

WATCHED = """
import json, sys
import chainrule as cr
texts, shapes = json.load(sys.stdin)
events, watching = [], False
def hook(event, arguments):
    if watching:
        events.append(event)
sys.addaudithook(hook)
cr.parse("x")  # what is loaded when parse is first used has been loaded
def watched(act):
    global watching
    watching = True
    try:
        act()
    except cr.ChainruleError:
        pass
    watching = False
for text in texts:
    watched(lambda: cr.parse(text, shapes))
    watched(lambda: cr.parse(text))
found = sorted(set(events))
watched(lambda: eval("1"))
print(json.dumps([found, events[-2:]]))
"""


def test_no_text_executes_imports_or_opens_anything() -> None:
    texts = [text for text, _ in HOSTILE if len(text) < 1000 and text.isprintable()]
    result = subprocess.run(
        [sys.executable, "-c", WATCHED],
        input=json.dumps([[*texts, *GOOD], SHAPES]),
        capture_output=True,
        text=True,
        check=True,
    )
    found, control = json.loads(result.stdout)
    assert found == []
    assert control == ["compile", "exec"]  # the hook does see what runs


def test_the_source_calls_nothing_that_executes_or_looks_up_by_text() -> None:
    forbidden = {
        "eval",
        "exec",
        "compile",
        "getattr",
        "setattr",
        "globals",
        "locals",
        "vars",
        "__import__",
        "open",
        "import_module",
        "ast",
        "pickle",
    }
    for file in Path(syntax.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        imports = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        dots = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        assert not (names | imports) & forbidden, file
        assert "re.compile" not in dots or file.name == "tokens.py"
