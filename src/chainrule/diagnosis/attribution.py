"""Which parts of an input matter: gradient times input, smoothed gradients, integrated gradients. Notes (114).

Legend: n examples of the input shape; F what is explained, one number of each example; x the input, x′ a baseline.
All are means of ∂F/∂x, which is an expression of the network, so they need its compiled form and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.networks.network import Network
from chainrule.ops.reduction import sum as total
from chainrule.readings.gradient import gradient
from chainrule.training.evaluation import values
from chainrule.training.settings import checked_whole

Array = NDArray[Any]


def explained(net: Network, of: str) -> Expr:
    """F: "loss" for ℓ; "output" for ŷ at the label's class, or ŷ itself; "logit" for the same of z before softmax.

    Raises ChainruleError for another word, and for several outputs that are no classes.
    """
    if of == "loss":
        return net.expression
    found = {"output": net.output, "logit": net.logits}.get(of)
    if found is None:
        raise ChainruleError('"loss", "output" or "logit"', repr(of)[:80], "of", 'write of="loss"')
    if net.label.shape == net.output.shape and net.head.name == "cross_entropy":
        return found @ net.label
    if found.shape not in ((), (1,)):
        raise ChainruleError("one output", f"the shape {found.shape}", "of", 'write of="loss"')
    return total(found) if found.shape else found


def gradient_times_input(net: Network, X: Any, y: Any, of: str = "loss") -> Array:
    """∂F/∂x ⊙ x: how F would change if an entry were 0, as far as the tangent knows. The shape of X.

    X: (n, *input_shape). y: labels as for `fit`. of: see `explained`. Shrikumar et al. 2016.

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(1)], "squared_error")
    >>> net.set_parameters({"W^{(1)}": [[2, -1]]})
    >>> gradient_times_input(net, [[3, 4]], [0], of="output").tolist()
    [[6.0, -4.0]]
    """
    slopes = _slopes(net, y, of)
    x = _inputs(net, X, y)
    return slopes(x) * x


def smoothed_gradient(
    net: Network, X: Any, y: Any, of: str = "loss", samples: int = 25, noise: float = 0.15, seed: int = 0
) -> Array:
    """The mean of ∂F/∂x over inputs with noise: what of the gradient does not change from one x to the next.

    samples: how many. noise: the standard deviation of what is added, as a share of each example's range.
    Returns an array of the shape of X. SmoothGrad: Smilkov et al. 2017, (1).

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(1)], "squared_error")
    >>> net.set_parameters({"W^{(1)}": [[2, -1]]})
    >>> smoothed_gradient(net, [[3, 4]], [0], of="output").tolist()
    [[2.0, -1.0]]
    """
    _require_count(samples, "samples")
    slopes, x, random = _slopes(net, y, of), _inputs(net, X, y), np.random.default_rng(seed)
    axes = tuple(range(1, x.ndim))
    spread = noise * (x.max(axis=axes, keepdims=True) - x.min(axis=axes, keepdims=True))
    found = np.zeros(x.shape)
    for _ in range(samples):
        found += slopes(x + spread * random.standard_normal(x.shape))
    return found / samples


def integrated_gradients(
    net: Network, X: Any, y: Any, of: str = "loss", baseline: Any = 0.0, steps: int = 64
) -> Array:
    """(x − x′) ⊙ the mean of ∂F/∂x on the straight way from x′ to x. The shape of X.

    The entries of an example add up to F(x) − F(x′): completeness; `steps` Gauss-Legendre points make the difference
    small, and where F has kinks on the way, as with ReLU, more of them. baseline: x′, a number, an example, or an array
    of the shape of X. Sundararajan et al. 2017, (1).

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(1)], "squared_error")
    >>> net.set_parameters({"W^{(1)}": [[2, -1]]})
    >>> integrated_gradients(net, [[3, 4]], [0], of="loss").round(4).tolist()  # (2·3 − 4)² = 4
    [[12.0, -8.0]]
    """
    _require_count(steps, "steps")
    slopes, x = _slopes(net, y, of), _inputs(net, X, y)
    start = np.broadcast_to(np.asarray(baseline, np.float64), x.shape)
    points, weights = np.polynomial.legendre.leggauss(steps)
    found = np.zeros(x.shape)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        found += weight * slopes(start + point * (x - start))
    return found * (x - start)


@dataclass(frozen=True)
class Ranked:
    """A column and how much it matters.

    strength: the mean size of its attribution. share: of the sum over all columns.
    """

    name: str
    column: int
    strength: float
    share: float


def ranked(attribution: Array, names: Sequence[str] = ()) -> tuple[Ranked, ...]:
    """The columns of a table by what they contribute, the strongest first; of images, the channels.

    attribution: (n, d, ...), of one of the functions above.

    >>> [(row.name, row.share) for row in ranked(np.array([[1.0, -3.0], [1.0, 3.0]]), ["age", "income"])]
    [('income', 0.75), ('age', 0.25)]
    """
    sizes = np.abs(np.asarray(attribution, np.float64))
    strength = sizes.mean(axis=(0, *range(2, sizes.ndim)))
    whole = float(strength.sum()) or 1.0
    return tuple(
        Ranked(
            str(names[j]) if j < len(names) else f"column {j}",
            int(j),
            float(strength[j]),
            float(strength[j] / whole),
        )
        for j in np.argsort(-strength, kind="stable")
    )


@dataclass(frozen=True)
class Mistake:
    """An example that costs much.

    row: which. loss: its own ℓ; share: of the sum over all examples. label, predicted: as `predict` gives it.
    parts: the attribution of its loss, of the input shape: integrated gradients from the mean example, positive
    where an entry raises the loss. places: the entries that raise it most, the first one first.
    """

    row: int
    loss: float
    share: float
    label: Any
    predicted: Any
    parts: Array
    places: tuple[tuple[int, ...], ...]


def worst(net: Network, X: Any, y: Any, count: int = 10, places: int = 5) -> tuple[Mistake, ...]:
    """The examples with the largest losses, and the parts of each that cause most of it.

    count: how many examples. places: how many entries of each are named. The losses of the examples are compared with
    their sum, so `share` says how much of the error a few of them are.

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(1)], "squared_error")
    >>> net.set_parameters({"W^{(1)}": [[1, 0]]})
    >>> [(m.row, round(m.share, 2), m.places) for m in worst(net, [[1, 1], [0, 2], [5, 0]], [1, 0, 0], 1, 1)]
    [(2, 1.0, ((0,),))]
    """
    _require_count(count, "count")
    x, labels = _inputs(net, X, y), np.asarray(y)
    losses = np.asarray(net.losses(X, y), np.float64)
    rows = np.argsort(-losses, kind="stable")[:count]
    parts = integrated_gradients(net, x[rows], labels[rows], "loss", x.mean(axis=0))
    predicted, whole = net.predict(x[rows]), float(losses.sum()) or 1.0
    found = []
    for row, part, said in zip(rows, parts, predicted, strict=True):
        order = np.argsort(-part.ravel(), kind="stable")[:places]
        named = tuple(
            tuple(int(i) for i in np.unravel_index(k, part.shape)) for k in order if part.flat[k] > 0
        )
        found.append(
            Mistake(int(row), float(losses[row]), float(losses[row]) / whole, labels[row], said, part, named)
        )
    return tuple(found)


def _slopes(net: Network, y: Any, of: str) -> Callable[[Array], Array]:
    """∂F/∂x at inputs, with the labels y."""
    slope = gradient(explained(net, of), net.input)
    leaves = dict(zip(net.leaves, net.parameters.values(), strict=True))

    def at(x: Array) -> Array:
        found: Array = values([slope], leaves, net.feed(x, y), net.dtype)[0].astype(np.float64)
        return found

    return at


def _inputs(net: Network, X: Any, y: Any) -> Array:
    return np.asarray(net.feed(X, y).arrays[0], np.float64)


def _require_count(number: Any, name: str) -> None:
    checked_whole(f"{name} as a whole number from 1", number, "diagnosis", f"write {name}=10")
