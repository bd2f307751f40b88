"""Random expressions over all ops, with numbers for their leaves: seeded, well shaped, finite, tame."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.graph.op import OPS, Case, Op
from chainrule.readings.working import node_values

Shape = tuple[int, ...]
NAMES = (
    "x", "y", "z", "s", "t", "W", "X", "b", "theta", "Gamma", "loss", "u_max", "x_1", "W_12", "v'", "u''",
    r"\hat{y}", "x_hat", "z^{(1)}", "a^{(2)}_3", r"\mathbf{v}", r"\delta^{(L)}", "h_{t-1}", r"\bar{\mu}_2",
    "learning_rate", r"\ell", "K^*", "i", "k", "f", "sigma", "Sigma", "t_1", "e", "g", "exp", "λ", "q_i",
    r"\frac{\partial \ell}{\partial W}", r"\frac{\partial \ell}{\partial x_1}", r"\mathcal{L}", "n_0'",
)  # fmt: skip
"""Names that a printer could take for something else: indices, functions, entries of one another."""
NUMBERS = (
    -3, -2, -1, 0, 1, 2, 3, 7, Fraction(1, 2), Fraction(-2, 3), Fraction(5, 4), 0.5, -0.25, 1.5, 2.0,
    1e-30, -1e-30, 2.5e-7, 1e5, -1.25e-3,
)  # fmt: skip
EXPONENTS = (2, 3, -1, -2, Fraction(1, 2), Fraction(-3, 2), 0.5, -1.5, 1, 0, 4)
_LARGEST = 1e6
_OFTEN = ("add", "subtract", "multiply", "divide", "negate", "power")
_SELDOM_POSSIBLE = (
    "matmul", "outer", "transpose", "index", "flatten", "pad", "place", "concatenate", "permute",
    "squared_norm", "raise_to",
)  # fmt: skip
_WEIGHTS = dict.fromkeys(_OFTEN, 6) | dict.fromkeys(_SELDOM_POSSIBLE, 4)


@dataclass
class Random:
    """One random expression and the numbers of its leaves."""

    seed: object
    names: Sequence[str] = NAMES
    depth: int = 6
    named: float = 0.0
    values: dict[Any, Any] = field(default_factory=dict)
    made: list[tuple[Any, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(str(self.seed))
        self.free = self.random.sample(self.names, len(self.names))

    def of_shape(self, shape: Shape, depth: int, domain: str = "real") -> Any:
        """A random expression of a shape whose entries lie in a domain."""
        known = [expr for expr, inside in self.made if expr.shape == shape and inside == domain]
        if known and self.random.random() < 0.25:
            return self.random.choice(known)
        if depth <= 0 or self.random.random() < 0.08:
            expr = self.leaf(shape, domain)
        else:
            expr = self.made_by_op(shape, depth) if domain == "real" else self.carried(shape, depth, domain)
        if not expr.is_leaf and self.free and self.random.random() < self.named:
            expr = expr.named(self.free.pop())
        self.made.append((expr, domain))
        return expr

    def carried(self, shape: Shape, depth: int, domain: str) -> Any:
        """A random expression of real numbers, carried into a domain."""
        return self.random.choice(list(_INTO[domain]))(self.of_shape(shape, depth - 1))

    def leaf(self, shape: Shape, domain: str) -> Any:
        """A new leaf, one that is there already, or a constant."""
        known = [
            leaf for leaf, (_, inside) in self.values.items() if leaf.shape == shape and inside == domain
        ]
        if known and (self.random.random() < 0.5 or not self.free):
            return self.random.choice(known)
        if domain == "real" and (self.random.random() < 0.3 or not self.free):
            return self.constant(shape)
        kind = self.random.choice((cr.data, cr.parameter))
        leaf = kind(self.free.pop(), shape)
        self.values[leaf] = (self.numbers(shape, domain), domain)
        return leaf

    def constant(self, shape: Shape) -> Any:
        """A number, an array filled with one, or an array of numbers."""
        if not shape or len(shape) > 2 or np.prod(shape) > 36 or self.random.random() < 0.4:
            return cr.constant(self.random.choice(NUMBERS), shape)
        if shape[-1:] == (1,) and len(shape) == 2:  # printed as a column, which is a vector to a reader
            return cr.constant(2, shape)
        entries = [self.random.choice(NUMBERS) for _ in range(int(np.prod(shape)))]
        listed = np.array(entries, object).reshape(shape).tolist()
        return cr.constant(listed) if entries else cr.constant(1, shape)

    def numbers(self, shape: Shape, domain: str) -> Any:
        """Numbers for a leaf."""
        rng = np.random.default_rng(self.random.getrandbits(32))
        if domain == "distribution":
            return rng.dirichlet(np.ones(shape[0])) if shape[0] else np.zeros(shape)
        low, high = {"probability": (0.05, 0.95), "positive": (0.2, 2.0), "nonzero": (0.3, 1.8)}.get(
            domain, (-2.0, 2.0)
        )
        return rng.uniform(low, high, shape)

    def made_by_op(self, shape: Shape, depth: int) -> Any:
        """A random op that gives the shape, on random operands."""
        names = made_by(shape)
        name = self.random.choices(list(names), [_WEIGHTS.get(name, 1) for name in names])[0]
        op, sample = self.random.choice(names[name])
        return self.applied(op, sample, depth)

    def with_any_op(self) -> Any:
        """An op that is chosen first, with one of its samples, on random operands."""
        op = self.random.choice([op for op in OPS.values() if op.public and filled(op)])
        return self.applied(op, self.random.choice(filled(op)), self.depth)

    def applied(self, op: Op, sample: Case, depth: int) -> Any:
        """An op with the parameters of a sample, on random operands of its shapes."""
        domains = (*op.domain, *op.domain[-1:] * len(sample.shapes))
        params = dict(sample.params)
        if op.name == "power":
            params["exponent"] = self.random.choice(EXPONENTS)
        operands = [
            self.of_shape(one, depth - 1, domain) for one, domain in zip(sample.shapes, domains, strict=False)
        ]
        return op(*operands, **params)


_POSITIVE = (
    lambda x: cr.exp(cr.tanh(x)), lambda x: cr.absolute(x) + Fraction(1, 2), lambda x: x * x + 1, cr.softplus,
    lambda x: 1 + cr.sigmoid(x),
)  # fmt: skip
_NONZERO = (
    lambda x: cr.exp(cr.tanh(x)), lambda x: x * x + 1, lambda x: -1 - cr.sigmoid(x), lambda x: 2 + cr.tanh(x),
    lambda x: -(x**2) - 1,
)  # fmt: skip
_INTO: Mapping[str, Sequence[Callable[[Any], Any]]] = {
    "positive": _POSITIVE,
    "nonzero": _NONZERO,
    "probability": (cr.sigmoid,),
    "distribution": (cr.softmax,),
}
"""What carries any number into a domain."""


def filled(op: Op) -> list[Case]:
    """The samples of an op without operands of no entry: the reader takes no maximum and no softmax of nothing."""
    return [sample for sample in op.samples if all(0 not in shape for shape in sample.shapes)]


@cache
def made_by(shape: Shape) -> dict[str, list[tuple[Op, Case]]]:
    """By op, the samples of all public ops that give a shape; what works entry by entry gives any."""
    found = [(op, sample) for op, sample, result in _samples() if result == shape and not op.elementwise]
    for op in (op for op in OPS.values() if op.public and op.elementwise):
        kinds = [dict(sample.params) for sample in op.samples] or [{}]
        pairs = (
            [(shape,)] if op.arity == 1 else [(shape, shape), ((), shape), (shape, ())][: 3 if shape else 1]
        )
        found += [(op, Case(pair, params)) for pair in pairs for params in kinds]
    return {
        name: [pair for pair in found if pair[0].name == name]
        for name in sorted({op.name for op, _ in found})
    }


@lru_cache(maxsize=1)
def _samples() -> tuple[tuple[Op, Case, Shape], ...]:
    found = []
    for op in (op for op in OPS.values() if op.public):
        for sample in filled(op):
            operands = [cr.data(f"x_{at}", shape) for at, shape in enumerate(sample.shapes)]
            found.append((op, sample, op(*operands, **sample.params).shape))
    return tuple(found)


def shapes() -> tuple[Shape, ...]:
    """The shapes that samples of the ops give; scalars, vectors and matrices more than once."""
    found = sorted({shape for _, _, shape in _samples() if 0 not in shape and len(shape) < 4})
    return (*found, *((), (3,), (2, 3)) * (len(found) // 4), (0,))


def expressions(count: int, seed: object = 0, **how: Any) -> list[tuple[Any, dict[Any, Any]]]:
    """So many random expressions with the numbers of their leaves."""
    found: list[tuple[Any, dict[Any, Any]]] = []
    chosen = random.Random(f"shapes of {seed}")
    at = 0
    while len(found) < count:
        at += 1
        maker = Random((seed, at), **how)
        expr = maker.with_any_op() if at % 2 else maker.of_shape(chosen.choice(shapes()), maker.depth)
        values = {leaf: maker.values[leaf][0] for leaf in cr.leaves([expr])}
        if not expr.is_leaf and is_tame(expr, values):
            found.append((expr, values))
    return found


_EXPONENTIAL = ("softmax", "logsumexp", "log_softmax", "cross_entropy_with_logits")  # overflow in index form
_KINKED = ("step", "relu_prime", "leaky_relu_prime", "elu_prime")


def gradients(count: int, seed: object = 0, **how: Any) -> list[tuple[Any, dict[Any, Any]]]:
    """So many gradients of random expressions, each by one of its leaves."""
    found: list[tuple[Any, dict[Any, Any]]] = []
    for at, (expr, values) in enumerate(expressions(3 * count, f"gradients {seed}", **how)):
        if values and len(found) < count:
            leaf = list(values)[at % len(values)]
            slope = cr.gradient(cr.sum(expr) if expr.shape else expr, leaf)
            fed = {leaf: values[leaf] for leaf in cr.leaves([slope])}
            if not slope.is_leaf and is_tame(slope, fed):
                found.append((slope, fed))
    return found


def is_tame(expr: Any, values: Mapping[Any, Any]) -> bool:
    """Whether all numbers on the way are finite and of moderate size, and rounding does not show."""
    plain, precise = node_values([expr], values), node_values([expr], values, np.longdouble)
    for node, value in plain.items():
        if not np.all(np.isfinite(value)) or np.any(np.abs(value) > _LARGEST):
            return False
        if not np.allclose(np.asarray(precise[node], float), value, rtol=1e-12, atol=0):
            return False
        operand = plain[node.operands[0]] if node.operands else value
        if node.op.name in _EXPONENTIAL and np.any(np.abs(operand) > 300):
            return False
        if node.op.name == "sigmoid" and np.any(np.abs(operand) > 30):
            return False
        if node.op.name in _KINKED and not node.operands[0].is_leaf and np.any(np.abs(operand) < 1e-9):
            return False
    return True
