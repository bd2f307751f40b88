"""Whether labels belong to their inputs: tests with the nearest neighbours, which need no network.

Legend: n examples; k neighbours of each; p the probability of a statistic as large or larger when labels and
inputs have nothing to do with each other. Henze 1988; Schilling 1986.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, fisher_exact

Array = NDArray[Any]
K = 5
PERMUTATIONS = 199
_MOST = 2000  # examples, evenly spaced
SHUFFLED = 0.005
"""Two tests with this level each: of labels that are shuffled at most 1 % pass for related."""


@dataclass(frozen=True)
class Relation:
    """How far the labels go with the inputs.

    neighbours, columns: p of the two tests: near examples have like labels; a column moves with the labels.
    agreement: the share of neighbours with the same label, by_chance: under shuffling; for real labels the mean squared
    difference of neighbours.
    """

    n: int
    neighbours: float
    columns: float
    agreement: float
    by_chance: float

    @property
    def related(self) -> bool:
        """Whether one of the tests finds a relation."""
        return min(self.neighbours, self.columns) <= SHUFFLED


def relation(X: Any, y: Any, classes: bool, seed: int = 0) -> Relation:
    """Test whether labels go with inputs. X: (n, *shape). y: (n,) or (n, k). classes: whether labels are classes.

    >>> X = np.arange(60.0).reshape(60, 1)
    >>> relation(X, X[:, 0] > 30, classes=True).related
    True
    >>> relation(X, np.random.default_rng(0).random(60) > 0.5, classes=True).related
    False
    """
    flat, rows = _prepared(X)
    y = np.asarray(y)[rows]
    y = np.unique(y, return_inverse=True)[1] if classes else y.astype(np.float64).reshape(len(y), -1)
    random, n = np.random.default_rng(seed), len(y)
    near = nearest(flat, flat, K, alone=True)

    def agreement(labels: Array) -> float:
        if classes:
            return float(np.mean(labels[near] == labels[:, None]))
        return -float(np.mean(np.square(labels[near] - labels[:, None])))

    spread = flat.std(axis=0)
    x = (flat - flat.mean(axis=0)) / np.where(spread > 0, spread, 1) / n
    rows_of = np.eye(int(y.max()) + 1)[y] if classes else y
    aims = rows_of - rows_of.mean(axis=0)
    aims = aims / np.maximum(aims.std(axis=0), 1e-30)
    orders = np.stack([random.permutation(n) for _ in range(PERMUTATIONS)])
    by_chance = np.array([agreement(y[order]) for order in orders])
    moved = np.concatenate([_moves(x, aims[orders[k : k + 50]]) for k in range(0, PERMUTATIONS, 50)])
    here, there = agreement(y), float(_moves(x, aims[None])[0])
    return Relation(n, _p(here, by_chance), _p(there, moved), abs(here), abs(float(by_chance.mean())))


def _moves(x: Array, labels: Array) -> Array:
    """The largest correlation of a column with a label, for each of several orders of the labels (m, n, k)."""
    m, n, k = labels.shape
    found = x.T @ labels.transpose(1, 0, 2).reshape(n, m * k)
    largest: Array = np.abs(found.reshape(-1, m, k)).max(axis=(0, 2), initial=0)
    return largest


def permutation_p(predicted: Array, labels: Array, classes: bool, seed: int = 0) -> float:
    """The probability that shuffled labels are predicted as well: of right classes, or of r² of real labels."""
    a, b = np.asarray(predicted), np.asarray(labels)
    random = np.random.default_rng(seed)
    if not classes:
        a, b = (np.asarray(part, np.float64).reshape(len(part), -1) for part in (a, b))

    def fits(order: Array) -> float:
        return float(np.mean(a == b[order])) if classes else -float(np.mean(np.square(a - b[order])))

    others = np.array([fits(random.permutation(len(b))) for _ in range(PERMUTATIONS)])
    return _p(fits(np.arange(len(b))), others)


def _p(value: float, others: Array) -> float:
    return float((1 + np.sum(others >= value)) / (1 + len(others)))


@dataclass(frozen=True)
class Exchange:
    """Two classes whose labels are exchanged: in training, measured against right labels of other examples.

    first, second: the classes. n, m: examples of the two in training and validation. training, validation:
    the share of them that is taken for the other class. p: of the difference, or of a share above one half.
    how: by whom.
    """

    first: int
    second: int
    n: int
    m: int
    training: float
    validation: float
    p: float
    how: str


def confusion(labels: Array, predicted: Array, classes: int) -> Array:
    """How many examples of each class (rows) are taken for each class (columns)."""
    places = np.asarray(labels, int) * classes + np.asarray(predicted, int)
    counts: Array = np.bincount(places, minlength=classes * classes).reshape(classes, classes)
    return counts


def neighbour_confusion(X: Any, y: Any, classes: int) -> Array:
    """The confusion of each example's label with the commonest one among its neighbours."""
    flat, rows = _prepared(X)
    y = np.asarray(y, int)[rows]
    near = nearest(flat, flat, min(K, len(y) - 1), alone=True)
    votes = np.stack([(y[near] == label).sum(axis=1) for label in range(classes)], axis=1)
    return confusion(y, votes.argmax(axis=1), classes)


