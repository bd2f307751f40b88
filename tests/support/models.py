"""The examples that every form of a document is tested on: expressions with values."""

from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits, load_iris

import chainrule as cr


def notes():
    """The worked example of sections 4.2 to 4.4 of the notes."""
    x, y = cr.data("x", 3), cr.data("y")
    W, b, U = cr.parameter("W", (3, 3)), cr.parameter("b", 3), cr.parameter("U", 3)
    z = (W @ x + b).named("z")
    a = cr.sigmoid(z).named("a")
    y_hat = (U @ a).named(r"\hat{y}")
    loss = ((y_hat - y) ** 2 / 2).named(r"\ell")
    W_, b_, U_ = [[1, 0, 1], [1, -1, 0], [0, 0, 2]], [1, 1, 1], [-1, 1, 1]
    return loss, {"x": [2, 1, 2], "y": 1, "W": W_, "b": b_, "U": U_}


def layered(*widths):
    """A fully connected network with a linear output of one number, as in section 4.5 of the notes."""
    random = np.random.default_rng(len(widths))
    a = cr.data("x", widths[0])
    values = {"x": random.normal(size=widths[0]).round(1), "y": 1}
    for layer, (inner, outer) in enumerate(pairwise(widths), 1):
        W, b = cr.parameter(f"W^{{({layer})}}", (outer, inner)), cr.parameter(f"b^{{({layer})}}", outer)
        values |= {W.name: random.normal(size=W.shape).round(2), b.name: random.normal(size=outer).round(2)}
        a = cr.sigmoid((W @ a + b).named(f"z^{{({layer})}}")).named(f"a^{{({layer})}}")
    U = cr.parameter("U", widths[-1])
    return (U @ a - cr.data("y")) ** 2 / 2, values | {"U": random.normal(size=widths[-1]).round(2)}


def two_layers():
    """Two layers of different widths."""
    return layered(2, 3, 2)


def iris():
    """Softmax regression on one row of iris."""
    random = np.random.default_rng(0)
    x, y = cr.data("x", 4), cr.data("y", 3, distribution=True)
    W, b = cr.parameter("W", (3, 4)), cr.parameter("b", 3)
    p = cr.softmax((W @ x + b).named("z")).named(r"\hat{y}")
    values = {
        "x": load_iris().data[70],
        "y": [0, 1, 0],
        "W": random.normal(size=(3, 4)).round(2),
        "b": [0, 0.1, -0.1],
    }
    return cr.cross_entropy(p, y), values


def convolutional(size=8, channels=(2,), kernel=3, widths=(10,)):
    """Convolution 3×3, ReLU, 2×2 max-pooling, linear, softmax cross entropy, on a real digit of 8×8."""
    random = np.random.default_rng(0)
    image = load_digits().images[0] / 16
    image = np.kron(image, np.ones((4, 4)))[2 : 2 + size, 2 : 2 + size] if size > 8 else image
    a, values = cr.data("x", (1, size, size)), {"x": image[None]}
    for layer, outputs in enumerate(channels, 1):
        mark = f"^{{({layer})}}" if len(channels) > 1 else ""
        K, b = (
            cr.parameter(f"K{mark}", (outputs, a.shape[0], kernel, kernel)),
            cr.parameter(f"b{mark}", outputs),
        )
        values |= {
            K.name: random.normal(size=K.shape).round(2) / 2,
            b.name: random.normal(size=outputs).round(2) / 8,
        }
        z = cr.correlate2d(a, K)
        z = (z + cr.fill(b, z.shape[1:])).named(f"z{mark}")
        a = cr.max_pool2d(cr.relu(z).named(f"a{mark}"), 2).named(f"p{mark}")
    a = cr.flatten(a).named("f")
    for layer, width in enumerate(widths, 1):
        mark = f"_{layer}" if len(widths) > 1 else ""
        W, c = cr.parameter(f"W{mark}", (width, a.shape[0])), cr.parameter(f"c{mark}", width)
        values |= {W.name: (random.normal(size=W.shape) / 4).round(2), c.name: np.zeros(width)}
        a = (W @ a + c).named(f"s{mark}")
        if layer < len(widths):
            a = cr.relu(a).named(f"h{mark}")
    y = cr.data("y", widths[-1], distribution=True)
    return cr.cross_entropy(cr.softmax(a).named(r"\hat{y}"), y), values | {"y": np.eye(widths[-1])[0]}


def lenet():
    """A network of LeNet's size on an image of 28×28."""
    return convolutional(28, (6, 16), 5, (120, 84, 10))


MODELS = {"notes": notes, "two layers": two_layers, "iris": iris, "digit": convolutional}
"""By name."""
