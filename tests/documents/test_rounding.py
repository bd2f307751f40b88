"""Rounding never lies: every line that a working prints is recomputed from its print."""

import random
import re
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from support.number_reader import precise, read

import chainrule as cr
from chainrule.documents.numbers import bound, shown
from chainrule.readings.formula import Style

TEXT = Style(latex=False)
ACTIVATIONS = (cr.sigmoid, cr.tanh, cr.relu, cr.softplus)
HEADS = ("half", "squared", "norm", "softmax", "binary")


def numbers(random, *shape):
    """Numbers as people type them, and some as computers make them."""
    kind = random.choice(("whole", "short", "short", "thirds", "float"))
    draw = {
        "whole": lambda: random.randint(-3, 3),
        "short": lambda: round(random.uniform(-2, 2), random.randint(0, 3)),
        "thirds": lambda: random.randint(-6, 6) / 3,
        "float": lambda: random.gauss(0, 1) * 10 ** random.randint(-4, 2),
    }[kind]
    return np.array([draw() for _ in range(int(np.prod(shape)))], float).reshape(shape)


def random_working(seed):
    random_ = random.Random(seed)
    sizes = [random_.randint(1, 4) for _ in range(random_.randint(2, 4))]
    a, values = cr.data("x", sizes[0]), {"x": numbers(random_, sizes[0])}
    for n, (inner, outer) in enumerate(pairwise(sizes), 1):
        W, b = cr.parameter(f"W^{{({n})}}", (outer, inner)), cr.parameter(f"b^{{({n})}}", outer)
        values |= {W.name: numbers(random_, outer, inner), b.name: numbers(random_, outer)}
        a = (
            random_.choice(ACTIVATIONS)(W @ a + b)
            if random_.random() < 0.8
            else (W @ a + b).named(f"h^{{({n})}}")
        )
    head, n = random_.choice(HEADS), sizes[-1]
    if head in ("half", "squared", "binary"):
        u, y = cr.parameter("u", n), cr.data("y")
        values |= {"u": numbers(random_, n), "y": numbers(random_)}
        guess = (u @ a).named(r"\hat{y}")
        if head == "binary":
            values["y"] = random_.choice((0, 1))
            loss = cr.binary_cross_entropy(cr.sigmoid(guess.named("s")).named("p"), y)
        else:
            loss = (guess - y) ** 2 / 2 if head == "half" else cr.squared_error(guess, y)
    elif head == "norm":
        y = cr.data("y", n)
        values["y"] = numbers(random_, n)
        loss = cr.squared_error(a.named(r"\hat{y}"), y)
    else:
        y = cr.data("y", n, distribution=True)
        values["y"] = np.eye(n)[random_.randrange(n)]
        loss = cr.cross_entropy(cr.softmax(a), y)
    return cr.work(loss, values, digits=random_.choice((2, 3, 4, 4, 6)))


def entries(text):
    """The numbers that a text means; None where it has no single value (infinite or not a number)."""
    if "∞" in text or "nan" in text:
        return None
    return read(text).entries


def same(a, b):
    """Whether two numbers are one: fractions exactly, others to 50 digits."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    a, b = precise(a), precise(b)
    return abs(a - b) <= mpmath.mpf(10) ** -50 * max(1, abs(a))


def check(rows, value, digits):
    """The last relation of a line against what its print gives; the one before against the true value."""
    (*_, (sign, result)) = rows
    if sign == "∈" or (printed := entries(result)) is None:
        return 0
    close = 10.0 ** (1 - digits)
    assert np.allclose([float(precise(p)) for p in printed], np.ravel(value), rtol=close, atol=0), (
        result,
        value,
    )
    if len(rows) < 2:
        return 0
    numbers = rows[-2][1]
    if re.search(r"(?<![a-zA-Z])(?!ReLU|exp|log|tanh|softplus|softmax|sum|mean|max)[a-zA-Zŷδℓ∂]", numbers):
        return 0  # a formula with names
    found = entries(numbers)
    if found is None or not all(mpmath.isfinite(precise(f)) for f in found):
        assert sign == "≈"
        return 0
    equal = all(same(f, p) for f, p in zip(found, printed, strict=True))
    if sign == "=":
        assert equal, f"{numbers} {sign} {result}"
    elif all(isinstance(f, Fraction) for f in found):  # else 60 digits may not tell 1 from σ(400)
        assert not equal, f"{numbers} {sign} {result}"
    if all(relation == "=" for relation, _ in rows[:-1]):
        assert np.allclose([float(precise(f)) for f in found], np.ravel(value), rtol=1e-9, atol=1e-12), rows
    return 1


@pytest.mark.parametrize("start", range(0, 500, 50))
def test_every_printed_line_of_500_random_workings(start):
    checked = 0
    for seed in range(start, start + 50):
        working = random_working(seed)
        for line in working.steps:
            if line.phase != "given":
                checked += check(line.rows(TEXT), line.value, working.digits)
    assert checked > 200


def test_entries_of_random_workings():
    checked = 0
    for seed in range(60):
        working = random_working(seed)
        for line in working.steps:
            if line.phase != "given":
                at = tuple(n - 1 for n in line.shape)
                entry = working.entry_of_step(line.step, at)
                checked += check(entry.rows(TEXT), entry.value, working.digits)
    assert checked > 300


def test_a_wrong_sign_is_noticed():
    with pytest.raises(AssertionError):
        check([("=", "z"), ("=", "0.7259 − 1"), ("=", "−0.274")], -0.274, 4)
    with pytest.raises(AssertionError):
        check([("=", "z"), ("=", "0.7259 − 1"), ("≈", "−0.2741")], -0.2741, 4)
    assert check([("=", "z"), ("=", "0.7259 − 1"), ("=", "−0.2741")], -0.2741, 4)


@pytest.mark.parametrize(
    ("value", "digits", "exact", "text"),
    [
        (0.1, 4, None, "0.1"),
        (1 / 3, 4, Fraction(1, 3), "1/3"),
        (1 / 3, 4, None, "0.3333"),
        (-2 / 7, 4, Fraction(-2, 7), "−2/7"),
        (0.125, 2, Fraction(1, 8), "0.12"),
        (5.0, 2, None, "5"),
        (123456.0, 2, None, "123456"),
        (123456.7, 4, None, "1.235×10⁵"),
        (1.2e-7, 4, None, "1.2×10⁻⁷"),
        (-0.0, 4, None, "0"),
        (float("inf"), 4, None, "∞"),
        (-float("inf"), 4, None, "−∞"),
        (0.9999999, 4, None, "1"),
    ],
)
def test_how_numbers_are_shown(value, digits, exact, text):
    assert str(shown(value, digits, exact)) == text


@pytest.mark.parametrize("value", [0.123456, -0.123456, 98765.4, -1e-9, 3.0, 0.0])
def test_bounds_hold(value):
    assert bound(value, 3, up=False).exact <= Fraction(value) <= bound(value, 3, up=True).exact
