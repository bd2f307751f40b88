"""Inputs and labels as people bring them, checked: the first one that does not fit is named.

Legend: n the number of examples; K the number of classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import FeedError
from chainrule.graph.shape import Shape

Array = NDArray[Any]
_NUMBERS = "biuf"  # kinds of NumPy dtypes


def class_labels(y: Any, n: int, classes: int) -> Array:
    """Class indices, (n,). Raises FeedError for anything but whole numbers from 0 to classes − 1."""
    wish = f"class indices, whole numbers from 0 to {classes - 1}"
    labels = _one_for_each(y, n, wish, classes)
    _refuse(labels, labels != np.floor(labels), wish)
    outside = (labels < 0) | (labels >= classes)
    _refuse(labels, outside, wish, f"the last layer has {classes} outputs, one for each class")
    return labels.astype(np.int32)


def binary_labels(y: Any, n: int) -> Array:
    """Labels 0 and 1, (n,). Raises FeedError for anything else."""
    labels = _one_for_each(y, n, "labels 0 and 1")
    bad = (labels != 0) & (labels != 1)
    _refuse(labels, bad, "labels 0 and 1", 'for more classes write loss="cross_entropy"')
    return labels


def real_labels(y: Any, n: int, shape: Shape) -> Array:
    """Labels of a shape for each example, (n, *shape); of one number for each (n,) and (n, 1) will do."""
    wish = f"labels of the shape ({', '.join(map(str, (n, *shape)))}{'' if shape else ','})"
    if shape in ((), (1,)):
        return _one_for_each(y, n, f"labels of the shape ({n},)")
    labels = _numbers(y, wish, "y")
    if labels.shape != (n, *shape):
        raise FeedError(wish, f"the shape {labels.shape}", "y")
    return labels


def weights(given: Any, n: int, reduce: str) -> Array | None:
    """The weights of n examples, (n,), or None where they change nothing, all being alike.

    Where a mean is taken only their ratios matter, and they are scaled to a mean of 1.
    Raises FeedError for what is no number, negative, or 0 throughout.
    """
    if given is None:
        return None
    wish = f"a weight for each of the {n} examples, a finite number, 0 or above"
    found = _numbers(given, wish, "sample_weight").astype(np.float64)
    if found.shape != (n,):
        remedy = "give one for each row of X, or leave it out"
        raise FeedError(wish, f"the shape {found.shape}", "sample_weight", remedy)
    remedy = "weigh what is not to count with 0"
    _refuse(found, ~(np.isfinite(found) & (found >= 0)), wish, remedy, name="sample_weight")
    if not found.any():
        remedy = "leave sample_weight out to let all examples count"
        raise FeedError("a weight above 0", "weights that are all 0", "sample_weight", remedy)
    if reduce == "mean":
        found = found / found.max()  # so that the sum cannot overflow
        found = found / found.mean()
        return None if (found == found[0]).all() else found
    return None if (found == 1).all() else found


def _one_for_each(y: Any, n: int, wish: str, classes: int = 0) -> Array:
    """A vector of n finite numbers, one for each example; a column is taken as a vector."""
    labels = _numbers(y, wish, "y")
    if labels.ndim == 2 and classes and labels.shape[1] == classes:
        raise FeedError(wish, f"the shape {labels.shape}", "y", "from one-hot rows take y.argmax(axis=1)")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise FeedError(f"{wish}, one for each example", f"the shape {labels.shape}", "y")
    if len(labels) != n:
        raise FeedError(f"as many labels as examples, {n}", f"{len(labels)}", "y")
    _refuse(labels, ~np.isfinite(labels), wish)
    return labels


def inputs(X: Any, shape: Shape) -> Array:
    """The inputs of n examples, (n, *shape).

    Raises FeedError for other shapes, no examples, what is no number, and pixels from 0 to 255, which
    would stop most networks from learning. Other whole numbers are taken as they are.
    """
    listed = ", ".join(map(str, shape))
    wish = f"inputs of the shape (n, {listed})"
    examples = _numbers(X, wish, "X")
    if examples.shape[1:] != shape or examples.ndim == 0:
        raise FeedError(wish, f"the shape {examples.shape}", "X", _reshaped(examples.shape, shape))
    if len(examples) == 0:
        raise FeedError("at least one example", f"the shape {examples.shape}", "X")
    if examples.dtype == np.uint8 and examples.size and examples.max() > 1:
        came = f"pixels of 8 bits, up to {examples.max()}"
        raise FeedError("numbers on a scale near 1", came, "X", "divide them: X / 255")
    return examples


def converted(values: Array, dtype: str, name: str) -> Array:
    """The numbers in a network's precision. Raises FeedError for nan, inf and what is too large."""
    with np.errstate(over="ignore"):
        result: Array = values.astype(dtype, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        # One pass over memory by one thread: more of BLAS's threads would go on waiting while training runs.
        # Where numbers are large it overflows, and says nothing.
        flat = result.ravel(order="K") if result.flags.forc else None
        total = result.sum() if flat is None else flat @ flat
    if not np.isfinite(total):
        _refuse(values, ~np.isfinite(result), f"finite numbers, in {dtype}", name=name)
    return result


def _reshaped(came: Shape, shape: Shape) -> str:
    if came == shape:
        return "for one example write X[None]"
    if len(came) > 0 and came[0] and np.prod(came[1:]) == np.prod(shape):
        return f"the entries are as many: X.reshape(len(X), {', '.join(map(str, shape))})"
    return ""


def _numbers(values: Any, wish: str, name: str) -> Array:
    """An array of real numbers."""
    if values is None:
        raise FeedError(wish, "None", name)
    if hasattr(values, "toarray"):
        raise FeedError(wish, "a sparse matrix", name, f"make it dense: {name}.toarray()")
    try:
        array: Array = np.asarray(values)
        if array.dtype.kind == "O":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as reason:
        raise FeedError(wish, f"{type(values).__name__}: {reason}"[:160], name, _words(name)) from None
    if array.dtype.kind not in _NUMBERS:
        raise FeedError(wish, f"values of the type {array.dtype}", name, _words(name))
    return array


def _words(name: str) -> str:
    if name == "sample_weight":
        return "give an array of numbers"
    if name != "y":
        return "give every row the same length, and numbers only"
    return "number the classes: names, y = numpy.unique(y, return_inverse=True)"


def _refuse(values: Array, bad: Array, wish: str, remedy: str = "", name: str = "y") -> None:
    """Raise FeedError where some value is bad, naming the first."""
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        more = f" and {int(bad.sum()) - 1} more like it" if bad.sum() > 1 else ""
        raise FeedError(wish, f"{values[at]} at {name}[{', '.join(map(str, at))}]{more}", name, remedy)
