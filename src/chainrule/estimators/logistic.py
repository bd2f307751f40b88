"""Logistic and multinomial regression: the minimum of a convex loss."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.estimators.classification import Classifier, single
from chainrule.estimators.scaling import Scaling
from chainrule.estimators.weights import checked_weights, class_weighted
from chainrule.graph.errors import ChainruleError
from chainrule.graph.warnings import NoMinimumWarning
from chainrule.networks.layers import Linear
from chainrule.networks.network import Network
from chainrule.training.convex.minimise import minimise
from chainrule.training.optimizers import SGD
from chainrule.training.stopping import EarlyStopping

Array = NDArray[Any]
METHODS = ("auto", "newton", "lbfgs", "sgd")
_FEW = 256  # parameters, up to which Newton's steps are cheaper than those of L-BFGS


class _Regression(Classifier, BaseEstimator):
    """What both have in common: one Linear layer, and how its parameters are found."""

    loss: str

    def __init__(
        self,
        *,
        l2: float = 1e-4,
        method: str = "auto",
        tol: float = 1e-6,
        max_iter: int = 1000,
        fit_intercept: bool = True,
        class_weight: Any = None,
        warm_start: bool = False,
        learning_rate: float = 0.1,
        batch_size: int = 32,
        random_state: Any = 0,
    ) -> None:
        self.l2 = l2
        self.method = method
        self.tol = tol
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to examples X (n, p) and labels y (n,), of any values. sample_weight: (n,)."""
        if self.method not in METHODS:
            raise ChainruleError(f"one of {METHODS}", repr(self.method)[:80], "method", 'write method="auto"')
        warm = self.warm_start and hasattr(self, "network_")
        X, places, w = self._checked(X, y, sample_weight, not warm, None, warm)
        if not warm:
            self.network_ = self._network()
        if self.method == "sgd":
            self._scaling = self._scaled(X, w)
            rule = EarlyStopping(patience=5, monitor="loss", min_delta=min(self.tol, 1e-4))
            self._descend(X, places, w, self.max_iter, rule)
        else:
            self._minimise(X, places, w)
        return self._read()

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """An epoch of stochastic gradient descent, on inputs standardised as the first call found them.

        classes: all labels there will be, in the first call. The others: as for `fit`.
        """
        known = hasattr(self, "network_")
        X, places, w = self._checked(X, y, sample_weight, not known, classes, known)
        if not known:
            self.network_ = self._network()
        if not hasattr(self, "_scaling"):
            self._scaling = self._scaled(X, w)
        self._descend(X, places, w, 1, None)
        return self._read()

    def decision_function(self, X: Any) -> Array:
        """The logits W x + b of each example, (n, K); of two classes the log-odds of the second, (n,)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        z = X @ self.coef_.T + self.intercept_
        return single(z)

    def _network(self) -> Network:
        units = 1 if self.loss == "binary_cross_entropy" else len(self.classes_)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        layer = Linear(units, bias=bool(self.fit_intercept))
        net = Network(self.n_features_in_, [layer], self.loss, seed, "float64")
        net.set_parameters({name: np.zeros_like(value) for name, value in net.parameters.items()})
        return net

    def _scaled(self, X: Array, w: Array) -> Scaling:
        return Scaling.of(X, w) if self.fit_intercept else Scaling.about_zero(X, w)

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, reset: bool, classes: Any, known: bool
    ) -> tuple[Array, Array, Array]:
        X, y = validate_data(self, X, y, dtype=np.float64, reset=reset)
        y, places = self._indices(y, classes, known)
        self._refuse_many()
        return X, places, class_weighted(checked_weights(sample_weight, X), self.class_weight, y)

    def _refuse_many(self) -> None:
        """Raise an error where there are more classes than the model has."""

    def _minimise(self, X: Array, places: Array, w: Array) -> None:
        net = self.network_
        few = sum(value.size for value in net.parameters.values()) <= _FEW
        method = ("newton" if few else "lbfgs") if self.method == "auto" else self.method
        start = dict(zip(net.leaves, net.parameters.values(), strict=True))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = minimise(
                net.objective(float(self.l2)),
                start,
                net.feed(X, places),
                l2=float(self.l2),
                sample_weight=w,
                method=method,
                tolerance=self.tol,
                iterations=self.max_iter,
                features=net.input,
            )
        net.set_parameters({str(leaf.name): value for leaf, value in found.parameters.items()})
        for warning in caught:
            warnings.warn(warning.message, stacklevel=3)
        self.n_iter_, self.loss_curve_ = found.iterations, list(found.values)
        endless = any(isinstance(warning.message, NoMinimumWarning) for warning in caught)
        if found.iterations >= self.max_iter and not found.converged and not endless:
            message = (
                f"after {found.iterations} steps the gradient is {found.slope:.2g}, above tol={self.tol}"
            )
            warnings.warn(
                f"{message}. Raise max_iter, or bring X to a scale near 1", ConvergenceWarning, stacklevel=3
            )

    def _descend(self, X: Array, places: Array, w: Array, epochs: int, rule: EarlyStopping | None) -> None:
        net = self._scaling.on_scaled(self.network_)
        history = net.fit(
            self._scaling.inputs(X),
            places,
            epochs,
            self.batch_size,
            SGD(self.learning_rate),
            l2=float(self.l2),
            sample_weight=w,
            early_stopping=rule,
            progress=False,
        )
        self.network_ = self._scaling.on_raw(net)
        self.n_iter_, self.loss_curve_ = history.epochs, list(history.loss)

    def _read(self) -> Self:
        W, *b = self.network_.parameters.values()
        self.coef_ = W
        self.intercept_ = b[0] if b else np.zeros(len(W))
        return self


class LogisticRegression(_Regression):
    """The probability of the second of two classes is sigmoid(W x + b). Notes (75).

    l2: λ ≥ 0 of the regulariser λ/2 Σ W² beside the mean loss, notes (62): scikit-learn's 1 / (C n). With 0
        separable classes have no best coefficients, and a NoMinimumWarning says so.
    method: "newton" (few parameters), "lbfgs" (many), "auto" for either, or "sgd", on standardised inputs, whose
        weights are those that λ then holds small.
    tol: it ends when no entry of the gradient of the mean loss is larger. max_iter: steps, or epochs of "sgd".
    fit_intercept: whether there is a b. class_weight: by label, "balanced", or None.
    warm_start: whether `fit` begins with the coefficients of the last call.
    learning_rate, batch_size: of "sgd" and partial_fit. random_state: of the order of their examples.

    After `fit`: classes_, coef_ (1, p), intercept_ (1,), n_iter_, loss_curve_ (the objective after each step),
    network_ (the model as a Network).

    >>> model = LogisticRegression(l2=0.1).fit([[0.0], [1.0], [2.0], [3.0]], ["no", "no", "yes", "yes"])
    >>> model.predict([[0.5], [2.5]]).tolist()
    ['no', 'yes']
    """

    loss = "binary_cross_entropy"

    def _refuse_many(self) -> None:
        if len(self.classes_) > 2:
            raise ValueError(  # in the words that scikit-learn expects of its own
                f"Only binary classification is supported: y has {len(self.classes_)} classes. "
                "The type of the target is multiclass. Use MultinomialRegression"
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class MultinomialRegression(_Regression):
    """The probabilities of K classes are softmax(W x + b). Notes (76).

    The settings are those of LogisticRegression. After `fit`: coef_ (K, p), intercept_ (K,), also where K = 2.

    >>> model = MultinomialRegression(l2=0.01).fit([[0.0], [1.0], [2.0]], [3, 5, 7])
    >>> model.predict([[0.0], [1.1], [2.2]]).tolist()
    [3, 5, 7]
    """

    loss = "cross_entropy"
