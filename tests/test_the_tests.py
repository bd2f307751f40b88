"""The tables notice breakage: each rule of each op is broken on purpose, and its check has to raise.

A gradient is made 1.01 times what it is, the parts of two operands change places, a value is off by a
millionth, an identity gives something else, a message loses a part, a sample is taken away.
"""

import ast
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from ops import test_every_op, test_oracles
from support import checks, compiled_checks, drawing, oracles
from support.drawing import call, over_ops
from support.exact import exactly
from support.tolerance import EQUAL, Disagreement, agree

import chainrule as cr
from chainrule.graph.op import Case, case, error
from chainrule.graph.walk import topological
from chainrule.lowering import FORMS
from chainrule.ops.index_equation import IndexEquation

OFF = 1 + 1e-6


def requires_red(check, cases):
    """Run a check over the cases of a broken op; one of them must disagree."""
    for one in cases:
        try:
            check(*one)
        except (Disagreement, cr.ChainruleError):
            return
    pytest.fail("nothing noticed")


SOME = 3
"""As many samples are compiled of an op that is broken: they need not find everything, and one must disagree."""


def samples(op):
    return [(op, sample) for sample in op.samples]


def scaled(rule):
    """A gradient rule whose parts are 1.01 times as large; what passed on nothing passes on a little."""

    def broken(dy, y, *operands, **params):
        parts = rule(dy, y, *operands, **params)
        leak = cr.sum(dy) * Fraction(1, 100) if dy.shape else dy * Fraction(1, 100)
        return [
            leak * cr.constant(1, operand.shape) if part is None else Fraction(101, 100) * part
            for operand, part in zip(operands, parts, strict=True)
        ]

    return broken


@over_ops(lambda op: op.gradient_rule is not None)
def test_a_gradient_rule_that_is_a_hundredth_off_is_noticed(op, monkeypatch):
    monkeypatch.setattr(op, "gradient_rule", scaled(op.gradient_rule))
    requires_red(checks.check_gradient, samples(op))


@over_ops(lambda op: op.prime is not None)
def test_a_derivative_that_is_a_hundredth_off_is_noticed(op, monkeypatch):
    body = op.prime.body
    monkeypatch.setattr(op.prime, "body", lambda x, **params: Fraction(101, 100) * body(x, **params))
    requires_red(checks.check_gradient, samples(op))


def its_own(op):
    """Whether the gradient of an op is made of the op itself, as that of exp is."""
    made = call(op, op.samples[0])
    of, _, _ = drawing.weighed(made.expr, made.values)
    nodes = topological(cr.gradient(of, made.operands))
    return op.linear != "joint" and op in {node.op for node in nodes}


@over_ops(lambda op: op.gradient_rule is not None and its_own(op))
def test_a_second_order_that_is_a_hundredth_off_is_noticed(op, monkeypatch):
    monkeypatch.setattr(op, "gradient_rule", scaled(op.gradient_rule))
    requires_red(checks.check_second_order, samples(op))


def test_a_second_order_of_a_linear_op_is_noticed(monkeypatch):
    monkeypatch.setattr(cr.exp, "linear", "joint")
    requires_red(checks.check_second_order, samples(cr.exp))


@over_ops(lambda op: op.gradient_rule is not None and len(op.domain) > 1)
def test_parts_of_a_gradient_that_change_places_are_noticed(op, monkeypatch):
    rule = op.gradient_rule
    monkeypatch.setattr(op, "gradient_rule", lambda *all_, **params: tuple(rule(*all_, **params))[::-1])
    requires_red(checks.check_gradient, samples(op))


@over_ops(lambda op: op.value_rule is not None and (op.defined or bool(op.equation)))
def test_a_value_that_is_a_millionth_off_is_noticed(op, monkeypatch):
    rule = op.value_rule
    monkeypatch.setattr(op, "value_rule", lambda xp, *arrays, **params: OFF * rule(xp, *arrays, **params))
    requires_red(checks.check_value, samples(op))


@over_ops(lambda op: op.value_rule is not None and not op.defined and not op.equation)
def test_a_primitive_that_is_a_millionth_off_is_noticed(op, monkeypatch):
    monkeypatch.setattr(op, "samples", op.samples[:SOME])
    rule = op.value_rule
    monkeypatch.setattr(op, "value_rule", lambda xp, *arrays, **params: OFF * rule(xp, *arrays, **params))
    requires_red(test_oracles.check_oracle, [(op,)])


