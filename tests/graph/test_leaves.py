"""Data, parameters and constants: shapes and numbers as they come, kept exactly."""

import warnings
from fractions import Fraction

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.leaves import constant_number


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ((), ()),
        (3, (3,)),
        ([2, 3], (2, 3)),
        (np.int64(3), (3,)),
        (np.array([2, 3]), (2, 3)),
        ((np.int32(2), 0), (2, 0)),
        (range(1, 4), (1, 2, 3)),
    ],
)
def test_a_shape_in_any_form(given, shape):
    for leaf in (cr.data("x", given), cr.parameter("x", given), cr.constant(1, given)):
        assert leaf.shape == shape
        assert all(type(size) is int for size in leaf.shape)


@pytest.mark.parametrize(
    "given",
    [
        -1,
        (2, -3),
        2.0,
        (2.0, 3),
        (2.5,),
        "3",
        ("3",),
        True,
        (True, 2),
        None,
        (None,),
        [[2]],
        float("inf"),
        (1e400,),
        1j,
    ],
)
def test_what_is_no_shape_is_refused(given):
    with pytest.raises(
        cr.ShapeError, match=r"data x: needed sizes that are whole numbers, none negative.*\. Write 3 or"
    ):
        cr.data("x", given)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (2, 2),
        (2.5, 2.5),
        (Fraction(1, 3), Fraction(1, 3)),
        (True, 1),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(-7), -7),
        (np.bool_(True), 1),
        (np.array(4.0), 4.0),
        (np.longdouble(2), 2.0),
        (float("inf"), float("inf")),
        (10**15, 10**15),
    ],
)
def test_a_number_is_kept_as_it_is_written(given, kept):
    number = constant_number(cr.constant(given))
    assert number == kept
    assert type(number) is type(kept)
    assert cr.constant(given) is cr.constant(kept)


def test_numbers_that_print_differently_are_different_constants():
    assert cr.constant(1) is not cr.constant(1.0)
    assert cr.constant([1, 2]) is not cr.constant([1.0, 2.0])
    assert cr.constant([Fraction(1, 2)]) is not cr.constant([0.5])
    assert cr.constant(0.0) is not cr.constant(-0.0)
    assert cr.constant([0.0]) is not cr.constant([-0.0])
    assert cr.constant([1, 2]) is cr.constant([1, 2])


def test_the_sign_of_zero_is_kept():
    first, second = 1 / cr.constant(0.0), 1 / cr.constant(-0.0)
    assert (float(cr.evaluate(first, {})), float(cr.evaluate(second, {}))) == (np.inf, -np.inf)


def test_exact_numbers_are_exact_in_extended_precision():
    third = cr.evaluate(cr.constant(Fraction(1, 3)), {}, np.longdouble)
    assert third == np.longdouble(1) / 3
    assert third != np.longdouble(1 / 3)
    assert cr.evaluate(cr.constant([2**60 + 1]), {}, np.longdouble)[0] == np.longdouble(2**60) + 1


@pytest.mark.parametrize("number", [float("inf"), -float("inf"), float("nan"), -0.0, 1e-300])
def test_every_float_is_a_constant_in_both_readings(number):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone, filled = cr.constant(number), cr.constant([number, 1.0])
        assert np.array_equal(cr.evaluate(alone, {}), number, equal_nan=True)
        assert np.array_equal(cr.compile(alone, dtype="float64")({}), number, equal_nan=True)
        assert np.array_equal(cr.compile(filled, dtype="float64")({})[0], number, equal_nan=True)
        assert isinstance(str(alone), str)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(3),
        np.zeros((0, 3)),
        np.zeros((2, 0)),
        np.array([True, False]),
        np.float32([0.25, 3]),
        np.arange(6).reshape(2, 3).T,
        np.longdouble([1.5, 2]),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_an_array_keeps_shape_and_entries(array):
    constant = cr.constant(array)
    assert constant.shape == array.shape
    np.testing.assert_array_equal(cr.evaluate(constant, {}), array)
    assert constant is cr.constant(array.copy())


def test_a_constant_does_not_follow_its_array():
    array = np.ones(2)
    constant = cr.constant(array)
    array[0] = 5
    assert cr.evaluate(constant, {}).tolist() == [1, 1]


@pytest.mark.parametrize(
    "given", [None, "2", "", 1j, np.array([1j]), object(), {1: 2}, {1}, [None], ["a"], np.array(["a"]), len]
)
def test_what_is_no_number_is_refused(given):
    with pytest.raises(cr.ChainruleError, match=r"constant: needed a number.*came .*\. Write numbers as"):
        cr.constant(given)


@pytest.mark.parametrize("given", [10**400, -(10**400), Fraction(10**400, 3), [1, 10**400]])
def test_a_number_beyond_floats_is_refused(given):
    with pytest.raises(cr.ChainruleError, match=r"a number that a float can hold"):
        cr.constant(given)


def test_ragged_and_giant_arrays_are_refused():
    with pytest.raises(cr.ShapeError, match="rows of one length"):
        cr.constant([[1, 2], [3]])
    with pytest.raises(cr.ShapeError, match=r"at most 100000 entries.*came 100000000000000.*Make it data"):
        cr.constant(np.broadcast_to(1.0, (10**7, 10**7)))
    with pytest.raises(cr.ShapeError, match="at most 100000 entries"):
        cr.constant([0] * 100_001)


def test_a_distribution_is_other_data_than_one_that_is_not():
    assert cr.data("y", 3, distribution=True) is not cr.data("y", 3)
    assert cr.data("y", 3, distribution=False) is cr.data("y", 3)


def test_leaves_come_in_the_order_of_reading_without_constants():
    W, x, b = cr.parameter("W", (2, 3)), cr.data("x", 3), cr.parameter("b", 2)
    assert cr.leaves([2 * (W @ x) + b, x]) == [W, x, b]
