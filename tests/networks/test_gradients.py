"""Gradients against JAX's own, of forward passes written here independently, in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.unoptimised import UNOPTIMISED

import chainrule as cr

ACTIVATIONS = {
    "relu": (cr.ReLU(), lambda z: jnp.where(z > 0, z, 0)),
    "sigmoid": (cr.Sigmoid(), lambda z: 1 / (1 + jnp.exp(-z))),
    "tanh": (cr.Tanh(), jnp.tanh),
    "leaky_relu": (cr.LeakyReLU(0.2), lambda z: jnp.where(z > 0, z, 0.2 * z)),
    "softplus": (cr.Softplus(), lambda z: jnp.log(1 + jnp.exp(z))),
    "elu": (cr.ELU(0.7), lambda z: jnp.where(z > 0, z, 0.7 * (jnp.exp(z) - 1))),
    "gelu": (cr.GELU(), lambda z: z * jax.scipy.stats.norm.cdf(z)),
}


def cross_entropy(z, y):
    p = jnp.exp(z) / jnp.exp(z).sum(axis=1, keepdims=True)
    return -jnp.log(p[jnp.arange(len(y)), y])


def binary_cross_entropy(z, y):
    p, y = 1 / (1 + jnp.exp(-z)), y.reshape(z.shape)
    return -(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)).reshape(len(y), -1).sum(axis=1)


def squared_error(z, y):
    return ((z - y.reshape(z.shape)) ** 2).reshape(len(y), -1).sum(axis=1)


def half_squared_error(z, y):
    return squared_error(z, y) / 2


HEADS = {
    "cross_entropy": (4, cross_entropy),
    "binary_cross_entropy": (1, binary_cross_entropy),
    "squared_error": (2, squared_error),
    "half_squared_error": (1, half_squared_error),
    "binary_cross_entropy, scalar": ((), binary_cross_entropy),
    "squared_error, scalar": ((), squared_error),
}


def losses(parameters, X, y, head, activation):
    """The loss of each example, as anyone would write it: rows are examples."""
    a = X.reshape(len(X), -1)
    for place in range(0, len(parameters), 2):
        z = a @ parameters[place].T + parameters[place + 1]
        a = activation(z)
    return head(z, y)


def case(head, activation, n, sizes=(6, 5)):
    units, loss = HEADS[head]
    layer, function = ACTIVATIONS[activation]
    hidden = [part for size in sizes for part in (cr.Linear(size), layer)]
    net = cr.Network(
        (1, 2, 4), [cr.Flatten(), *hidden, cr.Linear(units)], loss=head.split(",")[0], dtype="float64"
    )
    random = np.random.default_rng(n)
    net.set_parameters(
        {name: random.normal(size=value.shape) * 0.5 for name, value in net.parameters.items()}
    )
    X = random.normal(size=(n, 1, 2, 4))
    if head.startswith("cross"):
        y = random.integers(0, units, n)
    elif head.startswith("binary"):
        y = random.integers(0, 2, n)
    else:
        y = random.normal(size=(n, units) if units == 2 else n)
    return net, X, y, lambda parameters, X, y: losses(parameters, X, y, loss, function)


def difference(net, X, y, independent):
    """The largest difference between our gradients and JAX's, over parameters and inputs."""
    with jax.enable_x64(True):
        numbers = [jnp.asarray(value) for value in net.parameters.values()]

        def reference(numbers, X):
            slopes = jax.grad(lambda numbers: independent(numbers, X, y).mean())(numbers)
            return *slopes, jax.grad(lambda X: independent(numbers, X, y).sum())(X)

        compiled = jax.jit(reference, compiler_options=UNOPTIMISED)
        theirs = [np.asarray(value) for value in compiled(numbers, jnp.asarray(X))]
    ours = [*net.gradients(X, y).values(), net.input_gradient(X, y)]
    assert [value.shape for value in ours] == [value.shape for value in theirs]
    return max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(
    ("head", "activation"),
    [
        *((head, "tanh") for head in HEADS),
        *(("cross_entropy", name) for name in ACTIVATIONS if name != "tanh"),
    ],
)
def test_gradients_are_those_of_jax(head, activation):
    assert difference(*case(head, activation, n=7)) < 1e-12


@pytest.mark.parametrize("n", [1, 1023, 2500])
def test_gradients_of_any_number_of_examples(n):
    assert difference(*case("cross_entropy", "tanh", n)) < 1e-12


def test_a_gradient_one_percent_off_is_noticed():
    net, X, y, independent = case("cross_entropy", "tanh", 7)
    assert difference(net, X, y, lambda *given: 1.01 * independent(*given)) > 1e-3


@pytest.mark.parametrize("head", HEADS)
def test_evaluate_is_the_mean_loss(head):
    net, X, y, independent = case(head, "tanh", 50)
    with jax.enable_x64(True):
        reference = jax.jit(lambda numbers: independent(numbers, X, y).mean(), compiler_options=UNOPTIMISED)
        theirs = float(reference([jnp.asarray(value) for value in net.parameters.values()]))
    assert net.evaluate(X, y)["loss"] == pytest.approx(theirs, abs=1e-12)


def test_in_single_precision_gradients_are_close():
    double, X, y, _ = case("cross_entropy", "relu", 64)
    single = cr.Network((1, 2, 4), double.layers, loss="cross_entropy")
    single.set_parameters(double.parameters)
    for name, slope in single.gradients(X, y).items():
        assert slope.dtype == np.float32
        np.testing.assert_allclose(slope, double.gradients(X, y)[name], atol=2e-6)


@pytest.mark.parametrize("head", ["cross_entropy", "binary_cross_entropy"])
def test_losses_of_huge_logits_are_finite(head):
    units = HEADS[head][0]
    net = cr.Network(1, [cr.Linear(units)], loss=head)
    net.set_parameters({"W^{(1)}": 1e4 * np.resize([1.0, -1.0], (units, 1))})
    X, y = [[1.0], [-1.0]], [0, 1]
    assert np.isfinite(net.evaluate(X, y)["loss"])
    assert all(np.isfinite(slope).all() for slope in net.gradients(X, y).values())
    assert np.isfinite(net.predict_proba(X)).all()


def test_the_last_delta_is_p_minus_y():
    net = cr.Network(3, [cr.Linear(4)], loss="cross_entropy")
    b = net.leaves[1]
    assert cr.gradient(net.expression, b) is (net.output - net.label)
    net = cr.Network(3, [cr.Linear(1)], loss="binary_cross_entropy")
    assert cr.gradient(net.expression, net.leaves[1]) is (net.output - net.label)
