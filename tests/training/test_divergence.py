"""Where numbers stop being finite: the step and the first part, held to the same training done by hand."""

import numpy as np
import pytest
from training.by_hand import loss_and_slopes

import chainrule as cr
from chainrule.networks import feeding
from chainrule.networks.examples import converted
from chainrule.training import stepper
from chainrule.training.divergence import shows
from chainrule.training.record import first_record

pytestmark = pytest.mark.unoptimised


class Own(cr.SGD):
    """Another optimiser."""


RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(50, 4))
Y = X[:, 0] + X[:, 1] ** 2


def network(**settings):
    return cr.Network(4, [cr.Linear(8), cr.Tanh(), cr.Linear(1)], loss="half_squared_error", **settings)


def bits(net):
    return b"".join(value.tobytes() for value in net.parameters.values())


@pytest.fixture(params=[False, True], ids=["held twice", "large"], autouse=True)
def large(request, monkeypatch):
    """A large state is not held twice, and the same is found."""
    if request.param:
        monkeypatch.setattr(stepper, "LARGE", 0)
        monkeypatch.setattr(stepper, "_MOST", 0)


def fault_of(net, *args, **settings):
    """The message, once it is certain that the network stays as it was."""
    before = bits(net)
    with pytest.raises(cr.TrainingError) as fault:
        net.fit(*args, progress=False, **settings)
    assert bits(net) == before
    assert net.epochs == 0
    return str(fault.value)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_the_step_is_that_of_a_loop_in_numpy(seconds, monkeypatch):
    monkeypatch.setattr(stepper, "_SECONDS", seconds)
    net = network(dtype="float64")
    values, steps = [*net.parameters.values()], 0
    with np.errstate(over="ignore", invalid="ignore"):
        while True:
            rows = slice(5 * (steps % 10), 5 * (steps % 10) + 5)
            losses, slopes = loss_and_slopes(values, X[rows], Y[rows], np.ones(5))
            steps += 1
            if not np.isfinite(losses).all():
                break
            values = [value - 2.5 * slope for value, slope in zip(values, slopes, strict=True)]
    text = fault_of(net, X, Y, 1000, 5, cr.SGD(2.5), shuffle=False)
    assert 10 < steps < 10_000
    assert f"in epoch {-(-steps // 10)} of 1000, at step {steps}; the first part" in text
    assert "is ℓ = ‖ŷ − y‖²/2 (forward, " in text


def test_the_first_part_is_named_forward_before_backward():
    deep = [cr.Linear(8), cr.ReLU(), cr.Linear(8), cr.ReLU(), cr.Linear(8), cr.ReLU(), cr.Linear(1)]
    net = cr.Network(4, deep, loss="half_squared_error")
    net.set_parameters({"W^{(3)}": np.full((8, 8), 1e38), "W^{(2)}": np.ones((8, 8))})
    text = fault_of(net, 10 * np.abs(X), Y, epochs=2)
    assert (
        "in epoch 1 of 2, at step 1; the first part that was not finite is z⁽³⁾ = W⁽³⁾ a⁽²⁾ + b⁽³⁾ (forward"
        in text
    )


def test_a_gradient_alone_may_be_infinite():
    root = cr.Network(
        4,
        [cr.Linear(3, weights=cr.Zeros()), lambda z: cr.sqrt(z * z).named("s"), cr.Linear(1)],
        loss="half_squared_error",
    )
    text = fault_of(root, X, Y, epochs=3)
    assert "came a gradient that is not finite in epoch 1 of 3, at step 1" in text
    assert "the first part that was not finite is ∂ℓ/∂z⁽¹⁾ (backward, 96 of 96 numbers)" in text


def test_a_gradient_that_overflows_over_the_batch():
    net = cr.Network(1, [cr.Linear(1, weights=cr.Zeros())], loss="half_squared_error")
    text = fault_of(net, np.full((4, 1), 1e30), np.full(4, 1e10), epochs=1, batch_size=4)
    assert "the first part that was not finite is ∂ℓ/∂W⁽¹⁾ (backward, 1 of 1 numbers)" in text
    assert "Try inputs on a scale near 1 (the largest is 1e+30), then a smaller" in text


def test_in_the_very_last_step_too():
    net = cr.Network(1, [cr.Linear(1)], loss="squared_error")
    text = fault_of(net, [[1.0]], [1e19], epochs=1, optimizer=cr.SGD(1e30))
    assert "came parameters that are not finite in epoch 1 of 1, at step 1" in text
    assert "is W⁽¹⁾ (after the step, 1 of 1 numbers). Try a smaller learning_rate (it is 1e+30), then" in text


@pytest.mark.parametrize(
    ("scale", "part"), [(1e20, "ℓ = "), (3e38 / np.abs(X).max(), "z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾")]
)
def test_huge_inputs(scale, part):
    net = cr.Network(4, [cr.Linear(8), cr.ReLU(), cr.Linear(1)], loss="half_squared_error")
    net.set_parameters({"W^{(1)}": 10 * net.parameters["W^{(1)}"]})
    text = fault_of(net, scale * X, Y, epochs=2, validation=(X, Y))
    assert f"at step 1; the first part that was not finite is {part}" in text
    assert ". Try inputs on a scale near 1 (the largest is " in text


