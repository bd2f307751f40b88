"""The class Network: expressions, parameters, predictions, copies."""

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(30, 3))
LABELS = {
    "cross_entropy": RANDOM.integers(0, 4, 30),
    "binary_cross_entropy": RANDOM.integers(0, 2, 30),
    "squared_error": RANDOM.normal(size=30),
    "half_squared_error": RANDOM.normal(size=30),
}


def network(loss="cross_entropy", units=None, **settings):
    units = units if units is not None else (4 if loss == "cross_entropy" else 1)
    return cr.Network(3, [cr.Linear(5), cr.Tanh(), cr.Linear(units)], loss=loss, **settings)


def test_the_loss_is_the_notes_system():
    net = cr.Network(
        3,
        [cr.Linear(3), cr.Sigmoid(), cr.Linear(3), cr.Sigmoid(), cr.Linear((), bias=False)],
        loss="half_squared_error",
    )
    x, y = cr.data("x", 3), cr.data("y")
    W1, b1, W2, b2, U = net.leaves
    a1 = cr.sigmoid((W1 @ x + b1).named("z^{(1)}")).named("a^{(1)}")
    a2 = cr.sigmoid((W2 @ a1 + b2).named("z^{(2)}")).named("a^{(2)}")
    y_hat = (U @ a2).named(r"\hat{y}")
    assert net.expression is cr.half_squared_error(y_hat, y).named(r"\ell")
    assert net.logits is net.output
    assert net.output is y_hat
    assert (net.input, net.label) == (x, y)


@pytest.mark.parametrize(
    ("loss", "units", "text", "where"),
    [
        ("cross_entropy", 4, "−yᵀ log(ŷ)", "softmax(z⁽²⁾)"),
        ("binary_cross_entropy", (), "−(y log(ŷ) + (1 − y) log(1 − ŷ))", "σ(z⁽²⁾)"),
        ("binary_cross_entropy", 1, "−sum(y ⊙ log(ŷ) + (1 − y) ⊙ log(1 − ŷ))", "σ(z⁽²⁾)"),
        ("squared_error", (), "(ŷ − y)²", "W⁽²⁾ᵀ a⁽¹⁾ + b⁽²⁾"),
        ("half_squared_error", 1, "‖ŷ − y‖²/2", "W⁽²⁾ a⁽¹⁾ + b⁽²⁾"),
    ],
)
def test_a_loss_prints_as_in_the_notes(loss, units, text, where):
    net = network(loss, units)
    assert net.expression.text(where=False) == text
    assert net.output.text(where=False) == where
    assert net.logits.name == (r"\hat{y}" if loss.endswith("squared_error") else "z^{(2)}")


def test_l2_is_part_of_the_objective_on_weights_only():
    net = network()
    W1, _, W2, _ = net.leaves
    weights = "‖W⁽¹⁾‖² + ‖W⁽²⁾‖²"
    assert net.objective() is net.expression
    assert net.objective(0.1).text(where=False) == f"ℓ + λ ({weights})/2"
    lambda_ = next(leaf for leaf in cr.leaves([net.objective(0.1)]) if leaf.name == r"\lambda")
    values = net.values(X[0], 1)
    loss, objective = cr.evaluate([net.expression, net.objective(0.1)], {**values, lambda_: 0.1})
    assert objective - loss == pytest.approx(0.05 * sum((values[W] ** 2).sum() for W in (W1, W2)), rel=1e-12)


@pytest.mark.parametrize("l2", [-1, float("nan"), float("inf"), True, "0.1", None])
def test_l2_out_of_range(l2):
    with pytest.raises(cr.ChainruleError, match="l2 as a finite number, 0 or above"):
        network().fit(X, LABELS["cross_entropy"], l2=l2)


