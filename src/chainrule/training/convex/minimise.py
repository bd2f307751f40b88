"""The minimum of a mean loss: the runs of L-BFGS and Newton's method, and what they leave behind.

Legend: θ all parameters as one vector; g the gradient of the objective; λ the weight of the regulariser.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, TrainingError
from chainrule.graph.expression import Expr
from chainrule.graph.warnings import NoMinimumWarning
from chainrule.readings.compiled import checked_dtype
from chainrule.training.convex.lbfgs import Memory
from chainrule.training.convex.line_search import Point, search
from chainrule.training.convex.metric import InputMetric
from chainrule.training.convex.newton import newton_direction
from chainrule.training.convex.objective import Objective
from chainrule.training.objective import LAMBDA
from chainrule.training.windows import Feed

Array = NDArray[Any]
METHODS = ("lbfgs", "newton")
_MANY = 2**21  # entries of the data, from which on a first run in float32 pays
_FAR = 30  # times the length of θ: there a minimum would lie behind, and the objective be higher again
_LESS = 1e-13  # of the objective: a difference that is no rounding error
_CLEANING = 3  # steps, each of which squares what is left of the other directions
_FEW = 512  # parameters, up to which second derivatives are cheap
_NOISE = {"float32": 2.0**-24, "float64": 2.0**-53}


@dataclass(frozen=True)
class Minimum:
    """What was found.

    parameters: by leaf. value: of the objective, the regulariser included. slope: the largest entry of |g|.
    iterations: steps taken. evaluations: how often value and gradient were computed over all examples.
    converged: whether slope ≤ tolerance. values: the objective before the first step and after each.
    """

    parameters: dict[Expr, Array]
    value: float
    slope: float
    iterations: int
    evaluations: int
    converged: bool
    values: tuple[float, ...]


def minimise(  # noqa: PLR0913 - the settings of a minimisation
    objective: Expr,
    start: Mapping[Expr, Any],
    feed: Feed,
    *,
    l2: float = 0.0,
    sample_weight: Any = None,
    method: str = "lbfgs",
    tolerance: float = 1e-4,
    iterations: int = 1000,
    features: Expr | None = None,
    dtype: str = "float64",
) -> Minimum:
    """The parameters with the smallest mean of a convex objective over examples.

    objective: a scalar, of one example, with the regulariser in it: see `regularised`. start: the parameters,
        from which it begins. feed: the examples. l2: λ, the number of the regulariser. sample_weight: (n,).
    method: "newton" takes few steps, each with all second derivatives: for hundreds of parameters. "lbfgs" needs
        first derivatives only, and has no such limit.
    tolerance: it ends when no entry of the gradient is larger. iterations: the most steps.
    features: the data leaf x, a vector, of a model that is linear in it: L-BFGS then takes the spread of the
        inputs into account, and needs a fraction of the steps.
    dtype: "float64"; large data are first minimised over in float32, and then finished in float64.

    Where the objective falls for ever, as that of separable classes without a regulariser does, it ends with a
    NoMinimumWarning. Raises TrainingError where the objective is no finite number at the start.

    >>> import chainrule as cr
    >>> from chainrule.training.objective import regularised
    >>> x, y, w = cr.data("x", 1), cr.data("y"), cr.parameter("w", 1)
    >>> loss = regularised(cr.half_squared_error(w @ x, y), [w])
    >>> data = Feed({x: np.array([[1.0], [1.0]]), y: np.array([1.0, 3.0])})
    >>> minimise(loss, {w: [0.0]}, data, l2=1.0, method="newton").parameters[w].tolist()
    [1.0]
    """
    if method not in METHODS:
        raise ChainruleError(f"one of {METHODS}", repr(method)[:80], "minimise", 'write method="lbfgs"')
    weights = np.ones(feed.n) if sample_weight is None else np.asarray(sample_weight, np.float64)
    wrt, constants = tuple(start), {LAMBDA: float(l2)} if l2 else {}
    metric = None
    if features is not None and method == "lbfgs":
        metric = InputMetric(wrt, feed.arrays[feed.leaves.index(features)], weights, l2)
    run = _Run(method, tolerance, iterations, Memory(metric=metric))
    theta = np.concatenate([np.ravel(np.asarray(value, np.float64)) for value in start.values()])
    for kind in _kinds(checked_dtype(dtype), feed, method):
        over = Objective(objective, wrt, feed, weights, constants, kind)
        theta = run.descend(over, theta)
    point = run.point
    if not l2 and _endless(over, point):
        warnings.warn(NoMinimumWarning(), stacklevel=2)
    slope = float(np.abs(point.gradient).max())
    found = over.split(point.theta)
    return Minimum(
        found, point.value, slope, len(run.values) - 1, run.evaluations, slope <= tolerance, tuple(run.values)
    )


def _kinds(dtype: str, feed: Feed, method: str) -> list[str]:
    """The precisions to go through."""
    entries = sum(array.size for array in feed.arrays)
    return (
        ["float32", "float64"] if dtype == "float64" and method == "lbfgs" and entries >= _MANY else [dtype]
    )


class _Run:
    """A descent, which may go on with another objective, of higher precision."""

    def __init__(self, method: str, tolerance: float, iterations: int, memory: Memory) -> None:
        self.method, self.tolerance, self.iterations, self.memory = method, tolerance, iterations, memory
        self.values: list[float] = []
        self.evaluations = 0

    def descend(self, over: Objective, theta: Array) -> Array:
        """Go down from θ until the gradient is small, nothing can be gained, or all steps are taken."""
        value, g = over.slope(theta)
        if not (np.isfinite(value) and np.isfinite(g).all()):
            remedy = "bring the inputs to a scale near 1"
            raise TrainingError("a finite objective at the start", f"{value:g}", "minimise", remedy)
        self.point = Point(0.0, theta, value, g, 0.0)
        self.values[-1:] = [value] if self.values else []
        self.values = self.values or [value]
        while np.abs(self.point.gradient).max() > self.tolerance and len(self.values) <= self.iterations:
            if not self._stepped(over):
                break
        self.evaluations += over.evaluations
        return self.point.theta

    def _stepped(self, over: Objective) -> bool:
        """Take a step. Whether there was one to take."""
        here, noise = self.point, _NOISE[over.dtype]
        if self.method == "newton":
            d = newton_direction(here.gradient, over.hessian(here.theta))
        else:
            d = self.memory.direction(here.gradient)
        slope = float(here.gradient @ d)
        found = None
        if over.dtype == "float32" and -slope <= noise * abs(here.value):
            return False  # the rest is lost in rounding
        if slope < 0:
            found = search(over.slope, here._replace(t=0.0, slope=slope), d, 1.0, noise)
        if found is None:
            return self.memory.forget()
        self.memory.learn(found.theta - here.theta, found.gradient - here.gradient)
        self.point = found
        self.values.append(found.value)
        return True


def _endless(over: Objective, point: Point) -> bool:
    """Whether the objective falls for ever: along θ itself, or along Newton's step, once it does nothing else."""
    theta, value, g = point.theta, point.value, point.gradient
    directions = [theta]
    if len(theta) <= _FEW:
        for _ in range(_CLEANING):
            step = newton_direction(g, over.hessian(theta))
            theta = theta + step
            value, g = over.slope(theta)
        directions.append(step)
    for direction in directions:
        length = float(np.linalg.norm(direction))
        if length > 0:
            far = theta + direction * _FAR * max(float(np.linalg.norm(theta)) / length, 1.0)
            if over.slope(far)[0] < value * (1 - _LESS):
                return True
    return False
