"""Every lowering of convolutions and products computes what the value rules do, with oneDNN and without it."""

import jax
import numpy as np
import pytest
from support.tolerance import EQUAL, agree

import chainrule as cr
from chainrule.lowering import convolution, kernels
from chainrule.lowering.calls import register
from chainrule.lowering.onednn import library

rng = np.random.default_rng(3)
WITH = pytest.param(
    True, marks=pytest.mark.skipif(library() is None, reason="oneDNN is not installed"), id="oneDNN"
)
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
    ((5, 5), (3, 3), {"padding": "same"}),
    ((3, 12), (5, 3, 4), {"padding": "same"}),
]


@pytest.fixture
def everything(monkeypatch):
    """All sizes go to oneDNN."""
    for fewest in ("_CONVOLUTION", "_PRODUCT", "_SUM"):
        monkeypatch.setattr(kernels, fewest, 0)


@pytest.mark.parametrize("fast", [WITH, pytest.param(False, id="XLA")])
@pytest.mark.parametrize("turned", [False, True], ids=["correlate", "convolve"])
@pytest.mark.parametrize(("image", "kernel", "params"), LAYOUTS)
def test_values_and_gradients_of_a_batch(image, kernel, params, turned, fast, everything, monkeypatch):
    if not fast:
        monkeypatch.setattr(kernels, "library", lambda: None)
    op = getattr(cr, ("convolve" if turned else "correlate") + "2d" * (len(kernel) % 2 == 0))
    x, k = cr.data("x", image), cr.parameter("k", kernel)
    y = cr.relu(op(x, k, **params))
    loss = cr.sum(y * y) / 2
    values = {"x": rng.normal(size=(3, *image)), "k": rng.normal(size=kernel) / kernel[-1]}
    each = [cr.evaluate([loss, y, *cr.gradient(loss, [x, k])], values | {"x": one}) for one in values["x"]]
    total, (dx, dk) = cr.value_and_gradient(loss, [x, k], reduce="sum")(values)
    made = cr.compile(y, batch=True)(values)
    wanted = 20 * EQUAL["float32"]
    agree(made, np.stack([one[1] for one in each]), "y", wanted)
    agree(total, sum(one[0] for one in each), "loss", wanted)
    agree(dx, np.stack([one[2] for one in each]), "dx", wanted)
    agree(dk, sum(one[3] for one in each), "dk", wanted)


@pytest.mark.skipif(library() is None, reason="oneDNN is not installed")
@pytest.mark.parametrize(
    "subscripts", ["za,ba->zb", "zb,ba->za", "za,zb->ab", "za,zb->ba", "ab,za->zb", "ba,za->bz"]
)
def test_products(subscripts, everything):
    sizes = {"z": 7, "a": 5, "b": 6}
    first, second = subscripts.split("->")[0].split(",")
    arrays = [
        rng.normal(size=[sizes[letter] for letter in side]).astype(np.float32) for side in (first, second)
    ]
    run = jax.jit(lambda *given: kernels.einsum(subscripts, *given))
    assert "chainrule_product" in str(run.lower(*arrays).as_text())
    agree(run(*arrays), np.einsum(subscripts, *arrays), subscripts, EQUAL["float32"])


@pytest.mark.skipif(library() is None, reason="oneDNN is not installed")
def test_small_ones_and_double_precision_stay_with_xla():
    small = np.ones((4, 4), np.float32)
    assert "chainrule" not in jax.jit(lambda a: kernels.einsum("za,ba->zb", a, a)).lower(small).as_text()
    large = np.ones((512, 512), np.float32)
    assert "chainrule" in jax.jit(lambda a: kernels.einsum("za,ba->zb", a, a)).lower(large).as_text()
    with jax.enable_x64(True):
        text = jax.jit(lambda a: kernels.einsum("za,ba->zb", a, a)).lower(large.astype(np.float64)).as_text()
    assert "chainrule" not in text


def test_a_fault_inside_a_call_is_an_error_of_the_computation():
    def fault(operands, results):
        raise OSError("no room")

    register("a_fault_for_the_tests", lambda: fault)
    call = jax.ffi.ffi_call("a_fault_for_the_tests", jax.ShapeDtypeStruct((2,), np.float32))
    with pytest.raises(jax.errors.JaxRuntimeError, match="OSError: no room"):
        jax.block_until_ready(jax.jit(call)(np.ones(2, np.float32)))


def test_kernels_of_a_network_keep_the_order_that_steps_read():
    net = cr.lenet5()
    assert {str(leaf.name): order for leaf, order in convolution.kernels([net.expression]).items()} == {
        "W^{(1)}": (2, 3, 1, 0),
        "W^{(2)}": (2, 3, 1, 0),
    }
