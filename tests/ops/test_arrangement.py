"""Indices as NumPy reads them, their opposite, and keys that fit no shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr

SHAPE = (3, 4)
X = np.arange(12.0).reshape(SHAPE)
x = cr.data("x", SHAPE)

BOUND = st.none() | st.integers(-6, 6)
SLICES = st.builds(slice, BOUND, BOUND, st.none() | st.integers(-3, 3).filter(bool))


def parts(size):
    """What may stand in an index for an axis of this size."""
    return SLICES | st.integers(-size, size - 1)


KEYS = st.one_of(
    parts(3),
    st.tuples(parts(3)),
    st.tuples(parts(3), parts(4)),
    st.tuples(st.just(...), parts(4)),
    st.tuples(parts(3), st.just(...)),
    st.just(...),
)


@settings(max_examples=400, deadline=None)
@given(KEYS)
def test_an_index_reads_what_numpy_reads(key):
    part = x[key]
    assert part.shape == X[key].shape
    np.testing.assert_array_equal(cr.evaluate(part, {"x": X}), X[key])


@settings(max_examples=200, deadline=None)
@given(KEYS)
def test_the_gradient_of_an_index_is_written_where_it_was_read(key):
    part = x[key]
    weights = np.arange(1.0, 1 + X[key].size).reshape(part.shape)
    slope = cr.gradient(cr.sum(part * weights), x)
    expected = np.zeros(SHAPE)
    expected[key] = weights
    np.testing.assert_array_equal(cr.evaluate(slope, {"x": X}), expected)


@pytest.mark.parametrize(
    "key", [slice(None, None, -1), slice(-9, None, -1), (slice(2, 0, -2), 1), (0, slice(3, None, -3))]
)
def test_compiled_indices_read_backwards_too(key):
    np.testing.assert_array_equal(cr.compile(x[key])({"x": X}), X[key].astype("float32"))
    np.testing.assert_array_equal(
        cr.compile(x[key], batch=True)({"x": [X, -X]})[1], -X[key].astype("float32")
    )


@pytest.mark.parametrize("key", [np.int64(1), np.array(1), (np.int32(-1), slice(np.int64(0), None))])
def test_numpy_numbers_are_indices(key):
    assert (
        x[key]
        is x[tuple(int(k) if hasattr(k, "item") else k for k in key) if isinstance(key, tuple) else int(key)]
    )


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "an index from -3 to 2; came 3.*count from 0"),
        ((0, -5), "an index from -4 to 3; came -5"),
        ((0, 0, 0), "at most 2 indices; came 3.*one for each axis"),
        ((0, ..., 0, 0), "at most 2 indices"),
        ((..., ...), "whole numbers and slices; came Ellipsis"),
        (1.0, "whole numbers and slices; came 1.0"),
        (True, "whole numbers and slices; came True"),
        (None, "whole numbers and slices; came None"),
        ([0, 1], r"whole numbers and slices; came \[0, 1\].*concatenate"),
        (np.array([0, 1]), "whole numbers and slices; came array.*concatenate"),
        (np.array([True, False, True]), "whole numbers and slices; came array"),
        (x, "whole numbers and slices; came <data x"),
        ("a", "whole numbers and slices; came 'a'"),
        (slice(0.5, None), "slices of whole numbers"),
        (slice(None, None, 0), "slices of whole numbers"),
    ],
    ids=repr,
)
def test_what_is_no_index_is_refused(key, message):
    with pytest.raises(cr.ShapeError, match=rf"index into the shape \(3, 4\): needed {message}"):
        x[key]


def test_an_empty_axis_has_no_places():
    empty = cr.data("empty", 0)
    assert empty[::-1].shape == empty[5:].shape == (0,)
    assert cr.evaluate(empty[::-1], {"empty": []}).shape == (0,)
    with pytest.raises(cr.ShapeError, match=r"came 0\. There is no entry"):
        empty[0]


def test_iteration_and_unpacking():
    first, second = cr.data("p", 2)
    assert first is cr.data("p", 2)[0]
    assert second is cr.data("p", 2)[-1]
    rows = list(x)
    assert len(x) == len(rows) == 3
    assert rows[2] is x[2]


def test_arrangement_is_numpys():
    y = cr.data("y", (2, 4))
    Y = -X[:2]
    values = {"x": X, "y": Y}
    for made, wanted in (
        (cr.reshape(x, (2, 6)), X.reshape(2, 6)),
        (cr.reshape(x, [6, 2]), X.reshape(6, 2)),
        (cr.reshape(x, np.array([4, 3])), X.reshape(4, 3)),
        (cr.reshape(x, 12), X.reshape(12)),
        (cr.flatten(x), X.ravel()),
        (x.T, X.T),
        (cr.concatenate(x, y), np.concatenate([X, Y])),
        (cr.concatenate(x, x, axis=-1), np.concatenate([X, X], -1)),
        (cr.pad(x, [(1, 0), (0, 2)]), np.pad(X, [(1, 0), (0, 2)])),
        (cr.spread(x, axis=1, size=2), np.repeat(X[:, None], 2, 1)),
        (cr.spread(x, axis=-1, size=np.int64(2)), np.repeat(X[..., None], 2, -1)),
    ):
        assert made.shape == wanted.shape
        np.testing.assert_array_equal(cr.evaluate(made, values), wanted)
