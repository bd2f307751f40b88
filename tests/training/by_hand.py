"""A network with one hidden layer, trained by loops in NumPy: what the compiled training is compared with."""

import numpy as np


def loss_and_slopes(parameters, X, y, weights, reduce="mean"):
    """Half the squared errors of ŷ = W2 tanh(W1 x + b1) + b2, and the gradients of their mean or sum; X has rows."""
    W1, b1, W2, b2 = parameters
    a = np.tanh(X @ W1.T + b1)
    error = a @ W2.T + b2 - y[:, None]
    each = (error**2).sum(axis=1) / 2
    error = error * weights[:, None]
    delta = error @ W2 * (1 - a**2)
    n = weights.sum() if reduce == "mean" else 1
    return each, [delta.T @ X / n, delta.sum(axis=0) / n, error.T @ a / n, error.sum(axis=0) / n]


def trained(parameters, X, y, orders, size, rule, l2=0.0, weights=None, reduce="mean"):  # noqa: PLR0913, PLR0917 - a training run
    """The parameters after an epoch in each order, and the mean losses of the epochs, as they were met.

    rule: (parameter, slope, memory, step) -> the new parameter and memory.
    """
    parameters, memory, step, losses = [*parameters], [None] * 4, 0, []
    weights = np.ones(len(X)) if weights is None else weights
    for order in orders:
        met = []
        for start in range(0, len(order), size):
            rows, step = order[start : start + size], step + 1
            each, slopes = loss_and_slopes(parameters, X[rows], y[rows], weights[rows], reduce)
            met.extend(each)
            slopes = [
                slope + l2 * value * (value.ndim == 2)
                for slope, value in zip(slopes, parameters, strict=True)
            ]
            new = [rule(*given, step) for given in zip(parameters, slopes, memory, strict=True)]
            parameters, memory = [value for value, _ in new], [kept for _, kept in new]
        losses.append(np.mean(met))
    return parameters, losses


def plain(rate):
    """θ ← θ − η g."""
    return lambda theta, g, memory, t: (theta - (rate(t) if callable(rate) else rate) * g, None)


def momentum(rate, mu, nesterov=False):
    """v ← μ v + g, then θ ← θ − η v; with Nesterov θ ← θ − η (g + μ v)."""

    def rule(theta, g, v, t):
        v = g if v is None else mu * v + g
        return theta - rate * (g + mu * v if nesterov else v), v

    return rule
