"""Softmax with cross entropy and sigmoid with binary cross entropy: p − y, and finite for any logits."""

import warnings

import numpy as np
import pytest
from support.differences import slopes
from support.tolerance import DIFFERENCES, agree

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.walk import substituted

z, y = cr.data("z", 3), cr.data("y", 3, distribution=True)
p = cr.softmax(z).named("p")
SOFTMAX_LOSSES = {
    "cross_entropy(softmax(z), y)": cr.cross_entropy(p, y),
    "cross_entropy_with_logits(z, y)": cr.cross_entropy_with_logits(z, y),
    "-sum(y * log(p))": -cr.sum(y * cr.log(p)),
    "-(y @ log(p))": -(y @ cr.log(p)),
    "sum(-y * log(p))": cr.sum(-y * cr.log(p)),
    "-sum(log(p) * y)": -cr.sum(cr.log(p) * y),
    "-sum(y * log_softmax(z))": -cr.sum(y * cr.log_softmax(z)),
}
s, t = cr.data("s"), cr.data("t")
q = cr.sigmoid(s).named("q")
SIGMOID_LOSSES = {
    "binary_cross_entropy(sigmoid(s), t)": cr.binary_cross_entropy(q, t),
    "binary_cross_entropy_with_logits(s, t)": cr.binary_cross_entropy_with_logits(s, t),
    "-(t log(q) + (1 - t) log(1 - q))": -(t * cr.log(q) + (1 - t) * cr.log(1 - q)),
}


@pytest.mark.parametrize("written", SOFTMAX_LOSSES)
def test_softmax_with_cross_entropy_derives_to_p_minus_y(written):
    """As in (73), whichever way the loss is written, and with the user's own p where there is one."""
    slope = cr.gradient(SOFTMAX_LOSSES[written], z)
    assert slope.op is cr.subtract
    assert slope.operands[0].unnamed is cr.softmax(z)
    assert slope.operands[1] is y
    named = "with_logits" not in written and "log_softmax" not in written
    assert slope.operands[0].name == ("p" if named else None)
    assert slope.text(where=False) == ("p − y" if named else "softmax(z) − y")


@pytest.mark.parametrize("written", SOFTMAX_LOSSES)
def test_a_label_that_need_not_sum_to_1_keeps_its_sum(written):
    label = cr.data("label", 3)
    loss = SOFTMAX_LOSSES[written]
    slope = cr.gradient(substituted(loss, {y: label}), z)
    assert slope.text(where=False).replace("softmax(z)", "p") == "sum(label) p − label"
    values = {z: np.array([0.2, -0.4, 1.0]), label: np.array([0.5, 2.0, 1.0])}
    agree(cr.evaluate(slope, values), slopes(substituted(loss, {y: label}), z, values), written, DIFFERENCES)


@pytest.mark.parametrize("written", list(SIGMOID_LOSSES)[:2])
def test_sigmoid_with_binary_cross_entropy_derives_to_p_minus_y(written):
    slope = cr.gradient(SIGMOID_LOSSES[written], s)
    assert slope.op is cr.subtract
    assert slope.operands[0].unnamed is cr.sigmoid(s)
    assert slope.operands[1] is t


@pytest.mark.parametrize("spread", [0, 1, 40, 800, 1e4])
@pytest.mark.parametrize("written", SOFTMAX_LOSSES)
def test_cross_entropy_is_finite_for_any_logits(written, spread):
    loss = SOFTMAX_LOSSES[written]
    logits = np.array([spread, -spread, spread / 2])
    for true in range(3):
        label = np.eye(3)[true]
        values = {"z": logits, "y": label}
        slope = cr.gradient(loss, z)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = cr.evaluate([loss, slope, cr.gradient(cr.gradient(loss, z) @ z, z)], values)
            compiled = cr.compile([loss, slope])(values) if spread in (0, 1e4) and true == 1 else None
        agree(found[0], np.logaddexp.reduce(logits) - logits[true], f"{written} at {spread}")
        agree(
            found[1], np.exp(logits - np.logaddexp.reduce(logits)) - label, f"slope of {written} at {spread}"
        )
        assert np.all(np.isfinite(found[2]))
        for number, one in zip(compiled or (), found, strict=False):
            agree(number, one, f"{written} at {spread}, compiled", 1e-6)


@pytest.mark.parametrize("logit", [-1e4, -800, -40, -1, 0, 1, 40, 800, 1e4])
@pytest.mark.parametrize("written", SIGMOID_LOSSES)
def test_binary_cross_entropy_is_finite_for_any_logit(written, logit):
    loss = SIGMOID_LOSSES[written]
    for label in (0, 1, 0.25):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = cr.evaluate(
                [loss, cr.gradient(loss, s), cr.gradient(cr.gradient(loss, s), s)], {"s": logit, "t": label}
            )
        with np.errstate(over="ignore"):
            probability = 1 / (1 + np.exp(-np.longdouble(logit)))
        agree(found[0], np.logaddexp(0, logit) - label * logit, f"{written} at {logit}")
        agree(found[1], probability - label, f"slope of {written} at {logit}")
        agree(found[2], probability * (1 - probability), f"second slope of {written} at {logit}")


def test_a_certain_and_right_probability_costs_nothing():
    """0 log 0 is 0: labels of 0 leave out what cannot be."""
    pair, label = cr.data("pair", 2), cr.data("label", 2)
    values = {"pair": [0.0, 1.0], "label": [0.0, 1.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cr.evaluate(cr.cross_entropy(pair, label), values) == 0
        assert cr.evaluate(cr.binary_cross_entropy(pair, label), values) == 0
        assert cr.compile(cr.binary_cross_entropy(pair, label))(values) == 0
    assert cr.evaluate(cr.cross_entropy(pair, label), {"pair": [0.0, 1.0], "label": [1.0, 0.0]}) == np.inf


def test_the_squared_losses_differ_by_their_half():
    a, b = cr.data("a", 3), cr.data("b", 3)
    values = {"a": [1.0, 2.0, 4.0], "b": [0.0, 2.0, 1.0]}
    assert cr.evaluate([cr.squared_error(a, b), cr.half_squared_error(a, b)], values) == [10, 5]
    assert cr.gradient(cr.half_squared_error(a, b), a) is a - b
    assert cr.gradient(cr.squared_error(a, b), a) is 2 * (a - b)
    assert isinstance(cr.gradient(cr.half_squared_error(a, b), b), Expr)
