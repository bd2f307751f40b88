"""Every lowering of convolutions and products computes what the value rules do, with oneDNN and without it."""

import jax
import numpy as np
import pytest
from support.tolerance import EQUAL, agree
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.lowering import few_places, kernels, native, products
from chainrule.lowering.calls import register
from chainrule.lowering.held import Held, Place
from chainrule.lowering.onednn import library
from chainrule.lowering.orders import kept_places
from chainrule.readings.compiled import precision, traced, traced_held

rng = np.random.default_rng(3)
WITH = pytest.param(
    True, marks=pytest.mark.skipif(library() is None, reason="oneDNN is not installed"), id="oneDNN"
)
NATIVE = pytest.mark.skipif(not native.ready(), reason="needs the extra fast and a C compiler")
CORRELATE = pytest.mark.skipif(not native.correlate_is_ready(), reason="needs a C compiler")
LAYOUTS = [
    # input, kernel, parameters
    ((1, 9, 8), (6, 1, 5, 5), {"padding": "same"}),
    ((3, 8, 8), (5, 3, 3, 3), {"padding": "same"}),
    ((6, 7, 7), (4, 6, 3, 3), {}),
    ((6, 7, 7), (4, 6, 5, 4), {"padding": "full"}),
    ((4, 9, 8), (3, 4, 3, 2), {"stride": 2}),
    ((4, 9, 8), (3, 4, 3, 3), {"stride": (2, 3), "padding": ((1, 2), (0, 1))}),
    ((4, 9, 9), (3, 4, 2, 3), {"dilation": 2, "padding": 1}),
    ((4, 6, 6), (8, 2, 3, 3), {"groups": 2, "padding": "same"}),
    ((40, 2, 2), (30, 40, 3, 3), {"padding": "same"}),
    ((8, 4, 5), (4, 8, 3, 2), {"padding": "full"}),
    ((8, 4, 5), (3, 8, 3, 2), {"padding": ((1, 2), (2, 1)), "dilation": (1, 2)}),
    ((20, 5, 5), (18, 20, 3, 3), {"padding": "same"}),
    ((3, 7, 6), (20, 3, 3, 3), {}),
    ((5, 5), (3, 3), {"padding": "same"}),
    ((3, 12), (5, 3, 4), {"padding": "same"}),
    ((2, 6, 6), (2, 1, 3, 3), {"groups": 2}),
    ((8, 4, 4), (2, 4, 3, 3), {"groups": 2, "padding": "full"}),
    ((8, 2, 2), (2, 8, 3, 3), {"stride": 2, "padding": 3}),
    ((32, 6, 6), (32, 32, 3, 3), {"padding": "same"}),
    ((16, 6, 6), (48, 16, 1, 1), {}),
    ((3, 4, 4), (5, 3, 1, 1), {"padding": 2}),
    ((70, 3, 3), (5, 70, 3, 3), {"padding": "same"}),
    ((12,), (4,), {}),
]


@pytest.fixture
def everything(monkeypatch):
    """All sizes go to oneDNN."""
    monkeypatch.setattr(kernels, "_FEWEST", 0)


