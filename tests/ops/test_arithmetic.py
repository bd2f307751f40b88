"""Tidy rules shorten and never change a value; powers with every exponent; numbers on either side."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.differences import slopes
from support.tolerance import DIFFERENCES, agree

import chainrule as cr
from chainrule.graph.rewrite import Tidier

x, y, s = cr.data("x", 3), cr.data("y", 3), cr.data("s")
VALUES = {"x": [1.25, -0.5, 2.0], "y": [-1.5, 0.75, 0.4], "s": 0.6}

NUMBERS = st.one_of(
    st.integers(-4, 4),
    st.fractions(min_value=-3, max_value=3, max_denominator=9),
    st.sampled_from([0.1, -0.5, 2.0, 1e-200, 1e200, -1e-308]),
).map(cr.constant)
LEAVES = st.one_of(st.sampled_from([x, y, s]), NUMBERS, st.just(cr.constant(1, (3,))))


def grown(parts):
    """Sums, differences, products, quotients by a number, negatives, sums over entries, names."""
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda pair: pair[0] + pair[1]),
        pairs.map(lambda pair: pair[0] - pair[1]),
        pairs.map(lambda pair: pair[0] * pair[1]),
        st.tuples(parts, NUMBERS.filter(lambda number: number.params["value"] != 0)).map(
            lambda p: p[0] / p[1]
        ),
        parts.map(lambda part: -part),
        parts.map(cr.sum),
        parts.filter(lambda part: not part.is_leaf).map(lambda part: part.named("q")),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_tidying_never_changes_a_value(expr):
    tidied = Tidier([])(expr)
    assert tidied.shape == expr.shape
    before = cr.evaluate(expr, VALUES, np.longdouble)
    after = cr.evaluate(tidied, VALUES, np.longdouble)
    scale = np.max(np.abs(before), initial=0.0)
    assert np.all(np.isfinite(before) == np.isfinite(after))
    assert np.all(np.abs(after - before) <= 1e-12 * max(scale, 1e-290)) or not np.all(np.isfinite(before))


@pytest.mark.parametrize(
    ("untidy", "tidy"),
    [
        (0 * x, cr.constant(0, (3,))),
        (x * 0, cr.constant(0, (3,))),
        (cr.constant(0, (3,)) * s, cr.constant(0, (3,))),
        (0 * s, cr.constant(0)),
        (1 * x, x),
        (cr.constant(1, (3,)) * x, x),
        (x * cr.constant(2, (3,)), 2 * x),
        ((s * cr.constant(1, (3,))) * x, s * x),
        ((s * x) * y, s * (x * y)),
        (x + 0, x),
        (cr.constant(0, (3,)) + x, x),
        (0 - x, -x),
        (x - (-y), x + y),
        (-(x - y), y - x),
        (x + x, 2 * x),
        ((2 * x) / 2, x),
        (x / 0.5, 2 * x),
        (cr.constant(0, (3,)) / 2, cr.constant(0, (3,))),
        ((3 * x) / 6, cr.constant(Fraction(1, 2)) * x),
        (-(-x), x),  # noqa: B002 - two minus signs are meant
        (x**1, x),
        (x**0, cr.constant(1, (3,))),
        (cr.constant(2) + cr.constant(3), cr.constant(5)),
    ],
    ids=repr,
)
def test_tidying_gives_the_shortest_form(untidy, tidy):
    assert Tidier([])(untidy) is tidy


@pytest.mark.parametrize(
    "kept",
    [
        cr.constant(0) + x,  # a vector of zeros plus a scalar is spread: only the scalar zero may go
        1e-200 * (1e-200 * cr.exp(1000 * s)),  # the product of the numbers alone is 0
        cr.exp(-1000 * s) / 1e-320,  # the inverse of the number alone is infinite
        (1e300 * cr.exp(-1000 * s)) / 1e-10,
        x / 0.1,  # 10 x would be rounded otherwise
        (0 * s) * cr.constant(float("inf")),
        s + cr.constant(0, (3,)),
    ],
    ids=repr,
)
def test_what_looks_short_but_is_another_number_is_left(kept):
    tidied = Tidier([])(kept)
    assert tidied.shape == kept.shape
    np.testing.assert_allclose(cr.evaluate(tidied, VALUES), cr.evaluate(kept, VALUES), rtol=1e-15)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 7, -1, -2, Fraction(4, 2), 2.0, 0.0])
@pytest.mark.parametrize("base", [-1.5, 0.0, 2.0])
def test_whole_powers_of_any_base(base, exponent):
    a = cr.data("a")
    power = a ** (exponent)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slope = cr.evaluate([power, cr.gradient(power, a)], {"a": base})
    if base == 0 and exponent < 0:
        assert np.isinf(value)
        assert np.isinf(slope)
    else:
        agree(value, float(base) ** int(exponent), f"{base} to the {exponent}")
        agree(slope, slopes(power, a, {a: base}), f"{base} to the {exponent}, derivative", DIFFERENCES)


@pytest.mark.parametrize("exponent", [Fraction(1, 2), Fraction(-1, 3), 0.7, Fraction(5, 2)])
def test_broken_powers_of_a_positive_base(exponent):
    a = cr.data("a")
    power = a**exponent
    agree(cr.evaluate(power, {"a": 1.7}), 1.7 ** float(exponent), "value")
    agree(cr.evaluate(cr.gradient(power, a), {"a": 1.7}), slopes(power, a, {a: 1.7}), "slope", DIFFERENCES)
    assert np.isnan(cr.evaluate(power, {"a": -1.7}))


@pytest.mark.parametrize(
    "exponent", [np.int64(2), np.float64(2), np.array(2), np.float32(2), True, cr.constant(2)]
)
def test_a_number_of_any_kind_is_an_exponent(exponent):
    assert (x**exponent).op is cr.power
    number = (x**exponent).params["exponent"]
    assert type(number) in (int, float)


def test_an_exponent_that_is_not_a_number_is_refused():
    for exponent in (None, "2", 1j, object()):
        with pytest.raises(cr.ChainruleError, match="needed a number"):
            x**exponent
    with pytest.raises(cr.ChainruleError, match=r"power.*needed a number.*came '2'.*\. Write"):
        cr.power(x, exponent="2")


@pytest.mark.parametrize(
    "other", [2, 2.5, Fraction(1, 3), np.float64(2), np.float32(0.5), np.int64(3), np.array(2.0)]
)
@pytest.mark.parametrize(
    "apply",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a**b,
    ],
)
def test_numbers_stand_on_either_side(apply, other):
    a = cr.data("a")
    for made, wanted in (
        (apply(a, other), apply(1.5, float(other))),
        (apply(other, a), apply(float(other), 1.5)),
    ):
        assert isinstance(made, cr.Expr)
        agree(cr.evaluate(made, {"a": 1.5}), wanted, repr(made))


def test_arrays_stand_on_either_side():
    array = np.array([1.0, -2.0, 4.0])
    for made, wanted in (
        (array + x, array + VALUES["x"]),
        (array - x, array - VALUES["x"]),
        (array * x, array * VALUES["x"]),
        (x / array, VALUES["x"] / array),
        (array @ x, array @ VALUES["x"]),
        (np.outer(array, array) @ x, np.outer(array, array) @ VALUES["x"]),
        ([1.0, -2.0, 4.0] * x, array * VALUES["x"]),
        ([1.0, -2.0, 4.0] - x, array - VALUES["x"]),
    ):
        assert isinstance(made, cr.Expr)
        agree(cr.evaluate(made, VALUES), wanted, repr(made))


@pytest.mark.parametrize(("base", "exponent", "slope"), [(0.0, 2.0, 0.0), (0.0, 1.0, 1.0), (-2.0, 3.0, 12.0)])
def test_a_base_of_any_sign_has_a_slope_where_the_exponent_is_whole(base, exponent, slope):
    a, b = cr.data("a"), cr.data("b")
    assert float(cr.evaluate(cr.gradient(a**b, a), {"a": base, "b": exponent})) == slope
