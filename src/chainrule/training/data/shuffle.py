"""Shuffling at bounded memory: blocks in random order, and rows shuffled within a window of several blocks.

How good it is. Let a source have n rows in B blocks, and a window hold about W of them.

- All in one window (W = B): every order of the rows is equally likely, as when shuffling in memory.
- Otherwise the order of the blocks is random, and that of the rows within a window. The place of a row in the
  epoch is uniform, up to the grain of a window: it moves by n/3 rows on average. What is not mixed: the rows
  of a block stay together in one window, in every epoch; two rows of different blocks share a window with
  probability (W − 1)/(B − 1) or so. In a file sorted by class, a window holds at most W runs of classes.
- A source that can only be read in its order (gzipped, and larger than memory): rows move by a window at
  most. Where such a file is sorted, batches are not mixed: unpack it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from chainrule.training.data.source import Array

Pair = tuple[Array, Array | None]


def generator(seed: int, epoch: int) -> np.random.Generator:
    """The random numbers of one epoch: the same for the same seed and epoch, on every machine."""
    return np.random.default_rng([seed, epoch])


def batches(
    blocks: Iterable[Pair], size: int, window: int, rng: np.random.Generator | None
) -> Iterator[Pair]:
    """Batches of `size` rows of (X, y) from encoded blocks; the last may be smaller.

    window: rows gathered before they are shuffled. rng: None keeps the order. Rows at the end of a window
    that fill no batch begin the next one's first batch. In memory are at most two windows and a block.

    >>> blocks = [(np.arange(3.0), None), (np.arange(3.0, 7), None)]
    >>> [X.tolist() for X, _ in batches(blocks, 3, window=4, rng=None)]
    [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0]]
    """
    rest: list[Pair] = []
    for X, y in windows(blocks, window, rng):
        start = 0
        if rest:
            start = size - len(rest[0][0])
            rest = [_joined([*rest, _rows(X, y, 0, start)], None)]
            if len(rest[0][0]) < size:
                continue
            yield rest.pop()
        whole = start + max(0, len(X) - start) // size * size
        for at in range(start, whole, size):
            yield _rows(X, y, at, at + size)
        rest = [_rows(X, y, whole, len(X))] if whole < len(X) else []
    yield from rest


def windows(blocks: Iterable[Pair], window: int, rng: np.random.Generator | None) -> Iterator[Pair]:
    """Several blocks as one, with at least `window` rows but at the end, shuffled."""
    pending: list[Pair] = []
    held = 0
    for block in blocks:
        pending.append(block)
        held += len(block[0])
        del block
        if held >= window:
            yield _joined(pending, rng)
            held = 0
    if held:
        yield _joined(pending, rng)


def _joined(pending: list[Pair], rng: np.random.Generator | None) -> Pair:
    """The blocks as one, its rows shuffled; the list is emptied, and each block let go once it is copied."""
    n = sum(len(X) for X, _ in pending)
    order = np.arange(n) if rng is None else rng.permutation(n)
    X = np.empty((n, *pending[0][0].shape[1:]), pending[0][0].dtype)
    labels = pending[0][1]
    y = None if labels is None else np.empty(n, labels.dtype)
    at = 0
    while pending:
        part, part_labels = pending.pop(0)
        places = order[at : at + len(part)]
        X[places] = part
        if y is not None:
            y[places] = part_labels
        at += len(part)
    return X, y


def _rows(X: Array, y: Array | None, start: int, stop: int) -> Pair:
    """A copy of some rows, so that the window can be let go."""
    return X[start:stop].copy(), None if y is None else y[start:stop].copy()
