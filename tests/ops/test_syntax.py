"""The text syntax: the same text gives the same graph as the same Python code."""

import math
import operator
import unicodedata
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.ops.syntax import formula

SHAPES: dict[str, Any] = {
    "x": 3, "v": (3,), "w": 3, "θ": 3, "step": 3, "b": 2, "one": (), "n": (),
    "W": (2, 3), "V": [4, 2], "A": (2, 4, 5),
}  # fmt: skip
x, y = cr.data("x", 3), cr.data("y")
v, w, b, one, n, W, V, A = (
    cr.parameter(name, SHAPES[name]) for name in ("v", "w", "b", "one", "n", "W", "V", "A")
)
C = cr.constant
HALF = Fraction(1, 2)

NUMBERS = [
    ("1", C(1)), ("0", C(0)), ("00", C(0)), ("1.", C(1.0)), (".5", C(0.5)), ("0.5", C(0.5)),
    ("1e3", C(1000.0)), ("1E-3", C(0.001)), ("2.5e+2", C(250.0)), ("999999999999999", C(10**15 - 1)),
    ("5e-324", C(5e-324)), ("-1", C(-1)), ("--1", C(1)), ("+1", C(1)), ("-(2)", C(-2)), ("1/2", C(1) / 2),
    ("-1/2", C(-1) / 2), ("2*3", C(2) * 3), ("1 + 1", C(1) + 1), ("2**3", C(2) ** 3), ("-2**2", -(C(2) ** 2)),
    ("2**-1", C(2) ** -1),
]  # fmt: skip
LEAVES = [
    ("x", x), ("y", y), ("W", W), ("θ", cr.parameter("θ", 3)), ("(x)", x), ("((x))", x), ("+x", x),
    ("\tx ", x), ("step", cr.parameter("step", 3)), ("step(step)", cr.step(cr.parameter("step", 3))),
    ("x # a comment", x),
]  # fmt: skip
SIGNS = [
    ("x + v", x + v), ("x - v", x - v), ("x * v", x * v), ("x / v", x / v), ("W @ x", W @ x), ("x**2", x**2),
    ("-x", -x), ("--x", cr.negate(-x)),
    ("-x**2", -(x**2)), ("(-x)**2", (-x) ** 2), ("2**x", 2**x), ("x**v", x**v),
    ("x**-v", x ** (-v)), ("x**v**w", x ** (v**w)), ("(x**v)**w", (x**v) ** w), ("-x * v", (-x) * v),
    ("x * -v", x * (-v)), ("x - -v", x - (-v)), ("x - (v - w)", x - (v - w)), ("x - v - w", (x - v) - w),
    ("x / v / w", (x / v) / w), ("x / (v / w)", x / (v / w)), ("x / v * w", (x / v) * w),
    ("x + v * w", x + (v * w)), ("(x + v) * w", (x + v) * w), ("V @ W @ x", (V @ W) @ x),
    ("V @ (W @ x)", V @ (W @ x)), ("2 * W @ x", (2 * W) @ x), ("-W @ x", (-W) @ x),
    ("x @ v / 2", (x @ v) / 2), ("1 - y", 1 - y), ("x*0.5", x * 0.5), ("- 1 * x", -1 * x),
]  # fmt: skip
EXPONENTS = [
    ("x**-1", x**-1), ("x**0.5", x**0.5), ("x**2.0", x**2.0), ("x**(1/2)", x**HALF), ("x**-(1/2)", x**-HALF),
    ("x**(-1/2)", x**-HALF), ("x**(1 + 1)", x**2), ("x**(4/2)", x**2), ("x**(2*1.5)", x**3.0),
    ("x**2**3", x**8), ("k = 1 + 1; x**k", x**2), ("k = 2; x**-k", x**-2), ("x**n", x**n),
    ("x**[1, 2, 3]", x ** C([1, 2, 3])), ("(1 + y/1000000)**1000000", (1 + y / 1000000) ** 1000000),
]  # fmt: skip
CALLS = [
    ("sigmoid(x)", cr.sigmoid(x)), ("exp(-x)", cr.exp(-x)), ("maximum(x, 0)", cr.maximum(x, 0)),
    ("relu(W @ x + b)", cr.relu(W @ x + b)), ("sum(W)", cr.sum(W)), ("sum(W, axis=0)", cr.sum(W, axis=0)),
    ("sum(W, 0)", cr.sum(W, 0)), ("sum(W, axis=-1)", cr.sum(W, axis=-1)), ("sum(W, axis=None)", cr.sum(W)),
    ("softmax(W, axis=0)", cr.softmax(W, axis=0)),
    ("gelu(x, approximate=True)", cr.gelu(x, approximate=True)), ("leaky_relu(x)", cr.leaky_relu(x)),
    ("leaky_relu(x, slope=0.2)", cr.leaky_relu(x, slope=0.2)),
    ("leaky_relu(x, slope=1/5)", cr.leaky_relu(x, slope=Fraction(1, 5))),
    ("elu(x, alpha=2)", cr.elu(x, alpha=2)), ("power(x, exponent=-1/2)", cr.power(x, exponent=-HALF)),
    ("reshape(W, (3, 2))", cr.reshape(W, (3, 2))), ("reshape(W, shape=(6,))", cr.reshape(W, (6,))),
    ("reshape(W, [3, 2])", cr.reshape(W, [3, 2])), ("reshape(one, ())", cr.reshape(one, ())),
    ("pad(x, widths=((1, 1),))", cr.pad(x, ((1, 1),))),
    ("spread(x, axis=0, size=2)", cr.spread(x, axis=0, size=2)), ("concatenate(x, v)", cr.concatenate(x, v)),
    ("concatenate(x, v, x, axis=-1)", cr.concatenate(x, v, x, axis=-1)), ("outer(x, v)", cr.outer(x, v)),
    ("squared_error(x, v)", cr.squared_error(x, v)),
    ("cross_entropy(softmax(x), v)", cr.cross_entropy(cr.softmax(x), v)), ("sum(x,)", cr.sum(x)),
    ("sum(\n  x\n)", cr.sum(x)), ("sum (x)", cr.sum(x)), ("matmul(W, x)", W @ x),
    ("sigmoid_prime(x)", cr.sigmoid_prime(x)),
    ("place(y, key=(1,), shape=(3,))", cr.place(y, key=(1,), shape=(3,))), ("σ(x)", cr.sigmoid(x)),
    ("abs(x)", cr.absolute(x)), ("ln(x)", cr.log(x)), ("ReLU(x)", cr.relu(x)),
]  # fmt: skip
PARTS = [
    ("x[0]", x[0]), ("x[-1]", x[-1]), ("x[1:]", x[1:]), ("x[:2]", x[:2]), ("x[:]", x[:]), ("x[::2]", x[::2]),
    ("x[::-1]", x[::-1]), ("x[2:0:-1]", x[2:0:-1]), ("x[1:3]", x[1:3]), ("x[3:1]", x[3:1]),
    ("x[1:99]", x[1:99]), ("W[0]", W[0]), ("W[0, 1]", W[0, 1]), ("W[1, :]", W[1, :]), ("W[:, 0]", W[:, 0]),
    ("W[0,]", W[0]), ("A[..., 0]", A[..., 0]), ("A[0, 1:3, ::2]", A[0, 1:3, ::2]), ("A[...]", A[...]),
    ("W[0][1]", W[0][1]), ("W.T", W.T), ("W.T.T", W.T.T), ("W.T @ b", W.T @ b), ("W.T[0]", W.T[0]),
    ("W[0:1].T", W[0:1].T), ("(V @ W).T", (V @ W).T), ("-x[0]**2", -(x[0] ** 2)), ("(x**2)[0]", (x**2)[0]),
    ("2**x[0]", 2 ** x[0]),
]  # fmt: skip
ARRAYS = [
    ("W @ [1, 2, 3]", W @ [1, 2, 3]), ("[1, 0.5, -2] * x", [1, 0.5, -2] * x), ("[]", C([])),
    ("[[1, 0, 0], [0, 1, 0]] @ x", C([[1, 0, 0], [0, 1, 0]]) @ x), ("[1/2, 1]", C([HALF, 1])),
    ("cross_entropy(softmax(x), [0, 1, 0])", cr.cross_entropy(cr.softmax(x), [0, 1, 0])),
]  # fmt: skip
z = (W @ x + b).named("z")
DEFINITIONS = [
    ("z = W @ x + b; sigmoid(z)", cr.sigmoid(z)), ("z = W @ x + b\nsigmoid(z)", cr.sigmoid(z)),
    ("z = (\n W @ x\n + b\n)\nz", z), (";;z = W @ x + b;;\n z;", z), ("z = W @ x + b", z),
    ("loss = (w @ x - y)**2 / 2", ((w @ x - y) ** 2 / 2).named("loss")),
    ("z = W @ x + b; a = z; a * z", z.named("a") * z), ("h = x; W @ h", W @ x), ("k = 3; -k * x", -3 * x),
    ("ŷ = w @ x\n\n# the loss\n(ŷ - y)**2  # squared\n", ((w @ x).named("ŷ") - y) ** 2),
    ("y_hat = w @ x; (y_hat - y)**2", ((w @ x).named("y_hat") - y) ** 2),
    ("a = x + 1\r\nb_1 = a * 2\rb_1 - 1", ((x + 1).named("a") * 2).named("b_1") - 1),
    ("y\N{COMBINING CIRCUMFLEX ACCENT} = 2*x; ŷ", (2 * x).named("ŷ")),
    ("\N{MICRO SIGN} = x + 1; μ", (x + 1).named("μ")), ("y = w @ x; y**2", (w @ x).named("y") ** 2),
]  # fmt: skip
VALID = [*NUMBERS, *LEAVES, *SIGNS, *EXPONENTS, *CALLS, *PARTS, *ARRAYS, *DEFINITIONS]