def test_with_masks_weights_and_a_clipped_gradient():
    net = cr.Network(4, [cr.Linear(8), cr.Dropout(0.5), cr.Linear(1)], loss="half_squared_error")
    text = fault_of(
        net, X, Y, 200, 7, cr.SGD(1e30, clip_norm=1e9), l2=0.1, sample_weight=np.arange(50), reduce="sum"
    )
    assert ", at step " in text
    assert "clip_norm=1.0)" not in text


@pytest.mark.parametrize(("units", "kept"), [(1200, False), (100, True)])
def test_only_a_large_state_is_handed_over_to_the_steps(units, kept, monkeypatch):
    monkeypatch.undo()  # the sizes as they are
    net = cr.Network(units, [cr.Linear(units), cr.Linear(1)], loss="half_squared_error")
    X, y, optimizer = np.ones((8, units)), np.zeros(8), cr.SGD(1e-6, momentum=0.9)
    feed = net._data.examples(X, y).feed
    problem = net._data.problem(net.objective(), feed)
    run = stepper.Stepper(
        problem,
        first_record(problem, list(net.parameters.values()), optimizer),
        stepper.Plan(3, 4, optimizer),
        feed,
    )
    run.advance(1)
    weights = run._state.parameters[0]
    run.advance(1)
    assert weights.is_deleted() is not kept


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "optimizer",
    [
        cr.SGD(0.01),
        cr.SGD(0.01, momentum=0.9, nesterov=True, clip_norm=1.0),
        cr.SGD(lambda t: 0.01 / t),
        cr.Adam(clip_norm=1.0),
        cr.AdamW(),
        cr.RMSprop(momentum=0.5),
    ],
)
@pytest.mark.parametrize("activation", [cr.ReLU(), cr.Tanh(), cr.GELU()], ids=str)
def test_large_inputs_are_looked_through_where_training_fails(bad, optimizer, activation, monkeypatch):
    """That takes no pass over them before; and what is not finite is always noticed, and named as it was."""
    monkeypatch.setattr(feeding, "_LARGE", 0)
    looked = []
    monkeypatch.setattr(feeding, "converted", lambda *given: looked.append(given[2]) or converted(*given))
    net = cr.Network(
        (2, 2), [cr.Flatten(), cr.Linear(8), activation, cr.Linear(1)], loss="half_squared_error"
    )
    inputs = X.astype(np.float32).reshape(-1, 2, 2)
    net.fit(inputs, Y, progress=False, optimizer=optimizer, epochs=1)
    assert looked == ["y"]
    before = bits(net)
    inputs[37, 1, 0] = bad
    ways = (
        {"sample_weight": np.arange(1.0, 51.0)},
        {"l1": 0.1, "l2": 0.1},
        {"batch_size": None, "reduce": "sum"},
    )
    for settings in ({}, *ways):
        with pytest.raises(cr.FeedError, match=rf"came {bad} at X\[37, 1, 0\]"):
            net.fit(inputs, Y, progress=False, optimizer=optimizer, epochs=1, **settings)
    assert bits(net) == before


@pytest.mark.parametrize(
    ("layers", "settings"),
    [
        ([cr.ReLU(), cr.Linear(8)], {}),
        ([cr.Dropout(0.5), cr.Linear(8)], {}),
        ([cr.Linear(8)], {"optimizer": cr.SGD(0.01, clip_value=1.0)}),
        ([cr.Linear(8)], {"optimizer": Own(0.01)}),
        ([cr.Linear(8), cr.step], {}),
        ([cr.Linear(8)], {"delta": 1e9}),
    ],
    ids=["ReLU first", "dropout first", "clip_value", "an optimiser of one's own", "no gradient", "delta"],
)
def test_where_training_might_not_notice_inputs_are_looked_through_before(layers, settings, monkeypatch):
    monkeypatch.setattr(feeding, "_LARGE", 0)
    monkeypatch.setattr(stepper.Stepper, "advance", None)
    net = cr.Network(4, [*layers, cr.Tanh(), cr.Linear(1)], loss="half_squared_error")
    inputs = X.astype(np.float32)
    inputs[3, 2] = -np.inf
    with pytest.raises(cr.FeedError, match=r"came -inf at X\[3, 2\]"):
        net.fit(inputs, Y, progress=False, **settings)


def test_a_folder_for_checkpoints_stays_empty_where_inputs_are_not_finite(tmp_path, monkeypatch):
    monkeypatch.setattr(feeding, "_LARGE", 0)
    net = cr.Network(4, [cr.Linear(8), cr.Tanh(), cr.Linear(1)], loss="half_squared_error")
    inputs = X.astype(np.float32)
    inputs[3, 2] = np.nan
    with pytest.raises(cr.FeedError, match=r"came nan at X\[3, 2\]"):
        net.fit(inputs, Y, progress=False, checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    inputs[3, 2] = 0
    assert net.fit(inputs, Y, epochs=2, progress=False, checkpoint=tmp_path / "run").epochs == 2


def test_only_a_product_with_parameters_shows_what_is_not_finite():
    W, A, x = cr.parameter("W", (2, 3)), cr.data("A", (2, 3)), cr.data("x", 3)
    adam = cr.Adam()
    assert shows(cr.sum(W @ x), x, [W], adam)
    for loss in (
        cr.sum(cr.step(W @ x)),
        cr.sum(A @ x),
        cr.sum(W @ x) + cr.sum(x),
        cr.sum(W),
        cr.sum(W @ cr.exp(x)),
        cr.sum(x),
    ):
        assert not shows(loss, x, [W], adam)
