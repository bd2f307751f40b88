"""The parts of the minimisation: derivatives beside JAX's, the conditions of Wolfe, directions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.networks.heads import OneHot
from chainrule.training.convex.lbfgs import Memory
from chainrule.training.convex.line_search import Point, search
from chainrule.training.convex.metric import InputMetric
from chainrule.training.convex.newton import newton_direction
from chainrule.training.convex.objective import Objective
from chainrule.training.windows import Feed

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(0)


def softmax_parts(n):
    x, y = cr.data("x", 4), cr.data("y", 3, distribution=True)
    W, b = cr.parameter("W", (3, 4)), cr.parameter("b", 3)
    loss = cr.cross_entropy(cr.softmax(W @ x + b), y)
    X, labels, weights = RANDOM.normal(size=(n, 4)), RANDOM.integers(0, 3, n), RANDOM.random(n)
    feed = Feed({x: X, y: labels}, {y: OneHot(3, "float64")})

    def by_hand(theta):
        z = X @ theta[:12].reshape(3, 4).T + theta[12:]
        losses = jax.nn.logsumexp(z, axis=1) - z[jnp.arange(n), labels]
        return (weights * losses).sum() / weights.sum()

    return Objective(loss, (W, b), feed, weights, {}, "float64"), by_hand


@pytest.mark.parametrize("n", [5, 9000])
def test_value_gradient_and_hessian_beside_jax(n):
    """Fewer examples than a block, and blocks of which the last overlaps the one before it."""
    objective, by_hand = softmax_parts(n)
    theta = RANDOM.normal(size=15)
    with jax.enable_x64(True):
        derivatives = jax.jit(
            lambda theta: (by_hand(theta), jax.grad(by_hand)(theta), jax.hessian(by_hand)(theta))
        )
        wanted = derivatives(theta)
    found = (*objective.slope(theta), objective.hessian(theta))
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.floats(-4, 4), st.floats(0.05, 8), st.floats(1e-3, 1e3))
def test_the_conditions_of_wolfe_hold(bottom, power, first):
    """On |θ − bottom| to some power, smoothed, from both sides, and tried too near and too far."""

    def f(theta):
        away = theta - bottom
        value = (1 + away @ away) ** (0.5 + power / 2)
        return value, (1 + power) * away * (1 + away @ away) ** (power / 2 - 0.5)

    start = np.array([5.0])
    value, gradient = f(start)
    d = -gradient / np.linalg.norm(gradient)
    found = search(f, Point(0.0, start, value, gradient, float(gradient @ d)), d, first, 2.0**-53)
    assert found is not None
    assert found.value <= value + 1e-4 * found.t * (gradient @ d) + 1e-14 * abs(value)
    assert abs(found.gradient @ d) <= 0.9 * abs(gradient @ d)


@pytest.mark.parametrize(("knee", "steep"), [(0.9, 6.0), (0.95, 20.0), (0.7, 3.0), (0.5, 2.5), (0.1, 2.05)])
def test_a_search_finds_a_narrow_valley_in_few_evaluations(knee, steep):
    """Down with the slope −1, up behind the knee: both ends of the bracket are passed in either direction."""
    tried = []

    def f(theta):
        tried.append(theta)
        z = (theta - knee) / 0.001
        up = 0.5 * (1 + np.tanh(z / 2))  # the logistic function
        return float((-theta + steep * 0.001 * np.logaddexp(0, z))[0]), -1 + steep * up

    start, d = np.zeros(1), np.ones(1)
    value, gradient = f(start)
    found = search(f, Point(0.0, start, value, gradient, float(gradient @ d)), d, 1.0, 2.0**-53)
    assert found is not None
    assert abs(found.slope) <= 0.9 * abs(gradient @ d)
    assert len(tried) <= 15


def test_a_search_without_a_minimum_ends():
    d = np.array([1.0])
    found = search(
        lambda theta: (-theta[0], -np.ones(1)), Point(0.0, np.zeros(1), 0.0, -d, -1.0), d, 1.0, 0.0
    )
    assert found is not None
    assert found.value < -1e6


def test_a_search_steps_back_from_what_is_not_finite():
    def f(theta):
        with np.errstate(over="ignore"):
            return float(np.cosh(theta[0])), np.sinh(theta)

    start, d = np.array([3.0]), np.array([-1e4])
    value, gradient = f(start)
    found = search(f, Point(0.0, start, value, gradient, float(gradient @ d)), d, 1.0, 2.0**-53)
    assert found is not None
    assert found.value < value


def quadratic(size):
    root = RANDOM.normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


def test_newton_reaches_the_minimum_of_a_quadratic_in_one_step():
    H, g = quadratic(6), RANDOM.normal(size=6)
    np.testing.assert_allclose(newton_direction(g, H), -np.linalg.solve(H, g), rtol=1e-8)


def test_lbfgs_knows_a_quadratic_after_as_many_pairs_as_parameters():
    H, memory = quadratic(5), Memory(m=5)
    axes = np.linalg.eigh(H)[1].T
    for s in axes:
        memory.learn(s, H @ s)
    g = RANDOM.normal(size=5)
    np.testing.assert_allclose(memory.direction(g), -np.linalg.solve(H, g), rtol=1e-8)


def test_the_metric_of_the_inputs_is_the_hessian_of_the_squared_error():
    """There the curvature is one number, and the first step tells it."""
    x, w, b = RANDOM.normal(size=(50, 4)), cr.parameter("w", 4), cr.parameter("b")
    weights, l2 = RANDOM.random(50), 0.3
    wide = np.column_stack([x, np.ones(50)])
    H = 2.5 * (wide.T * weights) @ wide / weights.sum() + np.diag([l2] * 4 + [0])
    metric, (s, g) = InputMetric((w, b), x, weights, l2), RANDOM.normal(size=(2, 5))
    metric.calibrate(s, H @ s)
    np.testing.assert_allclose(metric.inverse(g), np.linalg.solve(H, g), rtol=1e-4, atol=1e-4)
