"""Early stopping, the notes' stopping rule, and the parameters that a callback reads."""

import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import stepper

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(40, 5)), RANDOM.integers(0, 3, 40)
XV, YV = RANDOM.normal(size=(40, 5)), RANDOM.integers(0, 3, 40)  # noise: validation soon gets worse


def network(**settings):
    return cr.Network(5, [cr.Linear(16), cr.ReLU(), cr.Linear(3)], loss="cross_entropy", **settings)


def bits(net):
    return b"".join(value.tobytes() for value in net.parameters.values())


def slope():
    """ℓ = w²/2 from w = −2: with η = 0.2 the steps of the notes, (56) and (57): −2, −1.6, −1.28."""
    net = cr.Network(1, [cr.Linear(1, bias=False)], loss="half_squared_error", dtype="float64")
    net.set_parameters({"W^{(1)}": [[-2.0]]})
    return net


@pytest.mark.parametrize("monitor", ["validation_loss", "metric"])
def test_the_network_ends_with_its_best_epoch(monitor):
    net, again = network(), network()
    rule = cr.EarlyStopping(patience=7, monitor=monitor)
    settings = {"batch_size": 4, "optimizer": cr.SGD(0.5), "progress": False}
    x, y = (
        np.concatenate([X, X]),
        np.concatenate([Y, YV]),
    )  # two labels for each, so that the loss goes up and down
    history = net.fit(x, y, epochs=300, validation=(XV, YV), early_stopping=rule, **settings)
    values = np.array(getattr(history, monitor)) * (1 if "loss" in monitor else -1)
    assert history.best_epoch == values.argmin() + 1
    assert history.epochs == history.best_epoch + 7 < 300
    assert history.stopped == (
        f"early, after epoch {history.epochs}: no better {monitor.replace('_', ' ')} for 7 epochs; "
        f"the best was epoch {history.best_epoch}"
    )
    best = history.best_epoch - 1
    assert f"; epoch {best + 1}: loss {history.loss[best]:.4g}, accuracy {history.metric[best]:.4g};" in str(
        history
    )
    assert f"validation loss {history.validation_loss[best]:.4g}" in str(history)
    again.fit(x, y, epochs=history.best_epoch, **settings)
    assert bits(net) == bits(again)
    for name, value in history.parameters.items():
        np.testing.assert_array_equal(value, net.parameters[name])


def test_the_best_is_restored_when_all_epochs_are_done_and_after_a_callback():
    for settings in ({"epochs": 12}, {"epochs": 50, "callbacks": [lambda history: history.epochs == 12]}):
        net, again = network(), network()
        rule = cr.EarlyStopping(patience=40)
        history = net.fit(X, Y, validation=(XV, YV), early_stopping=rule, progress=False, **settings)
        assert history.epochs == 12 > history.best_epoch
        again.fit(X, Y, epochs=history.best_epoch, progress=False)
        assert bits(net) == bits(again)


def test_the_last_may_be_kept():
    net, again = network(), network()
    rule = cr.EarlyStopping(patience=3, restore_best=False)
    history = net.fit(X, Y, epochs=100, validation=(XV, YV), early_stopping=rule, progress=False)
    again.fit(X, Y, epochs=history.epochs, progress=False)
    assert bits(net) == bits(again)


