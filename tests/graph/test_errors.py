"""Every refusal says what was needed, what came, where, and what to do instead."""

import ast
import pickle
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.graph import errors

SRC = Path(cr.__file__).parent
CLASSES = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
W, x, u = cr.parameter("W", (2, 3)), cr.data("x", 2), cr.data("u", 3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda: W @ x,
            "matmul of W and x: needed the last size of A to be the first size of B; came (2, 3) @ (2,). "
            "With the matrix transposed, A.T @ B, the sizes would fit",
        ),
        (
            lambda: cr.sigmoid(W @ u) * u + 1,
            "multiply of sigmoid(...) and u: needed operands of one shape (only scalars broadcast); "
            "came (2,) and (3,). For a product of linear algebra write @; to repeat along an axis write "
            "spread(x, axis, size)",
        ),
        (
            lambda: cr.mean(cr.sigmoid(u).named("a"), axis=2),
            "mean of a: needed an axis from -1 to 0; came axis 2 for the shape (3,). "
            "Axes count from 0, and from -1 backwards",
        ),
        (
            lambda: cr.half_squared_error(u, [1, 2]),
            "half_squared_error of u and a constant: needed a prediction and a label of one shape; "
            "came (3,) and (2,). Declare the label with the shape of the prediction, or reshape one of them",
        ),
        (
            lambda: cr.concatenate(u, x, W),
            "concatenate of u, x and W: needed shapes that are alike but along axis 0; "
            "came (3,) and (2,) and (2, 3). Reshape or pad them to fit, or choose another axis",
        ),
        (
            lambda: cr.leaky_relu(x, slope="steep"),
            "leaky_relu of x: needed a number, an array of numbers or an expression; came 'steep'. "
            "Write numbers as 2, 0.5 or Fraction(1, 3)",
        ),
        (
            cr.sum,
            "sum: needed sum(x, /, axis=None); came missing a required argument: 'x'. "
            "See help(chainrule.sum)",
        ),
        (
            lambda: cr.concatenate([u, u]),
            "constant: needed a number, an array of numbers or an expression; came <data u (3,)>. "
            "To join expressions write concatenate(a, b)",
        ),
    ],
)
def test_messages_word_for_word(wrong, message):
    with pytest.raises(cr.ChainruleError) as caught:
        wrong()
    assert str(caught.value) == message


def test_an_error_survives_another_process():
    with pytest.raises(cr.ShapeError) as caught:
        W @ x
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is cr.ShapeError
    assert str(again) == str(caught.value)
    assert (again.needed, again.remedy) == (caught.value.needed, caught.value.remedy)


def silent(source: str) -> list[int]:
    """The lines that make one of our errors without its fourth part."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        node.lineno
        for node in calls
        if getattr(node.func, "id", "") in CLASSES
        and len(node.args) < 4
        and not any(word.arg == "remedy" for word in node.keywords)
        and not any(isinstance(argument, ast.Starred) for argument in node.args)
    ]


@pytest.mark.parametrize("package", ["graph", "ops", "readings", "training", "documents", "cli"])
def test_every_refusal_says_what_to_do(package):
    files = sorted((SRC / package).rglob("*.py"))
    found = {str(path.relative_to(SRC)): silent(path.read_text(encoding="utf-8")) for path in files}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_silent_refusal_is_found():
    assert silent('raise ShapeError("a", "b", "c")') == [1]
    assert silent('raise ShapeError("a", "b", "c", "d")\nraise FeedError("a", "b", remedy="d")') == []
