"""What is printed is what is meant: random expressions are printed, read back by a reader that shares no code
with the printer, computed, and compared with their values.

The reader knows the symbols with their shapes, as anybody does who reads the page, and refuses whatever it
could take in two ways. `make evidence` does the same with more expressions.
"""

from collections import Counter

import numpy as np
import pytest
from support.expressions import NAMES, expressions, filled, gradients
from support.readback import FORMS, KINDS, problems

import chainrule as cr
from chainrule.graph.op import OPS
from chainrule.graph.walk import topological

PARTS = 40
EACH = 50  # expressions in a part: 2,000 in all, in LaTeX, and half of them as text


def parts(count: int = PARTS) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("part", range(count))


@parts()
def test_latex_and_text_are_read_back(part: int) -> None:
    assert not problems(expressions(EACH, part), kinds=["latex", "text"] if part % 2 else ["latex"])


@parts(10)
def test_gradients_are_read_back(part: int) -> None:
    assert not problems(gradients(20, part))


@parts(10)
def test_lines_for_named_parts_are_read_back(part: int) -> None:
    assert not problems(expressions(20, f"named {part}", named=0.4), expand=False)


@parts(4)
def test_counting_from_0_is_read_back(part: int) -> None:
    assert not problems(expressions(20, f"first {part}"), first=0)


def sampled(name: str) -> list[tuple[cr.Expr, dict[cr.Expr, object]]]:
    """Every sample of an op on leaves, with numbers."""
    found = []
    rng = np.random.default_rng(0)
    for sample in filled(OPS[name]):
        operands = [cr.parameter(f"x_{at}", shape) for at, shape in enumerate(sample.shapes)]
        expr = OPS[name](*operands, **sample.params)
        values = {leaf: rng.uniform(0.2, 0.9, leaf.shape) for leaf in cr.leaves([expr])}
        found.append((expr, values))
    return [(expr, values) for expr, values in found if not expr.is_leaf]


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.samples))
@pytest.mark.parametrize("first", [0, 1])
def test_every_sample_of_every_op_is_read_back(name: str, first: int) -> None:
    assert not problems(sampled(name), first=first)


def test_the_expressions_are_rich() -> None:
    """All public ops occur, and deep, wide, small and large expressions."""
    made = [expr for part in range(10) for expr, _ in expressions(EACH, part)]
    nodes = [topological([expr]) for expr in made]
    ops = Counter(node.op.name for order in nodes for node in {*order})
    assert min(ops[name] for name, op in OPS.items() if op.public) >= 3
    assert Counter(len(order) > 12 for order in nodes)[True] > 150
    assert Counter(order[-1].shape == () for order in nodes)[True] > 30
    names = {node.name for order in nodes for node in order if node.name}
    assert names == set(NAMES)


def test_long_shared_parts_get_names() -> None:
    """x times x, 200 times: a tree with 2 to the 200 leaves is printed in lines t_1, t_2, ... at once."""
    x = cr.data("x")
    expr = x
    for _ in range(200):
        expr = (expr * expr).unnamed
        expr = cr.sqrt(expr + 1)
    assert not problems([(expr, {x: 0.5})])


@pytest.mark.timeout(10)
def test_a_deep_chain_is_printed() -> None:
    x = cr.data("x", 2)
    expr = x
    for at in range(3000):
        expr = (cr.tanh, cr.relu, lambda x: x + 1)[at % 3](expr)
    for kind in KINDS:
        for form in FORMS:
            assert getattr(expr, kind)(form=form).count("tanh") == 1000


def test_definitions_that_repeat_their_operand_do_not_swell() -> None:
    """In index form softmax names its operand twice; 30 of them in one another stay short."""
    z = cr.data("z", 3)
    expr = z
    for _ in range(30):
        expr = cr.softmax(expr)
    for kind in KINDS:
        assert len(getattr(expr, kind)(form="index")) < 6000
    assert not problems([(expr, {z: [0.1, 0.2, -0.5]})], forms=["index"])


@pytest.mark.parametrize(("exponent", "text"), [(0.5, "g^0.5 · (x + 1)"), (2, "g² · (x + 1)")])
def test_a_power_before_a_bracket_is_no_call(exponent, text):
    g, x = cr.data("g"), cr.data("x")
    expr = g**exponent * (x + 1)
    assert expr.text() == text
    assert not problems([(expr, {g: 2.0, x: 3.0})])


def test_a_sum_says_how_far_it_runs_where_a_constant_is_shorter():
    W = cr.data("W", (3, 2))
    expr = cr.sum(cr.concatenate(cr.constant([[1, 2]]), cr.constant([[7, 0], [2, 3]])) * W)
    assert expr.text(form="index").startswith("Σ[i≤3,j] ([i ≤ 1] · [[1, 2]][i,j] + ")
    assert not problems([(expr, {W: np.arange(6).reshape(3, 2)})])


@pytest.mark.evidence
@pytest.mark.parametrize("part", range(400))
def test_many_more_are_read_back(part: int) -> None:
    assert not problems(expressions(EACH, f"evidence {part}"))
    assert not problems(gradients(10, f"evidence {part}"))
    assert not problems(expressions(10, f"evidence named {part}", named=0.4), expand=False)
