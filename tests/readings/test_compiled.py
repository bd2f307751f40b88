"""The compiled reading: dtypes, batches of any size, what is fed, one contraction for a weight's gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.extend.core import jaxprs_in_params
from support.tolerance import EQUAL, agree
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.readings.compiled import precision, traced

x, y = cr.data("x", 3), cr.data("y")
W, b, U, s = cr.parameter("W", (3, 3)), cr.parameter("b", 3), cr.parameter("U", 3), cr.parameter("s")
rng = np.random.default_rng(5)
SHARED = {"W": rng.normal(size=(3, 3)) / 2, "b": rng.normal(size=3), "U": rng.normal(size=3), "s": 0.7}


def batch_of(n):
    return {"x": rng.normal(size=(n, 3)), "y": rng.normal(size=n), **SHARED}


def example(values, i):
    return {"x": values["x"][i], "y": values["y"][i], **SHARED}


# ---- laws of batches, for random graphs

VECTORS = [x, b, U, cr.constant([1, -2, 0.5]), W @ x]
SCALARS = [y, s, cr.constant(2), x @ U, U @ b]


@st.composite
def losses(draw):
    """A random scalar of the leaves, in which parts are used again and again."""
    vectors, scalars = list(VECTORS), list(SCALARS)
    for _ in range(draw(st.integers(1, 7))):
        u, v = draw(st.sampled_from(vectors)), draw(st.sampled_from(vectors))
        a, c = draw(st.sampled_from(scalars)), draw(st.sampled_from(scalars))
        made = draw(
            st.sampled_from(
                [
                    lambda u, v, a, c: u + v,
                    lambda u, v, a, c: u - a,
                    lambda u, v, a, c: a * u,
                    lambda u, v, a, c: u * v,
                    lambda u, v, a, c: W @ u,
                    lambda u, v, a, c: cr.sigmoid(u),
                    lambda u, v, a, c: cr.outer(u, v) @ b,
                    lambda u, v, a, c: u / (1 + a * a),
                    lambda u, v, a, c: cr.concatenate(u, v)[1:4],
                    lambda u, v, a, c: cr.spread(a, axis=0, size=3) + u[::-1],
                    lambda u, v, a, c: cr.max(cr.outer(u, v), axis=0),
                    lambda u, v, a, c: cr.mean(cr.outer(u, v), axis=1),
                    lambda u, v, a, c: cr.softmax(u),
                    lambda u, v, a, c: u @ v,
                    lambda u, v, a, c: cr.sum(u) - c,
                    lambda u, v, a, c: a * c,
                    lambda u, v, a, c: cr.tanh(a),
                    lambda u, v, a, c: a / 3 + (-c),
                ]
            )
        )(u, v, a, c)
        (vectors if made.shape else scalars).append(made)
    last = vectors[-1]
    return scalars[-1] + last @ last / 2


@settings(max_examples=40, deadline=None)
@given(losses(), st.integers(1, 4))
def test_totals_of_a_batch_are_those_of_its_examples(loss, n):
    targets = [W, b, U, s, x, y]
    exprs = [loss, *cr.gradient(loss, targets)]
    values = batch_of(n)
    each = [cr.evaluate(exprs, example(values, i)) for i in range(n)]
    arrays = {leaf: np.asarray(values[leaf.name]) for leaf in (x, y, W, b, U, s)}

    def run(arrays):
        fed = dict(zip((x, y, W, b, U, s), arrays, strict=True))
        return [
            traced(exprs, fed, True, "float64", total)
            for total in (
                [],
                ["sum"] * len(exprs),
                ["mean"] * len(exprs),
                [None, "sum", "mean", None, "sum", "mean", None],
            )
        ]

    with precision("float64"):
        apart, summed, averaged, mixed = jax.jit(run, compiler_options=UNOPTIMISED)(list(arrays.values()))
    for k, parts in enumerate(zip(*each, strict=True)):
        agree(apart[k], np.stack(parts), f"each of {exprs[k]!r}")
        agree(summed[k], np.sum(parts, axis=0), f"sum of {exprs[k]!r}")
        agree(averaged[k], np.mean(parts, axis=0), f"mean of {exprs[k]!r}")
        agree(mixed[k], (apart, summed, averaged)[k % 3][k], f"mixed of {exprs[k]!r}")


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("n", [1, 5])
def test_value_and_gradient_is_the_total_of_single_examples(reduce, n):
    z = cr.sigmoid(W @ cr.sigmoid(W @ x + b) + b)  # weights used twice
    loss = (U @ z - y) ** 2 / 2 + s * (W @ x) @ (W @ x)
    targets = [W, b, U, s, x, y, cr.parameter("unused", (2, 2))]
    values = batch_of(n)
    each = [cr.evaluate([loss, *cr.gradient(loss, targets)], example(values, i)) for i in range(n)]
    total = getattr(np, reduce)
    for dtype in ("float64", "float32"):
        value, parts = cr.value_and_gradient(loss, targets, reduce=reduce, dtype=dtype)(values)
        agree(value, total([one[0] for one in each]), "value", EQUAL[dtype])
        for k, (target, part) in enumerate(zip(targets, parts, strict=True), 1):
            own = np.stack([one[k] for one in each])
            if target in (x, y):  # each example has its part
                wanted = own / n if reduce == "mean" else own
            else:
                wanted = total(own, axis=0)
            agree(part, wanted, f"by {target.name}", 10 * EQUAL[dtype])


def test_an_empty_batch_has_the_sum_0_and_no_mean():
    loss = (U @ cr.sigmoid(W @ x + b) - y) ** 2
    value, (dW, dx) = cr.value_and_gradient(loss, [W, x], reduce="sum", dtype="float64")(batch_of(0))
    assert value == 0
    np.testing.assert_array_equal(dW, np.zeros((3, 3)))
    assert dx.shape == (0, 3)
    made = cr.compile([loss, W @ x, cr.softmax(x), cr.max(x), cr.gradient(loss, x)], batch=True)(batch_of(0))
    assert [part.shape for part in made] == [(0,), (0, 3), (0, 3), (0,), (0, 3)]
    with pytest.raises(cr.FeedError, match="at least one example for a mean; came none"):
        cr.value_and_gradient(loss, [W], reduce="mean")(batch_of(0))


def test_what_no_example_changes_is_the_same_for_all():
    values = batch_of(4)
    made = cr.compile([x, W @ b, cr.constant(3), cr.gradient(U @ x, x)], batch=True, dtype="float64")(values)
    assert [part.shape for part in made] == [(4, 3), (4, 3), (4,), (4, 3)]
    agree(made[1], np.tile(SHARED["W"] @ SHARED["b"], (4, 1)), "W b")
    agree(made[3], np.tile(SHARED["U"], (4, 1)), "gradient")
    assert cr.compile(W @ b, batch=True)(values).shape == (3,)  # no data, no batch
    value, (by_s, by_x) = cr.value_and_gradient(s * s, [s, x], reduce="sum", dtype="float64")(values)
    assert (float(value), float(by_s)) == (pytest.approx(4 * 0.49), pytest.approx(4 * 1.4))
    np.testing.assert_array_equal(by_x, np.zeros((4, 3)))


# ---- how the gradient of a weight is computed


def equations_of(jaxpr):
    """All equations, those of inner programs too."""
    for equation in jaxpr.eqns:
        yield equation
        for inner in jaxprs_in_params(equation.params):
            yield from equations_of(inner)


def program_of(exprs, arrays, total):
    leaves = list(arrays)
    run = lambda values: traced(exprs, dict(zip(leaves, values, strict=True)), True, "float32", total)  # noqa: E731
    return list(equations_of(jax.make_jaxpr(run)([jnp.asarray(a, "float32") for a in arrays.values()]).jaxpr))


def layered(n, sizes):
    """A net of two layers on a batch of n examples: the loss, its weights, and arrays."""
    i, h, o = sizes
    data, label = cr.data("data", i), cr.data("label", o)
    first, second, bias = (
        cr.parameter("first", (h, i)),
        cr.parameter("second", (o, h)),
        cr.parameter("bias", h),
    )
    loss = cr.cross_entropy(cr.softmax(second @ cr.relu(first @ data + bias)), label)
    arrays = {leaf: np.ones((n, *leaf.shape)) for leaf in (data, label)}
    arrays |= {leaf: np.ones(leaf.shape) for leaf in (first, second, bias)}
    return loss, [first, second, bias], arrays


def test_the_gradient_of_a_weight_is_one_contraction_over_the_batch():
    n, (i, h, o) = 70, (15, 14, 13)
    loss, weights, arrays = layered(n, (i, h, o))
    parts = list(cr.gradient(loss, weights))
    equations = program_of([loss, *parts], arrays, ["mean"] * 4)
    made = [variable.aval.shape for equation in equations for variable in equation.outvars]
    for outer in ((n, h, i), (n, o, h)):
        assert outer not in made
        assert tuple(reversed(outer)) not in made
    products = [equation for equation in equations if equation.primitive.name == "dot_general"]
    # two forward, two for the weights, one to carry the adjoint back; with the labels one inner product
    assert sum(len(equation.outvars[0].aval.shape) == 2 for equation in products) == 5
    for weight in weights[:2]:
        shapes = (weight.shape, weight.shape[::-1])
        (product,) = (e for e in products if e.outvars[0].aval.shape in shapes)
        (left, right), _ = product.params["dimension_numbers"]
        assert [product.invars[0].aval.shape[axis] for axis in left] == [n]
        assert [product.invars[1].aval.shape[axis] for axis in right] == [n]


def test_without_totals_each_example_keeps_its_own_outer_product():
    n, (i, h, o) = 70, (15, 14, 13)
    loss, weights, arrays = layered(n, (i, h, o))
    equations = program_of([cr.gradient(loss, weights[0])], arrays, [None])
    assert (n, h, i) in [variable.aval.shape for equation in equations for variable in equation.outvars]


def test_a_sum_over_a_bias_adds_no_product():
    loss, weights, arrays = layered(70, (15, 14, 13))
    forward = program_of([loss], arrays, ["sum"])
    backward = program_of([loss, cr.gradient(loss, weights[2])], arrays, ["sum"] * 2)
    count = lambda equations: sum(e.primitive.name == "dot_general" for e in equations)  # noqa: E731
    assert count(backward) == count(forward) + 1


# ---- calls


def test_dtypes_and_kinds_of_results():
    single = cr.compile(x + 1)({"x": [1, 2, 3]})
    assert isinstance(single, jax.Array)
    assert single.dtype == "float32"
    double = cr.compile([x / 3, cr.sum(x)], dtype="float64")({"x": [1, 2, 3]})
    assert isinstance(double, tuple)
    assert [type(part) for part in double] == [np.ndarray, np.ndarray]
    assert double[0].dtype == np.float64
    assert double[0][0] == 1 / 3
    for dtype in (np.float32, np.dtype("float32"), jnp.float32):
        assert cr.compile(y, dtype=dtype)({"y": 1}).dtype == "float32"
    for dtype in ("float16", "int32", int, "nonsense", None, object):
        if np.dtype(dtype if dtype != "nonsense" else object) == np.float64:
            continue  # None and the like are NumPy's word for float64
        with pytest.raises(
            cr.ChainruleError, match=r"dtype: needed float32 or float64; came .*\. Write dtype="
        ):
            cr.compile(y, dtype=dtype)


def test_double_precision_leaves_jax_as_it_was():
    cr.compile(y / 3, dtype="float64")({"y": 1})
    assert jnp.asarray(1.0).dtype == "float32"


def test_one_compiled_function_takes_batches_of_any_size():
    f = cr.compile(x @ U, batch=True, dtype="float64")
    for n in (1, 3, 2):
        values = batch_of(n)
        agree(f(values), values["x"] @ SHARED["U"], f"{n} examples")


@pytest.mark.parametrize(
    ("batch", "values", "message"),
    [
        (
            False,
            {"x": [1, 2, 3]},
            "values: needed a value for y; came values for x. Add it under the key 'y'",
        ),
        (
            False,
            {"x": [[1, 2, 3]], "y": 1},
            "value of data x: needed the shape (3,); came (1, 3). One example has no batch axis",
        ),
        (
            True,
            {"x": [1, 2, 3], "y": 1},
            "value of data x: needed the shape (n, 3); came (3,). "
            "The batch is the first axis of data, and parameters have none",
        ),
        (
            True,
            {"x": [[1, 2, 3]] * 2, "y": 1},
            "value of data y: needed the shape (n,); came (). "
            "The batch is the first axis of data, and parameters have none",
        ),
        (
            True,
            {"x": [[1, 2, 3]] * 2, "y": [1, 2, 3]},
            "value of data y: needed as many examples for each data leaf; came 2 and 3. "
            "Cut the longer one, or repeat the shorter",
        ),
        (
            True,
            {"x": "many", "y": [1]},
            "value of data x: needed numbers of the shape (3,); came 'many'. "
            "Write a number, a list of them or an array",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused_word_for_word(batch, values, message):
    with pytest.raises(cr.FeedError) as caught:
        cr.compile(cr.sum(x) * y, batch=batch)(values)
    assert str(caught.value) == message


def test_values_for_a_function_of_a_batch_are_refused():
    with pytest.raises(
        cr.ChainruleError, match=r'value_and_gradient: needed "mean" or "sum"; came \'max\'\. Write reduce='
    ):
        cr.value_and_gradient(y * y, [y], reduce="max")
    with pytest.raises(cr.ShapeError, match="a scalar to differentiate"):
        cr.value_and_gradient(x, [x])


def test_deep_chains_are_traced_without_recursion():
    node = y
    for _ in range(2000):
        node = cr.tanh(node) + y
    program = jax.make_jaxpr(lambda value: traced([node, cr.gradient(node, y)], {y: value}, False))(
        jnp.float32(0.1)
    )
    assert len(program.eqns) > 4000
