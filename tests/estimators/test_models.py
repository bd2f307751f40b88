"""What the estimators compute: beside their peers, and beside their own networks."""

import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.linear_model import LogisticRegression as PeerLogistic
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss

import chainrule as cr
from chainrule.estimators import (
    ConvolutionalClassifier,
    LinearRegression,
    LogisticRegression,
    MultinomialRegression,
    NeuralNetworkClassifier,
    NeuralNetworkRegressor,
)

pytestmark = pytest.mark.unoptimised

X, PROGRESS = load_diabetes(return_X_y=True)
FLOWERS, SPECIES = load_iris(return_X_y=True)
WEIGHTS = np.random.default_rng(0).random(len(X))
SMALL = {"layers": (8,), "epochs": 4}


@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("targets", [PROGRESS, np.column_stack([PROGRESS, X[:, 0] ** 2])])
def test_linear_regression(l2, targets):
    ours = LinearRegression(l2=l2).fit(X, targets, WEIGHTS)
    peer = Ridge(alpha=l2 * WEIGHTS.sum() / 2, solver="svd").fit(X, targets, WEIGHTS)
    np.testing.assert_allclose(ours.coef_, peer.coef_, rtol=1e-8)
    np.testing.assert_allclose(ours.intercept_, peer.intercept_, rtol=1e-8)
    np.testing.assert_allclose(ours.network_.predict(X), ours.predict(X), rtol=1e-10)


@pytest.mark.parametrize("intercept", [True, False])
def test_linear_regression_learns_in_parts(intercept):
    whole = LinearRegression(l2=1e-4, fit_intercept=intercept).fit(X, PROGRESS, WEIGHTS)
    parts = LinearRegression(l2=1e-4, fit_intercept=intercept)
    for rows in np.array_split(np.arange(len(X)), 5):
        parts.partial_fit(X[rows], PROGRESS[rows], WEIGHTS[rows])
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-9)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-9)


def test_dependent_columns_are_named():
    frame = load_diabetes(as_frame=True).data[["age", "bmi", "bp"]]
    frame["twice"] = 2 * frame["bmi"]
    with pytest.warns(
        cr.DependentColumnsWarning, match="bmi is a combination of twice|twice is a combination of bmi"
    ):
        model = LinearRegression().fit(frame, PROGRESS)
    assert model.rank_ == 4


def test_logistic_regression_without_l2_is_that_of_statsmodels():
    data = sm.datasets.spector.load_pandas()
    peer = sm.Logit(data.endog, sm.add_constant(data.exog)).fit(disp=0, tol=1e-12).params
    ours = LogisticRegression(l2=0, tol=1e-9).fit(data.exog, np.where(data.endog, "better", "same"))
    assert ours.classes_.tolist() == ["better", "same"]
    np.testing.assert_allclose(-ours.coef_[0], peer.iloc[1:], rtol=1e-6)
    np.testing.assert_allclose(-ours.intercept_[0], peer.iloc[0], rtol=1e-6)


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
def test_multinomial_regression_is_that_of_scikit_learn(method):
    ours = MultinomialRegression(l2=0.01, tol=1e-9, method=method, class_weight={0: 2.0, 1: 1.0, 2: 0.5})
    w = WEIGHTS[:150]
    ours.fit(FLOWERS, SPECIES, w)
    total = (w * np.array([2, 1, 0.5])[SPECIES]).sum()
    peer = PeerLogistic(
        C=1 / (0.01 * total), class_weight=ours.class_weight, tol=1e-12, solver="newton-cholesky"
    )
    peer.fit(FLOWERS, SPECIES, w)
    np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(FLOWERS), peer.predict_proba(FLOWERS), atol=1e-7)
    np.testing.assert_allclose(
        ours.predict_log_proba(FLOWERS), np.log(ours.predict_proba(FLOWERS)), rtol=1e-6
    )
    np.testing.assert_allclose(ours.network_.predict_proba(FLOWERS), ours.predict_proba(FLOWERS), rtol=1e-9)


def test_gradient_descent_comes_near():
    exact = MultinomialRegression(l2=0.01).fit(FLOWERS, SPECIES)
    drawn = MultinomialRegression(l2=0.01, method="sgd", max_iter=200).fit(FLOWERS, SPECIES)
    parts = MultinomialRegression(l2=0.01)
    for _ in range(5):
        parts.partial_fit(FLOWERS, SPECIES, classes=[0, 1, 2, 3])
    assert drawn.score(FLOWERS, SPECIES) > 0.94
    assert parts.score(FLOWERS, SPECIES) > 0.8
    assert parts.predict_proba(FLOWERS).shape == (150, 4)
    assert abs(drawn.score(FLOWERS, SPECIES) - exact.score(FLOWERS, SPECIES)) < 0.05


def test_separable_classes_are_warned_of():
    with pytest.warns(cr.NoMinimumWarning, match="falls for ever"):
        LogisticRegression(l2=0).fit(FLOWERS[:100], SPECIES[:100])


