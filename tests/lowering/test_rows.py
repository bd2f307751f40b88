"""Arrays that are read in place: the same rows, the same training, and a copy where that is the better way."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chainrule as cr
from chainrule.lowering import rows
from chainrule.lowering.memory import BYTES, aligned, aligned_zeros, handed
from chainrule.lowering.rows import lying


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_SMALL", 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8"])
@pytest.mark.parametrize("row", [(), (5,), (2, 3, 4), (100,)])
@pytest.mark.usefixtures("always")
def test_rows_are_those_of_numpy(row: tuple[int, ...], dtype: str) -> None:
    with jax.enable_x64(True):
        whole = (np.random.default_rng(0).normal(size=(400, *row)) * 100).astype(dtype)
        read = jax.jit(lambda held, numbers: held[numbers])
        numbers = np.random.default_rng(1).permutation(300).astype(np.int32)
        for start in range(20):  # one compiled function, many addresses
            part = whole[start : start + 300]
            held = lying(part)
            assert held is not None
            assert np.shares_memory(np.asarray(held.line), part)
            np.testing.assert_array_equal(np.asarray(read(held, numbers)), part[numbers])
        assert read._cache_size() == 1


@pytest.mark.usefixtures("always")
def test_rows_beyond_31_bits_are_found() -> None:
    whole = np.zeros((2**22, 1000), np.uint8)  # the system gives memory only to what is written
    numbers = np.array([0, 1, 2**21 + 7, 2**22 - 2, 2**22 - 1], np.int32)
    whole[numbers] = np.random.default_rng(0).integers(1, 255, (5, 1000))
    held = lying(whole)
    assert held is not None
    np.testing.assert_array_equal(
        np.asarray(jax.jit(lambda held, at: held[at])(held, numbers)), whole[numbers]
    )


def test_what_is_small_stays_with_xla_and_what_is_scattered_is_copied() -> None:
    large = np.random.default_rng(0).random((4096, 1024), np.float32)
    assert lying(large[:100]) is None
    assert lying(np.zeros((1, 2**23), np.float32)) is None  # one row is both ends
    room = np.zeros(2**23 + 1, np.uint8)[1:].view(np.float32).reshape(-1, 4)
    assert room.ctypes.data % 4  # between two numbers
    for scattered in (large[:, ::2], np.asfortranarray(large), large[::-1], room):
        held = lying(scattered)
        assert held is not None
        assert not np.shares_memory(np.asarray(held.line), scattered)
        numbers = np.array([0, 5, 1000, len(scattered) - 1], np.int32)
        np.testing.assert_array_equal(np.asarray(held[jnp.asarray(numbers)]), scattered[numbers])


def trained(X: np.ndarray, y: np.ndarray, dtype: str = "float32") -> list[np.ndarray]:
    net = cr.Network(
        (1, 8, 8),
        [cr.Conv2d(2, 3), cr.ReLU(), cr.Flatten(), cr.Linear(10)],
        loss="cross_entropy",
        dtype=dtype,
    )
    net.fit(X, y, epochs=2, batch_size=32, sample_weight=np.arange(len(y)) + 1.0, progress=False)
    return list(net.parameters.values())


def test_training_is_that_of_xlas_own_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = digits()
    copied = trained(X, y, "float64")
    monkeypatch.setattr(rows, "_SMALL", 0)
    for one, other in zip(trained(X, y, "float64"), copied, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.usefixtures("always")
def test_the_bits_are_the_same_wherever_the_array_lies() -> None:
    X, y = digits()
    room = np.empty(X.size + 16, np.float32)
    there = room[3 : 3 + X.size].reshape(X.shape)
    there[:] = X
    for other in (there, np.asfortranarray(X)):
        for one, two in zip(trained(X, y), trained(other, y), strict=True):
            np.testing.assert_array_equal(one, two)


def digits() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.random((150, 1, 8, 8), np.float32), random.integers(0, 10, 150)


@pytest.mark.parametrize("shape", [(3,), (5, 7), (1000, 3)])
def test_arrays_are_laid_where_xla_reads_them(shape: tuple[int, ...]) -> None:
    for made in (
        aligned_zeros(shape, np.int32),
        aligned(np.ones((*shape, 2), np.int32)[..., 1]),
        handed(np.ones(shape)),
    ):
        assert made.ctypes.data % BYTES == 0
        assert made.shape == shape
        assert made.dtype == (np.int32 if made.dtype.kind == "i" else np.float32)
