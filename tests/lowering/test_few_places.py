"""Convolutions on images of a few places, products in C with each entry of the kernel: those of NumPy in double precision."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.axes import axes

import chainrule as cr
from chainrule.lowering import few_places, native
from chainrule.lowering.held import Held
from chainrule.lowering.orders import kept_places
from chainrule.ops.windows import Window
from chainrule.readings.compiled import precision, traced, traced_held

needed = pytest.mark.skipif(not native.ready(), reason="needs the extra fast and a C compiler")


def expected(x, k, dy, windows, turned):
    """y, dx and dk."""
    rows, columns = windows
    padded = np.pad(x.astype(float), ((0, 0), (0, 1), (0, 1), (0, 0)))
    dx, dk = np.zeros(padded.shape), np.zeros(k.shape)
    y = np.zeros(dy.shape)
    places = [w.reads() for w in windows]
    for u, v in product(range(rows.size), range(columns.size)):
        entry = (rows.size - 1 - u, columns.size - 1 - v) if turned else (u, v)
        at = (slice(None), places[0][u][:, None], places[1][v][None, :])
        y += padded[at] @ k[entry].astype(float)
        np.add.at(dx, at, dy @ k[entry].astype(float).T)
        dk[entry] = np.einsum("nijc,nijo->co", padded[at], dy)
    return y, dx[:, :-1, :-1], dk


def compared(windows, c, o, n, turned):
    random, (rows, columns) = np.random.default_rng(0), windows
    x, k, dy = (
        random.normal(size=shape).astype(np.float32)
        for shape in (
            (n, rows.n, columns.n, c),
            (rows.size, columns.size, c, o),
            (n, rows.count, columns.count, o),
        )
    )

    @jax.jit
    def run(x, k, dy):
        swapped = k.transpose(0, 1, 3, 2)
        return (
            native.tap_by_tap("result", x, k, dy.shape, windows, turned, False),
            native.tap_by_tap("input", dy, k, x.shape, windows, turned, True),
            native.tap_by_tap_kernel_gradient(x, dy, windows, turned),
            native.tap_by_tap("result", x, swapped, dy.shape, windows, turned, True),
            native.tap_by_tap("input", dy, swapped, x.shape, windows, turned, False),
        )

    y, dx, dk = expected(x, k, dy, windows, turned)
    window = rows.size * columns.size
    terms = [window * c, window * o, n * rows.count * columns.count, window * c, window * o]
    for found, wanted, many in zip(run(x, k, dy), (y, dx, dk, y, dx), terms, strict=True):
        # A sum of k products has an error of about sqrt(k) roundings of its own size.
        assert np.abs(found - wanted).max() <= 6e-8 * (10 + many**0.5) * max(np.abs(wanted).max(), 1)


@needed
@settings(max_examples=80, deadline=None)
@given(axes(6), axes(6), st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_windows_channels_and_examples_of_any_number(rows, columns, c, o, n, turned):
    compared((rows, columns), c, o, n, turned)


@needed
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("side", [1, 2, 4, 5])
def test_images_and_channels_of_vgg(side, turned):
    compared((Window(side, 3, 1, 1, 1, 1),) * 2, 130, 256, 16, turned)


@needed
def test_many_at_once_keep_their_bits():
    """Whichever thread makes which part."""
    random = np.random.default_rng(1)
    window = Window(4, 3, 1, 1, 1, 1)
    x, k = (random.normal(size=size).astype(np.float32) for size in ((8, 4, 4, 96), (3, 3, 96, 200)))
    run = jax.jit(lambda x, k: native.tap_by_tap("result", x, k, (8, 4, 4, 200), (window,) * 2, False, False))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: np.asarray(run(x, k)).tobytes(), range(24)))
    assert len(set(found)) == 1


def lowered(side, channels, n, dtype="float32", size=3):
    x, k = cr.data("x", (channels, side, side)), cr.parameter("k", (channels, channels, size, size))
    y = cr.correlate2d(x, k, padding="same")
    arrays = {x: np.ones((n, *x.shape), dtype), k: np.ones(k.shape, dtype)}
    with precision(dtype):
        return jax.jit(lambda: traced([y], arrays, True, dtype)).lower().as_text()


@needed
def test_a_few_places_with_many_channels_of_some_examples_are_computed_tap_by_tap():
    assert "chainrule_tap_by_tap" in lowered(2, 128, 128)
    assert "chainrule_tap_by_tap" in lowered(5, 128, 4)
    assert "chainrule_tap_by_tap" not in lowered(6, 128, 128)
    assert "chainrule_tap_by_tap" not in lowered(2, 128, 3)
    assert "chainrule_tap_by_tap" in lowered(2, 64, 20)
    assert "chainrule_tap_by_tap" not in lowered(2, 63, 20)
    assert "chainrule_tap_by_tap" not in lowered(2, 128, 128, dtype="float64")
    assert "chainrule_tap_by_tap" not in lowered(2, 128, 128, size=1)


@needed
def test_those_of_few_examples_are_laid_side_by_side():
    """Four places always, some if the kernel is large beside the images."""
    assert "chainrule_product" in lowered(2, 256, 3)
    assert "chainrule_product" in lowered(4, 256, 3)
    assert "chainrule_product" not in lowered(4, 64, 3)
    assert "chainrule_product" not in lowered(8, 256, 1)


@pytest.mark.parametrize("native_or_not", [pytest.param(True, marks=needed), False])
@pytest.mark.parametrize("turned", [False, True], ids=["correlate", "convolve"])
def test_kernels_are_read_as_they_are_kept(turned, native_or_not, monkeypatch):
    """To turn one round takes as long as the product: VGG on small images trained a fifth slower."""
    monkeypatch.setattr(few_places, "_FEW", 10**6)
    monkeypatch.setattr(few_places, "_EXAMPLES", 1 if native_or_not else 10**6)
    monkeypatch.setattr(few_places, "_CHANNELS", 1)
    x, k = cr.data("x", (18, 2, 2)), cr.parameter("k", (20, 18, 3, 3))
    y = (cr.convolve2d if turned else cr.correlate2d)(x, k, padding="same")
    slopes = cr.gradient(cr.sum(y * y), [x, k])
    place = kept_places([y])[k]

    def step(images, kernel):
        values = {x: images, k: Held(kernel, *place)}
        return [
            made.at(place).array if made.shape == k.shape else made.array
            for made in traced_held(slopes, values, True, "float32", [None, "sum"])
        ]

    images, kernel = np.ones((4, *x.shape), np.float32), np.ones((3, 3, 18, 20), np.float32)
    text = jax.jit(step).lower(images, kernel).as_text()
    assert ("chainrule_tap_by_tap" in text) == native_or_not
    assert not re.search("stablehlo.(reverse|transpose)[^\n]*tensor<3x3x", text)
