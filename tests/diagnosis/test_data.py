"""The condition of the data: what is found, what is left alone, and how often chance is taken for a finding."""

import numpy as np
import pytest
from sklearn import datasets
from sklearn.neighbors import KNeighborsClassifier

import chainrule as cr
from chainrule.diagnosis import condition, diagnose, relation
from chainrule.diagnosis.cause import Causes
from chainrule.diagnosis.data_findings import imbalance
from chainrule.diagnosis.neighbours import (
    crossed,
    exchanged,
    nearest,
    neighbour_confusion,
    permutation_p,
)

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(200, 6))
TARGET = TABLE @ [1.0, -2, 0.5, 0, 0, 1] + RANDOM.normal(size=200)


def with_column(column):
    return np.column_stack([TABLE, column])


def test_a_plain_table_has_nothing():
    found = condition(TABLE, TARGET, classes=False)
    assert (found.constant, found.duplicates, found.collinear, found.leaks) == ((), (), (), ())
    np.testing.assert_allclose(found.scale, np.sqrt(np.mean(TABLE**2, axis=0)))


@pytest.mark.parametrize("name", ["digits", "iris", "wine", "breast_cancer", "diabetes"])
@pytest.mark.parametrize("standard", [False, True])
def test_the_sets_of_scikit_learn_have_nothing(name, standard):
    """Digits have columns that are always 0, as pixels have; the measurements of tumours are almost collinear."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if standard:
        X = (X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1)
    found = condition(X, y, classes=name != "diabetes")
    assert (found.constant, found.duplicates, found.collinear, found.leaks) == ((), (), (), ())
    assert relation(X, y, name != "diabetes").related


@pytest.mark.parametrize("value", [0.0, 1.0, -7.5])
def test_a_constant_column(value):
    assert condition(with_column(np.full(200, value)), TARGET, False).constant == ((6, value),)


def test_a_constant_that_is_not_the_background():
    X, y = datasets.load_digits(return_X_y=True)
    X[:, 20] = 5
    found = condition(X, y, True)
    assert found.constant == ((20, 5.0),)
    assert found.background == 3


@pytest.mark.parametrize(
    "copy", [lambda x: x, lambda x: 32 + 1.8 * x, lambda x: -x, lambda x: x.astype(np.float32)]
)
def test_duplicated_columns(copy):
    assert condition(with_column(copy(TABLE[:, 2])), TARGET, False).duplicates == ((2, 6),)


def test_columns_that_add_up():
    found = condition(with_column(TABLE[:, 0] + TABLE[:, 1] - TABLE[:, 4]), TARGET, False)
    assert found.duplicates == ()
    assert found.collinear == (0, 1, 4, 6)
    assert condition(with_column(TABLE[:, 0] + 0.05 * RANDOM.normal(size=200)), TARGET, False).collinear == ()


@pytest.mark.parametrize(
    "leak",
    [lambda y: y, lambda y: 5 - 3 * y, np.exp, lambda y: y + 1e-3 * RANDOM.normal(size=len(y))],
)
def test_a_column_that_is_the_target(leak):
    assert [j for j, _ in condition(with_column(leak(TARGET)), TARGET, False).leaks] == [6]


def test_a_column_that_is_the_class():
    y = np.arange(200) % 3
    assert [j for j, _ in condition(with_column(y), y, True).leaks] == [6]
    assert [j for j, _ in condition(with_column(y == 1), y, True).leaks] == [6]
    apart = with_column(
        np.where(y == 1, 12.0, 0) + RANDOM.normal(size=200)
    )  # classes that a column tells apart
    assert condition(apart, y, True).leaks == ()


def test_shuffled_labels_pass_as_rarely_as_the_level_says():
    """Two tests at the level 0.005: of 120 shufflings 1.2 are expected; more than 6 have a probability below 0.0005."""
    X, y = datasets.load_wine(return_X_y=True)
    X = X[::2]
    passed = sum(relation(X, RANDOM.permutation(y)[: len(X)], True, seed).related for seed in range(60))
    passed += sum(relation(X, RANDOM.normal(size=len(X)), False, seed).related for seed in range(60))
    assert passed <= 6


def test_neighbours_are_those_of_scikit_learn():
    X, y = datasets.load_iris(return_X_y=True)
    other = KNeighborsClassifier(5).fit(X, y).kneighbors(return_distance=False)
    near = nearest(X, X, 5, alone=True)
    distance = lambda at: np.sort(np.linalg.norm(X[at] - X[:, None], axis=2), axis=1)  # noqa: E731 - two lines below
    np.testing.assert_allclose(distance(near), distance(other), atol=1e-6)


def test_permutations_tell_predictions_from_guesses():
    y = np.arange(60) % 3
    assert permutation_p(y, y, True) == 0.005
    assert permutation_p(np.zeros(60, int), y, True) == 1.0
    assert permutation_p(TARGET, TARGET + 1, False) == 0.005
    assert permutation_p(TARGET[::-1], TARGET, False) > 0.005


def confusions(share, seed, overlap=0.0):
    """Of neighbours, in training with two classes exchanged by this share, and in validation; classes may overlap."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, 400)
    X = np.stack([np.where(y == 0, -4, np.where(y == 1, 0, 4 - overlap)), np.zeros(400)], 1)
    X = X + random.normal(size=X.shape)
    labels = y[:250].copy()
    hit = random.random(250) < share
    labels[hit & (y[:250] == 1)], labels[hit & (y[:250] == 2)] = 2, 1
    return neighbour_confusion(X[:250], labels, 3), neighbour_confusion(X[250:], y[250:], 3)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_classes_that_are_partly_exchanged_are_found_by_their_neighbours(share):
    found = exchanged(*confusions(share, 0), "neighbours")
    assert found is not None
    assert (found.first, found.second) == (1, 2)


def test_classes_that_overlap_are_not_exchanged():
    for seed in range(20):
        assert exchanged(*confusions(0, seed, overlap=3.0), "neighbours") is None


def test_a_network_that_is_worse_than_a_coin_on_two_classes():
    right, wrong = np.diag([20, 20, 20]), np.array([[20, 0, 0], [0, 1, 19], [0, 18, 2]])
    assert crossed(right) is None
    assert (crossed(wrong).first, crossed(wrong).second) == (1, 2)
    assert crossed(np.array([[20, 0, 0], [0, 9, 11], [0, 11, 9]])) is None  # as a coin would


def test_too_few_examples_are_refused():
    net = cr.Network(2, [cr.Linear(1)], "squared_error")
    with pytest.raises(cr.ChainruleError, match="at least 20 examples; came 3"):
        diagnose(net, [[0, 1], [1, 0], [1, 1]], [0, 1, 2])


def test_a_rare_class_that_is_never_predicted():
    causes = Causes(cr.Network(2, "2", loss="cross_entropy"))
    y = np.repeat([0, 1], [280, 20])
    found = imbalance(y, np.zeros(300, int), ["well", "ill"], causes)
    assert found.name == "class_imbalance"
    assert found.sentence.startswith(
        "The rare class ill is not learned: 0 of its 20 examples are right, 93% of all"
    )
    assert "δ⁽¹⁾ = ŷ − y" in found.cause.text
    assert imbalance(y, y, [], causes) is None  # rare, but learned
    assert imbalance(np.repeat([0, 1], [180, 120]), np.zeros(300, int), [], causes) is None  # not rare