def exchanged(training: Array, validation: Array, how: str, level: float = 0.001) -> Exchange | None:
    """The pair of classes that training confuses far more often than validation does; None where no pair stands out.

    training, validation: confusions (K, K). Examples of one distribution are confused alike: Fisher's exact test
    of each pair, its level divided by the number of pairs. Labels that are wrong everywhere name no pair.
    """
    classes = len(training)
    found = []
    for a in range(classes):
        for b in range(a + 1, classes):
            table = [_wrong(training, a, b), _wrong(validation, a, b)]
            p = float(fisher_exact([[wrong, right] for wrong, right in table], "greater")[1])
            (wrong, right), (w, r) = table
            if wrong + right and w + r and p < level * 2 / (classes * (classes - 1)):
                rate, other = wrong / (wrong + right), w / (w + r)
                if rate - other > 0.05:
                    found.append(Exchange(a, b, wrong + right, w + r, rate, other, p, how))
    found.sort(key=lambda pair: -pair.training)
    alone = len(found) == 1 or (len(found) > 1 and found[0].training > 3 * found[1].training)
    return found[0] if alone else None


def crossed(counts: Array, level: float = 0.001) -> Exchange | None:
    """The pair of classes that a network takes for each other more often than for themselves; None where none is.

    counts: its confusion (K, K). No overlap of classes does that: a binomial test against one half, its level
    divided by the number of pairs; both classes have to be on the wrong side.
    """
    classes = len(counts)
    for a in range(classes):
        for b in range(a + 1, classes):
            wrong, right = _wrong(counts, a, b)
            if counts[a, b] > counts[a, a] and counts[b, a] > counts[b, b]:
                p = float(binomtest(wrong, wrong + right, 0.5, "greater").pvalue)
                if p < level * 2 / (classes * (classes - 1)):
                    return Exchange(a, b, 0, wrong + right, 0.0, wrong / (wrong + right), p, "the network")
    return None


def _wrong(counts: Array, a: int, b: int) -> tuple[int, int]:
    return int(counts[a, b] + counts[b, a]), int(counts[a, a] + counts[b, b])


def _prepared(X: Any) -> tuple[Array, Array]:
    """Columns of one spread, of evenly spaced examples; and which they are."""
    X = np.asarray(X)
    rows = np.linspace(0, len(X) - 1, min(len(X), _MOST)).round().astype(int)
    flat = X[rows].reshape(len(rows), -1).astype(np.float64)
    if X.ndim > 2:
        return flat, rows
    spread = flat.std(axis=0)
    return (flat - flat.mean(axis=0)) / np.where(spread > 0, spread, 1), rows


def nearest(of: Array, among: Array, k: int, alone: bool = False) -> Array:
    """The k nearest of `among` for each row of `of`, (n, k). alone: both are the same; no row is its own neighbour."""
    distance = np.square(of).sum(axis=1)[:, None] - 2 * of @ among.T + np.square(among).sum(axis=1)[None]
    if alone:
        np.fill_diagonal(distance, np.inf)
    return np.argpartition(distance, min(k, distance.shape[1] - 1), axis=1)[:, :k]
