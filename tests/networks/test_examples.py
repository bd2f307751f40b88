"""Inputs and labels that do not fit: one clear error each, from every method that takes them."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph.errors import FeedError
from chainrule.networks.examples import converted

X = np.linspace(-1, 1, 12).reshape(4, 3)
Y = np.array([0, 1, 2, 1])


def network(loss="cross_entropy", units=3, shape=3):
    layers = [cr.Linear(units)] if shape == 3 else [cr.Flatten(), cr.Linear(units)]
    return cr.Network(shape, layers, loss=loss)


def with_entry(array, index, value):
    changed = np.array(array, float)
    changed[index] = value
    return changed


CLASSES = "y: needed class indices, whole numbers from 0 to 2"
CE, BCE = "cross_entropy", "binary_cross_entropy"
BAD_LABELS = [
    (CE, [0, 1, 3, 5], f"{CLASSES}; came 3 at y[2] and 1 more like it. The last layer has 3 outputs"),
    (CE, [0, 1, -1, 2], f"{CLASSES}; came -1 at y[2]"),
    (CE, [0, 1, 1.5, 2], f"{CLASSES}; came 1.5 at y[2]"),
    (CE, with_entry(Y, 1, np.nan), f"{CLASSES}; came nan at y[1]"),
    (CE, with_entry(Y, 1, np.inf), f"{CLASSES}; came inf at y[1]"),
    (CE, [0, 1, 2], "y: needed as many labels as examples, 4; came 3"),
    (CE, [], "y: needed as many labels as examples, 4; came 0"),
    (CE, 1, f"{CLASSES}, one for each example; came the shape ()"),
    (CE, np.eye(4, 3), f"{CLASSES}; came the shape (4, 3). From one-hot rows take y.argmax(axis=1)"),
    (CE, np.zeros((4, 2)), f"{CLASSES}, one for each example; came the shape (4, 2)"),
    (CE, list("abca"), f"{CLASSES}; came values of the type <U1. Number the classes: names, y = numpy"),
    (CE, np.array(["a", 1, None, 2], object), f"{CLASSES}; came ndarray"),
    (CE, None, f"{CLASSES}; came None"),
    (CE, [[0], [1, 2], [1], [0]], f"{CLASSES}; came list"),
    (CE, np.array([1j, 0, 0, 0]), "came values of the type complex128"),
    (
        BCE,
        [0, 1, 2, 1],
        'y: needed labels 0 and 1; came 2 at y[2]. For more classes write loss="cross_entropy"',
    ),
    (BCE, [0, 1, -1, 1], "y: needed labels 0 and 1; came -1 at y[2]"),
    (BCE, [0, 1, 0.5, 1], "y: needed labels 0 and 1; came 0.5 at y[2]"),
    (BCE, with_entry(Y, 0, np.nan), "y: needed labels 0 and 1; came nan at y[0]"),
    (BCE, np.zeros((4, 2)), "y: needed labels 0 and 1, one for each example; came the shape (4, 2)"),
    ("squared_error", with_entry(Y, 3, np.inf), "y: needed labels of the shape (4,); came inf at y[3]"),
    ("squared_error", [1.0], "y: needed as many labels as examples, 4; came 1"),
    ("squared_error", np.zeros((4, 2)), "y: needed labels of the shape (4,), one for each example; came"),
    ("squared_error", [0, 1, 1e300, 1], "y: needed finite numbers, in float32; came 1e+300 at y[2]"),
    ("half_squared_error", list("1x23"), "y: needed labels of the shape (4,); came values of the type <U1"),
]


@pytest.mark.parametrize(("loss", "y", "message"), BAD_LABELS, ids=range(len(BAD_LABELS)))
@pytest.mark.parametrize("method", ["fit", "evaluate", "gradients", "input_gradient"])
def test_labels_that_do_not_fit(method, loss, y, message):
    net = network(loss, units=3 if loss == "cross_entropy" else 1)
    with pytest.raises(cr.FeedError) as fault:
        getattr(net, method)(X, y)
    assert message in str(fault.value)


def test_labels_of_several_numbers():
    net = network("squared_error", units=2)
    with pytest.raises(cr.FeedError, match=r"y: needed labels of the shape \(4, 2\); came the shape \(4,\)"):
        net.fit(X, Y)
    with pytest.raises(cr.FeedError, match=r"came nan at y\[1, 0\]"):
        net.fit(X, with_entry(np.zeros((4, 2)), (1, 0), np.nan))


class Sparse:
    def toarray(self):
        return X


PIXELS = np.full((4, 1, 2, 2), 255, np.uint8)
BAD_INPUTS = [
    (3, X[:, :2], "X: needed inputs of the shape (n, 3); came the shape (4, 2)"),
    (3, X[0], "X: needed inputs of the shape (n, 3); came the shape (3,). For one example write X[None]"),
    (3, 1.0, "came the shape ()"),
    (3, X[:0], "X: needed at least one example; came the shape (0, 3)"),
    (3, [], "X: needed inputs of the shape (n, 3); came the shape (0,)"),
    (3, with_entry(X, (1, 2), np.nan), "X: needed finite numbers, in float32; came nan at X[1, 2]"),
    (
        3,
        with_entry(np.zeros((4, 6)), (1, 4), np.nan).astype(np.float32)[:, ::2],  # not side by side
        "X: needed finite numbers, in float32; came nan at X[1, 2]",
    ),
    (3, with_entry(X, (3, 0), -np.inf), "X: needed finite numbers, in float32; came -inf at X[3, 0]"),
    (3, with_entry(X, (0, 0), 1e39), "X: needed finite numbers, in float32; came 1e+39 at X[0, 0]"),
    (3, np.full((4, 3), "a"), "X: needed inputs of the shape (n, 3); came values of the type <U1"),
    (3, [[1, 2, 3], [1, 2]], "X: needed inputs of the shape (n, 3); came list"),
    (3, None, "X: needed inputs of the shape (n, 3); came None"),
    (3, Sparse(), "came a sparse matrix. Make it dense: X.toarray()"),
    (3, X.astype("datetime64[s]"), "came values of the type datetime64[s]"),
    ((1, 2, 2), np.zeros((4, 2, 2)), "The entries are as many: X.reshape(len(X), 1, 2, 2)"),
    ((1, 2, 2), PIXELS, "X: needed numbers on a scale near 1; came pixels of 8 bits, up to 255. Divide them"),
    (3, np.full((4, 3), 16, np.uint8), "Divide them: X / 255"),
]


@pytest.mark.parametrize(("shape", "inputs", "message"), BAD_INPUTS, ids=range(len(BAD_INPUTS)))
@pytest.mark.parametrize("method", ["fit", "evaluate", "gradients", "predict", "predict_proba"])
def test_inputs_that_do_not_fit(method, shape, inputs, message):
    net = network(shape=shape)
    with pytest.raises(cr.FeedError) as fault:
        getattr(net, method)(*([inputs] if method.startswith("predict") else [inputs, Y]))
    assert message in str(fault.value)


GOOD_LABELS = [
    ("cross_entropy", [0, 1, 2, 1]),
    ("cross_entropy", [0.0, 1.0, 2.0, 1.0]),
    ("cross_entropy", np.array([[0], [1], [2], [1]], np.uint8)),
    ("cross_entropy", [False, True, False, True]),
    ("cross_entropy", np.array([0, 1, 2, 1], object)),
    ("binary_cross_entropy", [False, True, False, True]),
    ("binary_cross_entropy", [[0.0], [1.0], [1.0], [0.0]]),
    ("squared_error", [1, 2, 3, 4]),
    ("squared_error", [[1.5], [2], [3], [4]]),
    ("half_squared_error", np.float16([1, 2, 3, 4])),
]


@pytest.mark.parametrize(("loss", "y"), GOOD_LABELS, ids=range(len(GOOD_LABELS)))
def test_labels_in_many_forms(loss, y):
    net = network(loss, units=3 if loss == "cross_entropy" else 1)
    assert net.fit(X, y, epochs=1, progress=False).epochs == 1
    assert net.predict(X).shape == (4,)


@pytest.mark.parametrize(
    "inputs", [X.tolist(), X.astype(np.float32), np.arange(12).reshape(4, 3), X > 0, X.T.copy().T]
)
def test_inputs_in_many_forms(inputs):
    net = network()
    assert net.fit(inputs, Y, epochs=1, progress=False).epochs == 1
    assert net.predict(inputs).shape == (4,)


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ((X, [0, 1, 2, 9]), "validation, y: needed class indices"),
        ((X[:, :2], Y), "validation, X: needed inputs of the shape (n, 3)"),
        (X, "validation: needed (X, y), (X, y, sample_weight), or a data set; came ndarray"),
        ((X, Y, Y, Y), "validation: needed (X, y), (X, y, sample_weight), or a data set; came tuple"),
    ],
)
def test_validation_data_that_does_not_fit_is_named(validation, message):
    with pytest.raises(cr.FeedError) as fault:
        network().fit(X, Y, validation=validation)
    assert message in str(fault.value)


@pytest.mark.parametrize("n", [1, 4095, 4096, 4097, 3 * 4096 + 5])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_seen_wherever_it_is(n, bad):
    values = np.full((n, 1), 3e38, np.float32)  # their sum is too large, which says nothing
    assert converted(values, "float32", "X") is values
    for at in {0, n // 2, n - 1}:
        spoilt = values.copy()
        spoilt[at] = bad
        with pytest.raises(FeedError, match=rf"X\[{at}, 0\]"):
            converted(spoilt, "float32", "X")
