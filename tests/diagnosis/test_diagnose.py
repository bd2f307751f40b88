"""Diagnoses of small runs, and the form of a finding. The whole suites of planted faults are evidence."""

import json

import numpy as np
import pytest
from diagnosis.first_suite import healthy, ill
from diagnosis.planted import data, dense, run, shifted_biases

import chainrule as cr
from chainrule.diagnosis import NAMES, diagnose, learning_rate_test
from chainrule.diagnosis.trial import Trials, scaled
from chainrule.training.stepper import Plan

pytestmark = pytest.mark.unoptimised

SHORT = {"dead, housing": "⊙ ReLU′(z⁽", "swapped, wine": "δ⁽²⁾ = ŷ − y"}  # the whole suites are evidence


@pytest.mark.parametrize("name", SHORT)
def test_planted_faults_are_named(name):
    planted = next(one for one in ill() if one.name == name)
    found = planted.diagnosis(recorded=False)
    assert found.names == (planted.expected,)
    assert SHORT[name] in found.findings[0].cause.text


@pytest.mark.parametrize("number", [0])
def test_healthy_runs_have_no_finding(number):
    assert list(healthy())[number].diagnosis(recorded=False).names == ()


@pytest.fixture(scope="module")
def deep():
    """A diagnosis of gradients that vanish, and its network."""
    planted = next(one for one in ill() if one.name == "deep sigmoid, wine")
    return planted.net, planted.diagnosis()


@pytest.mark.evidence
def test_a_finding_says_what_why_and_what_to_try(deep):
    net, found = deep
    (finding,) = found.findings
    assert finding.name == "vanishing_gradients"
    assert finding.name in NAMES
    ratio = finding.evidence["ratio"]
    assert f"{ratio:.1g}" in finding.sentence
    assert ratio < 1e-3
    assert finding.evidence["bound"] == 0.25**9
    assert finding.cause.line in [step.name for step in net.derive().steps]
    assert finding.cause.text == "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾), σ′(t) ≤ 0.25"
    assert finding.cause.latex.endswith(r"\sigma'(t) \le 0.25")
    assert "steps reach a loss of" in finding.experiment
    assert "ReLU" in finding.remedy


@pytest.mark.evidence
def test_the_cause_is_printed_from_the_network_at_hand():
    of = data("diabetes", 0)
    net = dense(of, [12, 12, 12], cr.ReLU(), 0)
    shifted_biases(net, -50)
    found = diagnose(net, of.X, of.y)
    assert found.names == ("dead_units",)
    assert "ReLU′(z⁽¹⁾)" in found.findings[0].cause.text


@pytest.mark.evidence
def test_a_diagnosis_as_text_and_json(deep):
    _, found = deep
    text = str(found)
    assert text.startswith("1. The gradient vanishes on its way back")
    assert "because  δ⁽ˡ⁾" in text
    assert max(map(len, text.splitlines()[:8])) <= 100
    again = json.loads(found.to_json())
    assert again["findings"][0]["evidence"]["ratio"] == found.findings[0].evidence["ratio"]
    assert [flow["epoch"] for flow in again["flows"]] == [0, 1, 2, 4, 8, 16]
    assert len(again["flow"]["layers"]) == 10


@pytest.mark.evidence
def test_a_run_that_failed_is_diagnosed_from_what_fit_was_asked_to_do():
    of = data("wine", 0)
    net = dense(of, [16], cr.ReLU(), 0)
    with pytest.raises(cr.TrainingError):
        net.fit(of.X, of.y, optimizer=cr.SGD(1e6), progress=False)
    before = net.parameters
    found = diagnose(net, of.X, of.y)
    assert found.names == ("learning_rate_too_large",)
    assert found.findings[0].cause.text == "θ ← θ − η g"
    assert all(np.array_equal(net.parameters[name], value) for name, value in before.items())


