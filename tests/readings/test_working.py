"""The working: values by leaf or by name, messages for what does not fit, extended precision, deep graphs."""

import time
import warnings

import jax.numpy as jnp
import numpy as np
import pytest
from support.drawing import call, numbers, over
from support.pace import at_pace
from support.tolerance import agree

import chainrule as cr
from chainrule.graph.walk import topological
from chainrule.readings.working import node_values

x, y = cr.data("x", 3), cr.data("y")
W = cr.parameter("W", (2, 3))


def test_values_come_by_leaf_by_name_or_both():
    made = W @ x + y
    by_name = cr.evaluate(made, {"W": np.ones((2, 3)), "x": [1, 2, 3], "y": 1})
    by_leaf = cr.evaluate(made, {W: np.ones((2, 3)), x: [1, 2, 3], "y": 1})
    assert by_name.tolist() == by_leaf.tolist() == [7, 7]
    assert by_name.dtype == np.float64


def test_one_expression_gives_an_array_and_several_give_a_list():
    values = {"x": [1, 2, 3], "y": 2}
    assert isinstance(cr.evaluate(cr.sum(x), values), np.ndarray)
    assert cr.evaluate([], {}) == []
    found = cr.evaluate([x, x, cr.sum(x), y], values)
    assert [part.tolist() for part in found] == [[1, 2, 3], [1, 2, 3], 6, 2]


