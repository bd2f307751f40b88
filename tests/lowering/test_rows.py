"""Arrays that are read in place: the same rows, the same training, and a copy where that is the better way."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import chainrule as cr
from chainrule.lowering import rows
from chainrule.lowering.rows import lying


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_SMALL", 0)
    monkeypatch.setattr(rows, "_STEP", 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
@pytest.mark.parametrize("shape", [(7,), (7, 5), (7, 2, 3, 4)])
@pytest.mark.usefixtures("always")
def test_rows_are_those_of_numpy(shape: tuple[int, ...], dtype: str) -> None:
    with jax.enable_x64(True):
        array, where = (
            (np.random.default_rng(0).normal(size=shape) * 100).astype(dtype),
            np.array([6, 0, 3, 3]),
        )
        found = lying(array[:], 4)
        assert found is not None
        read = jax.jit(lambda held, numbers: held[numbers])
        for moved in (array, array[1:], array[::-1].copy()):  # one compiled function, other addresses
            held = lying(moved, 4)
            numbers = where.astype(np.int32) % len(moved)
            np.testing.assert_array_equal(np.asarray(read(held, numbers)), moved[numbers])


def test_what_is_small_or_scattered_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_SMALL", 2**22)
    large = np.zeros((4096, 1024), np.float32)
    assert lying(large, 32) is not None
    assert lying(large[:100], 32) is None  # small
    assert lying(large, 2) is None  # little in a step
    assert lying(large[:, ::2], 32) is None  # not side by side


@pytest.mark.usefixtures("always")
def test_training_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = digits()

    def trained() -> list[np.ndarray]:
        net = cr.Network(
            (1, 8, 8), [cr.Conv2d(2, 3), cr.ReLU(), cr.Flatten(), cr.Linear(10)], loss="cross_entropy"
        )
        net.fit(X, y, epochs=2, batch_size=32, sample_weight=np.arange(len(y)) + 1.0, progress=False)
        return list(net.parameters.values())

    in_place = trained()
    with monkeypatch.context() as patch:
        patch.setattr(rows, "_SMALL", np.inf)
        copied = trained()
    for one, other in zip(in_place, copied, strict=True):
        np.testing.assert_array_equal(one, other)


def digits() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.random((150, 1, 8, 8), np.float32), random.integers(0, 10, 150)
