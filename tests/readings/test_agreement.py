"""The agreement of the readings notices each reading that is off."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.readings import agreement

x, w = cr.data("x", 3), cr.parameter("w", 3)
LOSS = (cr.tanh(w) @ x) ** 2
VALUES = {"x": [1.0, -2.0, 0.5], "w": [0.3, 0.2, -1.0]}


def test_readings_that_agree():
    assert cr.check(LOSS, VALUES).ok


@pytest.mark.parametrize("place", [0, 1, 2])
def test_compiled_code_that_is_off_is_noticed(monkeypatch, place):
    """place: the value, or the gradient of one of the leaves."""
    honest = agreement._compiled

    def off(exprs):
        def run(fed):
            results = list(honest(exprs)(fed))
            results[place] = np.asarray(results[place]) + 1e-5
            return tuple(results)

        return run

    monkeypatch.setattr(agreement, "_compiled", off)
    assert not cr.check(LOSS, VALUES).ok


def test_differences_that_are_off_are_noticed(monkeypatch):
    monkeypatch.setattr(agreement._Differences, "error", lambda *_: (1e-5, False))
    assert not cr.check(LOSS, VALUES).ok


def test_a_definition_that_is_off_is_noticed(monkeypatch):
    honest = agreement.adjoints

    def off(loss, targets, rules):
        return {leaf: 1.0001 * found for leaf, found in honest(loss, targets, rules=rules).items()}

    monkeypatch.setattr(agreement, "adjoints", off)
    assert not cr.check(LOSS, VALUES).ok
