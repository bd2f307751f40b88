"""The loop: histories, bits, validation, callbacks, progress, early ends."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import stepper
from chainrule.training.epochs import Epochs, compiled_epochs
from chainrule.training.state import LARGE

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(50, 4))
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def network(**settings):
    return cr.Network(4, [cr.Linear(8), cr.ReLU(), cr.Linear(3)], loss="cross_entropy", **settings)


def bits(net):
    return b"".join(value.tobytes() for value in net.parameters.values())


@pytest.mark.parametrize(
    ("dtype", "optimizer"),
    [("float32", cr.SGD(0.1, 0.9)), ("float64", cr.SGD(0.1, 0.9)), ("float32", cr.Adam())],
)
def test_the_same_seed_gives_the_same_bits(dtype, optimizer):
    settings = {"epochs": 5, "batch_size": 8, "optimizer": optimizer, "progress": False}
    nets = [network(seed=3, dtype=dtype) for _ in range(2)]
    histories = [net.fit(X, Y, **settings) for net in nets]
    assert bits(nets[0]) == bits(nets[1])
    assert histories[0].loss == histories[1].loss
    other = network(seed=4, dtype=dtype)
    other.fit(X, Y, **settings)
    assert bits(other) != bits(nets[0])


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.unoptimised(False)  # the bits are those of optimised code
def test_bits_do_not_depend_on_how_many_steps_a_call_takes(seconds, monkeypatch):
    plain, other = network(), network()
    first = plain.fit(X, Y, epochs=30, batch_size=8, progress=False)
    monkeypatch.setattr(stepper, "_SECONDS", seconds)
    second = other.fit(X, Y, epochs=30, batch_size=8, progress=False)
    assert bits(plain) == bits(other)
    assert first.loss == second.loss
    assert first.metric == second.metric
    assert len(first.loss) == 30


@pytest.mark.unoptimised(False)  # the bits are those of optimised code
def test_validation_and_callbacks_change_no_bits():
    plain, watched = network(), network()
    plain.fit(X, Y, epochs=5, batch_size=8, progress=False)
    watched.fit(X, Y, epochs=5, batch_size=8, validation=(X, Y), callbacks=[len_of], progress=False)
    assert bits(plain) == bits(watched)


def len_of(history):
    return history.epochs


@pytest.mark.unoptimised(False)  # the bits are those of optimised code
def test_runs_in_pieces_meet_the_same_orders():
    whole, pieces = network(), network()
    whole.fit(X, Y, epochs=4, batch_size=8, optimizer=cr.SGD(0.1), progress=False)
    for _ in range(4):
        pieces.fit(X, Y, epochs=1, batch_size=8, optimizer=cr.SGD(0.1), progress=False)
    assert bits(whole) == bits(pieces)


def test_without_shuffling_the_order_of_the_examples_is_kept():
    order = RANDOM.permutation(50)
    given, turned = network(), network()
    given.fit(X[order], Y[order], epochs=1, batch_size=8, shuffle=False, progress=False)
    turned.fit(X, Y, epochs=1, batch_size=8, shuffle=False, progress=False)
    again = network()
    again.fit(X[order], Y[order], epochs=1, batch_size=8, shuffle=False, progress=False)
    assert bits(given) == bits(again)
    assert bits(given) != bits(turned)


def test_a_history_has_a_number_for_each_epoch():
    net = network()
    history = net.fit(X, Y, epochs=40, batch_size=16, validation=(X[:20], Y[:20]), progress=False)
    for numbers in (
        history.loss,
        history.metric,
        history.validation_loss,
        history.validation_metric,
        history.seconds,
    ):
        assert len(numbers) == history.epochs == 40
        assert np.isfinite(numbers).all()
    assert history.loss[-1] < history.loss[0]
    assert history.metric[-1] > 0.9
    assert history.metric_name == "accuracy"
    assert history.stopped == "all 40 epochs done"
    assert not history.interrupted
    last = net.evaluate(X[:20], Y[:20])
    assert last["loss"] == pytest.approx(history.validation_loss[-1])
    assert last["accuracy"] == pytest.approx(history.validation_metric[-1])
    assert "validation loss" in str(history)


def test_full_batches_report_the_loss_before_each_step():
    net = network()
    before = net.evaluate(X, Y)
    history = net.fit(X, Y, epochs=1, batch_size=50, progress=False)
    assert history.loss[0] == pytest.approx(before["loss"], rel=1e-5)
    assert history.metric[0] == pytest.approx(before["accuracy"], rel=1e-5)


def test_a_callback_can_end_the_training():
    seen = []

    def enough(history):
        seen.append(history.loss[-1])
        return history.epochs == 3

    net = network()
    history = net.fit(X, Y, epochs=10, progress=False, callbacks=[enough])
    assert history.epochs == net.epochs == len(seen) == 3
    assert history.stopped == "a callback said so after epoch 3"


def test_a_callback_that_is_interrupted_ends_the_training_early():
    def interrupt(history):
        if history.epochs == 2:
            raise KeyboardInterrupt

    net, two = network(), network()
    history = net.fit(X, Y, epochs=10, progress=False, callbacks=[interrupt])
    assert history.stopped == "interrupted after epoch 2"
    assert history.interrupted
    two.fit(X, Y, epochs=2, progress=False)
    assert bits(net) == bits(two)


@pytest.mark.parametrize("validation", [None, (X, Y)])
def test_a_loss_that_is_not_finite_is_one_clear_error(validation):
    net = cr.Network(4, [cr.Linear(8), cr.ReLU(), cr.Linear(1)], loss="squared_error")
    before = bits(net)
    with pytest.raises(cr.TrainingError) as fault:
        net.fit(100 * X, Y, epochs=50, optimizer=cr.SGD(50.0), validation=validation, progress=False)
    text = str(fault.value)
    assert text.startswith("training: needed a finite loss; came one that is not in epoch ")
    assert re.search(
        r"in epoch [1-9] of 50, at step \d+; the first part that was not finite is ŷ = W⁽²⁾", text
    )
    assert text.endswith(
        f"Try inputs on a scale near 1 (the largest is {np.abs(100 * X).max():g}), then a smaller "
        "learning_rate (it is 50), SGD(..., clip_norm=1.0)"
    )
    assert isinstance(fault.value, cr.ChainruleError)
    assert bits(net) == before


@pytest.mark.parametrize("inputs", [1, LARGE // 4])  # small W are looked through outside compiled code
def test_parameters_that_end_infinite_are_an_error_too(inputs):
    net = cr.Network(inputs, [cr.Linear(1, bias=False)], loss="squared_error")
    with pytest.raises(
        cr.TrainingError, match="needed a finite loss; came parameters that are not finite in epoch 1"
    ):
        net.fit(np.eye(1, inputs), [1e19], epochs=1, optimizer=cr.SGD(1e30), progress=False)


@pytest.mark.parametrize("progress", [False, None])
def test_training_is_silent_where_nobody_watches(progress, capfd):
    network().fit(X, Y, epochs=3, progress=progress)
    assert capfd.readouterr() == ("", "")


def test_the_progress_bar_is_drawn_on_standard_error(capsys):
    network().fit(X, Y, epochs=3, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 3/3" in err
    for part in ("loss 0.", "accuracy 0.", "examples/s"):
        assert part in err


def test_compiled_calls_stay_short(monkeypatch):
    """The first call of a function compiles it and the second measures; then each holds half a second of steps."""
    taken, timed = [], Epochs.timed

    def tenth_of_a_second(epochs, steps, _):
        taken.append(steps)
        timed(epochs, steps, steps / 10)

    monkeypatch.setattr(Epochs, "timed", tenth_of_a_second)
    compiled_epochs.cache_clear()
    network().fit(X, Y, epochs=1, batch_size=2, progress=False)
    assert taken == [1, 1, 5, 5, 5, 5, 3]
    network().fit(X, Y, epochs=1, batch_size=2, progress=False)
    assert taken[7:] == [5, 5, 5, 5, 5]  # what is known stays known
