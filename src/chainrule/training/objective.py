"""What training minimises: the loss with a regulariser, and its value and gradient over a batch, compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import DATA, parameter
from chainrule.graph.walk import leaves
from chainrule.lowering.options import jitted
from chainrule.ops.loss import squared_norm
from chainrule.readings.compiled import checked_dtype, fed_arrays, handed_over, precision, traced
from chainrule.readings.gradient import gradient

_REDUCTIONS = ("mean", "sum")
LAMBDA = parameter(r"\lambda")
"""The weight λ of the regulariser. Its value is fed like that of any leaf."""
COUNT = parameter("n")
"""How many examples a batch has, or the sum of their weights."""


def checked_reduction(reduce: Any, where: str) -> str:
    """What becomes of the losses of a batch. Raises ChainruleError for anything but "mean" and "sum"."""
    if reduce not in _REDUCTIONS:
        raise ChainruleError('"mean" or "sum"', repr(reduce)[:80], where, 'write reduce="mean"')
    return str(reduce)


def regularised(loss: Expr, weights: Sequence[Expr], reduce: str = "mean") -> Expr:
    """The loss of one example plus λ/2 times the sum of the squares of all weights: L2. Notes (62).

    weights: the parameters to hold small. Over a batch, the mean of this is the mean loss plus the
    same regulariser, so that its gradient is that of the mean loss plus λ W, notes (63). reduce: with "sum"
    each of the batch's n examples carries 1/n of the regulariser, so that the sum has it once.

    >>> import chainrule as cr
    >>> W, x, y = cr.parameter("W", (1, 2)), cr.data("x", 2), cr.data("y", 1)
    >>> str(regularised(cr.squared_error(W @ x, y), [W]))
    '‖W x − y‖² + λ ‖W‖²/2'
    >>> str(cr.gradient(regularised(cr.squared_error(W @ x, y), [W]), W))
    'λ W + 2 (W x − y) xᵀ'
    >>> str(regularised(cr.squared_error(W @ x, y), [W], reduce="sum"))
    '‖W x − y‖² + λ ‖W‖²/(2 n)'
    """
    if not weights:
        return loss
    norm = squared_norm(weights[0])
    for weight in weights[1:]:
        norm = norm + squared_norm(weight)
    return loss + LAMBDA * norm / (2 if reduce == "mean" else 2 * COUNT)


def value_and_gradient(
    loss: Expr, wrt: Sequence[Expr], reduce: str = "mean", dtype: str = "float32"
) -> Callable[[Mapping[Any, Any]], tuple[jax.Array, tuple[jax.Array, ...]]]:
    """A compiled function of a batch: the loss and its gradients, as the mean or the sum over the examples.

    loss: a scalar, for one example. wrt: leaves; the gradient of a data leaf has a leading axis, one
    part for each example. reduce: "mean" or "sum". dtype: "float32" or "float64". The function takes
    values (data with a leading axis) and returns (value, gradients), in double precision as NumPy arrays.
    Raises FeedError, when called, for a value that is missing or does not fit.

    >>> import chainrule as cr
    >>> x, w = cr.data("x", 2), cr.parameter("w", 2)
    >>> f = cr.value_and_gradient((w @ x) ** 2 / 2, [w])
    >>> value, (dw,) = f({"x": [[1, 0], [0, 2]], "w": [1, 1]})
    >>> float(value), dw.tolist()
    (1.25, [0.5, 2.0])
    """
    reduce = checked_reduction(reduce, "value_and_gradient")
    dtype, targets = checked_dtype(dtype), tuple(wrt)
    exprs = [loss, *gradient(loss, targets)]
    wanted = leaves([loss, *exprs, *(target for target in targets if target.op is DATA)])

    how = [reduce, *(None if target.op is DATA else reduce for target in targets)]

    @jitted
    def run(arrays: tuple[Any, ...]) -> list[Any]:
        results = traced(exprs, dict(zip(wanted, arrays, strict=True)), True, dtype, how)
        if reduce == "mean":  # each example has its part in the mean
            results = [r / len(r) if kept is None else r for r, kept in zip(results, how, strict=True)]
        return results

    def call(values: Mapping[Any, Any]) -> tuple[jax.Array, tuple[jax.Array, ...]]:
        with precision(dtype):
            value, *parts = handed_over(run(fed_arrays(wanted, values, True, dtype)), dtype)
        return value, tuple(parts)

    return call