def test_a_small_improvement_does_not_count():
    rule = cr.EarlyStopping(patience=2, monitor="loss", min_delta=0.5)
    history = network().fit(X, Y, epochs=100, early_stopping=rule, progress=False)
    assert (history.epochs, history.best_epoch) == (3, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0}, "EarlyStopping: needed patience as a whole number of epochs from 1; came 0"),
        ({"patience": -1}, "came -1"),
        ({"patience": 2.5}, "came 2.5"),
        ({"patience": True}, "came True"),
        ({"patience": "5"}, "came '5'"),
        (
            {"monitor": "accuracy"},
            "monitor as one of 'validation_loss', 'validation_metric', 'loss', 'metric'; came 'accuracy'",
        ),
        ({"monitor": []}, "came []"),
        ({"min_delta": -1}, "min_delta as a finite number, 0 or above; came -1"),
        ({"min_delta": float("nan")}, "came nan"),
        ({"min_delta": "0"}, "came '0'"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(cr.ChainruleError) as fault:
        cr.EarlyStopping(**settings)
    assert message in str(fault.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"early_stopping": cr.EarlyStopping()},
            "fit, early_stopping: needed validation data for the monitor 'validation_loss'; came none. "
            'Give validation=(X, y), or write EarlyStopping(monitor="loss")',
        ),
        (
            {"early_stopping": 5},
            "fit, early_stopping: needed an EarlyStopping; came 5. Write early_stopping=",
        ),
        (
            {"delta": -1},
            "fit: needed delta as a finite number, 0 or above; came -1. Write delta=1e-6, or leave",
        ),
        ({"delta": "small"}, "came 'small'"),
        ({"delta": True}, "came True"),
        ({"delta": float("nan")}, "came nan"),
    ],
)
def test_rules_that_do_not_fit(settings, message):
    with pytest.raises(cr.ChainruleError) as fault:
        network().fit(X, Y, **settings)
    assert message in str(fault.value)


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1e9])
def test_the_notes_rule_stops_at_the_first_small_step(seconds, monkeypatch):
    monkeypatch.setattr(stepper, "_SECONDS", seconds)
    net, weight, steps = slope(), -2.0, 0
    while True:  # θ_{n+1} = θ_n − η θ_n, in the notes' words
        weight, before, steps = weight - 0.2 * weight, weight, steps + 1
        if abs(weight - before) <= 1e-6:
            break
    history = net.fit([[1.0]], [0.0], 10_000, 1, cr.SGD(0.2), delta=1e-6, progress=False)
    assert history.epochs == steps == 59
    assert net.parameters["W^{(1)}"] == pytest.approx(weight, rel=1e-12)
    assert history.stopped == (
        f"settled at step 59, in epoch 59: |θ_{{n+1}} − θ_n| = {abs(weight - before):.3g} ≤ δ = 1e-06"
    )


def test_the_rule_looks_at_all_parameters_and_at_each_step():
    net, steps, path = network(dtype="float64"), [], []

    def noted(history):
        path.append(np.concatenate([value.ravel() for value in history.parameters.values()]))

    start = np.concatenate([value.ravel() for value in net.parameters.values()])
    net.fit(X, Y, 60, 40, cr.SGD(0.1), progress=False, callbacks=[noted])
    steps = np.linalg.norm(np.diff([start, *path], axis=0), axis=1)
    delta = np.sort(steps)[10]
    net = network(dtype="float64")
    history = net.fit(X, Y, 60, 40, cr.SGD(0.1), delta=delta * (1 + 1e-9), progress=False)
    assert history.epochs == np.argmax(steps <= delta) + 1


def test_it_may_stop_within_an_epoch_and_counts_whole_epochs_only():
    net = slope()
    history = net.fit(np.ones((4, 1)), np.zeros(4), 100, 1, cr.SGD(0.2), delta=1e-6, progress=False)
    assert history.epochs == 14  # 59 steps
    assert history.stopped.startswith("settled at step 59, in epoch 15:")
    assert net.parameters["W^{(1)}"][0, 0] == pytest.approx(-2 * 0.8**59, rel=1e-12)


@pytest.mark.unoptimised(False)  # the bits are those of optimised code
def test_a_rule_that_is_never_met_changes_no_bits():
    plain, watched = network(), network()
    first = plain.fit(X, Y, epochs=20, batch_size=7, progress=False)
    second = watched.fit(X, Y, epochs=20, batch_size=7, delta=0.0, progress=False)
    assert bits(plain) == bits(watched)
    assert first.loss == second.loss
    assert second.stopped == "all 20 epochs done"


def test_callbacks_read_the_parameters_of_the_moment():
    seen, net = [], network()
    history = net.fit(X, Y, epochs=3, progress=False, callbacks=[lambda h: seen.append(h.parameters)])
    for epochs, found in enumerate(seen, start=1):
        other = network()
        other.fit(X, Y, epochs=epochs, progress=False)
        assert list(found) == list(other.parameters)
        for name, value in other.parameters.items():
            np.testing.assert_array_equal(found[name], value)
    history.parameters["b^{(1)}"][:] = 7  # a copy
    assert (net.parameters["b^{(1)}"] != 7).all()
    kept = pickle.loads(pickle.dumps(history))
    assert kept == history
    np.testing.assert_array_equal(kept.parameters["b^{(1)}"], net.parameters["b^{(1)}"])