@pytest.mark.parametrize(("text", "expr"), VALID, ids=[ascii(text) for text, _ in VALID])
def test_a_text_gives_the_graph_of_the_same_python_code(text: str, expr: Expr) -> None:
    assert cr.parse(text, SHAPES) is expr


def test_the_example_of_the_design() -> None:
    shapes = {"W": (3, 3), "x": 3, "b": 3, "U": 3}
    M, c, U = cr.parameter("W", (3, 3)), cr.parameter("b", 3), cr.parameter("U", 3)
    written = cr.parse("(U @ sigmoid(W @ x + b) - y)**2 / 2", shapes=shapes, data=("x", "y"))
    assert written is (U @ cr.sigmoid(M @ x + c) - y) ** 2 / 2


def test_without_shapes_every_name_is_a_scalar() -> None:
    assert cr.parse("(x + 1)**2") is (cr.data("x") + 1) ** 2
    assert cr.parse("a*x + β") is cr.parameter("a") * cr.data("x") + cr.parameter("β")
    assert cr.parse("a*t", data=("t",)) is cr.parameter("a") * cr.data("t")


def test_data_without_a_shape_is_a_scalar_and_a_single_name_is_one_name() -> None:
    assert cr.parse("w @ u - target", {"w": 3, "u": 3}, data=("u", "target")).operands[1] is cr.data("target")
    assert cr.parse("2 * xs", {}, data="xs") is 2 * cr.data("xs")


