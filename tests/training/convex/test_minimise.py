"""Minima of convex losses: certified coefficients, scikit-learn's objective, and objectives that have none."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from statsmodels.datasets import spector
from statsmodels.discrete.tests.results.results_discrete import Spector

import chainrule as cr
from chainrule.graph.warnings import NoMinimumWarning
from chainrule.networks.heads import OneHot
from chainrule.training.convex import minimise as module
from chainrule.training.convex.minimise import METHODS, minimise
from chainrule.training.objective import regularised
from chainrule.training.windows import Feed

pytestmark = pytest.mark.unoptimised

x, y, w, b = cr.data("x", 3), cr.data("y"), cr.parameter("w", 3), cr.parameter("b")
LOSS = cr.binary_cross_entropy(cr.sigmoid(w @ x + b), y)
START = {w: np.zeros(3), b: 0.0}
EXAMPLES = spector.load_pandas()
X, LABELS = EXAMPLES.exog.to_numpy(float), EXAMPLES.endog.to_numpy(float)


@pytest.mark.parametrize(("method", "features"), [("newton", None), ("lbfgs", None), ("lbfgs", x)])
def test_logistic_coefficients_are_those_of_stata(method, features):
    stata = Spector().logit
    found = minimise(LOSS, START, Feed({x: X, y: LABELS}), method=method, tolerance=1e-10, features=features)
    coefficients = np.array([*found.parameters[w], found.parameters[b]])
    print(method, np.abs(coefficients - stata.params).max())
    np.testing.assert_allclose(coefficients, stata.params, rtol=1e-6)
    assert found.converged
    assert found.slope <= 1e-10
    assert all(b < a + 1e-12 for a, b in zip(found.values, found.values[1:], strict=False))


def softmax(n=400, K=10):
    """Softmax regression on some digits: the objective, its start and its feed, and the features."""
    pixels, labels = load_digits(n_class=K, return_X_y=True)
    x, y = cr.data("x", 64), cr.data("y", K, distribution=True)
    W, b = cr.parameter("W", (K, 64)), cr.parameter("b", K)
    loss = regularised(cr.cross_entropy(cr.softmax(W @ x + b), y), [W])
    feed = Feed({x: pixels[:n] / 16, y: labels[:n].astype(np.int32)}, {y: OneHot(K, "float64")})
    return loss, {W: np.zeros((K, 64)), b: np.zeros(K)}, feed, x


@pytest.mark.parametrize("features", [False, True])
def test_the_minimum_is_that_of_scikit_learn(features):
    loss, start, feed, x = softmax(K=3)
    weights = np.random.default_rng(0).random(feed.n)
    peer = LogisticRegression(C=1 / (0.01 * weights.sum()), tol=1e-12, solver="newton-cholesky")
    peer.fit(feed.arrays[0], feed.arrays[1], sample_weight=weights)
    found = minimise(
        loss, start, feed, l2=0.01, sample_weight=weights, tolerance=1e-10, features=x if features else None
    )
    W, b = found.parameters.values()
    assert found.converged
    np.testing.assert_allclose(W, peer.coef_, atol=1e-6)
    np.testing.assert_allclose(b - b.mean(), peer.intercept_ - peer.intercept_.mean(), atol=1e-6)


def test_the_spread_of_the_inputs_saves_steps():
    loss, start, feed, x = softmax(1797)
    plain, quick = (minimise(loss, start, feed, l2=1 / 1797, features=given) for given in (None, x))
    print(f"{plain.evaluations} evaluations, with the inputs' spread {quick.evaluations}")
    assert quick.evaluations < plain.evaluations / 2
    assert quick.converged
    assert plain.converged
    assert quick.value == pytest.approx(plain.value, abs=1e-4)


def test_float32_first_changes_nothing_but_the_time(monkeypatch):
    loss, start, feed, x = softmax()
    settings = {"l2": 0.01, "tolerance": 1e-9, "features": x}
    plain = minimise(loss, start, feed, **settings)
    monkeypatch.setattr(module, "_MANY", 1)
    mixed = minimise(loss, start, feed, **settings)
    assert mixed.slope <= 1e-9
    (W, b), (W_mixed, b_mixed) = plain.parameters.values(), mixed.parameters.values()
    np.testing.assert_allclose(W_mixed, W, atol=1e-7)
    np.testing.assert_allclose(
        b_mixed - b_mixed.mean(), b - b.mean(), atol=1e-7
    )  # their mean changes nothing


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["complete", "quasi"])
def test_separable_classes_are_warned_of(method, kind):
    labels = (X[:, 0] > 3).astype(float) if kind == "complete" else LABELS * X[:, 2]
    with pytest.warns(NoMinimumWarning, match="the objective falls for ever: .* Add a regulariser"):
        found = minimise(LOSS, START, Feed({x: X, y: labels}), method=method, tolerance=1e-5)
    assert np.isfinite(found.parameters[w]).all()
    assert found.iterations < 100


@pytest.mark.parametrize("method", METHODS)
def test_dependent_inputs_are_not_separable_classes(method):
    twice = X[:, [0, 2, 2]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = minimise(LOSS, START, Feed({x: twice, y: LABELS}), method=method, tolerance=1e-8)
    assert found.converged
    assert found.parameters[w][1] == pytest.approx(found.parameters[w][2], abs=1e-5)


def test_a_regulariser_makes_separable_classes_harmless():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        feed = Feed({x: X, y: (X[:, 0] > 3).astype(float)})
        found = minimise(regularised(LOSS, [w]), START, feed, l2=1e-3, method="newton", tolerance=1e-10)
    assert found.converged


def test_steps_have_an_end():
    assert minimise(LOSS, START, Feed({x: X, y: LABELS}), iterations=2, tolerance=1e-10).iterations == 2


def test_what_is_refused():
    with pytest.raises(cr.ChainruleError, match=r"minimise: needed one of .*; came 'adam'\. Write method="):
        minimise(LOSS, START, Feed({x: X, y: LABELS}), method="adam")
    with pytest.raises(cr.TrainingError, match=r"a finite objective at the start; came (inf|nan)"):
        minimise(LOSS, {w: np.full(3, 1e308), b: 0.0}, Feed({x: X * [1, -1, 1], y: LABELS}))
