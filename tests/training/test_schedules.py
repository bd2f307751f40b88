"""Schedules: their numbers, how they print, and what they refuse."""

import math

import numpy as np
import pytest
from training.by_hand import plain, trained

import chainrule as cr
from chainrule.training.order import Order


def test_schedules_print():
    assert str(cr.Constant(0.1)) == "η = 0.1"
    assert str(cr.StepDecay(0.1, [10, 20])) == "η = 0.1 · 0.1^(𝟙₊(t − 10) + 𝟙₊(t − 20))"
    assert str(cr.InverseTime(0.1, 0.01)) == "η = 0.1/(1 + 0.01 (t − 1))"
    assert str(cr.Cosine(0.1)) == "η = 0.1 (1 + cos(π min((t − 1)/max(T − 1, 1), 1)))/2"
    warm = cr.WarmUp(5, then=cr.InverseTime(0.1, 0.5))
    assert str(warm) == "η = min(t/5, 1) (0.1/(1 + 0.5 (max(t − 4, 1) − 1)))"
    assert str(cr.SGD(cr.InverseTime(0.1, 0.01))) == "θ ← θ − (0.1/(1 + 0.01 (t − 1))) g"
    assert cr.InverseTime(0.1, 0.01).latex() == r"\eta = \frac{0.1}{1 + 0.01 (t - 1)}"


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (cr.Constant(0.1), {1: 0.1, 50: 0.1}),
        (cr.StepDecay(0.4, [10, 20], 0.5), {1: 0.4, 10: 0.4, 11: 0.2, 20: 0.2, 21: 0.1, 999: 0.1}),
        (cr.InverseTime(0.4, 0.5), {1: 0.4, 3: 0.2, 7: 0.1}),
        (cr.Cosine(0.4, 101), {1: 0.4, 51: 0.2, 101: 0.0, 500: 0.0}),
        (cr.Cosine(0.4, 101, 0.1), {1: 0.4, 51: 0.25, 101: 0.1, 500: 0.1}),
        (cr.Cosine(0.4), {1: 0.4, 251: 0.2, 501: 0.0}),
        (cr.Cosine(0.4, 1), {1: 0.4}),
        (cr.WarmUp(4, then=0.4), {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.4}),
        (cr.WarmUp(4, cr.Cosine(0.4, 101)), {1: 0.1, 4: 0.4, 54: 0.2, 104: 0.0}),
        (cr.WarmUp(2, lambda t: 0.4 / t), {1: 0.2, 2: 0.4, 3: 0.2, 5: 0.1}),
        (cr.WarmUp(2, cr.WarmUp(2, then=0.4)), {1: 0.1, 2: 0.2, 3: 0.4}),
    ],
)
def test_rates(schedule, rates):
    for t, rate in rates.items():
        assert schedule.at(t, steps=501) == pytest.approx(rate, abs=1e-15)


def test_a_second_run_starts_its_schedule_anew():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(23, 3)), random.normal(size=23)
    net = cr.Network(3, [cr.Linear(4), cr.Tanh(), cr.Linear(1)], loss="half_squared_error", dtype="float64")
    expected, order = [*net.parameters.values()], Order(0, 23, shuffle=True).block(0)
    for epochs in (slice(0, 2), slice(2, 3)):
        steps = 5 * (epochs.stop - epochs.start)
        net.fit(X, y, epochs.stop - epochs.start, 5, cr.SGD(cr.Cosine(0.2)), progress=False)
        rate = [0.1 * (1 + math.cos(math.pi * k / (steps - 1))) for k in range(steps)]
        expected, _ = trained(expected, X, y, order[epochs], 5, plain(lambda t, rate=rate: rate[t - 1]))
    for ours, theirs in zip(net.parameters.values(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: cr.Constant(0),
            "Constant: needed rate above 0; came 0. Write a number, as in Constant(0.1, ...)",
        ),
        (lambda: cr.Cosine("0.1"), "Cosine: needed rate above 0; came '0.1'"),
        (
            lambda: cr.Cosine(0.1, 0),
            "Cosine: needed steps as a whole number from 1; came 0. Write steps=1000",
        ),
        (lambda: cr.Cosine(0.1, last=-1), "Cosine: needed last, 0 or above; came -1"),
        (lambda: cr.StepDecay(0.1, []), "StepDecay: needed after as steps, whole numbers from 1; came []"),
        (lambda: cr.StepDecay(0.1, 100), "came 100. Write after=[1000, 2000]"),
        (lambda: cr.StepDecay(0.1, [1, 2.5]), "came 2.5"),
        (lambda: cr.StepDecay(0.1, [1], 0), "StepDecay: needed factor above 0; came 0. Write factor=0.1"),
        (lambda: cr.InverseTime(0.1, -1), "InverseTime: needed decay, 0 or above; came -1"),
        (lambda: cr.WarmUp(0, 0.1), "WarmUp: needed steps as a whole number from 1; came 0"),
        (lambda: cr.WarmUp(10, "0.1"), "Constant: needed rate above 0; came '0.1'"),
        (
            lambda: str(cr.WarmUp(10, lambda t: "slow")),
            "learning_rate: needed a scalar expression of t from the",
        ),
    ],
)
def test_settings_out_of_range(made, message):
    with pytest.raises(cr.ChainruleError) as fault:
        made()
    assert message in str(fault.value)
