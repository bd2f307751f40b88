"""The printed derivation of a convolutional network, with numbers put in by hand, gives the gradients."""

import re

import numpy as np
import pytest

import chainrule as cr

pytestmark = pytest.mark.unoptimised

latex_reader = pytest.importorskip("support.latex_reader")
LAYERS = [
    *(cr.Conv2d(3, 3, padding="same"), cr.ReLU(), cr.MaxPool2d(2)),
    *(cr.Conv2d(2, 2), cr.Tanh(), cr.MaxPool2d(2, stride=1), cr.Flatten(), cr.Linear(3)),
]


def lines(latex):
    """Left and right sides; of a right side that is written twice, the first."""
    body = re.search(r"\\begin\{aligned\}\n(.*)\n\\end\{aligned\}", latex, re.DOTALL)[1]
    sides = [line.split(" &= ") for line in body.split(" \\\\\n")]
    return [(left, right.split(" = ")[0]) for left, right in sides]


def test_the_last_lines_give_the_gradients():
    net = cr.Network((2, 7, 7), LAYERS, loss="cross_entropy", dtype="float64")
    random = np.random.default_rng(0)
    net.set_parameters({name: random.normal(size=value.shape) for name, value in net.parameters.items()})
    x, y = random.normal(size=(2, 7, 7)), 1
    numbers = {leaf.latex(): value for leaf, value in net.values(x, y).items()}
    for left, right in lines(net.derive().latex()):
        numbers[left] = latex_reader.read(right, numbers)
    for name, slope in net.gradients([x], [y]).items():
        found = numbers[rf"\frac{{\partial \ell}}{{\partial {name}}}"]
        np.testing.assert_allclose(found, slope, rtol=1e-9, atol=1e-12)
    dx = numbers[r"\frac{\partial \ell}{\partial x}"]
    np.testing.assert_allclose(dx, net.input_gradient([x], [y])[0], rtol=1e-9, atol=1e-12)