@pytest.mark.evidence
def test_the_same_call_gives_the_same_diagnosis():
    of = data("iris", 0)
    net = dense(of, [8], cr.Tanh(), 0)
    net.fit(of.X, of.y, epochs=3, optimizer=cr.SGD(1e-4), progress=False)
    assert diagnose(net, of.X, of.y).to_json() == diagnose(net, of.X, of.y).to_json()


def test_the_learning_rate_test_agrees_with_training_by_hand():
    of = data("diabetes", 0)
    net = dense(of, [8], cr.Tanh(), 0)
    test = learning_rate_test(
        net, of.X, of.y, cr.SGD(0.01), batch_size=32, steps=40, factors=(0.01, 1.0, 1e6)
    )
    assert test.losses[0] > test.losses[1]
    assert test.losses[2] == np.inf
    assert test.rates == (1e-4, 0.01, 1e4)
    assert "best" in str(test).splitlines()[2]
    labels = of.y
    trials = Trials(net, of.X, labels, Plan(1, 32, cr.SGD(0.01)))
    assert test.constant == pytest.approx(np.mean((labels - labels.mean()) ** 2) / 2, rel=0.02)
    assert trials.run(40).loss == test.losses[1]


def test_schedules_are_scaled():
    rate = scaled(cr.SGD(lambda t: 1 / t), 0.1).learning_rate
    t = cr.data("t")
    assert float(cr.evaluate(rate(t), {"t": 4})) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("labels", "loss", "expected"),
    [
        ([0, 0, 0, 1], "cross_entropy", 0.5623),
        ([0, 0, 0, 1], "binary_cross_entropy", 0.5623),
        ([0, 0, 0, 4], "squared_error", 3.0),
    ],
)
def test_the_constant_loss_is_the_entropy_or_the_variance(labels, loss, expected):
    X, y = np.zeros((40, 2)), np.repeat(labels, 10)
    net = cr.Network(2, [cr.Linear(2 if loss == "cross_entropy" else 1)], loss)
    assert Trials(net, X, y, Plan(1, 8, cr.SGD(0.1))).constant == pytest.approx(expected, abs=1e-3)


@pytest.mark.evidence
def test_a_diagnosis_of_a_network_never_trained():
    of = data("iris", 0)
    assert diagnose(dense(of, [8], cr.Tanh(), 0), of.X, of.y).names == ()
    zeros = cr.Zeros()
    net = dense(of, [8], cr.Tanh(), 0, zeros)
    assert diagnose(net, of.X, of.y).names == ("symmetric_units",)


def test_runs_know_what_is_right():
    assert {one.expected for one in ill()} <= set(NAMES)
    assert run("", "", data("iris", 0), dense(data("iris", 0), [4], cr.Tanh(), 0)).expected == ""


@pytest.mark.evidence
def test_a_bad_start_that_is_learned_by_heart_is_seen_on_the_validation_examples():
    """Fixed random features and a last layer that knows the training examples: 96 % right there, 75 % elsewhere."""
    of = data("digits", 5)
    net = dense(of, [64, 32], cr.Tanh(), 3, cr.Normal(3.0))
    net.fit(of.X, of.y, epochs=40, optimizer=cr.Adam(0.01), progress=False)
    assert net.evaluate(of.X, of.y)["accuracy"] > 0.9
    assert diagnose(net, of.X, of.y).names == ()
    assert diagnose(net, of.X, of.y, (of.Xv, of.yv)).names == ("saturated_units",)


@pytest.mark.evidence
def test_columns_that_add_up_are_told_but_are_no_finding():
    of = data("iris", 0)
    X = np.column_stack([of.X, of.X[:, 0] + of.X[:, 1]])
    net = cr.Network(5, "8 tanh, 3", loss="cross_entropy")
    net.fit(X, of.y, epochs=20, progress=False)
    found = diagnose(net, X, of.y)
    assert found.names == ()
    assert [one.name for one in found.withdrawn] == ["collinear_columns"]
