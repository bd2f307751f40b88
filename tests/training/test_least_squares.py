"""Exact least squares: NIST's certified values, solutions in 60 digits, and the answers to dependent columns."""

import mpmath
import numpy as np
import pytest
from sklearn.linear_model import Ridge
from support import nist

from chainrule.graph.errors import FeedError
from chainrule.graph.warnings import DependentColumnsWarning
from chainrule.training.extended import exact_product, exact_sum, total
from chainrule.training.least_squares import least_squares

with_nist = pytest.mark.skipif(not nist.FOLDER.is_dir(), reason=f"no {nist.FOLDER}; see CHAINRULE_DATA")


def coefficients(X, y, intercept, **settings):
    found = least_squares(X, y, intercept=intercept, **settings)
    return np.concatenate([[found.intercept], found.coefficients]) if intercept else found.coefficients


@with_nist
@pytest.mark.parametrize("name", nist.NAMES)
def test_certified_coefficients(name):
    X, y, intercept, certified = nist.problem(name)
    right = nist.digits(coefficients(X, y, intercept), certified)
    columns = np.column_stack([np.ones(len(X)), X]) if intercept else X
    theirs = nist.digits(np.linalg.lstsq(columns, y, rcond=None)[0], certified)
    print(f"{name}: {right:.1f} digits, numpy.linalg.lstsq {theirs:.1f}")
    assert right >= 12


@with_nist
@pytest.mark.parametrize("factor", [100, 10000])
def test_wampler_4_and_5(factor):
    """NIST makes them from Wampler 3 by louder noise at right angles to the columns: the coefficients stay 1."""
    X, y, _, certified = nist.problem("Wampler1")
    noise = nist.problem("Wampler3").y - y
    assert nist.digits(coefficients(X, y + factor * noise, True), certified) >= 12


def exactly(X, y, w, l2):
    """The solution of the normal equations in 60 digits."""
    with mpmath.workdps(60):
        A, b, W = mpmath.matrix(X.tolist()), mpmath.matrix(y.tolist()), mpmath.diag(w.tolist())
        normal = A.T * W * A + mpmath.mpf(l2) * mpmath.eye(X.shape[1])
        return np.array([float(value) for value in mpmath.lu_solve(normal, A.T * W * b)])


