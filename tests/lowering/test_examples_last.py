"""Convolutions of images whose examples lie last, in C: those of NumPy in double precision, the same bits each time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.axes import axes

import chainrule as cr
from chainrule.lowering import held, native
from chainrule.ops.windows import Window
from chainrule.training.epochs import compiled_epochs

needed = pytest.mark.skipif(not native.correlate_is_ready(), reason="needs a C compiler")
COUNTS = (16, 17, 31, 32, 40, 48, 63, 64, 70, 80, 100, 130)


def windows(sizes):
    return tuple(Window(*size) for size in sizes)


def reads(x, window):
    """For each place (u, v) of the windows what they read there: (i, j, channels, examples) in double precision."""
    rows, columns = window
    places = [w.reads() for w in window]
    padded = np.pad(x.astype(float), ((0, 1), (0, 1), (0, 0), (0, 0)))
    for u, v in product(range(rows.size), range(columns.size)):
        yield (u, v), padded[places[0][u][:, None], places[1][v][None, :]]


def expected(x, k, dy, window):
    y = sum(np.einsum("ijcn,co->ijon", part, k[at]) for at, part in reads(x, window))
    dk = np.zeros(k.shape)
    for at, part in reads(x, window):
        dk[at] = np.einsum("ijcn,ijon->co", part, dy)
    return y, dk


def made(x, k, dy, window):
    (rows, columns), (_, v, c, o) = window, k.shape
    shape = (rows.count, columns.count, o, x.shape[-1])
    strides = (v * c * o, c * o, o, 1)

    @jax.jit
    def run(x, k, dy):
        return native.correlate(x, k, shape, window, strides, 0), native.correlate_kernel_gradient(
            x, dy, window
        )

    return [np.asarray(value) for value in run(x, k, dy)]


def numbers(window, c, o, n, seed=0):
    random = np.random.default_rng(seed)
    rows, columns = window
    shapes = [
        (rows.n, columns.n, c, n),
        (rows.size, columns.size, c, o),
        (rows.count, columns.count, o, n),
    ]
    return [random.normal(size=shape).astype(np.float32) for shape in shapes]


def compared(window, c, o, n):
    given, (rows, columns) = numbers(window, c, o, n), window
    terms = {"y": rows.size * columns.size * c, "dk": rows.count * columns.count * n}
    for (name, many), found, wanted in zip(
        terms.items(), made(*given, window), expected(*given, window), strict=True
    ):
        # A sum of k products has an error of about sqrt(k) roundings of its own size.
        assert np.abs(found - wanted).max() <= 6e-8 * (10 + many**0.5) * max(np.abs(wanted).max(), 1), name


@needed
@settings(max_examples=60, deadline=None)
@given(axes(20), axes(20), st.integers(1, 15), st.integers(1, 27), st.sampled_from(COUNTS))
def test_windows_channels_and_examples_of_any_number(rows, columns, c, o, n):
    compared((rows, columns), c, o, n)


@needed
@pytest.mark.parametrize("n", COUNTS)
def test_each_number_of_examples(n):
    compared(windows([(7, 3, 1, 1, 1, 1)] * 2), 5, 13, n)


@needed
@pytest.mark.parametrize("o", range(1, 15))
@pytest.mark.parametrize("n", [16, 64, 17, 70])
def test_each_number_of_outputs(o, n):
    compared(windows([(4, 2, 1, 1, 0, 0), (5, 3, 1, 1, 1, 0)]), 3, o, n)


@needed
@pytest.mark.parametrize(
    "sizes",
    [
        [(40, 3, 1, 1, 1, 1), (37, 3, 1, 1, 1, 1)],
        [(1, 1, 1, 1, 0, 0), (200, 9, 1, 1, 4, 4)],
        [(200, 9, 2, 1, 4, 4), (1, 1, 1, 1, 0, 0)],
        [(2, 3, 1, 1, 5, 5), (2, 3, 1, 1, 5, 5)],
        [(2, 2, 3, 1, 7, 7), (3, 2, 5, 4, 9, 9)],
    ],
    ids=["wide", "one row", "one column", "more padding than image", "windows that read nothing"],
)
def test_images_that_are_wide_or_small(sizes):
    compared(windows(sizes), 3, 7, 48)


@needed
def test_many_channels():
    compared(windows([(6, 3, 1, 1, 1, 1)] * 2), 70, 65, 16)


@needed
def test_the_bits_are_the_same_whatever_else_runs():
    window = windows([(14, 5, 1, 1, 2, 2)] * 2)
    given = numbers(window, 6, 16, 80)
    first = made(*given, window)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: made(*given, window), range(24)):
            for one, other in zip(found, first, strict=True):
                np.testing.assert_array_equal(one, other)


@needed
def test_where_they_are_native(monkeypatch):
    """Few channels with any number of examples from a vector on, one more with many; some where whole vectors lie close."""

    def native_calls(channels, n, dtype="float32"):
        x = held.Held(np.zeros((n, channels, 4, 4), dtype), (0, 1, 2))
        return held.are_native((channels, 4, 4), 2, x)

    assert native_calls(15, 17)
    assert native_calls(64, 32)
    assert not native_calls(15, 15)
    assert not native_calls(64, 33)
    assert native_calls(64, 256)
    assert not native_calls(64, 272)
    assert native_calls(16, 100)
    assert not native_calls(16, 90)
    assert not native_calls(17, 100)
    assert not native_calls(65, 32)
    assert not native_calls(4, 32, "float64")
    monkeypatch.setattr(held, "correlate_is_ready", lambda: False)
    assert not native_calls(4, 32)


@needed
def test_a_network_learns_the_same_with_and_without(monkeypatch):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(96, 1, 12, 12)).astype(np.float32), random.integers(0, 3, 96)
    learned = []
    for ready in (True, False):
        compiled_epochs.cache_clear()
        monkeypatch.setattr(held, "correlate_is_ready", lambda ready=ready: ready)
        layers = [cr.Conv2d(6, 5, padding="same"), cr.ReLU(), cr.MaxPool2d(2), cr.Conv2d(17, 3), cr.Tanh()]
        net = cr.Network((1, 12, 12), [*layers, cr.AvgPool2d(2), cr.Flatten(), cr.Linear(3)], "cross_entropy")
        net.fit(X, y, epochs=3, batch_size=32, optimizer=cr.SGD(0.1), progress=False)
        learned.append(net.parameters)
    compiled_epochs.cache_clear()
    for name, value in learned[0].items():
        np.testing.assert_allclose(value, learned[1][name], rtol=1e-3, atol=1e-4)