@pytest.mark.unoptimised
@pytest.mark.parametrize("n", [3, pytest.param(20, marks=CORRELATE, id="in C")])
@pytest.mark.parametrize(
    "fast",
    [
        WITH,
        pytest.param(False, id="XLA"),
        pytest.param(None, id="products"),
        pytest.param("in C", marks=NATIVE, id="products in C"),
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["correlate", "convolve"])
@pytest.mark.parametrize(("image", "kernel", "params"), LAYOUTS)
def test_values_and_gradients_of_a_batch(image, kernel, params, turned, fast, n, everything, monkeypatch):
    if not fast:
        monkeypatch.setattr(kernels, "library", lambda: None)
    monkeypatch.setattr(few_places, "_FEW", 10**6 if fast is None else 0)
    monkeypatch.setattr(few_places, "_SOME", 10**6 if fast == "in C" else 0)
    monkeypatch.setattr(few_places, "_CHANNELS", 1)
    op = getattr(cr, ("convolve" if turned else "correlate") + "2d" * (len(kernel) % 2 == 0))
    x, k = cr.data("x", image), cr.parameter("k", kernel)
    y = cr.relu(op(x, k, **params))
    loss = cr.sum(y * y) / 2
    values = {"x": rng.normal(size=(n, *image)), "k": rng.normal(size=kernel) / kernel[-1]}
    each = [cr.evaluate([loss, y, *cr.gradient(loss, [x, k])], values | {"x": one}) for one in values["x"]]
    total, (dx, dk) = cr.value_and_gradient(loss, [x, k], reduce="sum")(values)
    made = cr.compile(y, batch=True)(values)
    wanted = 20 * EQUAL["float32"]
    agree(made, np.stack([one[1] for one in each]), "y", wanted)
    agree(total, sum(one[0] for one in each), "loss", wanted)
    agree(dx, np.stack([one[2] for one in each]), "dx", wanted)
    agree(dk, sum(one[3] for one in each), "dk", wanted)


@pytest.mark.parametrize(
    "few", [0, 2**20, pytest.param(-1, marks=NATIVE)], ids=["products", "written out", "in C"]
)
@pytest.mark.parametrize(
    "orders", [((0,), (0,)), ((1, 0), (0,)), ((0, 1), (0,)), ((0,), (0, 1)), ((1, 0), (1, 0))], ids=str
)
def test_products_of_arrays_as_they_lie(orders, few, monkeypatch):
    """z is the axis of the examples; the others are the expressions', held in any order."""
    monkeypatch.setattr(products, "_FEW", few)
    monkeypatch.setattr(products, "_MANY", 1 if few < 0 else 2**60)
    monkeypatch.setattr(products, "_WIDTH", 1)
    sizes, letters = {"z": 7, "a": 5, "b": 6}, {1: "a", 2: "ab"}
    cases = [
        (flags, sides, f"{','.join(sides)}->{result}")
        for flags in ((1, 1), (1, 0), (0, 1), (0, 0))
        for sides in [["z" * flag + letters[len(order)] for flag, order in zip(flags, orders, strict=True)]]
        for result in ("za", "ab", "ba", "a", "zb")
        if set(result) <= set("".join(sides))
    ]
    given = [
        [rng.normal(size=[sizes[letter] for letter in side]).astype(np.float32) for side in sides]
        for _, sides, _ in cases
    ]

    def run(given):
        return [
            products.einsum(
                subscripts,
                *(
                    Held(array.transpose(*range(flag), *(flag + axis for axis in order)), order)
                    for array, flag, order in zip(arrays, flags, orders, strict=True)
                ),
            ).plain()
            for (flags, _, subscripts), arrays in zip(cases, given, strict=True)
        ]

    for found, (_, _, subscripts), arrays in zip(
        jax.jit(run, compiler_options=UNOPTIMISED)(given), cases, given, strict=True
    ):
        agree(found, np.einsum(subscripts, *arrays), subscripts, 10 * EQUAL["float32"])


@pytest.mark.skipif(library() is None, reason="oneDNN is not installed")
def test_small_ones_and_double_precision_stay_with_xla():
    x, k = cr.data("x", (16, 16, 16)), cr.parameter("k", (16, 16, 3, 3))
    y = cr.correlate2d(x, k, padding="same")

    def calls(n, dtype):
        with precision(dtype):
            arrays = {x: np.ones((n, *x.shape), dtype), k: np.ones(k.shape, dtype)}
            return (
                "chainrule_convolution" in jax.jit(lambda: traced([y], arrays, True, dtype)).lower().as_text()
            )

    assert calls(2, "float32")
    assert not calls(1, "float32")
    assert not calls(2, "float64")


def test_a_fault_inside_a_call_is_an_error_of_the_computation():
    def fault(operands, results):
        raise OSError("no room")

    register("a_fault_for_the_tests", lambda: fault)
    call = jax.ffi.ffi_call("a_fault_for_the_tests", jax.ShapeDtypeStruct((2,), np.float32))
    with pytest.raises(jax.errors.JaxRuntimeError, match="OSError: no room"):
        jax.block_until_ready(jax.jit(call)(np.ones(2, np.float32)))


def test_weights_are_kept_in_the_order_that_steps_read():
    places = kept_places([cr.lenet5().expression])
    assert {str(leaf.name): place for leaf, place in places.items()} == {
        **{f"W^{{({layer})}}": Place((2, 3, 1, 0)) for layer in (1, 2)},
        "W^{(3)}": Place((0, 2, 3, 1), ((120,), (16, 5, 5))),
        **{f"W^{{({layer})}}": Place((0, 1)) for layer in (4, 5)},
    }


@pytest.mark.parametrize(
    ("rows", "columns", "order"),
    [
        (10, 784, (0, 1)),
        (128, 128, (0, 1)),
        (129, 784, (1, 0)),
        (512, 128, (1, 0)),
        (64, 30, (1, 0)),
        (512, 512, (0, 1)),
    ],
)
def test_gradients_are_made_in_the_order_in_which_weights_of_their_size_are_kept(rows, columns, order):
    W, x, d = cr.parameter("W", (rows, columns)), cr.data("x", columns), cr.data("d", rows)
    assert kept_places([W @ x]) == {W: Place(order)}
    values = {W: np.ones((rows, columns)), x: np.ones((4, columns)), d: np.ones((4, rows))}
    (made,) = traced_held(cr.gradient(cr.sum(d * (W @ x)), [W]), values, True, "float32", ["sum"])
    assert made.order == order
    assert made.shape == (rows, columns)


def test_few_terms_are_written_out_and_more_are_one_product():
    def calls(n):
        W, x = cr.parameter("W", (4, n)), cr.data("x", n)
        arrays = {W: np.ones((4, n), np.float32), x: np.ones((8, n), np.float32)}
        return "dot_general" in jax.jit(lambda: traced([W @ x], arrays, True, "float32")).lower().as_text()

    assert not calls(16)
    assert calls(17)
