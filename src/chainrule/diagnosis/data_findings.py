"""Findings about the data: columns that say too little or too much, labels that do not belong to their inputs.

The scale of columns is in training_findings.py: there experiments decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from chainrule.diagnosis.cause import Causes
from chainrule.diagnosis.columns import Columns
from chainrule.diagnosis.finding import Finding, Withdrawn
from chainrule.diagnosis.neighbours import (
    PERMUTATIONS,
    Array,
    Exchange,
    Relation,
    confusion,
    crossed,
    exchanged,
    neighbour_confusion,
)

_RARE = 10  # times as many examples of the commonest class


def of_columns(columns: Columns, names: Sequence[str], causes: Causes) -> Iterator[Finding]:
    """Leaks, constant and duplicated columns."""
    n = columns.n

    def name(j: int) -> str:
        return _name(names, j)

    if columns.leaks:
        j, share = columns.leaks[0]
        others = f", and so do {len(columns.leaks) - 1} more columns" if len(columns.leaks) > 1 else ""
        yield Finding(
            "leak",
            f"{_capital(name(j))} gives the target away: alone it explains {share:.4%} of its variance{others}.",
            {
                "columns": [j for j, _ in columns.leaks],
                "explained": [share for _, share in columns.leaks],
                "n": n,
            },
            causes.weights("a column that is the target makes all other columns' weights needless"),
            "leave the column out, unless it will be known when predictions are made",
        )
    if columns.constant:
        j, value = columns.constant[0]
        listed = ", ".join(name(j) for j, _ in columns.constant[:5])
        many = len(columns.constant) > 1
        yield Finding(
            "constant_column",
            f"{_capital(listed)} {'are' if many else 'is'} constant: {value:g} in all of {n} examples"
            f"{' (the first)' if many else ''}.",
            {"columns": [j for j, _ in columns.constant], "values": [v for _, v in columns.constant], "n": n},
            causes.weights(
                "with x constant the column's weights do what the bias does already; with x = 0, nothing"
            ),
            "leave the column out, or look why it does not vary",
        )
    if columns.duplicates:
        i, j = columns.duplicates[0]
        more = f", and {len(columns.duplicates) - 1} further pairs" if len(columns.duplicates) > 1 else ""
        yield Finding(
            "duplicated_columns",
            f"{_capital(name(i))} and {name(j)} say the same: one is the other, shifted or scaled{more}.",
            {"pairs": columns.duplicates, "n": n},
            causes.forward(
                "only a sum of the two weights counts, so neither says how much its column matters"
            ),
            "leave one of them out",
        )


def harmless(columns: Columns, names: Sequence[str]) -> Iterator[Withdrawn]:
    """Columns that add up to one another: weights are not determined then, but no prediction is the worse for it."""
    if columns.collinear:
        listed = ", ".join(_name(names, j) for j in columns.collinear[:6])
        yield Withdrawn(
            "collinear_columns",
            f"columns add up to one another ({listed}; the smallest eigenvalue of their correlations is "
            f"{columns.smallest:.1g}): weights may move along that direction, but the loss does not see it",
        )


def shuffled(found: Relation, classes: bool, causes: Causes, experiment: str) -> Finding:
    """The finding that labels have nothing to do with the inputs."""
    if classes:
        said = f"near examples have the same label in {found.agreement:.1%} of cases, {found.by_chance:.1%} by chance"
    else:
        said = f"labels of near examples differ by {found.agreement:.3g} in the square, {found.by_chance:.3g} by chance"
    return Finding(
        "shuffled_labels",
        f"The labels look shuffled: {said} (p = {found.neighbours:.2g}), and no column moves with them "
        f"(p = {found.columns:.2g}).",
        {
            "agreement": found.agreement,
            "by_chance": found.by_chance,
            "p_neighbours": found.neighbours,
            "p_columns": found.columns,
            "n": found.n,
            "permutations": PERMUTATIONS,
        },
        causes.output(
            "with labels that any example could have, δ has no direction in common over the examples"
        ),
        "check that inputs and labels are in the same order, row by row",
        experiment,
    )


def swapped(found: Exchange, names: Sequence[str], causes: Causes) -> Finding:
    """The finding that two classes are exchanged."""

    def name(label: int) -> str:
        return str(names[label]) if label < len(names) else str(label)

    a, b = name(found.first), name(found.second)
    if found.n == 0:
        said = f"of {found.m} examples of the two, {found.validation:.0%} are predicted to be the other"
    else:
        said = (
            f"by {found.how}, {found.training:.0%} of their {found.n} training examples belong to the other class, "
            f"and {found.validation:.0%} of {found.m} in validation"
        )
    return Finding(
        "swapped_classes",
        f"The labels of the classes {a} and {b} look exchanged: {said} (p = {found.p:.1g}).",
        {
            "classes": (found.first, found.second),
            "training": found.training,
            "validation": found.validation,
            "n": found.n,
            "m": found.m,
            "p": found.p,
        },
        causes.output(
            "an exchanged label turns the sign of δ in both outputs, and the step goes the wrong way"
        ),
        f"compare some training examples labelled {a} and {b} with their inputs",
    )


def exchange(
    X: Any, y: Array, predicted: Array, other: tuple[Any, Array, Array] | None, classes: int
) -> Exchange | None:
    """Two classes that are exchanged in the training labels y, or of (X, y) against what the network learned.

    predicted: by the network. other: inputs, labels and predictions of the validation examples.
    """
    mine = confusion(y, predicted, classes)
    if other is None:
        return crossed(mine)
    there = confusion(other[1], other[2], classes)
    return (
        crossed(there)
        or crossed(mine)
        or exchanged(mine, there, "the network")
        or exchanged(
            neighbour_confusion(X, y, classes),
            neighbour_confusion(other[0], other[1], classes),
            "nearest neighbours",
        )
    )


def imbalance(y: Array, predicted: Array, names: Sequence[str], causes: Causes) -> Finding | None:
    """The finding that a rare class is not learned: its recall is below the share of right answers, p < 0.001."""
    labels, counts = np.unique(y, return_counts=True)
    if len(labels) < 2 or counts.max() < _RARE * counts.min():
        return None
    rare = labels[counts.argmin()]
    of_it, right = int(counts.min()), float(np.mean(predicted == y))
    hits = int(np.sum(predicted[y == rare] == rare))
    if hits * 2 >= of_it * right or binomtest(hits, of_it, right, "less").pvalue >= 0.001:
        return None
    name = str(names[rare]) if rare < len(names) else str(rare)
    return Finding(
        "class_imbalance",
        f"The rare class {name} is not learned: {hits} of its {of_it} examples are right, {right:.0%} of all; "
        f"the commonest class has {counts.max()} examples.",
        {"class": int(rare), "right": hits, "of": of_it, "accuracy": right, "counts": counts},
        causes.output("the mean over the examples gives a class as much say as it has examples"),
        "weigh the rare examples more (sample_weight), or collect more of them",
    )


def _name(names: Sequence[str], j: int) -> str:
    return str(names[j]) if j < len(names) else f"column {j}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
