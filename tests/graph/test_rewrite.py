"""Stable forms: each identity where it holds, and never past a node that somebody asks for."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.rewrite import Tidier, stable
from chainrule.graph.walk import topological

z, y, s = cr.data("z", 3), cr.data("y", 3), cr.data("s")


def ops_in(expr):
    return {node.op.name for node in topological([expr])}


@pytest.mark.parametrize(
    ("written", "form"),
    [
        (cr.log(cr.softmax(z)), cr.log_softmax(z)),
        (cr.log(cr.softmax(z).named("p")), cr.log_softmax(z)),
        (cr.log(cr.softmax(z)).named("q"), cr.log_softmax(z).named("q")),
        (cr.log(cr.sigmoid(z)), -cr.softplus(-z)),
        (cr.log(1 - cr.sigmoid(z)), -cr.softplus(z)),
        (cr.log(1.0 - cr.sigmoid(s)), -cr.softplus(s)),
        (cr.log(cr.constant(1, (3,)) - cr.sigmoid(z)), -cr.softplus(z)),
        (cr.cross_entropy(cr.softmax(2 * z), y), cr.cross_entropy_with_logits(2 * z, y)),
        (2 * cr.sum(cr.log(cr.softmax(cr.log(cr.sigmoid(z))))), 2 * cr.sum(cr.log_softmax(-cr.softplus(-z)))),
    ],
    ids=repr,
)
def test_an_identity_is_applied_wherever_it_holds(written, form):
    assert stable([written]) == [form]
    assert stable([form]) == [form]


@pytest.mark.parametrize(
    "written",
    [
        cr.log(z),
        cr.log(2 - cr.sigmoid(z)),
        cr.log(1 - cr.tanh(z)),
        cr.log(cr.sigmoid(z) - 1),
        cr.log(cr.constant([1, 1, 1]) - cr.sigmoid(s)),
        1 - cr.sigmoid(z),
        cr.exp(cr.softmax(z)),
    ],
    ids=repr,
)
def test_no_identity_is_applied_where_none_holds(written):
    assert stable([written]) == [written]


def test_what_is_kept_is_not_passed_over():
    p = cr.softmax(z)
    assert stable([cr.log(p)], keep=[p]) == [cr.log(p)]
    q = cr.sigmoid(z)
    assert stable([cr.log(1 - q)], keep=[q]) == [cr.log(1 - q)]
    assert stable([cr.log(1 - q)], keep=[1 - q]) == [cr.log(1 - q)]
    assert stable([cr.log(1 - q)], keep=[z, s]) == [-cr.softplus(z)]


def test_what_is_kept_is_stable_itself():
    inner = 2 * cr.log(cr.softmax(z))
    outer = cr.log(cr.softmax(inner))
    form = 2 * cr.log_softmax(z)
    assert stable([outer, inner], keep=[inner]) == [cr.log_softmax(form), form]
    assert stable([outer, inner], keep=[cr.softmax(inner), inner]) == [cr.log(cr.softmax(form)), form]


def test_an_inner_node_that_is_a_result_too_is_computed_beside_the_stable_form():
    p = cr.softmax(z).named("p")
    loss = cr.cross_entropy(p, y)
    values = {"z": [1e4, -1e4, 0.0], "y": [0.0, 1.0, 0.0]}
    for number, probability, logs in (
        cr.evaluate([loss, p, cr.log(p)], values),
        cr.compile([loss, p, cr.log(p)])(values),
        (
            part[0]
            for part in cr.compile([loss, p, cr.log(p)], batch=True)(
                {key: [at] for key, at in values.items()}
            )
        ),
    ):
        assert number == 2e4
        assert np.asarray(probability).tolist() == [1, 0, 0]
        assert np.asarray(logs).tolist() == [0, -2e4, -1e4]


def test_a_forward_node_is_never_tidied():
    loss = cr.sum(1 * z + 0)
    tidy = Tidier([loss])
    assert tidy(loss) is loss
    assert tidy(2 * loss) is 2 * loss
    assert Tidier([])(loss) is cr.sum(z)


def test_tidying_puts_the_users_names_in():
    a = cr.sigmoid(z).named("a")
    tidy = Tidier([cr.sum(a)])
    assert tidy(cr.sigmoid(z) * y) is a * y
    assert tidy(cr.tanh(cr.sigmoid(z))) is cr.tanh(a)


def test_a_deep_graph_is_rewritten_without_recursion():
    node = z
    for _ in range(3000):
        node = cr.negate(-node) + 0
    assert Tidier([])(node) is z
    deep = z
    for _ in range(3000):
        deep = cr.log(cr.softmax(deep))
    assert ops_in(stable([deep])[0]) == {"data", "log_softmax"}
