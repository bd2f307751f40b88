"""The gradient reading: the example of the notes, second order, parts as targets, parts that are shared."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.differences import differences, slopes
from support.tolerance import DIFFERENCES, agree

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.graph.walk import topological
from chainrule.readings import gradient as reading
from chainrule.readings.gradient import adjoints

# ---- the example of the notes, 4.2 to 4.4, with the numbers of (86)

NUMBERS = {
    "x": [2, 1, 2],
    "y": 1,
    "W": [[1, 0, 1], [1, -1, 0], [0, 0, 2]],
    "b": [1, 1, 1],
    "U": [-1, 1, 1],
}


@pytest.fixture
def example():
    """The example as a user writes it: leaves by name, and the nodes z, a, y_hat, loss."""
    x = cr.data("x", 3)
    y = cr.data("y")
    W, b, U = cr.parameter("W", (3, 3)), cr.parameter("b", 3), cr.parameter("U", 3)
    z = (W @ x + b).named("z")
    a = cr.sigmoid(z).named("a")
    y_hat = (U @ a).named(r"\hat{y}")
    loss = ((y_hat - y) ** 2 / 2).named(r"\ell")
    return {"x": x, "y": y, "W": W, "b": b, "U": U, "z": z, "a": a, "y_hat": y_hat, "loss": loss}


def by_hand():
    """The notes' own formulas (87) to (114) in extended precision: 18 digits."""
    x, y, W, b, U = (np.asarray(NUMBERS[name], np.longdouble) for name in ("x", "y", "W", "b", "U"))
    z = W @ x + b
    a = 1 / (1 + np.exp(-z))
    y_hat = U @ a
    delta = U * a * (1 - a)
    return {
        "z": z,
        "a": a,
        "y_hat": y_hat,
        "loss": (y_hat - y) ** 2 / 2,
        "W": (y_hat - y) * np.outer(delta, x),
        "b": (y_hat - y) * delta,
        "U": (y_hat - y) * a,
        "x": (y_hat - y) * (W.T @ delta),
        "y": y - y_hat,
    }


def test_every_intermediate_of_the_notes_example(example):
    hand = by_hand()
    names = ["z", "a", "y_hat", "loss"]
    for name, value in zip(names, cr.evaluate([example[name] for name in names], NUMBERS), strict=True):
        agree(value, hand[name], name, 1e-12)
    assert cr.evaluate(example["z"], NUMBERS).tolist() == [5, 2, 5]  # (89)
    assert np.round(cr.evaluate(example["a"], NUMBERS), 3).tolist() == [0.993, 0.881, 0.993]  # (92)


@pytest.mark.parametrize("leaf", ["W", "b", "U", "x", "y"])
def test_gradients_of_the_notes_example(example, leaf):
    loss, target = example["loss"], example[leaf]
    values = {example[name]: np.asarray(number, float) for name, number in NUMBERS.items()}
    found = cr.evaluate(cr.gradient(loss, target), values)
    agree(found, by_hand()[leaf], f"{leaf} and the formula of the notes", 1e-12)
    agree(found, slopes(loss, target, values), f"{leaf} and differences", 1e-12)
    agree(
        found,
        cr.evaluate(adjoints(loss, [target], rules=False)[target], values),
        f"{leaf}, definitions",
        1e-12,
    )

    def in_jax(numbers):
        z = numbers["W"] @ numbers["x"] + numbers["b"]
        return (numbers["U"] @ jax.nn.sigmoid(z) - numbers["y"]) ** 2 / 2

    with jax.enable_x64(True):
        theirs = jax.grad(in_jax)({name: jnp.asarray(number, float) for name, number in NUMBERS.items()})
    agree(found, theirs[leaf], f"{leaf} and JAX", 1e-12)
    agree(cr.compile(cr.gradient(loss, target), dtype="float64")(NUMBERS), found, f"{leaf}, compiled", 1e-12)


def test_adjoints_of_the_notes_example_on_the_way(example):
    targets = [example[name] for name in ("y_hat", "a", "z")]
    hand = by_hand()
    rate = hand["y_hat"] - 1
    U, a = np.asarray(NUMBERS["U"]), hand["a"]
    for found, wanted in zip(
        cr.evaluate(cr.gradient(example["loss"], targets), NUMBERS),
        (rate, rate * U, rate * U * a * (1 - a)),
        strict=True,
    ):
        agree(found, wanted, "adjoint", 1e-12)