def test_leaf_names_in_another_spelling_are_the_same_names() -> None:
    spelled = unicodedata.normalize("NFD", "ŵ")
    assert cr.parse("ŵ + 1", {spelled: 2}) is cr.parameter("ŵ", 2) + 1
    assert cr.parse("ŵ + 1", {}, data=[spelled]) is cr.data("ŵ") + 1


def test_every_public_op_can_be_called_by_its_name() -> None:
    for name, op in cr.OPS.items():
        for case in op.samples if op.public else ():
            if any(isinstance(value, list) for value in case.params.values()):
                continue
            names = [f"p{i}" for i in range(len(case.shapes))]
            params = [
                f"{key}={value!r}" if isinstance(value, str) else f"{key}={value}"
                for key, value in case.params.items()
            ]
            text = f"{name}({', '.join([*names, *params])})"
            shapes = dict(zip(names, case.shapes, strict=True))
            leaves = [cr.parameter(leaf, shape) for leaf, shape in shapes.items()]
            assert cr.parse(text, shapes) is op(*leaves, **case.params), text


# The law of precedence: a random tree printed with all brackets, and with as few as Python needs.

STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 4}
APPLY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "@": operator.matmul, "**": operator.pow,
}  # fmt: skip
MATRICES = {name: cr.parameter(name, (2, 2)) for name in "pqr"}
Tree = Any  # a name, a number, ("-", tree) or (sign, left, right)

names_only = st.sampled_from("pqr")
numbers = st.sampled_from([1, 2, 3, -1, -2, 0.5, -1.5, 10, 1e-3])


