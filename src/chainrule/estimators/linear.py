"""Linear regression: the exact solution."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.estimators.weights import checked_weights
from chainrule.networks.layers import Linear
from chainrule.networks.network import Network
from chainrule.training.least_squares import least_squares, solved_or_warned

Array = NDArray[Any]


class LinearRegression(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """ŷ = W x + b with the smallest mean squared error, exactly. Notes (77).

    fit_intercept: whether there is a b. l2: λ ≥ 0 of the regulariser λ/2 Σ W², notes (62), beside the mean error.

    After `fit`: coef_ (p,), or (k, p) for k targets; intercept_, a number or (k,); rank_; network_, the
    model as a Network. A DependentColumnsWarning names columns that are combinations of others.
    `partial_fit` takes further examples into account, as if all had come at once; it keeps p² numbers, no examples.

    >>> model = LinearRegression().fit([[1.0], [2.0], [4.0]], [3.0, 5.0, 9.0])
    >>> model.coef_.tolist(), model.intercept_, model.predict([[10.0]]).tolist()
    ([2.0], 1.0, [21.0])
    """

    def __init__(self, *, fit_intercept: bool = True, l2: float = 0.0) -> None:
        self.fit_intercept = fit_intercept
        self.l2 = l2

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Fit to examples X (n, p) and targets y, (n,) or (n, k). sample_weight: (n,)."""
        X, y, w = self._checked(X, y, sample_weight, reset=True)
        self._factor, self._weight = self._factored(X, y, w), float(w.sum())
        found = least_squares(
            X,
            y,
            intercept=self.fit_intercept,
            sample_weight=w,
            l2=self.l2 * self._weight / 2,
            names=self._names(),
        )
        self.coef_ = found.coefficients.T if y.ndim == 2 else found.coefficients
        self.intercept_, self.rank_ = found.intercept, found.rank
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Take further examples into account. The arguments are those of `fit`."""
        if not hasattr(self, "_factor"):
            return self.fit(X, y, sample_weight)
        X, y, w = self._checked(X, y, sample_weight, reset=False)
        both = np.concatenate([self._factor, self._factored(X, y, w)])
        self._factor, self._weight = _triangle(both), self._weight + float(w.sum())
        free = int(self.fit_intercept)
        names = ["the intercept", *self._names()] if free else self._names()
        p = X.shape[1]
        columns, targets = self._factor[:, : free + p], self._factor[:, free + p :]
        b, self.rank_ = solved_or_warned(columns, targets, free, self.l2 * self._weight / 2, names)
        constant = b[0] if free else np.zeros(b.shape[1])
        single = self.coef_.ndim == 1
        self.coef_ = b[free:, 0] if single else b[free:].T
        self.intercept_ = float(constant[0]) if single else constant
        return self

    def predict(self, X: Any) -> Array:
        """ŷ of each example, (n,) or (n, k)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    @property
    def network_(self) -> Network:
        """The model as a network: its derivation, its working."""
        check_is_fitted(self)
        units = () if self.coef_.ndim == 1 else len(self.coef_)
        net = Network(self.n_features_in_, [Linear(units)], "squared_error", dtype="float64")
        net.set_parameters({"W^{(1)}": self.coef_, "b^{(1)}": self.intercept_})
        return net

    def _checked(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Array, Array, Array]:
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, reset=reset)
        return X, np.asarray(y, np.float64), checked_weights(sample_weight, X)

    def _names(self) -> list[str]:
        return list(getattr(self, "feature_names_in_", [f"column {j}" for j in range(self.n_features_in_)]))

    def _factored(self, X: Array, y: Array, w: Array) -> Array:
        """R of the columns [1, X, y], weighted: all that later examples must know of these."""
        ones = [np.ones(len(X))] if self.fit_intercept else []
        columns = np.column_stack([*ones, X, y]) * np.sqrt(w)[:, None]
        return _triangle(columns)


def _triangle(columns: Array) -> Array:
    triangle: Array = np.asarray(np.linalg.qr(columns, mode="r"))
    return triangle
