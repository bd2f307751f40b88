"""Workload b: logistic and softmax regression on MNIST to a gap of the objective, each solver as loose as that allows.

The objective is the mean loss plus λ/2 times the squares of the weights, λ = 1e-4. Before the runs each side finds the
loosest of its tolerances with which it comes within a thousandth of the minimum.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.samples import digits
from benchmarks.workload import OURS, Job, Side, Workload

LAMBDA, GAP, N = 1e-4, 1e-3, 60_000
TOLERANCES, TIGHT = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5), 1e-6


def examples(classes: int, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """Images as vectors (n, 784) and labels: the digit, or whether it is even."""
    X, y = digits(500 if quick else N)
    return X.reshape(len(X), -1), y if classes > 2 else (y % 2 == 0).astype(np.int64)


def objective(X: np.ndarray, y: np.ndarray, W: np.ndarray, b: np.ndarray) -> float:
    """The mean loss with the regulariser, in double precision. W: (classes, 784), or (1, 784) for log-odds."""
    z = X.astype(np.float64) @ W.T + b
    z = z if z.shape[1] > 1 else np.column_stack([np.zeros(len(z)), z])
    top = z.max(1, keepdims=True)
    losses = top[:, 0] + np.log(np.exp(z - top).sum(1)) - z[np.arange(len(z)), y]
    return float(losses.mean() + LAMBDA / 2 * np.square(W).sum())


Fit = Callable[[np.ndarray, np.ndarray, int, float], tuple[np.ndarray, np.ndarray]]


def fitted_by_us(
    X: np.ndarray, y: np.ndarray, classes: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """L-BFGS over the loss as an expression."""
    import chainrule as cr
    from chainrule.networks.heads import OneHot
    from chainrule.training.convex.minimise import minimise
    from chainrule.training.objective import regularised
    from chainrule.training.windows import Feed

    outputs = classes if classes > 2 else 1
    x, label = cr.data("x", 784), cr.data("y", outputs, distribution=classes > 2)
    W, b = cr.parameter("W", (outputs, 784)), cr.parameter("b", outputs)
    z = W @ x + b
    loss = (
        cr.cross_entropy(cr.softmax(z), label)
        if classes > 2
        else cr.binary_cross_entropy(cr.sigmoid(z), label)
    )
    rows = {label: OneHot(classes, "float32")} if classes > 2 else None
    fed = y if classes > 2 else y.astype(np.float32)[:, None]
    found = minimise(
        regularised(loss, [W]),
        {W: np.zeros(W.shape), b: np.zeros(b.shape)},
        Feed({x: X, label: fed}, rows),
        l2=LAMBDA,
        tolerance=tolerance,
        features=x,
        dtype="float32",
    )
    return found.parameters[W], found.parameters[b]


def fitted_by_sklearn(
    X: np.ndarray, y: np.ndarray, classes: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """LogisticRegression with its solver lbfgs; C = 1 / (n λ)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / (len(X) * LAMBDA), tol=tolerance, max_iter=10_000).fit(X, y)
    return model.coef_, model.intercept_


def side(fit: Fit, classes: int) -> Side:
    """A run is a whole fit with the loosest tolerance that is tight enough."""

    def build(quick: bool) -> Job:
        X, y = examples(classes, quick)
        least = objective(X, y, *fitted_by_us(X, y, classes, TIGHT))
        for tolerance in TOLERANCES:
            if objective(X, y, *fit(X, y, classes, tolerance)) <= least * (1 + GAP):
                break
        return Job(lambda: objective(X[:1000], y[:1000], *fit(X, y, classes, tolerance)))

    return build


WORKLOADS = tuple(
    Workload(
        key,
        f"{what} regression on 60,000 digits to an objective gap of {GAP:g}",
        "fit",
        {OURS: side(fitted_by_us, classes), "scikit-learn": side(fitted_by_sklearn, classes)},
        {"scikit-learn": 3.0},
        agree=0.02,
    )
    for key, what, classes in (("b-logistic", "logistic", 2), ("b-softmax", "softmax", 10))
)
