"""The three models of section 3 over one cost, and gradient descent with every iterate."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.notes.models import LINEAR, LOGISTIC, MODELS, MULTINOMIAL, absorbed, descend, fit

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(12, 2))
REAL = X @ [1.5, -0.5] + 0.3 + 0.1 * RANDOM.normal(size=12)
BINARY = (X @ [1.0, 1.0] + RANDOM.normal(size=12) > 0).astype(float)
ONE_HOT = np.eye(3)[RANDOM.integers(3, size=12)]


def value(cost, X, y, θ):
    return float(cr.evaluate(cost.expr, {cost.X: X, cost.y: y, cost.θ: θ}))


def test_linear_regression_is_least_squares():
    found = fit(LINEAR, absorbed(X), REAL, rate=0.1, steps=2000, tolerance=1e-12)
    assert found.stopped == "tolerance"
    np.testing.assert_allclose(found.last, np.linalg.lstsq(absorbed(X), REAL, rcond=None)[0], atol=1e-9)


def test_logistic_regression_agrees_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    λ = 0.1
    found = fit(LOGISTIC, X, BINARY, rate=0.5, steps=3000, tolerance=1e-12, l2=λ)
    oracle = LogisticRegression(C=1 / (λ * len(X)), fit_intercept=False, tol=1e-12).fit(X, BINARY)
    np.testing.assert_allclose(found.last, oracle.coef_[0], atol=1e-5)


def test_multinomial_regression_agrees_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    λ = 0.1
    found = fit(MULTINOMIAL, X, ONE_HOT, rate=0.5, steps=3000, tolerance=1e-12, l2=λ)
    oracle = LogisticRegression(C=1 / (λ * len(X)), fit_intercept=False, tol=1e-12).fit(X, ONE_HOT.argmax(1))
    np.testing.assert_allclose(found.last, oracle.coef_.T, atol=1e-5)


def test_likelihoods_are_cross_entropies():
    θ = RANDOM.normal(size=2)
    p = 1 / (1 + np.exp(-X @ θ))
    likelihood = np.prod(np.where(BINARY == 1, p, 1 - p))
    assert np.exp(-len(X) * value(LOGISTIC.cost(12, 2), X, BINARY, θ)) == pytest.approx(likelihood, rel=1e-12)
    Θ = RANDOM.normal(size=(2, 3))
    q = np.exp(X @ Θ) / np.exp(X @ Θ).sum(1, keepdims=True)
    likelihood = np.prod(q[np.arange(12), ONE_HOT.argmax(1)])
    assert np.exp(-12 * value(MULTINOMIAL.cost(12, 2, 3), X, ONE_HOT, Θ)) == pytest.approx(
        likelihood, rel=1e-12
    )


def test_softmax_of_two_classes_is_the_sigmoid():
    Θ = RANDOM.normal(size=(2, 2))
    two = value(MULTINOMIAL.cost(12, 2, 2), X, np.column_stack([BINARY, 1 - BINARY]), Θ)
    assert two == pytest.approx(value(LOGISTIC.cost(12, 2), X, BINARY, Θ[:, 0] - Θ[:, 1]), rel=1e-12)


def test_the_absorbed_bias_is_a_bias():
    θ, b = RANDOM.normal(size=2), 0.7
    np.testing.assert_allclose(absorbed(X) @ np.append(θ, b), X @ θ + b)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_regulariser_adds_λ_θ_to_the_gradient(model):
    y = {"linear regression": REAL, "logistic regression": BINARY}.get(model.name, ONE_HOT)
    gradients = []
    for λ in (0.0, 0.3):
        cost = model.cost(12, 2, 3, l2=λ)
        θ = np.full(cost.θ.shape, 0.5)
        gradients.append(cr.evaluate(cr.gradient(cost.expr, cost.θ), {cost.X: X, cost.y: y, cost.θ: θ}))
    np.testing.assert_allclose(gradients[1] - gradients[0], 0.3 * θ, atol=1e-12)


def test_the_iterates_of_the_notes():
    x = cr.parameter("x")
    for start in (-2, 2):
        found = descend(x**2, x, start, rate=0.1, steps=2)
        np.testing.assert_allclose(found.points, [start, 0.8 * start, 0.64 * start], rtol=1e-15)
        assert found.stopped == "steps"
        assert len(found.values) == len(found.slopes) == 3 and found.rates == (0.1, 0.1)


def test_the_stopping_rule():
    x = cr.parameter("x")
    found = descend(x**2, x, 2, rate=0.1, steps=1000, tolerance=0.01)
    moves = np.abs(np.diff(found.points))
    assert found.stopped == "tolerance"
    assert moves[-1] <= 0.01 < moves[-2]


def test_a_rate_of_its_own_for_each_step():
    x = cr.parameter("x", 2)
    found = descend(x @ x / 2, x, [1, 1], rate=lambda n: 1 / (n + 1), steps=3)
    np.testing.assert_allclose(found.last, [0.25, 0.25])
    assert found.rates == (1 / 2, 1 / 3, 1 / 4)


def test_a_rate_that_is_too_large():
    x = cr.parameter("x")
    found = descend(cr.exp(x), x, 1.0, rate=-5.0, steps=100)
    assert found.stopped == "diverged"
    assert np.isfinite(found.last) and len(found.points) == len(found.rates) + 1 == len(found.values)


@pytest.mark.parametrize(
    ("model", "X", "y", "message"),
    [
        (LOGISTIC, X, np.full(12, 2.0), "logistic regression: needed labels of which each is 0 or 1; came labels such as"),
        (MULTINOMIAL, X, BINARY, "needed labels of which each is a one-hot vector; came labels such as"),
        (MULTINOMIAL, X, np.ones((12, 3)), r"one-hot vector; came an array of the shape \(12, 3\)"),
        (LINEAR, X, np.full(12, np.nan), "each is a real number"),
        (LINEAR, X[:5], REAL, r"needed points of the shape \(n, m\) with n = 12; came the shape \(5, 2\)"),
    ],
)  # fmt: skip
def test_labels_and_points_that_do_not_fit(model, X, y, message):
    with pytest.raises(ValueError, match=message):
        fit(model, X, y)
