"""The measured numbers beside those of jax.grad and NumPy, for dense and convolutional networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.diagnosis import Recorder, measured
from chainrule.diagnosis.stages import stages

pytestmark = pytest.mark.unoptimised


def rms(values):
    return float(np.sqrt(np.mean(np.square(np.asarray(values, np.float64)))))


@pytest.fixture(scope="module")
def dense():
    """A network of two hidden layers, six examples, and its parameters as a list of (W, b)."""
    net = cr.Network(
        4,
        [cr.Linear(5), cr.Sigmoid(), cr.Linear(6), cr.ReLU(), cr.Linear(3)],
        "cross_entropy",
        seed=1,
        dtype="float64",
    )
    random = np.random.default_rng(0)
    X, y = random.normal(0, 2, (6, 4)), np.array([0, 1, 2, 0, 1, 2])
    given = list(net.parameters.values())
    return net, X, y, list(zip(given[::2], given[1::2], strict=True))


def forward(layers, X, shifts):
    """z of each layer; a shift is added to each, so that a gradient by it is δ."""
    (V, c), (W, b), (U, d) = layers
    z1 = X @ V.T + c + shifts[0]
    z2 = jax.nn.sigmoid(z1) @ W.T + b + shifts[1]
    z3 = jax.nn.relu(z2) @ U.T + d + shifts[2]
    return z1, z2, z3


def test_sizes_are_those_of_jax(dense):
    net, X, y, layers = dense
    flow = measured(net, X, y)

    def total(layers, shifts):
        scores = jax.nn.log_softmax(forward(layers, X, shifts)[-1])
        return -jnp.sum(scores[jnp.arange(len(y)), y])

    with jax.enable_x64(True):
        zeros = [jnp.zeros((6, size)) for size in (5, 6, 3)]

        def reference(layers, zeros):
            value, slopes = jax.value_and_grad(total, argnums=(0, 1))(layers, zeros)
            return forward(layers, X, zeros), *slopes, value / 6

        zs, slopes, deltas, loss = jax.jit(reference, compiler_options=UNOPTIMISED)(layers, zeros)
    assert flow.loss == pytest.approx(float(loss))
    for layer, z, delta, (slope, _), (W, _) in zip(flow.layers, zs, deltas, slopes, layers, strict=True):
        assert layer.z.rms == pytest.approx(rms(z))
        assert layer.delta.rms == pytest.approx(rms(delta))
        assert layer.gradient.rms == pytest.approx(rms(slope) / 6)
        assert layer.relative_gradient == pytest.approx(np.linalg.norm(slope) / 6 / np.linalg.norm(W))
        quantiles = np.quantile(np.abs(delta), (0.05, 0.25, 0.5, 0.75, 0.95))
        assert layer.delta.quantiles == pytest.approx(quantiles)
    assert flow.backward_ratio == pytest.approx(rms(deltas[0]) / rms(deltas[2]))


def test_derivatives_and_their_product(dense):
    net, X, y, layers = dense
    flow = measured(net, X, y)
    z1, z2, _ = (np.asarray(z) for z in forward(layers, X, [0, 0, 0]))
    s = 1 / (1 + np.exp(-z1))
    assert flow.derivatives == pytest.approx([rms(s * (1 - s)), rms(z2 > 0)], rel=1e-5)
    assert flow.product == pytest.approx(np.prod(flow.derivatives))
    assert flow.bound == 0.25  # notes 4.5.3: 0.25 for the sigmoid layer, 1 for ReLU
    assert flow.layers[0].saturated == pytest.approx(np.mean(s * (1 - s) < 0.0125))
    assert flow.layers[1].dead == np.mean(np.all(z2 <= 0, axis=0))
    assert flow.layers[1].saturated is None


@pytest.mark.parametrize("layers", [4])
def test_the_bound_is_a_quarter_for_each_layer_of_the_notes(layers):
    net = cr.Network(
        2, [part for _ in range(layers) for part in (cr.Linear(3), cr.Sigmoid())], "squared_error"
    )
    assert measured(net, [[0.0, 1.0]], [[1.0, 0, 0]]).bound == 0.25**layers


def test_dead_channels_of_a_convolution():
    net = cr.Network(
        (1, 6, 6), [cr.Conv2d(4, 3), cr.ReLU(), cr.MaxPool2d(2), cr.Flatten(), cr.Linear(2)], "cross_entropy"
    )
    net.set_parameters({"b^{(1)}": [-100, 0, -100, 0]})
    X = np.random.default_rng(0).random((40, 1, 6, 6))
    flow = measured(net, X, np.arange(40) % 2)
    assert flow.layers[0].dead == 0.5
    assert not flow.layers[0].alike


def test_alike_are_units_with_equal_weights_only():
    X, y = np.random.default_rng(0).normal(size=(30, 3)), np.arange(30) % 2
    zeros = cr.Zeros()
    alike = cr.Network(
        3, [cr.Linear(4, weights=zeros), cr.ReLU(), cr.Linear(2, weights=zeros)], "cross_entropy"
    )
    assert measured(alike, X, y).layers[0].alike
    dead = cr.Network(3, [cr.Linear(4), cr.ReLU(), cr.Linear(2)], "cross_entropy")
    dead.set_parameters({"b^{(1)}": np.full(4, -99.0)})
    assert not measured(dead, X, y).layers[0].alike


@pytest.mark.parametrize(
    ("activation", "flat", "steepest"),
    [
        (cr.Sigmoid(), "both sides", 0.25),
        (cr.Tanh(), "both sides", 1.0),
        (cr.ReLU(), "one side", 1.0),
        (cr.LeakyReLU(0.1), "nowhere", 1.0),
        (cr.Softplus(), "one side", 1.0),
        (cr.ELU(), "one side", 1.0),
        (cr.sigmoid, "both sides", 0.25),
        (lambda z: 2 * cr.tanh(z / 2), "both sides", 1.0),
    ],
)
def test_slopes_are_found_by_the_expression(activation, flat, steepest):
    (stage, _) = stages(cr.Network(2, [cr.Linear(3), activation, cr.Linear(1)], "squared_error"))
    assert stage.slope is not None
    assert (stage.slope.flat, stage.slope.steepest) == (flat, pytest.approx(steepest, rel=1e-3))


def test_what_is_no_function_of_one_number_is_no_activation():
    layers = [cr.Linear(3), cr.softmax, cr.Linear(3), cr.Flatten(), cr.Linear(1)]
    assert [stage.a for stage in stages(cr.Network(2, layers, "squared_error"))] == [None] * 3


def test_the_recorder_measures_updates_over_one_epoch():
    X = np.random.default_rng(0).normal(size=(64, 3))
    net = cr.Network(3, [cr.Linear(5), cr.Tanh(), cr.Linear(1)], "squared_error", dtype="float64")
    seen = []
    recorder = Recorder(net, X, X[:, 0], epochs=[1, 3])
    net.fit(
        X,
        X[:, 0],
        epochs=4,
        progress=False,
        callbacks=[lambda history: seen.append(history.parameters), recorder],
    )
    assert [flow.epoch for flow in recorder.flows] == [0, 1, 3]
    before, after = seen[1]["W^{(1)}"], seen[2]["W^{(1)}"]
    moved = np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1)
    assert recorder.flows[2].layers[0].update.median == pytest.approx(np.median(moved))
    start = recorder.start["W^{(1)}"]
    moved = np.linalg.norm(seen[0]["W^{(1)}"] - start, axis=1) / np.linalg.norm(start, axis=1)
    assert recorder.flows[1].layers[0].update.median == pytest.approx(np.median(moved))


@pytest.mark.evidence
def test_a_recorder_changes_no_number_of_the_training():
    X = np.random.default_rng(0).normal(size=(40, 3))
    results = []
    for recorded in (False, True):
        net = cr.Network(3, [cr.Linear(4), cr.ReLU(), cr.Linear(1)], "squared_error")
        net.fit(
            X, X[:, 0], epochs=3, progress=False, callbacks=[Recorder(net, X, X[:, 0])] if recorded else []
        )
        results.append(net.parameters["W^{(1)}"].tobytes())
    assert results[0] == results[1]
