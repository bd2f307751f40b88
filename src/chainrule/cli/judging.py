"""How good a model is on examples, beside the best guess that looks at no input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.cli.words import number
from chainrule.diagnosis.neighbours import confusion
from chainrule.networks.network import Network
from chainrule.training.data.dataset import Dataset
from chainrule.training.data.encoder import Moments

PART = 4096  # examples predicted at once


@dataclass(frozen=True)
class Guess:
    """The best guess without inputs, learned from the labels of a training part.

    counts: of each class, for classes; mean: of real labels. Plain data, kept in the model file.
    """

    counts: tuple[int, ...] = ()
    mean: float = 0.0

    def state(self) -> dict[str, Any]:
        """As JSON can store it."""
        return {"counts": list(self.counts), "mean": self.mean}

    def said(self, classes: Sequence[Any]) -> str:
        """In words, for the labels of these classes."""
        if not self.counts:
            return f"always {number(self.mean)}, the mean"
        return f"always {classes[int(np.argmax(self.counts))]}, the most frequent class"


def guess_of(data: Dataset) -> Guess:
    """The best guess for the labels of a data set."""
    if data.classes:
        counts = np.zeros(len(data.classes), int)
        for y in data.labels():
            counts += np.bincount(y, minlength=len(counts))
        return Guess(tuple(counts.tolist()))
    return Guess(mean=float(_spread(data).mean[0]))


def guess_from(state: Any) -> Guess | None:
    """The guess that `Guess.state` stored; None where nothing of the kind was."""
    if not isinstance(state, dict) or not isinstance(state.get("counts"), list):
        return None
    return Guess(tuple(int(count) for count in state["counts"]), float(state.get("mean", 0.0)))


def _spread(data: Dataset) -> Moments:
    moments = Moments(1)
    for y in data.labels():
        moments.meet(np.asarray(y, np.float64).reshape(-1, 1))
    return moments


def guessed(guess: Guess, data: Dataset) -> dict[str, float]:
    """The loss and metric of the guess on examples, as `Network.evaluate` gives those of a network.

    The probabilities of the classes are (count + 1) / (n + K), so that no class is impossible.
    """
    if not guess.counts:
        moments = _spread(data)
        variance, off = float(moments.variance[0]), float(moments.mean[0]) - guess.mean
        loss = variance + off**2
        return {"loss": loss, "r2": 1 - loss / variance if variance else float(loss == 0)}
    counts = np.array(guess.counts)
    shares = (counts + 1) / (counts.sum() + len(counts))
    loss = right = n = 0.0
    for y in data.labels():
        loss -= float(np.log(shares[y]).sum())
        right += float((y == np.argmax(counts)).sum())
        n += len(y)
    return {"loss": loss / n, "accuracy": right / n}


@dataclass(frozen=True)
class Verdict:
    """How good a model is: {"loss": ..., "accuracy" or "r2": ...}, and the same of the guess, if one is known.

    counts: for classes, how often each (row) was taken for each (column).
    """

    result: dict[str, float]
    baseline: dict[str, float] | None
    said: str
    counts: np.ndarray[Any, Any] | None = None

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, number and the guess's number, for a table."""
        names: dict[str, tuple[str, Callable[[float], str]]]
        names = {"accuracy": ("accuracy", _percent), "r2": ("r²", number), "loss": ("loss", number)}
        found = []
        for key, (name, write) in names.items():
            if key in self.result:
                other = write(self.baseline[key]) if self.baseline else ""
                found.append((name, write(self.result[key]), other))
        if "r2" in self.result:
            off = number(math.sqrt(self.baseline["loss"])) if self.baseline else ""
            found.insert(1, ("typical error", number(math.sqrt(self.result["loss"])), off))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found: dict[str, Any] = {**self.result, "baseline": self.baseline}
        return found if self.counts is None else {**found, "confusion": self.counts.tolist()}


def judged(net: Network, data: Dataset, guess: Guess | None) -> Verdict:
    """The verdict on a network, on labelled examples, at bounded memory."""
    result = net.evaluate(data)
    counts = None
    if data.classes:
        counts = np.zeros((len(data.classes),) * 2, int)
        for X, y in data.batches(PART, shuffle=False):
            counts += confusion(np.asarray(y), net.predict(X), len(counts))
    baseline = guessed(guess, data) if guess else None
    return Verdict(result, baseline, guess.said(data.classes) if guess else "", counts)


def _percent(share: float) -> str:
    return f"{share:.2%}".replace("%", " %")
