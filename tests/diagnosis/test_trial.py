"""When one outcome beats another: each of the tests decides alone somewhere, and chance decides nowhere."""

import signal

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagnosis.trial import Outcome, Trials
from chainrule.training.stepper import Plan

N = 20
EQUAL = np.zeros(N)
FEW_LARGE = np.where(np.arange(N) < 9, 2.0, -0.01)
"""Differences of which less than half are above 0, and whose mean is."""
MANY_SMALL = np.r_[np.full(N - 1, 0.1), -1.5]
"""Nearly all are above 0; one that is not hides the mean."""
TWO_HEAPS = np.tile([-0.4, 1.6], N // 2)
"""Neither the mean, 0.6 of a deviation of 1, nor the sign says anything of 20."""


def outcome(losses, learned=0.9, exact=False):
    return Outcome(np.asarray(losses, float), learned, 100, exact=exact)


@pytest.mark.parametrize(
    ("difference", "exact", "beats"),
    [
        (FEW_LARGE, False, True),
        (MANY_SMALL, False, True),
        (TWO_HEAPS, False, False),
        (TWO_HEAPS, True, True),  # the losses beside 1.0, a number and no estimate
        (-TWO_HEAPS, True, False),
        (EQUAL, True, False),
    ],
)
def test_each_score_decides_somewhere(difference, exact, beats):
    losses = 0.4 + 0.01 * (-1.0) ** np.arange(N)
    other = outcome(losses + difference, learned=0.1, exact=exact)
    assert outcome(losses).beats(other) is beats


@pytest.mark.parametrize(
    ("learned", "others", "beats"),
    [(0.9, 0.59, True), (0.9, 0.61, False), (0.11, -3.0, True), (0.09, -3.0, False)],
)
def test_it_has_to_have_learned_half_as_much_again(learned, others, beats):
    assert outcome(np.full(N, 0.4), learned).beats(outcome(np.full(N, 0.9), others)) is beats


def test_what_diverged_loses():
    right, diverged = outcome(np.full(N, 0.4)), outcome(np.full(N, np.inf), -np.inf)
    assert right.beats(diverged)
    assert not diverged.beats(right)
    assert not diverged.beats(diverged)


def test_ctrl_c_ends_an_experiment_without_an_outcome(monkeypatch):
    plain = cr.Network.fit

    def fit(net, *arguments, **settings):
        return plain(net, *arguments, **settings, callbacks=[lambda _: signal.raise_signal(signal.SIGINT)])

    monkeypatch.setattr(cr.Network, "fit", fit)
    X = np.arange(40.0).reshape(-1, 1) / 40
    net = cr.Network(1, "1", loss="squared_error")
    trials = Trials(net, X, X[:, 0], Plan(10, 8, cr.SGD(0.1)))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            trials.run(50)
    finally:
        signal.signal(signal.SIGINT, before)