def test_a_start_is_warm():
    cold = MultinomialRegression(l2=1e-3, method="lbfgs").fit(FLOWERS, SPECIES)
    warm = MultinomialRegression(l2=1e-3, method="lbfgs", warm_start=True).fit(FLOWERS, SPECIES)
    assert warm.n_iter_ == cold.n_iter_
    assert warm.fit(FLOWERS, SPECIES).n_iter_ < cold.n_iter_ / 2
    net = NeuralNetworkClassifier(**SMALL, early_stopping=False, warm_start=True).fit(FLOWERS, SPECIES)
    first = net.loss_curve_[-1]
    assert net.fit(FLOWERS, SPECIES).loss_curve_[0] < first


def test_the_network_of_an_estimator_takes_raw_numbers():
    model = NeuralNetworkRegressor(**SMALL).fit(FLOWERS, 1000 + 50 * FLOWERS[:, 0])
    np.testing.assert_allclose(model.network_.predict(FLOWERS), model.predict(FLOWERS), rtol=1e-12)
    assert abs(model.predict(FLOWERS).mean() - 1292) < 30
    scaled, scaling = model._scaling.on_scaled(model.network_), model._scaling
    found = scaled.predict(scaling.inputs(FLOWERS)) * scaling.target_s + scaling.target_m
    np.testing.assert_allclose(found, model.predict(FLOWERS), rtol=1e-4)
    assert "z" in str(model.network_.derive())
    assert model.network_.work(FLOWERS[0], 1000.0).steps


def test_the_classifier_reads_digits():
    pixels, digits = load_digits(return_X_y=True)
    words = np.array("zero one two three four five six seven eight nine".split())[digits]
    model = NeuralNetworkClassifier((64,), epochs=15).fit(pixels[:1200], words[:1200])
    assert model.score(pixels[1200:], words[1200:]) > 0.9
    assert len(model.loss_curve_) == model.n_iter_ <= 15
    assert len(model.validation_loss_curve_) >= model.n_iter_


def test_images_come_as_images_or_rows():
    pixels, digits = load_digits(n_class=3, return_X_y=True)
    settings = {
        "layers": "conv 4 3 relu, pool 2",
        "epochs": 5,
        "learning_rate": 0.01,
        "early_stopping": False,
    }
    rows = ConvolutionalClassifier(**settings).fit(pixels, digits)
    images = ConvolutionalClassifier(**settings).fit(pixels.reshape(-1, 8, 8), digits)
    np.testing.assert_array_equal(
        images.predict_proba(pixels.reshape(-1, 1, 8, 8)), rows.predict_proba(pixels)
    )
    assert rows.score(pixels, digits) > 0.9
    assert rows.network_.input_shape == (1, 8, 8)


def test_descent_without_an_intercept():
    random = np.random.default_rng(0)
    points = random.normal(1, [1, 2, 3], (300, 3))
    y = (points @ [2, -1, 0.2] + random.logistic(size=300) > 0).astype(int)
    exact = LogisticRegression(fit_intercept=False, l2=0).fit(points, y)
    least = log_loss(y, exact.predict_proba(points))
    model = LogisticRegression(method="sgd", fit_intercept=False, l2=0).fit(points, y)
    for _ in range(2):
        assert least < log_loss(y, model.predict_proba(points)) < least + 0.002 < log_loss(y, [0.5] * 300)
        assert model.intercept_.tolist() == [0]
        logits = model.network_.predict_logits(points)[:, 0]
        np.testing.assert_allclose(logits, model.decision_function(points), atol=1e-12)
        model.partial_fit(points, y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LogisticRegression().fit(FLOWERS, SPECIES), "Only binary classification is supported"),
        (lambda: LogisticRegression(method="adam").fit(FLOWERS, SPECIES), "method: needed one of"),
        (lambda: LinearRegression().fit(X, PROGRESS, -WEIGHTS), "sample_weight: needed weights from 0"),
        (
            lambda: MultinomialRegression().fit(FLOWERS, 0 * SPECIES),
            "needed at least two classes; came one class",
        ),
        (
            lambda: MultinomialRegression().partial_fit(FLOWERS, SPECIES, classes=[0, 1]),
            r"needed labels among the classes \[0, 1\]; came np.int64\(2\)",
        ),
        (
            lambda: NeuralNetworkClassifier(layers=1.5).fit(FLOWERS, SPECIES),
            "layers: needed numbers of units, text",
        ),
        (
            lambda: NeuralNetworkClassifier("8 no bias relu").fit(FLOWERS, SPECIES),
            "layers: needed a layer with weights and a bias first, because the inputs are standardised; came Linear",
        ),
        (
            lambda: NeuralNetworkRegressor("relu, 8 relu").fit(X, PROGRESS),
            "layers: needed a layer with weights and a bias first, .*; came ReLU",
        ),
        (
            lambda: ConvolutionalClassifier("sigmoid, conv 4 3 relu").fit(*load_digits(return_X_y=True)),
            "layers: needed a layer with weights first, because the inputs are divided by the largest; came Sigm",
        ),
        (
            lambda: ConvolutionalClassifier(image_shape=(1, 3, 3)).fit(FLOWERS, SPECIES),
            r"needed 9 pixels, as image_shape=\(1, 3, 3\); came 4 in a row of X",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
