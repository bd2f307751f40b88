"""Dropout: a mask in the formulas, drawn in training by the seed; the identity otherwise."""

import copy

import jax
import numpy as np
import pytest

import chainrule as cr
from chainrule.training.masks import Mask, drawn

pytestmark = pytest.mark.unoptimised

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X.sum(axis=1) > 0).astype(int)


def network(rate, seed=0):
    layers = [cr.Linear(20), cr.Tanh(), cr.Dropout(rate), cr.Linear(2)]
    return cr.Network(3, layers, loss="cross_entropy", seed=seed)


def fitted(rate, seed=0, epochs=3):
    net = network(rate, seed)
    net.fit(X, Y, epochs=epochs, batch_size=16, progress=False)
    return net


def test_the_mask_is_in_the_objective_and_not_in_the_output():
    net, plain = network(0.5), network(0)
    assert net.expression is plain.expression
    assert net.output is plain.output
    assert plain.objective() is plain.expression
    text = net.objective().text()
    assert "ã⁽¹⁾ = a⁽¹⁾ ⊙ m⁽¹⁾" in text
    assert "z⁽²⁾ = W⁽²⁾ ã⁽¹⁾ + b⁽²⁾" in text


def test_the_derivation_shows_the_mask():
    net = network(0.5)
    derivation = net.derive()
    deltas = {step.name: step.expr.text(where=False) for step in derivation.of_phase("backward")}
    assert deltas[r"\delta^{(1)}"] == "(∂ℓ/∂ã⁽¹⁾) ⊙ m⁽¹⁾ ⊙ tanh′(z⁽¹⁾)"
    assert [step.of for step in derivation.of_phase("gradient")] == [*net.leaves, net.input]
    assert "ã⁽¹⁾ = a⁽¹⁾ ⊙ m⁽¹⁾" in str(net.summary())


def test_in_a_working_the_mask_is_one():
    net = network(0.5)
    working = net.work(X[0], Y[0])
    assert (working["m^{(1)}"].value == 1).all()
    for name, slope in net.gradients(X[:1], Y[:1]).items():
        line = working[rf"\frac{{\partial \ell}}{{\partial {name}}}"]
        np.testing.assert_allclose(line.value, slope, atol=1e-6)


def test_masks_have_the_rate_and_the_mean_one():
    mask = Mask(cr.data("m", (50, 20)), 0.3)
    values = np.asarray(drawn([mask], 0, 1, 100, "float32")[mask.leaf])
    assert values.shape == (100, 50, 20)
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (values == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert values.mean() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("other", [(0, 2), (1, 1)])
def test_masks_differ_between_seeds_steps_examples_and_layers(other):
    masks = [Mask(cr.data(name, 100), 0.5) for name in ("m", "n")]
    one, two = drawn(masks, 0, 1, 2, "float32"), drawn(masks, *other, 2, "float32")
    m, n = (np.asarray(one[mask.leaf]) for mask in masks)
    assert (m != np.asarray(two[masks[0].leaf])).any()
    assert (m != n).any()
    assert (m[0] != m[1]).any()


def test_the_same_seed_gives_the_same_bits():
    first, second, other = fitted(0.5), fitted(0.5), fitted(0.5, seed=1)
    for name, value in first.parameters.items():
        np.testing.assert_array_equal(value, second.parameters[name])
    assert any((value != other.parameters[name]).any() for name, value in first.parameters.items())


def test_training_in_parts_is_training_at_once():
    whole, parts = fitted(0.5, epochs=4), fitted(0.5, epochs=1)
    parts = copy.deepcopy(parts)
    parts.fit(X, Y, epochs=3, batch_size=16, optimizer=cr.SGD(0.1), progress=False)
    again = fitted(0.5, epochs=1)
    again.fit(X, Y, epochs=3, batch_size=16, optimizer=cr.SGD(0.1), progress=False)
    assert whole.epochs == parts.epochs == 4
    for name, value in parts.parameters.items():
        np.testing.assert_array_equal(value, again.parameters[name])


def test_one_step_is_gradient_descent_on_the_masked_loss():
    net = network(0.5)
    before = {leaf: net.parameters[leaf.name] for leaf in net.leaves}
    net.fit(X, Y, epochs=1, batch_size=40, optimizer=cr.SGD(1.0), progress=False, shuffle=False)
    (m,) = (leaf for leaf in cr.leaves([net.objective()]) if leaf.name == "m^{(1)}")
    values = drawn([Mask(m, 0.5)], 0, 1, 40, "float32")
    feed = before | {net.input: X, net.label: np.eye(2)[Y], m: values[m]}
    _, slopes = cr.value_and_gradient(net.objective(), net.leaves)(feed)
    for leaf, slope in zip(net.leaves, slopes, strict=True):
        np.testing.assert_allclose(net.parameters[leaf.name], before[leaf] - jax.device_get(slope), atol=1e-6)


def test_validation_has_no_masks():
    net = network(0.5)
    history = net.fit(X, Y, epochs=1, batch_size=16, progress=False, validation=(X, Y))
    assert history.validation_loss[0] == pytest.approx(net.evaluate(X, Y)["loss"], abs=1e-6)