@pytest.mark.parametrize("l2", [0.0, 1e-9, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_solutions_in_60_digits(seed, l2):
    random = np.random.default_rng(seed)
    X = random.normal(size=(15, 5)) * 10.0 ** random.integers(-8, 8, 5)
    X[:, 1] = X[:, 0] * 1e3 * (1 + 1e-6 * random.normal(size=15))  # nearly dependent
    y, w = random.normal(size=15), random.random(15)
    found = least_squares(X, y, sample_weight=w, l2=l2)
    assert nist.digits(found.coefficients, exactly(X, y, w, l2)) >= 14
    np.testing.assert_allclose(found.residuals, y - X @ found.coefficients, rtol=1e-6)


def test_ridge_with_weights_an_intercept_and_two_targets():
    random = np.random.default_rng(0)
    X, Y, w = random.normal(size=(40, 3)), random.normal(size=(40, 2)), random.random(40)
    found = least_squares(X, Y, intercept=True, sample_weight=w, l2=2.5)
    peer = Ridge(alpha=2.5).fit(X, Y, sample_weight=w)
    np.testing.assert_allclose(found.coefficients, peer.coef_.T, rtol=1e-10)
    np.testing.assert_allclose(found.intercept, peer.intercept_, rtol=1e-10)
    np.testing.assert_allclose(found.residuals, Y - peer.predict(X), rtol=1e-9, atol=1e-12)


def test_a_weight_of_0_leaves_out_and_of_2_counts_twice():
    random = np.random.default_rng(1)
    X, y = random.normal(size=(12, 3)), random.normal(size=12)
    w = np.array([0, 2, 1] * 4)
    weighted, repeated = least_squares(X, y, sample_weight=w), least_squares(X.repeat(w, 0), y.repeat(w))
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, rtol=1e-14)
    np.testing.assert_allclose(weighted.residuals, y - X @ weighted.coefficients, rtol=1e-10)


def test_dependent_columns_are_named_and_the_smallest_solution_is_given():
    random = np.random.default_rng(2)
    X = random.normal(size=(30, 4))
    X[:, 2] = 2 * X[:, 0] - X[:, 3] / 3
    y = random.normal(size=30)
    with pytest.warns(DependentColumnsWarning) as caught:
        found = least_squares(X, y, names=["age", "height", "width", "price"])
    assert found.rank == 3
    assert found.dependent == (caught[0].message.columns[0][0],)
    np.testing.assert_allclose(found.coefficients, np.linalg.pinv(X) @ y, rtol=1e-10)
    (name, parts), message = caught[0].message.columns[0], str(caught[0].message)
    assert {name, *parts.split(" and ")} == {"age", "width", "price"}
    assert message.startswith(f"numerically dependent columns: {name} is a combination of {parts}. Of all")


def test_a_constant_column_beside_an_intercept_gets_0():
    X = np.column_stack([np.full(5, 3.0), np.arange(5)])
    with pytest.warns(
        DependentColumnsWarning, match="the intercept is a comb|column 0 is a combination of the inter"
    ):
        found = least_squares(X, 2 * X[:, 1] + 7, intercept=True)
    np.testing.assert_allclose([*found.coefficients, found.intercept], [0, 2, 7], atol=1e-14)


def test_more_columns_than_examples():
    random = np.random.default_rng(3)
    X, y = random.normal(size=(4, 9)), random.normal(size=4)
    with pytest.warns(DependentColumnsWarning, match="and . more|is a combination"):
        found = least_squares(X, y)
    np.testing.assert_allclose(found.coefficients, np.linalg.pinv(X) @ y, rtol=1e-9)


def test_nearly_dependent_is_not_dependent():
    X = np.array([[1, 1], [1, 1 + 1e-9], [1, 1 - 1e-9]])
    np.testing.assert_allclose(least_squares(X, X @ [1, 2]).coefficients, [1, 2], rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"X": [[1.0, np.nan]]}, r"least_squares: needed finite numbers; came nan or inf at X\[0, 1\]"),
        ({"y": [1.0, 2.0]}, r"needed X of the shape \(n, p\) and y .*; came \(1, 2\) and \(2,\)"),
        ({"sample_weight": [-1.0]}, "needed 1 weights from 0, not all of them 0"),
        ({"l2": -1}, "needed l2 as a finite number, 0 or above; came -1"),
        ({"X": [["a", "b"]]}, "needed numbers; came could not convert"),
    ],
)
def test_what_is_refused(settings, message):
    with pytest.raises(FeedError, match=message):
        least_squares(**{"X": [[1.0, 2.0]], "y": [1.0]} | settings)


def test_sums_and_products_lose_nothing():
    a, b = np.random.default_rng(0).normal(size=(2, 99)) * 10.0 ** np.arange(-49, 50)
    with mpmath.workdps(80):
        for high, low, whole in [
            (*exact_sum(a, b), [mpmath.mpf(x) + mpmath.mpf(y) for x, y in zip(a, b, strict=True)]),
            (*exact_product(a, b), [mpmath.mpf(x) * mpmath.mpf(y) for x, y in zip(a, b, strict=True)]),
        ]:
            assert [mpmath.mpf(h) + mpmath.mpf(e) for h, e in zip(high, low, strict=True)] == whole
        high, low = total((a, np.zeros(99)))
        exact = mpmath.fsum(map(mpmath.mpf, a))
        assert (
            abs(mpmath.mpf(float(high)) + mpmath.mpf(float(low)) - exact) < abs(exact) * mpmath.mpf(2) ** -95
        )
