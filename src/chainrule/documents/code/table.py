"""How ops are written in the code that is given out: one template an op, with what a library does differently.

In a template {0}, {1} are the operands, {m} is the library's module (np, jnp, torch) and other names in braces
are the op's parameters. An op without a template is written as its definition or as its index equation.
"""

from __future__ import annotations

from dataclasses import dataclass

# How strongly Python's operators bind.
LOWEST, SUM, PRODUCT, SIGN, POWER, CALL = 0, 10, 20, 30, 40, 50


@dataclass(frozen=True)
class Template:
    """A template, the strength of its result, and the strength that each operand needs."""

    text: str
    strength: int = CALL
    operands: tuple[int, ...] = (LOWEST,)


def _call(name: str, n: int = 1) -> Template:
    return Template(f"{{m}}.{name}({', '.join(f'{{{k}}}' for k in range(n))})")


TEMPLATES: dict[str, Template] = {
    "add": Template("{0} + {1}", SUM, (SUM, SUM + 1)),
    "subtract": Template("{0} - {1}", SUM, (SUM, SUM + 1)),
    "negate": Template("-{0}", SIGN, (SIGN,)),
    "multiply": Template("{0} * {1}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    "divide": Template("{0} / {1}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    "matmul": Template("{0} @ {1}", PRODUCT, (PRODUCT, PRODUCT + 1)),
    "power": Template("{0} ** {exponent}", POWER, (POWER + 1,)),
    "raise_to": Template("{0} ** {1}", POWER, (POWER + 1, POWER)),
    "transpose": Template("{0}.T", CALL, (CALL,)),
    "outer": _call("outer", 2),
    "exp": _call("exp"),
    "log": _call("log"),
    "sqrt": _call("sqrt"),
    "absolute": _call("abs"),
    "tanh": _call("tanh"),
    "erf": Template("erf({0})"),
    "cos": _call("cos"),
    "sin": _call("sin"),
    "step": Template("{m}.where({0} > 0, 1.0, 0.0)", CALL, (SUM,)),
    "maximum": _call("maximum", 2),
    "minimum": _call("minimum", 2),
    "sum": Template("{m}.sum({0}{along})"),
    "max": Template("{m}.{largest}({0}{along})"),
    "first_max": Template("first_max({0}, {axis})"),
    "spread": Template("spread({0}, {axis}, {size})"),
    "reshape": Template("{m}.reshape({0}, {shape})"),
    "index": Template("{0}[{key}]", CALL, (CALL,)),
    "place": Template("place({0}, ({slices},), {shape})"),
    "concatenate": Template("{m}.{join}([{all}], {axis})"),
    "pad": Template("pad({0}, {widths})"),
    "softmax": Template("softmax({0}, {axis})"),
    "logsumexp": Template("logsumexp({0}{axis_if_given})"),
}

HELPERS: dict[str, str] = {
    "first_max": '''def first_max(x, axis):
    """1 at the first of the largest entries, 0 elsewhere."""
    flat = x.reshape(-1) if axis is None else x
    along = 0 if axis is None else axis
    top = flat == {m}.{largest}(flat, {dim}=along, {keep}=True)
    first = top & ({m}.cumsum(top, {dim}=along) == 1)
    return {m}.where(first, 1.0, 0.0).reshape(x.shape)''',
    "spread": '''def spread(x, axis, size):
    """x repeated along a new axis."""
    return {m}.{stack}([x] * size, {dim}=axis)''',
    "softmax": '''def softmax(x, axis):
    """exp(x) / sum(exp(x)); the largest entry is taken off first, so that nothing overflows."""
    e = {m}.exp(x - {m}.{largest}(x, {dim}=axis, {keep}=True))
    return e / {m}.sum(e, {dim}=axis, {keep}=True)''',
    "logsumexp": '''def logsumexp(x, axis=None):
    """log(sum(exp(x))); the largest entry is taken off first, so that nothing overflows."""
    if axis is None:
        top = {m}.{largest}(x)
        return top + {m}.log({m}.sum({m}.exp(x - top)))
    top = {m}.{largest}(x, {dim}=axis, {keep}=True)
    return (top + {m}.log({m}.sum({m}.exp(x - top), {dim}=axis, {keep}=True))).squeeze(axis)''',
    "read": '''def read(array, *places, outside=0.0):
    """array[places], for whole arrays of places; what lies outside of the array counts as `outside`."""
    inside, at = True, []
    for place, size in zip(places, array.shape):
        inside = inside & (place >= 0) & (place < size)
        at.append({m}.clip(place, 0, size - 1))
    return {m}.where(inside, array[tuple(at)], outside)''',
    "divided": '''def divided(place, by):
    """place / by where it is whole, and a place outside of every array elsewhere."""
    return {m}.where(place % by == 0, place // by, -1)''',
}
"""Functions that the code brings along where it uses them."""


@dataclass(frozen=True)
class Library:
    """What differs between the libraries: imports, how an array is taken, and a few names and helpers."""

    imports: str
    module: str
    array: str  # how an argument becomes an array
    names: dict[str, str]
    helpers: dict[str, str]


LIBRARIES: dict[str, Library] = {
    "numpy": Library(
        "import numpy as np",
        "np",
        "np.asarray({0}, dtype=float)",
        {"largest": "max", "dim": "axis", "keep": "keepdims", "join": "concatenate", "stack": "stack"},
        {
            "place": '''def place(x, key, shape):
    """x put at an index into zeros."""
    result = np.zeros(shape)
    result[key] = x
    return result''',
            "added": '''def added(shape, places, values):
    """Values added up at their places in an array of zeros."""
    result = np.zeros(shape)
    at = tuple(np.clip(place, 0, size - 1) for place, size in zip(places, shape))
    np.add.at(result, at, values)
    return result''',
            "pad": "def pad(x, widths):\n    return np.pad(x, widths)",
            "erf": "def erf(x):\n    return np.vectorize(math.erf, otypes=[float])(x)",
        },
    ),
    "jax": Library(
        "import jax\nimport jax.numpy as jnp",
        "jnp",
        "jnp.asarray({0}, dtype=float)",
        {"largest": "max", "dim": "axis", "keep": "keepdims", "join": "concatenate", "stack": "stack"},
        {
            "place": 'def place(x, key, shape):\n    """x put at an index into zeros."""\n'
            "    return jnp.zeros(shape).at[key].set(x)",
            "added": '''def added(shape, places, values):
    """Values added up at their places in an array of zeros."""
    at = tuple(jnp.clip(place, 0, size - 1) for place, size in zip(places, shape))
    return jnp.zeros(shape).at[at].add(values)''',
            "pad": "def pad(x, widths):\n    return jnp.pad(x, widths)",
            "erf": "erf = jax.scipy.special.erf",
        },
    ),
    "torch": Library(
        "import torch",
        "torch",
        "torch.as_tensor({0}, dtype=torch.float64)",
        {"largest": "amax", "dim": "dim", "keep": "keepdim", "join": "cat", "stack": "stack"},
        {
            "place": '''def place(x, key, shape):
    """x put at an index into zeros."""
    result = torch.zeros(shape, dtype=torch.float64)
    result[key] = x
    return result''',
            "added": '''def added(shape, places, values):
    """Values added up at their places in an array of zeros."""
    at = [torch.clip(place, 0, size - 1).expand(values.shape) for place, size in zip(places, shape)]
    return torch.zeros(shape, dtype=torch.float64).index_put(at, values, accumulate=True)''',
            "pad": """def pad(x, widths):
    return torch.nn.functional.pad(x, [n for pair in reversed(widths) for n in pair])""",
            "erf": "erf = torch.erf",
        },
    ),
}
