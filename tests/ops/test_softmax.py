"""Softmax and its family at the ends: huge and infinite logits, and none at all."""

import warnings

import numpy as np
import pytest
from support.tolerance import agree

import chainrule as cr

INFINITE = [
    ([-np.inf, 0.0, 1.0], [0.0, 1 / (1 + np.e), np.e / (1 + np.e)], np.log(1 + np.e)),
    ([-np.inf, -np.inf, 3.0], [0.0, 0.0, 1.0], 3.0),
]


@pytest.mark.parametrize(("logits", "probabilities", "total"), INFINITE)
def test_a_logit_of_minus_infinity_is_a_class_left_out(logits, probabilities, total):
    z = cr.data("z", 3)
    made = [cr.softmax(z), cr.logsumexp(z), cr.log_softmax(z), cr.gradient(cr.logsumexp(z), z)]
    with np.errstate(divide="ignore"):
        wanted = [probabilities, total, np.log(probabilities), probabilities]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = cr.evaluate(made, {"z": logits})
        compiled = cr.compile(made, dtype="float64")({"z": logits})
    for one, other, expected in zip(found, compiled, wanted, strict=True):
        agree(one, expected, "working")
        agree(other, expected, "compiled")


@pytest.mark.parametrize(
    ("logits", "total"), [([-np.inf] * 3, -np.inf), ([np.inf, 0, 0], np.inf), ([np.inf] * 3, np.inf)]
)
def test_logsumexp_of_infinities_is_the_largest(logits, total):
    z = cr.data("z", 3)
    assert cr.evaluate(cr.logsumexp(z), {"z": logits}) == total
    assert cr.compile(cr.logsumexp(z))({"z": logits}) == total


def test_of_no_logits():
    z, rows = cr.data("z", 0), cr.data("rows", (2, 0))
    values = {"z": [], "rows": [[], []]}
    assert cr.evaluate(cr.softmax(z), values).shape == cr.evaluate(cr.log_softmax(z), values).shape == (0,)
    assert cr.evaluate(cr.logsumexp(z), values) == -np.inf
    assert cr.evaluate(cr.logsumexp(rows, axis=1), values).tolist() == [-np.inf, -np.inf]
    assert cr.evaluate(cr.softmax(rows), values).shape == (2, 0)


def test_softmax_does_not_see_a_shift():
    z = cr.data("z", 4)
    at = np.array([0.3, -2.0, 5.0, 1.1])
    plain, shifted = (cr.evaluate(cr.softmax(z), {"z": at + c}) for c in (0.0, 1024.0))
    agree(shifted, plain, "shifted", 1e-12)
    assert np.sum(plain) == pytest.approx(1, abs=1e-15)