@over_ops(lambda op: op.defined and op.value_rule is None and oracles.oracle_of(op.name) is not None)
def test_a_definition_that_is_a_millionth_off_is_noticed(op, monkeypatch):
    monkeypatch.setattr(op, "samples", op.samples[:SOME])
    body = op.body
    monkeypatch.setattr(op, "body", lambda *operands, **params: OFF * body(*operands, **params))
    requires_red(test_oracles.check_oracle, [(op,)])


def test_an_index_equation_that_is_a_millionth_off_is_noticed(monkeypatch):
    product = IndexEquation.product
    monkeypatch.setattr(IndexEquation, "product", lambda *how, **more: OFF * product(*how, **more))
    for op in (cr.matmul, cr.outer):
        requires_red(checks.check_value, samples(op))


@pytest.mark.parametrize("name", ["sigmoid", "erf", "softplus"])
def test_a_compiled_form_that_is_a_millionth_off_is_noticed(name, monkeypatch):
    form = FORMS[name]
    monkeypatch.setitem(FORMS, name, lambda xp, *arrays: OFF * form(xp, *arrays))
    requires_red(compiled_checks.check_compiled, [(cr.OPS[name], "float64")])


@over_ops(lambda op: op.elementwise and op.linear is None and not (op.defined and op.value_rule is None))
def test_a_total_that_is_not_linear_is_noticed(op, monkeypatch):
    monkeypatch.setattr(op, "samples", op.samples[:SOME])
    monkeypatch.setattr(op, "linear", "joint" if op.arity == 1 else "each")
    requires_red(compiled_checks.check_compiled, [(op, "float64")])


IDENTITIES = [
    (op, name) for op in cr.OPS.values() for name in op.identities if (op.name, name) != ("log", "subtract")
]


@pytest.mark.parametrize(("op", "inner"), IDENTITIES, ids=lambda value: getattr(value, "name", value))
def test_an_identity_that_does_not_hold_is_noticed(op, inner, monkeypatch):
    rule = op.identities[inner]
    monkeypatch.setitem(op.identities, inner, lambda *operands, **params: OFF * rule(*operands, **params))
    requires_red(checks.check_identity, [(op, cr.OPS[inner])])


@over_ops(lambda op: op.name in {"tanh", "softplus", "softmax", "logsumexp"})
def test_a_value_that_overflows_is_noticed(op, monkeypatch):
    """Without its value rule an op is computed as it is defined: infinity by infinity is no number."""
    monkeypatch.setattr(op, "value_rule", None)
    requires_red(checks.check_edge, [(op, point) for point in op.edges])


def test_a_warning_at_an_edge_is_noticed(monkeypatch):
    monkeypatch.setattr(
        cr.sigmoid, "value_rule", lambda xp, x: xp.asarray(float(np.float64(1e300) * 1e300) / np.inf)
    )
    with pytest.raises((Disagreement, RuntimeWarning)):
        checks.check_edge(cr.sigmoid, 0.0)


@over_ops(lambda op: bool(op.errors))
def test_an_error_that_does_not_come_is_noticed(op):
    with pytest.raises(Disagreement, match="no error"):
        checks.check_error(op, op.samples[0])
    wrong = op.errors[0]
    with pytest.raises(Disagreement, match="does not match"):
        checks.check_error(op, Case(wrong.shapes, wrong.params, "another message"))


@pytest.mark.parametrize("part", ["needed", "came", "where", "remedy"])
def test_an_error_without_one_of_its_parts_is_noticed(part, monkeypatch):
    kept = cr.ShapeError.__init__

    def without(self, needed, came, where="", remedy=""):
        parts = {"needed": needed, "came": came, "where": where, "remedy": remedy}
        kept(self, **{**parts, part: ""})

    monkeypatch.setattr(cr.ShapeError, "__init__", without)
    with pytest.raises(Disagreement, match=f"no part {part}"):
        checks.check_error(cr.outer, error((2, 2), (3,), match=""))


@pytest.mark.parametrize(
    ("op", "left", "message"),
    [
        (cr.relu, [], "no samples"),
        (cr.relu, [case((0,))], "the samples see .* only at"),
        (cr.relu, [case((3,)), case((1,))], "no sample has one that is empty"),
        (cr.relu, [case((3,)), case((0,))], "no sample has one that is single"),
        (cr.max, [case(()), case((1,)), case((0, 2), axis=1)], "the samples see .* only at"),
    ],
)
def test_samples_that_do_not_cover_the_domain_are_noticed(op, left, message, monkeypatch):
    monkeypatch.setattr(op, "samples", left)
    with pytest.raises(Disagreement, match=message):
        checks.check_samples(op)