def test_the_gradient_of_the_notes_example_is_written_with_the_names_of_the_user(example):
    slope = cr.gradient(example["loss"], example["W"])
    assert slope.op is cr.outer
    assert slope.text(where=False) == "(ŷ − y) (U ⊙ σ′(z)) xᵀ"  # (105) to (108)
    assert slope.text(where=False, form="index") == "(ŷ − y) U[i] σ′(z[i]) x[j]"
    assert cr.gradient(example["loss"], example["b"]).text(where=False) == "(ŷ − y) (U ⊙ σ′(z))"  # (110)
    assert cr.gradient(example["loss"], example["U"]).text(where=False) == "(ŷ − y) a"


# ---- what a target may be

z, y = cr.data("z", 3), cr.data("y", 3)
VALUES = {"z": [0.3, -1.0, 2.0], "y": [0.2, 0.5, 0.3]}


def test_by_itself():
    for of in (cr.sum(z), -cr.sum(y * cr.log(cr.softmax(z))), cr.constant(3)):
        assert cr.evaluate(cr.gradient(of, of), VALUES) == 1


def test_by_a_part_that_has_a_stabler_form():
    """log(softmax(z)) is computed as another node, and so is everything above it."""
    logs = cr.log(cr.softmax(z))
    twice = logs * 2
    of = cr.sum(twice * twice * y)
    found = cr.evaluate(cr.gradient(of, [twice, logs, z]), VALUES)
    numbers = cr.evaluate([twice, y, logs], VALUES)
    agree(found[0], 2 * numbers[0] * numbers[1], "by twice")
    agree(found[1], 8 * numbers[2] * numbers[1], "by the logarithm")
    agree(found[2], slopes(of, z, {z: VALUES["z"], y: VALUES["y"]}), "by z", DIFFERENCES)


def test_by_a_part_that_the_stabler_form_leaves_out():
    p = cr.softmax(z)
    loss = cr.cross_entropy(p, y)
    probabilities, slope = cr.evaluate([p, cr.gradient(loss, p)], VALUES)
    agree(slope, -np.asarray(VALUES["y"]) / probabilities, "by p")
    # beside another target it stays in the way of the adjoint, which is the same then
    both = cr.evaluate(cr.gradient(loss, [p, z]), VALUES)
    agree(both[0], slope, "by p beside z")
    agree(both[1], cr.evaluate(cr.gradient(loss, z), VALUES), "by z beside p", 1e-10)


def test_by_what_has_no_part_in_it():
    other = cr.parameter("other", (2, 2))
    assert cr.gradient(cr.sum(z), other) is cr.constant(0, (2, 2))
    assert cr.gradient(cr.sum(cr.step(z)), z) is cr.constant(0, (3,))
    assert cr.gradient(cr.constant(2), z) is cr.constant(0, (3,))
    assert cr.evaluate(cr.gradient(cr.sum(z), cr.softmax(z)), VALUES).tolist() == [0, 0, 0]


def test_one_or_several_targets():
    one = cr.gradient(cr.sum(z * y), z)
    assert isinstance(one, Expr)
    assert cr.gradient(cr.sum(z * y), [z, y, z]) == (one, cr.gradient(cr.sum(z * y), y), one)
    assert cr.gradient(cr.sum(z), []) == ()


def test_what_has_no_gradient_is_refused():
    with pytest.raises(
        cr.ShapeError,
        match=r"gradient: needed a scalar to differentiate; came the shape \(3,\)\. Take the sum",
    ):
        cr.gradient(z, z)
    with pytest.raises(
        cr.ChainruleError, match=r"gradient: needed expressions to differentiate by; came 'z'\. Give the leaf"
    ):
        cr.gradient(cr.sum(z), ["z"])


