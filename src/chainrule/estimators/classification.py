"""What all classifiers share: labels of any values, and what follows from the logits.

Legend: z the logits: (n,), the log-odds of the second class, for two classes with one output; else (n, K).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from chainrule.graph.errors import FeedError

Array = NDArray[Any]


class Classifier(ClassifierMixin):
    """Labels, and predictions from `decision_function`, which a subclass has."""

    classes_: Array

    def decision_function(self, X: Any) -> Array:
        """The logits z."""
        raise NotImplementedError

    def predict(self, X: Any) -> Array:
        """The likeliest label of each example, (n,)."""
        z = self.decision_function(X)
        return np.asarray(self.classes_[(z > 0).astype(int) if z.ndim == 1 else z.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (n, K), in the order of classes_."""
        z = self.decision_function(X)
        return np.asarray(np.column_stack([expit(-z), expit(z)]) if z.ndim == 1 else softmax(z, axis=1))

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of the probabilities, (n, K): from the logits, so that none is −inf by rounding."""
        z = self.decision_function(X)
        both = np.column_stack([log_expit(-z), log_expit(z)]) if z.ndim == 1 else log_softmax(z, axis=1)
        return np.asarray(both)

    def _indices(self, y: Any, classes: Any = None, known: bool = False) -> tuple[Array, Array]:
        """The labels, and their places among classes_, which this sets but where they are known."""
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if not known:
            self.classes_ = np.unique(y if classes is None else classes)
        if len(self.classes_) < 2:
            came = f"one class, {self.classes_[0]!r}"
            raise FeedError("at least two classes", came, "y", "a single class has nothing to learn")
        places = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        strange = self.classes_[places] != y
        if strange.any():
            wish = f"labels among the classes {self.classes_.tolist()[:10]}"
            raise FeedError(
                wish, repr(y[strange][0]), "y", "name all classes in the first call: classes=[...]"
            )
        return y, places


def single(z: Array) -> Array:
    """Logits (n, 1) or (n, K) as decision_function gives them: of two classes the log-odds of the second, (n,)."""
    return np.asarray(z[:, 0] if z.shape[1] == 1 else z[:, 1] - z[:, 0] if z.shape[1] == 2 else z)