def test_samples_on_one_side_of_a_kink_are_noticed(monkeypatch):
    monkeypatch.setitem(drawing.WITHIN, "real", np.abs)
    for op in (cr.relu, cr.leaky_relu, cr.elu, cr.absolute):
        with pytest.raises(Disagreement, match=r"the samples see .* only at"):
            checks.check_samples(op)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "has no example"),
        ("Add, entry by entry.", "has no example"),
        ("Add.\n\n>>> 1 + 1\n2", "says nothing of shapes"),
        ("Add, entry by entry.\n\n>>> 1 + 1\n3", "Expected:"),
        ("Add, entry by entry.\n\n>>> nothing", "NameError"),
    ],
)
def test_a_poor_docstring_is_noticed(text, message, monkeypatch):
    monkeypatch.setattr(cr.add, "__doc__", text)
    with pytest.raises(Disagreement, match=message):
        checks.check_document(cr.add)


# ---- what the checks rest on


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (1.0, 1 + 1e-11),
        ([1.0, 2.0], [2.0, 1.0]),
        (np.inf, -np.inf),
        (np.inf, 1.0),
        (np.nan, 1.0),
        (1.0, np.nan),
        ([1.0], 1.0),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (1e-11, 0.0),
    ],
)
def test_numbers_that_differ_do_not_agree(actual, expected):
    with pytest.raises(Disagreement):
        agree(actual, expected, "numbers", EQUAL["float64"])


def test_numbers_that_do_not_differ_agree():
    for number in (1.0, np.inf, -np.inf, np.nan, [np.nan, np.inf, 3], np.zeros((0, 2)), 1e300):
        agree(number, number, "numbers")
    agree([1e6, 1e-9], [1e6 + 1e-7, 0], "small beside large")


@over_ops(lambda op: op.defined)
def test_the_exact_reading_follows_the_definition(op, monkeypatch):
    """It is no copy of the value rule: what the definition says changes what it says."""
    made = call(op, next(sample for sample in op.samples if all(0 not in shape for shape in sample.shapes)))
    before = exactly(made.expr, made.values)
    body = op.body
    monkeypatch.setattr(op, "body", lambda *operands, **params: 3 + body(*operands, **params))
    agree(exactly(made.expr, made.values), 3 + before, op.name)


# ---- every op is in the tables


def declared(source):
    """The names of the ops that a source file makes, by the decorators of its functions."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            made = mark.func if isinstance(mark, ast.Call) else mark
            if getattr(made, "id", "") in MAKERS:
                names.append(node.name)
            elif isinstance(made, ast.Attribute) and made.attr == "derivative":
                names.append(f"{made.value.id}_prime")
    return names


MAKERS = {"define", "primitive", "contraction"}
FILES = sorted(Path(cr.__file__).parent.glob("ops/**/*.py"))


def test_every_op_in_the_source_is_in_the_register_and_in_every_table():
    found = [name for path in FILES for name in declared(path.read_text(encoding="utf-8"))]
    assert len(found) == len(set(found)) > 50
    assert set(found) <= set(cr.OPS)
    for table in (
        test_every_op.test_the_value_is_that_of_the_definition,
        test_every_op.test_the_gradient_is_that_of_the_definition_and_of_differences,
        test_every_op.test_the_gradient_of_the_gradient_is_that_of_differences,
        test_every_op.test_compiled_is_the_working,
        test_every_op.test_samples_cover_the_domain,
    ):
        rows = next(mark.args[1] for mark in table.pytestmark if "op" in str(mark.args[0]))
        assert {(row[0] if isinstance(row, tuple) else row).name for row in rows} == set(cr.OPS)


def test_every_call_that_registers_an_op_is_seen_or_makes_ops_of_the_register():
    """Families that build their ops in a function, as pooling does, are ops of the register too."""
    assert all(op is cr.OPS[op.name] for op in cr.OPS.values())
    assert all(op.samples for op in cr.OPS.values())


def test_an_op_in_the_source_is_found():
    source = """
@sign("+")
@primitive(notation, samples=())
def one(a): ...
@one.derivative
def _(a): ...
@define()
def two(a): ...
@one.value
def _(xp, a): ...
def three(a): ...
"""
    assert declared(source) == ["one", "one_prime", "two"]