@pytest.mark.parametrize(("loss", "y"), LABELS.items())
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_compiled_outputs_are_those_of_the_working(loss, y, dtype):
    net = network(loss, dtype=dtype)
    net.fit(X, y, epochs=3, progress=False)
    values = [net.values(x, label) for x, label in zip(X, y, strict=True)]
    expected = np.array([cr.evaluate(net.output, given) for given in values])
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    if net.head.probabilities:
        outputs = net.predict_proba(X)
        assert outputs.dtype == dtype
        np.testing.assert_allclose(outputs, expected.reshape(outputs.shape), atol=tolerance)
        chosen = expected.argmax(axis=1) if loss == "cross_entropy" else (expected > 0.5).ravel()
        np.testing.assert_array_equal(net.predict(X), chosen)
        accuracy = float((net.predict(X) == y).mean())
        assert net.evaluate(X, y)["accuracy"] == pytest.approx(accuracy)
    else:
        np.testing.assert_allclose(net.predict(X), expected.reshape(30), atol=tolerance)
        r2 = 1 - ((net.predict(X) - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        assert net.evaluate(X, y)["r2"] == pytest.approx(r2, abs=1e-5)
    losses = [float(cr.evaluate(net.expression, given)) for given in values]
    assert net.evaluate(X, y)["loss"] == pytest.approx(np.mean(losses), abs=tolerance)


@pytest.mark.parametrize(
    ("loss", "units", "predicted", "probabilities"),
    [
        ("cross_entropy", 4, (30,), (30, 4)),
        ("binary_cross_entropy", 1, (30,), (30,)),
        ("binary_cross_entropy", (), (30,), (30,)),
        ("squared_error", 1, (30,), None),
        ("squared_error", (), (30,), None),
        ("half_squared_error", 2, (30, 2), None),
    ],
)
def test_shapes(loss, units, predicted, probabilities):
    net = network(loss, units)
    y = np.zeros((30, 2)) if units == 2 else LABELS[loss]
    assert net.predict(X).shape == predicted
    assert net.input_gradient(X, y).shape == X.shape
    assert [slope.shape for slope in net.gradients(X, y).values()] == [leaf.shape for leaf in net.leaves]
    if probabilities is None:
        with pytest.raises(cr.ChainruleError, match="predict_proba: needed a loss whose ŷ is a probability"):
            net.predict_proba(X)
    else:
        assert net.predict_proba(X).shape == probabilities


def test_r2_of_constant_labels_is_1_or_0():
    net = cr.Network(3, [cr.Linear(1, weights=cr.Zeros())], loss="squared_error")
    assert net.evaluate(X, np.zeros(30))["r2"] == 1.0
    assert net.evaluate(X, np.ones(30))["r2"] == 0.0


def test_an_output_may_have_any_shape():
    layers = [cr.Flatten(), cr.Linear(8), lambda z: cr.reshape(z, (2, 2, 2))]
    net = cr.Network((2, 2), layers, loss="half_squared_error")
    images = RANDOM.normal(size=(20, 2, 2))
    labels = np.stack([images, -images], axis=1)
    net.fit(images, labels, epochs=200, batch_size=20, progress=False)
    assert net.predict(images).shape == (20, 2, 2, 2)
    assert net.evaluate(images, labels)["r2"] > 0.99


def test_parameters_are_copies_in_forward_order():
    net = network()
    assert list(net.parameters) == ["W^{(1)}", "b^{(1)}", "W^{(2)}", "b^{(2)}"]
    net.parameters["W^{(1)}"][:] = 7
    assert (net.parameters["W^{(1)}"] != 7).all()
    given = np.ones((5, 3))
    net.set_parameters({"W^{(1)}": given})
    given[:] = 7
    assert (net.parameters["W^{(1)}"] == 1).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"W": 1}, "set_parameters: needed one of W^{(1)}, b^{(1)}, W^{(2)}, b^{(2)}; came 'W'"),
        ({"b^{(1)}": [1, 2]}, "parameter b^{(1)}: needed the shape (5,); came (2,)"),
        ({"b^{(1)}": [1, 2, 3, 4, np.nan]}, "parameter b^{(1)}: needed finite numbers; came nan or inf"),
        ({"b^{(1)}": ["a"] * 5}, "parameter b^{(1)}: needed numbers; came ['a', 'a'"),
    ],
)
def test_parameters_that_do_not_fit(parameters, message):
    net = network()
    before = net.parameters
    with pytest.raises(cr.FeedError) as fault:
        net.set_parameters({"b^{(2)}": np.ones(4)} | parameters)
    assert message in str(fault.value)
    assert all((before[name] == value).all() for name, value in net.parameters.items())


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_goes_on_alike_and_apart(copied):
    net, y = network(), LABELS["cross_entropy"]
    net.fit(X, y, epochs=2, progress=False)
    other = copied(net)
    assert repr(other) == repr(net)
    assert other.expression is net.expression
    assert other.epochs == 2
    np.testing.assert_array_equal(other.predict_proba(X), net.predict_proba(X))
    before = net.parameters
    other.fit(X, y, epochs=2, progress=False)
    assert all((before[name] == value).all() for name, value in net.parameters.items())
    net.fit(X, y, epochs=2, progress=False)
    assert all((other.parameters[name] == value).all() for name, value in net.parameters.items())


def test_a_network_with_an_op_as_layer_is_picklable():
    net = cr.Network(3, [cr.Linear(5), cr.relu, cr.Linear(2)], loss="cross_entropy")
    other = pickle.loads(pickle.dumps(net))
    assert other.expression is net.expression


def test_summary_counts_parameters():
    net = cr.Network((1, 8, 8), [cr.Flatten(), cr.Linear(32), cr.ReLU(), cr.Linear(10)], loss="cross_entropy")
    summary = net.summary()
    assert summary.total == 64 * 32 + 32 + 32 * 10 + 10
    assert [row.parameters for row in summary.rows] == [0, 2080, 0, 330, 0]
    assert [row.shape for row in summary.rows] == [(64,), (32,), (32,), (10,), (10,)]
    *lines, text = str(summary).splitlines()
    assert len({len(line) for line in lines}) == 1 and text == 'as text: "32 relu, 10"'
    assert "Linear(32)  z⁽¹⁾ = W⁽¹⁾ vec(x) + b⁽¹⁾" in str(summary)
    assert lines[-1].split() == ["total", "2,410"]


def test_the_values_of_one_example_feed_every_leaf():
    net = network()
    values = net.values([1, 2, 3], 2)
    assert set(values) == set(cr.leaves([net.expression]))
    assert values[net.label].tolist() == [0, 0, 1, 0]
    assert all(value.dtype == np.float64 for value in values.values())
    loss = cr.evaluate(net.expression, values)
    assert float(loss) == pytest.approx(-np.log(net.predict_proba([[1, 2, 3]])[0, 2]), abs=1e-6)
    with pytest.raises(cr.FeedError, match="class indices"):
        net.values([1, 2, 3], 4)


def test_repr_says_what_it_is():
    assert (
        repr(network(seed=3))
        == "Network((3,), [Linear(5), Tanh, Linear(4)], loss='cross_entropy', seed=3, dtype='float32')"
    )
