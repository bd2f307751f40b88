"""The first parameters: spread as the activation wants, drawn by seed and name alone."""

import numpy as np
import pytest

import chainrule as cr

WIDE = 400


def first_weights(*layers, loss="cross_entropy", n=WIDE, **settings):
    return cr.Network(n, [*layers], loss=loss, **settings).parameters["W^{(1)}"]


@pytest.mark.parametrize(
    ("following", "variance"),
    [
        ([cr.ReLU()], 2 / WIDE),
        ([cr.relu], 2 / WIDE),
        ([cr.ELU()], 2 / WIDE),
        ([cr.GELU()], 2 / WIDE),
        ([cr.Softplus()], 2 / WIDE),
        ([cr.LeakyReLU(0.5)], 2 / (1.25 * WIDE)),
        pytest.param([lambda z: 2 * z, cr.ReLU()], 2 / WIDE, id="a function, then ReLU"),
        ([cr.Tanh()], 2 / (WIDE + 300)),
        ([cr.Sigmoid(), cr.ReLU()], 2 / (WIDE + 300)),
        ([], 2 / (WIDE + 300)),
    ],
    ids=str,
)
def test_weights_are_spread_as_the_activation_that_follows_wants(following, variance):
    W = first_weights(cr.Linear(300), *following, cr.Linear(2))
    assert W.var() == pytest.approx(variance, rel=0.02)
    assert abs(W.mean()) < 4 * np.sqrt(variance / W.size)


def test_the_last_layer_has_glorot_weights():
    W = first_weights(cr.Linear(300))
    assert np.abs(W).max() <= np.sqrt(6 / (WIDE + 300))
    assert W.var() == pytest.approx(2 / (WIDE + 300), rel=0.02)


@pytest.mark.parametrize(
    ("start", "deviation"),
    [(cr.Zeros(), 0.0), (cr.Normal(0.1), 0.1), (cr.Normal(), 1.0), (cr.He(), np.sqrt(2 / WIDE))],
)
def test_the_start_can_be_chosen(start, deviation):
    assert first_weights(cr.Linear(300, weights=start)).std() == pytest.approx(deviation, rel=0.02)


def test_biases_start_at_0():
    parameters = cr.Network(3, [cr.Linear(4), cr.ReLU(), cr.Linear(2)], loss="cross_entropy").parameters
    assert not parameters["b^{(1)}"].any()
    assert not parameters["b^{(2)}"].any()


def test_a_further_layer_changes_no_other():
    short = cr.Network(
        8, [cr.Linear(5), cr.ReLU(), cr.Linear(4), cr.ReLU(), cr.Linear(2)], loss="cross_entropy"
    )
    more = [cr.Linear(5), cr.ReLU(), cr.Linear(4), cr.ReLU(), cr.Linear(3), cr.ReLU(), cr.Linear(2)]
    long = cr.Network(8, more, loss="cross_entropy")
    for name in ("W^{(1)}", "W^{(2)}"):
        np.testing.assert_array_equal(short.parameters[name], long.parameters[name])


def test_layers_and_seeds_differ_and_dtypes_do_not():
    layers = [cr.Linear(6), cr.ReLU(), cr.Linear(6)]
    net, other = (cr.Network(6, layers, loss="cross_entropy", seed=seed) for seed in (0, 1))
    double = cr.Network(6, layers, loss="cross_entropy", dtype="float64")
    first, second = net.parameters["W^{(1)}"], net.parameters["W^{(2)}"]
    assert np.abs(first / first.std() - second / second.std()).max() > 0.1
    assert np.abs(first - other.parameters["W^{(1)}"]).max() > 0.1
    assert double.parameters["W^{(1)}"].dtype == np.float64
    np.testing.assert_array_equal(first, double.parameters["W^{(1)}"].astype(np.float32))
