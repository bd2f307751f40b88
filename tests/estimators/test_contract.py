"""The contract of scikit-learn: its own checks, whole as evidence, some of them always."""

import pickle
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import chainrule.estimators as module
from chainrule.estimators import (
    ConvolutionalClassifier,
    LinearRegression,
    LogisticRegression,
    MultinomialRegression,
    NeuralNetworkClassifier,
    NeuralNetworkRegressor,
)

pytestmark = pytest.mark.unoptimised

ALL = [getattr(module, name) for name in module.__all__]
NEURAL = (NeuralNetworkClassifier, NeuralNetworkRegressor, ConvolutionalClassifier)
SMALL = {"layers": (8,), "epochs": 3, "early_stopping": False}  # what is compiled takes most of the time
MINIBATCHES = "an example of weight 2 fills one place of a minibatch, the same example twice fills two"
SOME = {
    "check_classifiers_one_label",
    "check_dataframe_column_names_consistency",
    "check_estimators_nan_inf",
    "check_estimator_sparse_tag",
    "check_fit1d",
    "check_n_features_in",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_requires_y_none",
    "check_supervised_y_no_nan",
}


def expected(kind):
    """The failures that are expected, with their reason."""
    return {"check_sample_weight_equivalence_on_dense_data": MINIBATCHES} if kind in NEURAL else {}


@pytest.mark.evidence
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_check_of_scikit_learn(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks fit to noise, to constants, for an epoch
        results = check_estimator(kind(), expected_failed_checks=expected(kind), on_skip=None, on_fail=None)
    counts = {
        status: sum(r["status"] == status for r in results)
        for status in ("passed", "xfail", "skipped", "failed")
    }
    print(kind.__name__, counts)
    assert [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"] == []
    assert {r["check_name"] for r in results if r["status"] == "xfail"} == set(expected(kind))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_some_checks_of_scikit_learn(kind):
    model = kind(**{**SMALL, "layers": "4 relu"}) if kind in NEURAL else kind()
    met = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        warnings.simplefilter("error", SkipTestWarning)
        for estimator, check in estimator_checks_generator(model):
            name = check.func.__name__
            if name in SOME or (kind is LinearRegression and name != "check_array_api_input"):
                check(estimator)
                met.add(name)
    assert len(met & SOME) >= 6


X, SPECIES = load_iris(return_X_y=True)
NAMES = load_iris().target_names[SPECIES]


@pytest.mark.parametrize("model", [MultinomialRegression(), NeuralNetworkClassifier(**SMALL)], ids=repr)
def test_in_the_company_of_scikit_learn(model):
    step = type(model).__name__.lower()
    pipeline = make_pipeline(StandardScaler(), clone(model))
    search = GridSearchCV(pipeline, {f"{step}__l2": [1e-3, 1e-2]}, cv=2).fit(X, NAMES)
    assert set(search.predict(X)) <= set(NAMES)
    assert len(cross_val_score(model, X, NAMES, cv=2)) == 2
    calibrated = CalibratedClassifierCV(clone(model), cv=2).fit(X, NAMES)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    fitted = search.best_estimator_[-1]
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_sample_weights_are_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        pipeline.fit(X[:100], SPECIES[:100], sample_weight=np.arange(100))
    plain = LogisticRegression().fit(StandardScaler().fit_transform(X[:100]), SPECIES[:100], np.arange(100))
    np.testing.assert_allclose(pipeline[-1].coef_, plain.coef_)


def test_columns_have_names():
    frame = load_iris(as_frame=True)
    model = NeuralNetworkClassifier(**SMALL).fit(frame.data, frame.target)
    assert model.feature_names_in_.tolist() == frame.feature_names
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.data[frame.feature_names[::-1]])
