"""Splitting and shuffling: every example once, the same for the same seed, and mixed as well as is said."""

import gzip
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from training.data.malformed import idx

from chainrule.graph.errors import DataError
from chainrule.training.data import open_data
from chainrule.training.data.delimited import MISSING_WORDS, DelimitedReader
from chainrule.training.data.split import held_out, uniform

N = 20_000


def numbered(folder, n: int = N, **options):
    """A file whose only feature is the number of the row, in many blocks."""
    path = folder / "t.csv"
    if not path.exists():
        pd.DataFrame({"row": np.arange(n), "y": np.arange(n) / n}).to_csv(path, index=False)
    return open_data(path, "y", standardize=False, **options)


@pytest.fixture
def small_blocks(monkeypatch):
    defaults = (None, MISSING_WORDS, 1 << 12, False)
    monkeypatch.setattr(DelimitedReader.__init__, "__defaults__", defaults)


def rows_of(batches) -> np.ndarray:
    return np.concatenate([X[:, 0] for X, _ in batches]).astype(int)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("memory", [1 << 28, 1 << 15])
def test_an_epoch_meets_every_example_once_in_an_order_of_its_own(memory, tmp_path):
    data = numbered(tmp_path, memory=memory)
    assert data.in_memory == (memory > 1 << 20)
    orders = [rows_of(data.batches(64, epoch=epoch, seed=seed)) for epoch, seed in ((0, 0), (1, 0), (0, 1))]
    for order in orders:
        assert np.array_equal(np.sort(order), np.arange(N))
    again = rows_of(numbered(tmp_path, memory=memory).batches(64, epoch=0, seed=0))
    assert np.array_equal(again, orders[0])
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])
    assert np.array_equal(rows_of(data.batches(64, shuffle=False)), np.arange(N))
    sizes = [len(X) for X, _ in data.batches(64)]
    assert sizes == [64] * (N // 64) + [N % 64]


@pytest.mark.usefixtures("small_blocks")
def test_shuffling_is_as_good_as_it_says(tmp_path):
    data = numbered(tmp_path, memory=1 << 15)
    blocks, window = len(data.source.sizes), data._window
    assert f"{blocks} blocks in random order" in data.shuffling()
    orders = np.stack([rows_of(data.batches(50, epoch=epoch)) for epoch in range(20)])
    places = np.argsort(orders, axis=1)
    moved = np.abs(places - np.arange(N)).mean()
    assert moved == pytest.approx(N / 3, rel=0.1), "rows move by a third of the epoch on average"
    edges = np.cumsum([0, *data.source.sizes])
    widest = [np.ptp(places[:, a:b], axis=1).max() for a, b in pairwise(edges)]
    assert max(widest) < window + 2 * max(data.source.sizes) + 50, "rows of a block stay in one window"
    assert np.abs(np.diff(orders[0])).mean() > window / 20, "neighbours are mixed"


def test_a_source_in_order_says_so(tmp_path):
    X = np.arange(3000, dtype=np.int32).reshape(3000, 1)
    (tmp_path / "train-images-idx2-ubyte.gz").write_bytes(gzip.compress(idx(X)))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(X[:, 0].astype(np.uint8) % 7)))
    data = open_data(tmp_path, standardize=False, memory=8000)
    assert data.source.in_order
    assert "in the order of the file" in data.shuffling()
    order = rows_of(data.batches(32, seed=2))
    assert np.array_equal(np.sort(order), X[:, 0])


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5, 0.9])
def test_held_out_examples_are_stratified(fraction):
    classes = np.repeat([0, 1, 2, 3], [700, 250, 49, 1])
    mask = held_out(len(classes), classes, fraction, seed=4)
    assert mask.sum() == pytest.approx(fraction * 1000, abs=2)
    counts = np.bincount(classes[mask], minlength=4)
    assert np.all(np.abs(counts - fraction * np.bincount(classes)) <= 1)
    assert counts[3] == 0, "a class's only example is for training"
    assert np.array_equal(mask, held_out(len(classes), classes, fraction, seed=4))
    assert not np.array_equal(mask, held_out(len(classes), classes, fraction, seed=5))


def test_rows_of_a_stream_are_drawn_by_hash(tmp_path):
    data = numbered(tmp_path, memory=1 << 15)
    train, held = data.split(0.25, seed=1)
    mine, theirs = rows_of(train.batches(100)), rows_of(held.batches(100))
    assert np.array_equal(np.sort([*mine, *theirs]), np.arange(N))
    assert len(theirs) == held.n == pytest.approx(N / 4, abs=4 * np.sqrt(N * 3 / 16))
    assert (train.n, held.n) == tuple(
        part.n for part in numbered(tmp_path, memory=1 << 15).split(0.25, seed=1)
    )
    again, test = train.split(0.5, seed=1)
    assert again.n + test.n == train.n
    assert set(rows_of(test.batches(100))) <= set(mine)
    assert 0.4 < test.n / train.n < 0.6, "the same seed draws anew from a part"


def test_hashes_are_uniform_and_never_change():
    numbers = uniform(np.arange(100_000), seed=7)
    counts, _ = np.histogram(numbers, bins=50, range=(0, 1))
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(2000)
    assert np.abs(np.corrcoef(numbers, uniform(np.arange(100_000), seed=8))[0, 1]) < 0.02
    assert uniform(np.arange(3), seed=0).tolist() == pytest.approx(KNOWN, abs=1e-15)


KNOWN = [0.8833108082136426, 0.43152799704850997, 0.026433771592597743]
"""splitmix64 from the seed 0 begins e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f."""


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.split(0), "fraction between 0 and 1"),
        (lambda d: d.split(1.0), "fraction between 0 and 1"),
        (lambda d: d.split(0.5, seed=-1), "a seed"),
        (lambda d: next(d.batches(0)), "batch_size: a whole number, 1 or above; came 0"),
        (lambda d: next(d.batches(2.5)), "batch_size"),
        (lambda d: next(d.batches(2, epoch=-1)), "epoch"),
    ],
)
def test_calls_that_make_no_sense(call, message):
    with pytest.raises(DataError, match=message):
        call(open_data("iris"))


def test_too_few_examples_to_split():
    with pytest.raises(DataError, match="at least two examples"):
        open_data(np.zeros((1, 2)), [0.5]).split()
    with pytest.raises(DataError, match="a class with two examples"):
        open_data(np.zeros((2, 2)), ["a", "b"]).split()