def test_a_part_used_many_times_receives_the_sum():
    s = cr.data("s")
    node = s
    for _ in range(30):
        node = node + node  # 2**30 s
    assert cr.evaluate(cr.gradient(node, s), {"s": 1.0}) == 2.0**30
    W = cr.parameter("W", (3, 3))
    shared = cr.sum(cr.tanh(W @ cr.tanh(W @ z)) * y) + cr.sum(W * W)
    values = {z: VALUES["z"], y: VALUES["y"], W: np.arange(9.0).reshape(3, 3) / 9 - 0.4}
    agree(
        cr.evaluate(cr.gradient(shared, W), values), slopes(shared, W, values), "shared weights", DIFFERENCES
    )


# ---- second order

H = {"x": [0.4, -0.2, 1.1], "v": [1.0, -2.0, 0.5]}
x, v = cr.data("x", 3), cr.data("v", 3)
M = cr.constant([[2.0, 1, 0], [1, 3, -1], [0, -1, 1]])
FUNCTIONS = [
    cr.sum(cr.tanh(x) * cr.exp(x)),
    cr.log(1 + x @ x),
    (x @ (M @ x)) ** 2,
    cr.logsumexp(M @ x),
    cr.sum(cr.softplus(M @ x) / (1 + x * x)),
    cr.sum(cr.gelu(x)) + cr.sum(cr.sigmoid(x) ** 3),
    cr.cross_entropy(cr.softmax(M @ x), [0.2, 0.5, 0.3]),
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=repr)
def test_hessian_vector_products(f):
    product = cr.gradient(cr.gradient(f, x) @ v, x)
    found, compiled = cr.evaluate(product, H), cr.compile(product, dtype="float64")(H)
    moved = differences(
        lambda t: cr.evaluate(cr.gradient(f, x) @ v, {"x": t, "v": H["v"]}, np.longdouble), H["x"]
    )
    agree(found, moved, "differences of the gradient", DIFFERENCES)
    agree(compiled, found, "compiled")


@pytest.mark.parametrize("f", FUNCTIONS, ids=repr)
def test_hessians_are_symmetric(f):
    hessian = np.stack([cr.evaluate(cr.gradient(part, x), H) for part in cr.gradient(f, x)])
    agree(hessian, hessian.T, "transposed", 1e-11)


@pytest.mark.parametrize(
    "loss",
    [
        lambda z, y: cr.cross_entropy(cr.softmax(z), y),
        cr.cross_entropy_with_logits,
        lambda z, y: -cr.sum(y * cr.log(cr.softmax(z))),
        lambda z, y: cr.logsumexp(z) - y @ z,
    ],
)
def test_the_hessian_of_softmax_cross_entropy(loss):
    z, y = cr.data("z", 4), cr.data("y", 4, distribution=True)
    values = {"z": [0.3, -1.0, 2.0, 0.0], "y": [0, 1, 0, 0]}
    p = cr.evaluate(cr.softmax(z), values)
    hessian = [cr.evaluate(cr.gradient(part, z), values) for part in cr.gradient(loss(z, y), z)]
    agree(np.stack(hessian), np.diag(p) - np.outer(p, p), "Hessian")


def test_third_order():
    s = cr.data("s")
    third = cr.exp(2 * s) * cr.sigmoid(s)
    for _ in range(3):
        third = cr.gradient(third, s)
    second = cr.gradient(cr.gradient(cr.exp(2 * s) * cr.sigmoid(s), s), s)
    agree(cr.evaluate(third, {"s": 0.3}), slopes(second, s, {s: 0.3}), "third derivative", DIFFERENCES)


# ---- tidying


def test_a_gradient_that_is_not_tidied_has_the_same_value(monkeypatch):
    tidied = [cr.gradient(f, x) for f in FUNCTIONS]

    class Untidy:
        def __init__(self, forward):
            pass

        def __call__(self, root):
            return root

    monkeypatch.setattr(reading, "Tidier", Untidy)
    for f, short in zip(FUNCTIONS, tidied, strict=True):
        long = cr.gradient(f, x)
        agree(cr.evaluate(short, H), cr.evaluate(long, H), repr(f))


def test_a_gradient_names_parts_as_the_forward_formula_does():
    a = cr.sigmoid(x).named("a")
    slope = cr.gradient(cr.sum(a * a), x)
    assert a in topological([slope])
    assert cr.sigmoid(x) not in topological([slope])
