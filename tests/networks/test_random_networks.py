"""Gradients of random networks against JAX's own, of forward passes that are written independently."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from networks.random_networks import random_twin
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.lowering import products

MOST = 1e-9
"""The largest difference, of numbers near 1, in double precision."""


def differences(seed, most, scale=1.0):
    """By name, how far our gradient of a random network is from JAX's, by the largest entry above 1."""
    twin = random_twin(seed, most)
    net = cr.Network(twin.shape, twin.layers, loss=twin.loss, dtype="float64", seed=seed)
    random = np.random.default_rng(seed)
    net.set_parameters(
        {name: value + 0.1 * random.normal(size=value.shape) for name, value in net.parameters.items()}
    )
    n = int(random.integers(1, 6))
    X, shape = random.normal(size=(n, *twin.shape)), net.output.shape
    if net.head.name == "cross_entropy":
        y = random.integers(0, shape[0], n)
    else:
        y = random.integers(0, 2, n) if net.head.probabilities else random.normal(size=(n, *shape))
    with jax.enable_x64(True):

        def reference(numbers, X):
            slopes = jax.grad(lambda numbers: scale * twin.losses(numbers, X, y).mean())(numbers)
            return slopes, jax.grad(lambda X: twin.losses(numbers, X, y).sum())(X)

        compiled = jax.jit(reference, compiler_options=UNOPTIMISED)
        slopes, dX = compiled([*map(jnp.asarray, net.parameters.values())], jnp.asarray(X))
        theirs = dict(zip(net.parameters, map(np.asarray, slopes), strict=True)) | {"x": np.asarray(dX)}
    ours = net.gradients(X, y) | {"x": net.input_gradient(X, y)}
    apart = {}
    for name, slope in theirs.items():
        assert ours[name].shape == slope.shape
        apart[name] = float(np.abs(ours[name] - slope).max(initial=0) / max(1, np.abs(slope).max(initial=0)))
    return net, apart


@pytest.mark.unoptimised
@pytest.mark.parametrize("seed", range(1000, 1012))
def test_gradients_of_small_random_networks(seed, monkeypatch):
    if seed % 2:
        monkeypatch.setattr(products, "_FEW", 0)  # half of them without products that are written out
    net, apart = differences(seed, most=1)
    assert max(apart.values()) < MOST, (net, apart)


@pytest.mark.unoptimised
def test_a_gradient_one_percent_off_is_noticed():
    _, apart = differences(1000, most=1, scale=1.01)
    assert max(apart.values()) > 1e-4


@pytest.mark.evidence
@pytest.mark.parametrize("first", range(0, 300, 50))
def test_gradients_of_300_random_networks(first):
    worst, kinds = 0.0, set()
    for seed in range(first, first + 50):
        net, apart = differences(seed, most=3)
        assert max(apart.values()) < MOST, (seed, net, apart)
        worst = max(worst, *apart.values())
        kinds |= {type(layer).__name__ for layer in net.layers}
        jax.clear_caches()
    print(f"networks {first} to {first + 49}: the largest difference of a gradient is {worst:.1e}")
    assert {"Conv1d", "Conv2d", "MaxPool1d", "MaxPool2d", "AvgPool1d", "AvgPool2d"} <= kinds
