"""What the ops come to in other people's code: JAX's NumPy, jax.nn and jax.scipy.

Every primitive needs a row, since it has no definition to be held to; others may have one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special

import chainrule as cr

Oracle = Callable[..., Any]


def _place(x, key, shape):
    """An array at the crossing of lists of places, one for each axis."""
    places = np.ix_(*(list(range(*part)) if isinstance(part, tuple) else [part] for part in key))
    return jnp.zeros(shape, x.dtype).at[places].set(x.reshape([p.size for p in places])) if key else x


def _index(x, key):
    for axis, part in reversed(list(enumerate(key))):
        places = np.array(list(range(*part)), int) if isinstance(part, tuple) else part
        x = jnp.take(x, places, axis=axis)
    return x


def _first_max(x, axis):
    if x.size == 0:
        return x
    if axis is None:
        return jax.nn.one_hot(jnp.argmax(x), x.size, dtype=x.dtype).reshape(x.shape)
    return jax.nn.one_hot(jnp.argmax(x, axis), x.shape[axis], axis=axis, dtype=x.dtype)


def _windows(shape, size, stride, padding, ceil_mode):
    """For each window the places inside of the array that it covers, in row order, by loops."""
    axes = len(size)
    whole = math.ceil if ceil_mode else math.floor
    counts = [
        whole((n + sum(pads) - width) / step) + 1
        for n, pads, width, step in zip(shape[-axes:], padding, size, stride, strict=True)
    ]
    for window in product(*map(range, counts)):
        covered = []
        for offset in product(*map(range, size)):
            place = tuple(
                i * s + u - p[0] for i, s, u, p in zip(window, stride, offset, padding, strict=True)
            )
            if all(0 <= at < n for at, n in zip(place, shape[-axes:], strict=True)):
                covered.append(place)
        yield window, counts, covered


def _at_maximum(v, x, **params):
    lead = x.shape[: -len(params["size"])]
    read, counts = [], []
    for _, counts, covered in _windows(x.shape, **params):  # noqa: B007 - all windows have the same counts
        entries = jnp.stack([x[(..., *place)] for place in covered], -1)
        others = jnp.stack([v[(..., *place)] for place in covered], -1)
        chosen = jnp.argmax(entries, -1)
        read.append(jnp.take_along_axis(others, chosen[..., None], -1)[..., 0])
    return jnp.stack(read, -1).reshape(*lead, *counts)


def _to_maximum(dy, x, **params):
    return jax.linear_transpose(partial(_at_maximum, x=x, **params), x)(dy)[0]


ORACLES: dict[str, Oracle] = {
    # arithmetic
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "negate": lambda a: -a,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, exponent: jnp.power(a, float(exponent)),
    "raise_to": jnp.power,
    # functions of one number
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "erf": special.erf,
    "cos": jnp.cos,
    "sin": jnp.sin,
    "absolute": jnp.abs,
    "step": lambda x: jnp.heaviside(x, 0.0),
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "sigmoid": special.expit,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "leaky_relu": lambda x, slope: jax.nn.leaky_relu(x, negative_slope=slope),
    "softplus": jax.nn.softplus,
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
    # reductions and softmax
    "sum": jnp.sum,
    "mean": jnp.mean,
    "max": jnp.max,
    "first_max": _first_max,
    "spread": lambda x, axis, size: jnp.repeat(jnp.expand_dims(x, axis), size, axis),
    "logsumexp": special.logsumexp,
    "softmax": jax.nn.softmax,
    "log_softmax": jax.nn.log_softmax,
    # arrangement
    "reshape": lambda x, shape: x.reshape(shape),
    "flatten": jnp.ravel,
    "index": _index,
    "place": _place,
    "concatenate": lambda *xs, axis: jnp.concatenate(xs, axis),
    "pad": lambda x, widths: jnp.pad(x, pad_width=widths),
    "transpose": lambda A: A.T,
    "permute": jnp.transpose,
    # products
    "matmul": jnp.matmul,
    "outer": jnp.outer,
    # losses
    "squared_norm": lambda x: jnp.sum(x * x),
    "squared_error": lambda p, y: jnp.sum(jnp.square(p - y)),
    "half_squared_error": lambda p, y: 0.5 * jnp.sum(jnp.square(p - y)),
    "binary_cross_entropy": lambda p, y: -jnp.sum(special.xlogy(y, p) + special.xlog1py(1 - y, -p)),
    "binary_cross_entropy_with_logits": lambda z, y: jnp.sum(
        jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))
    ),
    "cross_entropy": lambda p, y: -jnp.sum(special.xlogy(y, p)),
    "cross_entropy_with_logits": lambda z, y: -jnp.sum(y * jax.nn.log_softmax(z)),
    # max-pooling
    "at_maximum": _at_maximum,
    "to_maximum": _to_maximum,
}


def oracle_of(name: str) -> Oracle | None:
    """The oracle of an op; of f′ it is JAX's derivative of the oracle of f."""
    for base, oracle in ORACLES.items():
        prime = cr.OPS[base].prime
        if prime is not None and prime.name == name:
            return _derivative(oracle)
    return ORACLES.get(name)


def _derivative(oracle: Oracle) -> Oracle:
    return lambda x, **params: jax.grad(lambda x: jnp.sum(oracle(x, **params)))(x)
