"""What it answers: confusions and calibration of a classifier, residuals of a regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.diagnosis.neighbours import confusion
from chainrule.documents.drawing.bars import histogram
from chainrule.documents.drawing.grid import grid
from chainrule.documents.drawing.points import points
from chainrule.documents.model import Gallery, Note, Picture, Section
from chainrule.networks.network import Array
from chainrule.reports.subject import Subject, counted

_BINS = 10
_MOST_CLASSES = 40


@dataclass(frozen=True)
class Calibration:
    """How sure the answers are against how often they are right, in ten parts of the range of certainty.

    confidence, accuracy, count: of each part that has examples: the mean probability of the answer, the share of
    right answers, how many there are. error: the mean of |confidence − accuracy| over all examples, the expected
    calibration error of Naeini et al. 2015.
    """

    confidence: Array
    accuracy: Array
    count: Array

    @property
    def error(self) -> float:
        """The expected calibration error."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.count).sum() / max(int(self.count.sum()), 1))


def calibration(probabilities: Array, truth: Array) -> Calibration:
    """probabilities: (n, K). truth: class indices, (n,).

    >>> found = calibration(np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8]]), np.array([0, 1, 1]))
    >>> found.confidence.round(2).tolist(), found.accuracy.tolist(), found.count.tolist()
    ([0.8, 0.9], [1.0, 0.5], [1, 2])
    """
    sure, right = probabilities.max(axis=1).astype(float), probabilities.argmax(axis=1) == np.asarray(truth)
    part = np.minimum((sure * _BINS + 1e-6).astype(int), _BINS - 1)
    counts = np.bincount(part, minlength=_BINS)
    kept = counts > 0
    sums = (np.bincount(part, weights, _BINS)[kept] / counts[kept] for weights in (sure, right.astype(float)))
    confidence, accuracy = sums
    return Calibration(confidence, accuracy, counts[kept])


def answers_section(subject: Subject) -> Section:
    """Confusion matrix and calibration, or predictions against labels and residuals."""
    title = "What it answers"
    if not subject.is_classifier:
        return Section(title, (_told(subject), Gallery(_residuals(subject))), "answers")
    pictures = (
        *([_confusion(subject)] if len(subject.class_names) <= _MOST_CLASSES else []),
        _calibrated(subject),
    )
    return Section(title, (_told(subject), Gallery(pictures)), "answers")


def _told(subject: Subject) -> Note:
    n, score = len(subject.y), subject.score
    if not subject.is_classifier:
        error = float(np.sqrt(np.mean(np.square(subject.answers - subject.y))))
        return Note(
            f"r² is {score['r2']:.3f} on {counted(n)}; the root of the mean squared error is {error:.4g}."
        )
    wrong = int((subject.answers != subject.y).sum())
    others = f"{wrong:,} {'is' if wrong == 1 else 'are'} not"
    return Note(f"{score['accuracy']:.2%} of {counted(n)} are answered rightly; {others}.")


def _confusion(subject: Subject) -> Picture:
    names = subject.class_names
    counts = confusion(subject.y, subject.answers, len(names))
    shares = np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)) * 0.9
    wrong = int(counts.sum() - np.trace(counts))
    title = f"Confusion matrix of {int(counts.sum()):,} examples, {wrong:,} of them wrong"
    caption = f"{title}. Rows: what it is. Columns: what was answered."
    return grid(counts, names, names, "Confusion matrix", "answer", "truth", caption, shares, _counted)


def _counted(count: float) -> str:
    return str(int(count)) if count else ""


def _calibrated(subject: Subject) -> Picture:
    found = calibration(subject.probabilities, subject.y)
    caption = (
        f"On the dashed line a certainty of 80 % is right in 80 % of the cases; the mean distance from it is "
        f"{found.error:.3f}. The area of a point is the number of examples."
    )
    names = [counted(int(count)) for count in found.count]
    return points(
        found.confidence, found.accuracy, "Calibration", "certainty", "share that is right", "equal",
        found.count, caption, names, shares=True,
    )  # fmt: skip


def _residuals(subject: Subject) -> tuple[Picture, ...]:
    truth, answers = np.asarray(subject.y, float).ravel(), np.asarray(subject.answers, float).ravel()
    residuals = answers - truth
    right = "On the dashed line a prediction is right."
    pattern = "A pattern about the dashed line is something that the model has not learned."
    return (
        points(truth, answers, "Predictions", "label", "prediction", "equal", caption=right),
        points(answers, residuals, "Residuals", "prediction", "prediction − label", "zero", caption=pattern),
        histogram(residuals, "Residuals, counted", "prediction − label"),
    )
