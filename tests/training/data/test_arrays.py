"""Arrays and built-in sets as examples."""

import json

import numpy as np
import pytest
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from chainrule.training.data import encoder_from, open_data
from chainrule.training.data.builtin import SETS


@pytest.mark.parametrize("name", SETS)
def test_built_in_sets(name):
    loaded = getattr(datasets, f"load_{name}")()
    data = open_data(name)
    X, y = data.arrays()
    if name == "digits":
        np.testing.assert_allclose(X[:, 0], loaded.images / 16, rtol=1e-6)
    else:
        np.testing.assert_allclose(X, StandardScaler().fit_transform(loaded.data), rtol=1e-5, atol=1e-6)
        assert data.names == list(loaded.feature_names)
    if name == "diabetes":
        np.testing.assert_array_equal(y, loaded.target.astype(np.float32))
    elif name == "digits":
        np.testing.assert_array_equal(y, loaded.target)
    else:
        assert [data.classes[i] for i in y] == [str(loaded.target_names[i]) for i in loaded.target]
    assert data.source.place == name
    assert len(data) == data.n == len(loaded.target)
    assert open_data(name).digest == data.digest


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "float16"])
@pytest.mark.parametrize("memory", [1 << 28, 100])
def test_vectors_are_standardised(dtype, memory):
    X = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 50, (60, 3)).astype(dtype)
    data = open_data((X, np.arange(60) / 7), memory=memory)
    got = np.concatenate([X for X, _ in data.batches(16, shuffle=False)])
    np.testing.assert_allclose(got, StandardScaler().fit_transform(X.astype(float)), rtol=1e-5, atol=1e-6)
    state = json.loads(json.dumps(data.encoder.state(), allow_nan=False))
    assert encoder_from(state).state() == state
    np.testing.assert_array_equal(open_data(X, encoder=state).arrays()[0], got)


def test_images_are_divided_by_the_largest_byte():
    X = np.arange(48, dtype=np.uint8).reshape(2, 2, 3, 4)
    np.testing.assert_allclose(open_data((X, [0, 1])).arrays()[0], X / 255, rtol=1e-6)
    np.testing.assert_allclose(open_data((X / 7, [0, 1])).arrays()[0], X / 7, rtol=1e-6)
    scaled = open_data((X, [0, 1]), standardize=True).arrays()[0]
    assert scaled.mean() == pytest.approx(0, abs=1e-6)
    assert scaled.std() == pytest.approx(1, abs=1e-6)


def test_constant_columns_are_zero_and_reported():
    X = np.column_stack([np.full(9, 0.1), np.arange(9), np.full(9, 1e9)])
    data = open_data(X, np.arange(9) / 7)
    assert data.encoder.constant == ["x1", "x3"]
    assert "constant: ['x1', 'x3']" in str(data)
    assert not data.arrays()[0][:, [0, 2]].any()


def test_lists_and_sequences_of_many_kinds():
    wanted = open_data(np.array([[1.0, 2], [3, 4]]), ["a", "b"]).arrays()[0]
    for X in ([[1, 2], [3, 4]], ((1, 2), (3, 4)), np.array([[1, 2], [3, 4]], dtype=object)):
        for y in (["a", "b"], ("a", "b"), np.array(["a", "b"]), np.array([["a"], ["b"]])):
            np.testing.assert_array_equal(open_data(X, y).arrays()[0], wanted)


def test_a_digest_tells_arrays_apart():
    X, y = np.arange(6.0).reshape(3, 2), [0, 1, 0]
    digests = [
        open_data(X, y).digest,
        open_data(X.astype("float32"), y).digest,
        open_data(X.reshape(3, 1, 2), y).digest,
        open_data(X, [0, 1, 1]).digest,
        open_data(X + 1, y).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert open_data(np.asfortranarray(X), y).digest == digests[0]


def test_what_a_data_set_says_of_itself():
    assert str(open_data("iris")) == (
        "iris: an array of float64, 150 × 4\n"
        "150 examples\n"
        "features 'sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'\n"
        "vectors of 4 numbers\n"
        "target \"species\", 3 classes: 'setosa', 'versicolor', 'virginica'\n"
        "order: every order of the examples is equally likely"
    )
    assert repr(open_data("iris")) == "<Dataset iris: 150 examples>"