def _larger(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    signs, scalar_signs = st.sampled_from(sorted(STRENGTH)), st.sampled_from(["+", "-", "*", "/", "**"])
    return st.one_of(
        st.tuples(st.just("-"), trees),
        st.tuples(signs, trees, trees),
        st.tuples(scalar_signs, trees, numbers),
        st.tuples(scalar_signs, numbers, trees),
    )


trees = st.recursive(names_only, _larger, max_leaves=25)


def bracketed(tree: Tree) -> str:
    """The tree with every bracket there can be."""
    if not isinstance(tree, tuple):
        return f"({tree})"
    if len(tree) == 2:
        return f"(-{bracketed(tree[1])})"
    return f"({bracketed(tree[1])}{tree[0]}{bracketed(tree[2])})"


def sparse(tree: Tree) -> tuple[str, int]:
    """The tree with as few brackets as Python needs, and its strength."""
    if not isinstance(tree, tuple):
        return str(tree), 3 if str(tree).startswith("-") else 9
    if len(tree) == 2:
        return "-" + _within(tree[1], 3), 3
    sign, left, right = tree
    strength = STRENGTH[sign]
    if sign == "**":
        return f"{_within(left, 5)}**{_within(right, 3)}", 4
    return f"{_within(left, strength)} {sign} {_within(right, strength + 1)}", strength


def _within(tree: Tree, least: int) -> str:
    text, strength = sparse(tree)
    return text if strength >= least else f"({text})"


def built(tree: Tree) -> Any:
    """The tree by Python's own operators."""
    if not isinstance(tree, tuple):
        return MATRICES.get(tree, tree)
    if len(tree) == 2:
        return -built(tree[1])
    return APPLY[tree[0]](built(tree[1]), built(tree[2]))


def check_precedence(tree: Tree) -> None:
    shapes = dict.fromkeys("pqr", (2, 2))
    few, expr = sparse(tree)[0], built(tree)
    assert eval(few, dict(MATRICES)) is expr  # the printer of this test against Python's reader
    assert cr.parse(few, shapes) is expr
    assert cr.parse(bracketed(tree), shapes) is expr


@settings(deadline=None)
@given(trees)
def test_precedence_is_pythons(tree: Tree) -> None:
    check_precedence(tree)


NEIGHBOURS: list[Tree] = [
    *(("-", (sign, "p", "q")) for sign in STRENGTH),
    *((sign, ("-", "p"), "q") for sign in STRENGTH),
    *((sign, "p", ("-", "q")) for sign in STRENGTH),
    *((outer, (inner, "p", "q"), "r") for outer in STRENGTH for inner in STRENGTH),
    *((outer, "p", (inner, "q", "r")) for outer in STRENGTH for inner in STRENGTH),
]
"""Every two signs beside each other, each way round: what random trees may miss."""


@pytest.mark.parametrize("tree", NEIGHBOURS, ids=lambda tree: sparse(tree)[0])
def test_precedence_of_neighbours_is_pythons(tree: Tree) -> None:
    check_precedence(tree)


WRONG_STRENGTHS = [{"+": 2}, {"-": 2}, {"*": 1}, {"/": 1}, {"@": 1}, {"*": 4}, {"/": 4}, {"@": 4}, {"**": 2}]


@pytest.mark.parametrize("wrong", WRONG_STRENGTHS, ids=str)
def test_a_changed_precedence_is_noticed(wrong: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "_STRENGTH", {**formula._STRENGTH, **wrong})
    with pytest.raises(AssertionError):
        for tree in NEIGHBOURS:
            check_precedence(tree)


@pytest.mark.parametrize("wrong", [1, 5])
def test_a_changed_precedence_of_the_prefix_is_noticed(wrong: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "_PREFIX", wrong)
    with pytest.raises(AssertionError):
        for tree in NEIGHBOURS:
            check_precedence(tree)


whole_trees = st.recursive(
    st.integers(0, 5),
    lambda trees: st.one_of(
        st.tuples(st.just("-"), trees),
        st.tuples(st.sampled_from("+-*"), trees, trees),
        st.tuples(st.just("**"), trees, st.integers(0, 3)),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(whole_trees)
def test_arithmetic_of_numbers_comes_to_pythons_number(tree: Tree) -> None:
    def sizes(tree: Tree) -> float:
        parts = [sizes(part) for part in tree[1:]] if isinstance(tree, tuple) else []
        assume(all(size < 1e5 for size in parts))
        return max([abs(built(tree)), *parts])

    assume(sizes(tree) < 1e15)
    expr = cr.parse(sparse(tree)[0])
    assert float(cr.evaluate(expr, {})) == built(tree)


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from(["{}/{}", "-({}/{})", "-{}/{}", "({} + {})", "{}*{}"]),
)
def test_an_exponent_of_numbers_is_one_exact_number(p: int, q: int, form: str) -> None:
    expr = cr.parse(f"x**({form.format(p, q)})")
    expected = eval(form.format(f"Fraction({p})", f"Fraction({q})"))
    assert expr.op.name == "power" and expr.params["exponent"] == expected
    assert isinstance(expr.params["exponent"], int) == (expected.denominator == 1)


@given(st.one_of(st.integers(0, 10**15 - 1), st.floats(0, allow_infinity=False)))
def test_numbers_are_read_as_python_reads_them(number: float) -> None:
    read = cr.parse(repr(number)).params["value"]
    assert type(read) is type(number) and read == number and math.copysign(1, read) == 1


def test_long_and_deep_texts_work_up_to_the_limits() -> None:
    assert cr.parse("+".join(["x"] * 9_000)).op is cr.add
    assert cr.parse("(" * 200 + "x" + ")" * 200) is cr.data("x")
    assert cr.parse("exp(" * 200 + "x" + ")" * 200).op is cr.exp
    assert cr.parse("-" * 500 + "x").op is cr.negate
    assert (
        cr.parse("\n".join(["a0 = x", *(f"a{i} = a{i - 1} + 1" for i in range(1, 3000)), "a2999"])).name
        == "a2999"
    )
    assert cr.parse("[" + "1, " * 30_000 + "1]").shape == (30_001,)
