"""What depends on what, against moving every entry; parameter counts and the trace of shapes."""

import numpy as np
import pytest
from support.drawing import over

import chainrule as cr
from chainrule.readings.structure import depends, parameter_count, trace_of_shapes

rng = np.random.default_rng(3)
NEVER_TOO_FEW = {"first_max", "to_maximum", "at_maximum"}
"""Ops that only stand in gradients and have no index equation: each entry is said to read all."""


def moved(expr, leaf, values):
    """Which entries change when one entry of a leaf is moved, in several draws."""
    seen = np.zeros(expr.shape + leaf.shape, bool)
    before = cr.evaluate(expr, values)
    for at in np.ndindex(leaf.shape):
        other = np.array(values[leaf], float)
        other[at] = 0.05 + 0.9 * rng.uniform()
        seen[(..., *at)] = ~np.isclose(before, cr.evaluate(expr, {**values, leaf: other}), rtol=1e-13, atol=0)
    return seen


@over(lambda op: op.samples[:4])
def test_no_op_depends_on_more_than_is_said(op, case):
    leaves = [cr.data(f"x_{k}", shape) for k, shape in enumerate(case.shapes)]
    expr = op(*leaves, **case.params)
    for leaf in leaves:
        said = depends(expr, leaf)
        for _ in range(3):
            values = {one: np.asarray(0.05 + 0.9 * rng.uniform(size=one.shape)) for one in leaves}
            assert not np.any(moved(expr, leaf, values) & ~said)


LINEAR = [
    op
    for op in cr.OPS.values()
    if op.linear in ("joint", "each") and not op.elementwise and op.name not in NEVER_TOO_FEW
]


@pytest.mark.parametrize("op", LINEAR, ids=lambda op: op.name)
def test_a_linear_op_depends_on_just_what_is_said(op):
    for case in op.samples:
        leaves = [cr.data(f"x_{k}", shape) for k, shape in enumerate(case.shapes)]
        expr = op(*leaves, **case.params)
        for leaf in leaves:
            values = {one: np.asarray(rng.normal(size=one.shape)) for one in leaves}
            assert np.array_equal(moved(expr, leaf, values), depends(expr, leaf)), case


def test_the_notes_z_i_depends_on_its_row_and_on_all_of_x():
    W, x = cr.parameter("W", (3, 3)), cr.data("x", 3)
    z = W @ x
    a = cr.sigmoid(z)
    assert np.array_equal(depends(a, on=W), np.broadcast_to(np.eye(3, dtype=bool)[:, :, None], (3, 3, 3)))
    assert depends(a[0], on=W[0, 1])
    assert not depends(a[0], on=W[1, 1])
    assert depends(a, on=x[2]).tolist() == [True] * 3
    assert depends(a, on=z[1]).tolist() == [False, True, False]


def test_144_a_place_of_the_input_reaches_a_window_of_the_result():
    """∂z_{i−u,j−v}/∂a_{i,j} = W_{u,v}: what depends on a_{1,1} lies up to two rows and columns before it."""
    a, W = cr.data("a", (5, 5)), cr.parameter("W", (3, 3))
    reached = depends(cr.correlate2d(a, W), on=a[1, 1])
    assert reached.tolist() == [[True, True, False], [True, True, False], [False] * 3]
    assert depends(cr.correlate2d(a, W), on=W).all()


def test_strides_and_groups_leave_out_what_no_window_reads():
    x, k = cr.data("x", (4, 6)), cr.parameter("K", (2, 2, 1))
    said = depends(cr.correlate(x, k, stride=2, groups=2), on=x)
    assert said[0, 1].tolist() == [[False, False, True, False, False, False]] * 2 + [[False] * 6] * 2


def test_the_receptive_field_of_three_layers_with_pooling():
    x = a = cr.data("x", (1, 32, 32))
    for layer in range(3):
        kernel = cr.parameter(f"K_{layer}", (2, a.shape[0], 3, 3))
        a = cr.max_pool2d(cr.relu(cr.correlate2d(a, kernel, padding="same")), 2)
    field = depends(a[0, 1, 1], on=x)[0]
    assert field.any(axis=1).sum() == 22  # 2 + 2 (1 + 2 + 4) + (1 + 2 + 4) - 1
    assert np.array_equal(field, np.outer(field.any(axis=1), field.any(axis=0)))


def test_what_does_not_occur_changes_nothing():
    x, y = cr.data("x", 2), cr.data("y", 3)
    assert not depends(x * 2, on=y).any()
    assert depends(x, on=x).tolist() == [[True, False], [False, True]]
    with pytest.raises(cr.ChainruleError, match="Constants never change"):
        depends(x, on=cr.constant([1, 2]))


def test_counting_parameters():
    W, b, x = cr.parameter("W", (3, 4)), cr.parameter("b", 3), cr.data("x", 4)
    z = W @ x + b
    assert parameter_count(z) == 15
    assert parameter_count([z, cr.sigmoid(z), W[0]]) == 15
    assert parameter_count(x) == 0


def test_the_trace_names_data_and_named_parts():
    x = cr.data("x", (1, 28, 28))
    z = cr.correlate2d(x, cr.parameter("K", (8, 1, 5, 5))).named("z")
    a = cr.flatten(cr.max_pool2d(z, 2)).named("a")
    assert trace_of_shapes(a) == [("x", (1, 28, 28)), ("z", (8, 24, 24)), ("a", (1152,))]
