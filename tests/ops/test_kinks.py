"""At a kink each op keeps its word on who receives the gradient, and rule and definition the same word."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.readings.gradient import adjoints

a, b = cr.data("a", 3), cr.data("b", 3)
TIED = {"a": [1.0, 2.0, -1.0], "b": [1.0, 0.0, 0.0]}


def test_of_equal_ones_maximum_passes_its_gradient_to_b_and_minimum_to_a():
    of_maximum = cr.gradient(cr.sum(cr.maximum(a, b)), (a, b))
    of_minimum = cr.gradient(cr.sum(cr.minimum(a, b)), (a, b))
    assert [part.tolist() for part in cr.evaluate(of_maximum, TIED)] == [[0, 1, 0], [1, 0, 1]]
    assert [part.tolist() for part in cr.evaluate(of_minimum, TIED)] == [[1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize(
    ("op", "params", "slope"),
    [
        (cr.relu, {}, 0),
        (cr.leaky_relu, {"slope": 0.2}, 0.2),
        (cr.elu, {"alpha": 0.5}, 0.5),
        (cr.absolute, {}, 0),
        (cr.step, {}, 0),
        (cr.softplus, {}, 0.5),
        (cr.gelu, {}, 0.5),
        (cr.sigmoid, {}, 0.25),
        (cr.tanh, {}, 1),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_slope_at_0_is_the_documented_one_by_rule_and_by_definition(op, params, slope):
    x = cr.data("x")
    y = op(x, **params)
    assert float(cr.evaluate(cr.gradient(y, x), {"x": 0})) == slope
    assert float(cr.evaluate(adjoints(y, [x], rules=False)[x], {"x": 0})) == slope


@pytest.mark.parametrize(
    ("axis", "values", "receives"),
    [
        (None, [[1, 3], [3, 3]], [[0, 1], [0, 0]]),
        (0, [[1, 3], [3, 3]], [[0, 1], [1, 0]]),
        (-1, [[1, 3], [3, 3]], [[0, 1], [1, 0]]),
        (1, [[0, 0], [2, 1]], [[1, 0], [1, 0]]),
        (-2, [[0, 0], [0, 0]], [[1, 1], [0, 0]]),
        (None, [[-np.inf, -np.inf], [-np.inf, -np.inf]], [[1, 0], [0, 0]]),
    ],
)
def test_of_equal_entries_the_first_receives_the_gradient_of_the_maximum(axis, values, receives):
    x = cr.data("x", (2, 2))
    slope = cr.gradient(cr.sum(cr.max(x, axis=axis)), x)
    assert cr.evaluate(slope, {"x": values}).tolist() == receives
    assert cr.compile(slope)({"x": values}).tolist() == receives
    assert cr.evaluate(cr.first_max(x, axis=axis), {"x": values}).tolist() == receives