def test_values_that_nothing_needs_are_left_alone():
    assert cr.evaluate(y + 1, {"y": 1, "x": "nonsense", "other": None, cr.data("far", 2): [1, 2]}) == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "values: needed a value for W, x; came values for nothing. Add it under the key 'W'"),
        (
            {"x": [1, 2, 3], "w": 1},
            "values: needed a value for W; came values for x, w. Add it under the key 'W'",
        ),
        (
            {"x": [1, 2], "W": np.ones((2, 3))},
            "value of data x: needed the shape (3,); came (2,). One example has no batch axis",
        ),
        (
            {"x": [[1, 2, 3]], "W": np.ones((2, 3))},
            "value of data x: needed the shape (3,); came (1, 3). One example has no batch axis",
        ),
        (
            {"x": [1, 2, "a"], "W": np.ones((2, 3))},
            "value of data x: needed numbers of the shape (3,); came [1, 2, 'a']. "
            "Write a number, a list of them or an array",
        ),
        (
            {"x": [1, 2, 1j], "W": np.ones((2, 3))},
            "value of data x: needed numbers of the shape (3,); came [1, 2, 1j]. "
            "Write a number, a list of them or an array",
        ),
        (
            {"x": [[1], [2, 3]], "W": np.ones((2, 3))},
            "value of data x: needed numbers of the shape (3,); came [[1], [2, 3]]. "
            "Write a number, a list of them or an array",
        ),
        (
            {"x": [1, 2, 3], "W": None},
            "values: needed a value for W; came values for x, W. Add it under the key 'W'",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused_word_for_word(values, message):
    with pytest.raises(cr.FeedError) as caught:
        cr.evaluate(W @ x, values)
    assert str(caught.value) == message


def test_two_leaves_of_one_name_are_refused():
    other = cr.parameter("x", 3)
    message = r"one leaf for each name; came two called x: data \(3,\) and parameter \(3,\)\. Rename one"
    with pytest.raises(cr.FeedError, match=message):
        cr.evaluate(x + other, {"x": [1, 2, 3]})
    for batch in (False, True):
        with pytest.raises(cr.FeedError, match=message):
            cr.compile(x + other, batch=batch)({"x": [1, 2, 3]})


def test_values_are_not_changed():
    array = np.array([3.0, -1.0, 2.0])
    kept = array.copy()
    cr.evaluate([cr.relu(x), -x, x.named("u") * 2, cr.softmax(x), x[::-1]], {"x": array, "u": array})
    np.testing.assert_array_equal(array, kept)


def test_every_node_has_its_value():
    loss = cr.cross_entropy(cr.softmax(W @ x).named("p"), [1, 0])
    numbers_of = node_values([loss], {"W": np.ones((2, 3)), "x": [1, 2, 3]})
    assert set(topological([loss])) <= set(numbers_of)
    assert all(value.shape == node.shape for node, value in numbers_of.items())


def test_extended_precision_has_18_digits():
    long = np.longdouble
    third = long(1) / 3
    made = cr.sigmoid(x) @ cr.exp(x / 3) + y * cr.constant(1) / 3
    found = cr.evaluate(made, {"x": [third, third, third], "y": 1}, long)
    assert found.dtype == long
    wanted = 3 * (1 / (1 + np.exp(-third))) * np.exp(third / 3) + third
    assert abs(found - wanted) < 1e-18


@over(lambda op: op.samples[:1] if op.elementwise and op.value_rule else ())
def test_a_value_rule_takes_plain_numbers_and_keeps_a_dtype(op, case):
    plain, params = [float(array) for array in numbers(op, case)], call(op, case).expr.params
    expected = op.value_rule(np, *(np.asarray(number) for number in plain), **params)
    assert np.shape(expected) == ()
    agree(op.value_rule(np, *plain, **params), expected, f"{op.name} of plain numbers")
    if op.name != "erf":  # SciPy has it in double precision
        long = op.value_rule(np, *(np.asarray(number, np.longdouble) for number in plain), **params)
        assert np.asarray(long).dtype == np.longdouble
        agree(op.value_rule(jnp, *plain, **params), expected, f"{op.name} in JAX", 1e-6)


def test_what_has_no_value_comes_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cr.evaluate(
            [1 / y, cr.log(y), 0 / y, cr.log(y - 1), cr.exp(1000 + y), cr.sqrt(y - 1)], {"y": 0}
        )
    np.testing.assert_array_equal(found, [np.inf, -np.inf, np.nan, np.nan, np.inf, np.nan])


# ---- depth


def net(depth):
    """A recurrent net of that many steps with weights that all steps share."""
    V, b = cr.parameter("V", (3, 3)), cr.parameter("b", 3)
    a = x
    for _ in range(depth):
        a = cr.tanh(V @ a + b)
    return cr.sum(a), [V, b]


VALUES = {"x": [0.1, 0.2, -0.3], "V": 0.9 * np.eye(3), "b": [0.01, 0.0, -0.01]}


def seconds(work):
    """The processor's time of the fastest of three runs."""
    times = []
    for _ in range(3):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def test_a_chain_of_5_000_nodes_is_evaluated_and_differentiated():
    s = cr.data("s")
    node = s
    for _ in range(2500):
        node = cr.tanh(node) * 2
    value, slope = cr.evaluate([node, cr.gradient(node, s)], {"s": 0.3})
    number, rate = 0.3, 1.0
    for _ in range(2500):
        rate *= 2 * (1 - np.tanh(number) ** 2)
        number = 2 * np.tanh(number)
    agree(value, number, "value")
    agree(slope, rate, "slope")


def test_the_gradient_of_a_deep_net_takes_seconds_and_grows_with_its_depth():
    loss, parameters = net(2000)
    start = time.process_time()
    parts = cr.gradient(loss, parameters)
    cr.evaluate(list(parts), VALUES)
    assert time.process_time() - start < at_pace(2)
    shallow, deep = net(500), net(1000)
    for work in (
        cr.gradient,
        lambda loss, parameters: cr.evaluate(loss, VALUES),
        lambda loss, parameters: topological([loss]),
    ):
        small, large = (seconds(lambda net=net, work=work: work(*net)) for net in (shallow, deep))
        assert large < 3.2 * small + 0.02


def test_a_deep_gradient_is_right():
    loss, (V, b) = net(200)
    slope = cr.evaluate(cr.gradient(loss, b), VALUES)
    step = np.array([1e-6, 0, 0])
    above, below = (cr.evaluate(loss, {**VALUES, "b": VALUES["b"] + sign * step}) for sign in (1, -1))
    agree(slope[0], (above - below) / 2e-6, "slope by the first entry of b", 1e-6)
    assert V.shape == (3, 3)
