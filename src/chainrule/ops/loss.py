"""Losses: how far a prediction is from its label, as one number. Notes (2), (26), (46), (85), (95).

Legend: y_hat the prediction ŷ (for the cross entropies a probability); z its logits; y the label.
"""

from chainrule.graph.errors import ShapeError
from chainrule.graph.notation import OPEN, POWER, Form, Notation
from chainrule.graph.op import case, define, error
from chainrule.ops.activation import sigmoid, softplus
from chainrule.ops.exponential import log
from chainrule.ops.reduction import sum
from chainrule.ops.softmax import log_softmax, softmax

_PAIRS = (case((), ()), case((3,), (3,)), case((1,), (1,)), case((2, 3), (2, 3)), case((0,), (0,)))
_VECTORS = (case((3,), (3,)), case((1,), (1,)), case((0,), (0,)))
_MISFIT = error((3,), (2,), match="one shape|operands of one shape")
_EDGES = (-800.0, -1e4, 0.0, 800.0, 1e4)


@define(
    Notation(
        Form(r"\left\lVert #1 \right\rVert^{2}", POWER, (OPEN,)),
        Form("‖#1‖²", POWER, (OPEN,)),
    ),
    samples=(case((3,)), case((2, 3)), case((1,)), case(()), case((0,))),
)
def squared_norm(x, /):
    """The sum of the squares of all entries.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.squared_norm(cr.data("x", 2)), {"x": [3, 4]}))
    25.0
    """
    return sum(x**2)


@squared_norm.gradient
def _(dy, y, x):
    return (dy * (2 * x),)


@define(domain=("real", "real"), samples=_PAIRS, errors=[_MISFIT])
def squared_error(y_hat, y, /):
    """The squared difference (ŷ − y)², summed over the entries. Notes (77), (95).

    y_hat, y: one shape. Returns a scalar. Raises ShapeError where the shapes differ.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.squared_error(cr.data("p"), cr.data("y")), {"p": 3, "y": 1}))
    4.0
    """
    return squared_norm(_difference(y_hat, y)) if y_hat.shape else (y_hat - y) ** 2


@define(domain=("real", "real"), samples=_PAIRS, errors=[_MISFIT])
def half_squared_error(y_hat, y, /):
    """Half the squared difference, ½ (ŷ − y)², summed over the entries. Notes (85), (99).

    y_hat, y: one shape. Returns a scalar. Raises ShapeError where the shapes differ.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.half_squared_error(cr.data("p"), cr.data("y")), {"p": 3, "y": 1}))
    2.0
    """
    return squared_error.definition((y_hat, y), {}) / 2


@half_squared_error.gradient
def _(dy, loss, y_hat, y):
    return dy * (y_hat - y), dy * (y - y_hat)


@define(domain=("probability", "probability"), samples=_PAIRS, errors=[_MISFIT])
def binary_cross_entropy(p, y, /):
    """−(y log p + (1 − y) log(1 − p)), summed over the entries. Notes (26), (27).

    p: probabilities of label 1. y: labels, 0 or 1 or between. Returns a scalar. After sigmoid it is
    computed from the logits, without overflow. Raises ShapeError where the shapes differ.

    >>> import chainrule as cr
    >>> round(float(cr.evaluate(cr.binary_cross_entropy(cr.data("p"), cr.data("y")), {"p": 0.5, "y": 1})), 6)
    0.693147
    """
    _difference(p, y)
    return -_total(y * log(p) + (1 - y) * log(1 - p))


@binary_cross_entropy.value
def _(xp, p, y):
    p, y = xp.asarray(p), xp.asarray(y)
    return -xp.sum(_weighted_log(xp, y, p) + _weighted_log(xp, 1 - y, 1 - p))


@binary_cross_entropy.gradient
def _(dy, loss, p, y):
    return dy * ((p - y) / (p * (1 - p))), dy * (log(1 - p) - log(p))


@define(domain=("real", "probability"), samples=_PAIRS, edges=_EDGES, errors=[_MISFIT])
def binary_cross_entropy_with_logits(z, y, /):
    """The binary cross entropy of the probabilities sigmoid(z), finite for any logits z.

    z: logits. y: labels, 0 or 1 or between. Returns a scalar. Raises ShapeError where the shapes differ.

    >>> import chainrule as cr
    >>> float(cr.evaluate(cr.binary_cross_entropy_with_logits(cr.data("z"), cr.data("y")), {"z": -1e4, "y": 1}))
    10000.0
    """
    _difference(z, y)
    return _total(softplus(z) - y * z)


@binary_cross_entropy_with_logits.gradient
def _(dy, loss, z, y):
    return dy * (sigmoid(z) - y), -(dy * z)


@binary_cross_entropy.after(sigmoid)
def _(z, y):
    return binary_cross_entropy_with_logits(z, y)


@define(
    domain=("probability", "probability"), samples=_VECTORS, errors=[_MISFIT, error((), (), match="vectors")]
)
def cross_entropy(p, y, /):
    """−Σ y_k log p_k. Notes (46), (66).

    p: the predicted distribution (K,). y: the label as a distribution (K,), for a class a one-hot
    vector. Returns a scalar. After softmax it is computed from the logits, without overflow.
    Raises ShapeError where the shapes differ.

    >>> import chainrule as cr
    >>> values = {"p": [0.3, 0.7], "y": [1, 0]}
    >>> round(float(cr.evaluate(cr.cross_entropy(cr.data("p", 2), cr.data("y", 2)), values)), 4)
    1.204
    """
    return -(_label(p, y) @ log(p))


@cross_entropy.value
def _(xp, p, y):
    return -xp.sum(_weighted_log(xp, xp.asarray(y), xp.asarray(p)))


@define(
    domain=("real", "probability"),
    samples=_VECTORS,
    edges=_EDGES,
    errors=[_MISFIT, error((), (), match="vectors")],
)
def cross_entropy_with_logits(z, y, /):
    """The cross entropy of the probabilities softmax(z), finite for any logits z.

    z: logits (K,). y: the label as a distribution (K,). Returns a scalar. Raises ShapeError where
    the shapes differ.

    >>> import chainrule as cr
    >>> z, y = cr.data("z", 2), cr.data("y", 2)
    >>> float(cr.evaluate(cr.cross_entropy_with_logits(z, y), {"z": [0, 1e4], "y": [1, 0]}))
    10000.0
    """
    return -(_label(z, y) @ log_softmax(z))


@cross_entropy_with_logits.gradient
def _(dy, loss, z, y):
    return dy * (sum(y) * softmax(z) - y), -(dy * log_softmax(z))


@cross_entropy.after(softmax)
def _(z, y, axis):
    del axis
    return cross_entropy_with_logits(z, y)


def _difference(a, b):
    if a.shape != b.shape:
        raise ShapeError(
            "a prediction and a label of one shape",
            f"{a.shape} and {b.shape}",
            remedy="declare the label with the shape of the prediction, or reshape one of them",
        )
    return a - b


def _label(p, y):
    if len(p.shape) != 1 or p.shape != y.shape:
        raise ShapeError(
            "vectors of one shape for prediction and label",
            f"{p.shape} and {y.shape}",
            remedy="write a class as a one-hot vector; for a single probability use binary_cross_entropy",
        )
    return y


def _total(x):
    return sum(x) if x.shape else x


def _weighted_log(xp, weight, p):
    """weight × log p, and 0 where the weight is 0 though p be 0 too."""
    return xp.where(weight == 0, 0, weight * xp.log(xp.where(weight == 0, 1, p)))
