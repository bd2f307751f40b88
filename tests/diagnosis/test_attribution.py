"""Input gradients: closed forms, completeness, and the same means taken with torch's autodiff where it is installed."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagnosis import gradient_times_input, integrated_gradients, ranked, smoothed_gradient, worst

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(0)
X, y = RANDOM.normal(size=(7, 5)), np.arange(7) % 3


def network(activation):
    return cr.Network(5, [cr.Linear(8), activation, cr.Linear(3)], "cross_entropy", seed=3, dtype="float64")


def of(net, name, x):
    """F(x) of each example, from the public readings alone."""
    values = [{**net.values(row, label)} for row, label in zip(x, y, strict=True)]
    if name == "loss":
        return np.array([cr.evaluate(net.expression, value) for value in values])
    expr = net.output if name == "output" else net.logits
    return np.array([cr.evaluate(expr, value)[label] for value, label in zip(values, y, strict=True)])


@pytest.mark.parametrize("name", ["loss", "output", "logit"])
def test_integrated_gradients_are_complete(name):
    net = network(cr.Tanh())
    baseline = X.mean(axis=0)
    found = integrated_gradients(net, X, y, name, baseline, steps=32)
    whole = of(net, name, X) - of(net, name, np.broadcast_to(baseline, X.shape))
    np.testing.assert_allclose(found.sum(axis=1), whole, rtol=0, atol=1e-9)


def test_kinks_cost_steps_but_completeness_holds():
    net = network(cr.ReLU())
    whole = of(net, "loss", X) - of(net, "loss", 0 * X)
    coarse, fine = (
        np.abs(integrated_gradients(net, X, y, steps=steps).sum(axis=1) - whole).max() for steps in (8, 512)
    )
    assert fine < 1e-3
    assert fine < coarse


def test_gradient_times_input_is_the_gradient_of_the_network_times_the_input():
    net = network(cr.GELU())
    np.testing.assert_allclose(gradient_times_input(net, X, y), net.input_gradient(X, y) * X)


def test_the_smoothed_gradient_of_a_parabola():
    """F = (Σ x)², ∂F/∂x = 2 Σ x: noise averages out, by its standard error."""
    net = cr.Network(4, [cr.Linear(1)], "squared_error", dtype="float64")
    net.set_parameters({"W^{(1)}": np.ones((1, 4)), "b^{(1)}": [0.0]})
    x = np.array([[1.0, 2.0, 3.0, 5.0]])
    found = smoothed_gradient(net, x, [0.0], samples=400, noise=0.1)
    error = 2 * np.sqrt(4) * 0.1 * 4 / np.sqrt(400)
    assert abs(found[0, 0] - 22) < 4 * error
    assert abs(found[0, 0] - 22) > 1e-6  # there was noise
    np.testing.assert_array_equal(found, smoothed_gradient(net, x, [0.0], samples=400, noise=0.1))


def test_the_logit_of_one_output_is_the_output_before_the_sigmoid():
    net = cr.Network(2, [cr.Linear(1)], "binary_cross_entropy", dtype="float64")
    net.set_parameters({"W^{(1)}": [[2.0, -3.0]], "b^{(1)}": [0.5]})
    found = integrated_gradients(net, [[1.0, 1.0]], [1], "logit")
    np.testing.assert_allclose(found, [[2.0, -3.0]])


def test_another_word_is_refused():
    with pytest.raises(cr.ChainruleError, match='needed "loss", "output" or "logit"; came \'score\''):
        integrated_gradients(network(cr.ReLU()), X, y, "score")
    net = cr.Network(2, [cr.Linear(2)], "squared_error")
    with pytest.raises(cr.ChainruleError, match="needed one output; came the shape"):
        integrated_gradients(net, [[1, 2]], [[1, 2]], "output")
    with pytest.raises(cr.ChainruleError, match="steps as a whole number from 1"):
        integrated_gradients(network(cr.ReLU()), X, y, steps=0)


def test_columns_are_ranked_by_what_they_contribute():
    net = cr.Network(3, [cr.Linear(1)], "squared_error", dtype="float64")
    net.set_parameters({"W^{(1)}": [[1.0, -4.0, 0.0]], "b^{(1)}": [0.0]})
    rows = ranked(
        gradient_times_input(net, np.ones((5, 3)), np.zeros(5), "output"), ["age", "income", "shoe"]
    )
    assert [(row.name, row.share) for row in rows] == [("income", 0.8), ("age", 0.2), ("shoe", 0.0)]


def test_the_costliest_examples_and_their_parts():
    net = cr.Network((1, 2, 2), [cr.Flatten(), cr.Linear(1)], "squared_error", dtype="float64")
    net.set_parameters({"W^{(1)}": [[1.0, 1.0, 1.0, 1.0]], "b^{(1)}": [0.0]})
    images = np.zeros((10, 1, 2, 2))
    images[4, 0, 1, 0] = 3.0
    images[7, 0, 0, 1] = 1.0
    first, second = worst(net, images, np.zeros(10), 2, 1)
    assert (first.row, first.loss, first.share, first.places) == (4, 9.0, 0.9, ((0, 1, 0),))
    assert (second.row, second.places) == (7, ((0, 0, 1),))
    mean = images.mean(axis=0)
    np.testing.assert_allclose(first.parts.sum(), 9.0 - mean.sum() ** 2)


@pytest.mark.evidence
def test_torch_agrees():
    torch = pytest.importorskip("torch")
    net = network(cr.Tanh())
    V, c, U, d = (torch.tensor(value) for value in net.parameters.values())
    points, weights = np.polynomial.legendre.leggauss(16)
    found = np.zeros(X.shape)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        x = torch.tensor(point * X, requires_grad=True)
        scores = torch.log_softmax(torch.tanh(x @ V.T + c) @ U.T + d, 1)
        (-scores[torch.arange(len(y)), torch.tensor(y)].sum()).backward()
        found += weight * x.grad.numpy()
    np.testing.assert_allclose(integrated_gradients(net, X, y, steps=16), found * X, rtol=1e-9)
