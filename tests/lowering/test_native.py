"""Products of matrices and rows of arrays by our calls in C: the numbers of NumPy, the same bits each time.

Convolutions in C are in test_examples_last.py.
"""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import chainrule as cr
from chainrule.lowering import native, products, rows
from chainrule.readings.compiled import traced
from chainrule.training.epochs import compiled_epochs

needed = pytest.mark.skipif(not native.ready(), reason="needs the extra fast and a C compiler")
SIZES = [
    (128, 784, 256),
    (784, 128, 256),
    (10, 128, 1024),
    (33, 17, 65),
    (1, 4096, 512),
    (512, 4096, 1),
    (7, 9, 2000),
    (13, 257, 17),
    (50, 513, 47),
    (100, 300, 264),
    (3, 600, 290),
    (260, 800, 700),
    (401, 300, 23),
    (200, 530, 265),
    (1030, 200, 260),
    (100, 500, 1024),
]


@pytest.fixture
def random():
    return np.random.default_rng(0)


def given(random, m, k, n, a_turned, b_turned):
    """A, B in float32 as they are given, and A B in float64."""
    A, B = (random.normal(size=size).astype(np.float32) for size in ((m, k), (k, n)))
    return A.T.copy() if a_turned else A, B.T.copy() if b_turned else B, A.astype(float) @ B.astype(float)


@needed
@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("size", SIZES)
def test_products_are_those_of_numpy(random, size, turned):
    A, B, expected = given(random, *size, *turned)
    made = [np.asarray(jax.jit(lambda A, B: native.product(A, B, *turned))(A, B)) for _ in range(5)]
    # Each sum of k products has an error of about sqrt(k) roundings of its own size.
    np.testing.assert_allclose(made[0], expected, rtol=0, atol=2e-6 * size[1])
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])


@needed
def test_many_products_at_once_keep_their_bits(random):
    A, B, _ = given(random, 256, 512, 384, a_turned=False, b_turned=False)
    others = [random.normal(size=B.shape).astype(np.float32) for _ in range(8)]
    alone = [np.asarray(jax.jit(lambda A, B: native.product(A, B, False, False))(A, B)) for B in others]
    together = jax.jit(lambda A, others: [native.product(A, B, False, False) for B in others])
    for _ in range(20):
        for made, expected in zip(together(A, others), alone, strict=True):
            np.testing.assert_array_equal(made, expected)


@needed
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_so(random, bad):
    A, B, expected = given(random, 128, 64, 128, a_turned=False, b_turned=False)
    A[5, 7] = bad
    made = np.asarray(jax.jit(lambda A, B: native.product(A, B, False, False))(A, B))
    assert not np.isfinite(made[5]).any()
    np.testing.assert_allclose(np.delete(made, 5, 0), np.delete(expected, 5, 0), atol=1e-4)


@needed
@pytest.mark.parametrize(("n", "width", "size"), [(40, 5000, 64), (3000, 33, 2500), (5, 20_000, 4)])
@pytest.mark.parametrize("skipped", [0, 7])
def test_rows_are_those_of_numpy(random, n, width, size, skipped):
    array = random.normal(size=(n, width)).astype(np.float32)
    where = np.concatenate([random.integers(0, n, size), [0, n - 1]]).astype(np.int32)
    line, ends = (
        array.reshape(-1)[skipped : n * width - 16 + skipped],
        np.concatenate([array[:1], array[-1:]]),
    )
    made = jax.jit(lambda *given: native.rows(*given, n))(line, ends, np.uint32(skipped), where)
    np.testing.assert_array_equal(made, array[where])


@needed
def test_a_row_beyond_the_array_is_the_nearest(random):
    array = random.normal(size=(50, 2000)).astype(np.float32)
    where = np.array([-1, -(2**31), 50, 2**31 - 1, 49, 1], np.int32)
    line, ends = array[1:-1].reshape(-1), np.concatenate([array[:1], array[-1:]])
    made = jax.jit(lambda *given: native.rows(*given, 50))(line, ends, np.uint32(2000), where)
    np.testing.assert_array_equal(made, array[[0, 0, 49, 49, 49, 1]])


def lowered(dtype):
    """The program of W x for 64 examples, and what it computes, in an order of axes that einsum chooses."""
    W, x = cr.parameter("W", (128, 100)), cr.data("x", 100)
    random = np.random.default_rng(1)
    values = [random.normal(size=shape).astype(dtype) for shape in ((128, 100), (64, 100))]

    def function(W_value, x_value):
        return traced([W @ x], {W: W_value, x: x_value}, True, dtype)[0]

    with jax.enable_x64(dtype == "float64"):
        return jax.jit(function).lower(*values).as_text(), np.asarray(jax.jit(function)(*values)), values


@needed
def test_large_products_in_single_precision_leave_xla():
    program, made, (W, x) = lowered("float32")
    assert "chainrule_product" in program
    np.testing.assert_allclose(made, x @ W.T, rtol=0, atol=1e-4)


@needed
@pytest.mark.parametrize("sizes", [(1, 2000, 2000), (2000, 2000, 4), (10, 10, 10)])
def test_small_and_narrow_ones_stay_with_xla(sizes):
    assert not products.are_fast(*sizes, jnp.dtype("float32"))


@pytest.mark.parametrize(("dtype", "missing"), [("float64", False), ("float32", True)])
def test_all_others_stay_with_xla(dtype, missing, monkeypatch):
    if missing:
        monkeypatch.setattr(products, "ready", lambda: False)
    program, made, (W, x) = lowered(dtype)
    assert "chainrule_product" not in program
    np.testing.assert_allclose(made, x @ W.T, rtol=0, atol=1e-4)


@needed
@pytest.mark.parametrize("size", [7, 64])
def test_training_learns_the_same_with_and_without(size, random, monkeypatch):
    X, y = random.normal(size=(2000, 700)).astype(np.float32), random.integers(0, 3, 2000)
    assert X.nbytes >= rows._SMALL
    learned = []
    for native_is_ready in (True, False):
        compiled_epochs.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(products, "_MANY", 1)
            patch.setattr(products, "_WIDTH", 1)
            patch.setattr(rows, "_MANY", 1)
            for module in (products, native):
                patch.setattr(module, "ready", lambda found=native_is_ready: found)
            net = cr.Network(700, [cr.Linear(40), cr.Tanh(), cr.Linear(3)], loss="cross_entropy")
            net.fit(X, y, epochs=2, batch_size=size, optimizer=cr.SGD(0.01, momentum=0.9))
            learned.append(net.parameters)
    compiled_epochs.cache_clear()
    for name, value in learned[0].items():
        np.testing.assert_allclose(value, learned[1][name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("source", ["native", "multiply", "examples_last", "examples_last_gradient"])
@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "echo", "cc '"])
def test_without_a_compiler_there_is_nothing_to_call(compiler, source, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setattr(native, "folder", lambda: tmp_path)
    assert native._built(source) is None
    assert not list(tmp_path.iterdir())


@needed
def test_it_is_compiled_once_for_each_compiler(tmp_path, monkeypatch):
    monkeypatch.setattr(native, "folder", lambda: tmp_path)
    assert native._built("native", "multiply") is not None
    (made,) = tmp_path.iterdir()
    before = made.stat().st_mtime_ns
    assert native._built("native", "multiply") is not None
    assert [path.stat().st_mtime_ns for path in tmp_path.iterdir()] == [before]
    monkeypatch.setattr(native, "folder", lambda: None)
    assert native._built("native", "multiply") is not None


@pytest.mark.skipif(not native.correlate_is_ready(), reason="needs a C compiler, and vectors")
@pytest.mark.parametrize(
    "changed", ["examples_last.c", "examples_last_gradient.c", "examples_last.h", "native.h", "vectors.h"]
)
def test_a_changed_source_is_compiled_anew(changed, tmp_path, monkeypatch):
    kept, sources = tmp_path / "kept", tmp_path / "sources"
    kept.mkdir()
    shutil.copytree(native._FOLDER, sources)
    monkeypatch.setattr(native, "folder", lambda: kept)
    monkeypatch.setattr(native, "_FOLDER", sources)
    names = ("examples_last", "examples_last_gradient")
    assert native._built(*names) is not None
    with (sources / changed).open("a", encoding="utf-8") as file:
        file.write("/* new */\n")
    assert native._built(*names) is not None
    assert len(list(kept.iterdir())) == 2


FAILS = """
import ctypes, jax, numpy as np
from chainrule.lowering import native
from chainrule.lowering.onednn import library
assert native.ready()
fails = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)
given = (fails, library().binary.omp_get_max_threads, library().binary.omp_set_num_threads)
native._built("native", "multiply").chainrule_use(*(ctypes.cast(function, ctypes.c_void_p) for function in given))
try:
    jax.jit(lambda A: native.product(A, A, False, False))(np.ones((800, 800), np.float32)).block_until_ready()
except Exception as fault:
    print(fault)
"""


@needed
def test_a_product_that_onednn_cannot_make_is_an_error(tmp_path):
    """In a process of its own, whose oneDNN fails."""
    environment = os.environ | {"CHAINRULE_CACHE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FAILS],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "could not make its part" in done.stdout


@needed
def test_products_on_every_thread_that_there_is(random):
    """As many programs at once as there are threads, and more."""
    A, B, expected = given(random, 512, 300, 200, a_turned=False, b_turned=False)
    run = jax.jit(lambda A, B: native.product(A, B, False, False) + 0 * jnp.sum(A))
    with ThreadPoolExecutor(8) as pool:
        for made in pool.map(lambda _: np.asarray(run(A, B)), range(64)):
            np.testing.assert_allclose(made, expected, rtol=0, atol=1e-3)


ONE_OR_MORE = """
import os, sys
os.sched_setaffinity(0, set(list(os.sched_getaffinity(0))[:int(sys.argv[1])]))
import hashlib, jax, numpy as np
from chainrule.lowering import native
assert native.ready()
digest, random = hashlib.sha256(), np.random.default_rng(0)
sizes = [(100, 300, 2000), (16, 300, 2000), (300, 200, 100), (64, 500, 3000)]
# In uneven parts: of our own tiles only, for the bits of oneDNN's may depend on how many rows a part has.
sizes += [(1030, 200, 260)] * native.correlate_is_ready()
for m, k, n in sizes:
    for turned in ((False, False), (True, False), (False, True)):
        A, B = (random.normal(size=size[::-1] if by else size).astype(np.float32)
                for size, by in zip(((m, k), (k, n)), turned))
        digest.update(np.asarray(jax.jit(lambda A, B: native.product(A, B, *turned))(A, B)).tobytes())
print(digest.hexdigest())
"""


@needed
@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="needs a system that gives a process some processors"
)
def test_the_bits_are_the_same_on_one_processor():
    made = [
        subprocess.run([sys.executable, "-c", ONE_OR_MORE, count], capture_output=True, text=True, check=True)
        for count in "12"
    ]
    assert made[0].stdout == made[1].stdout != ""


@needed
def test_each_example_with_a_matrix_of_its_own(random):
    """A batch of products is one after the other."""
    As, B = (
        random.normal(size=(5, 40, 30)).astype(np.float32),
        random.normal(size=(30, 50)).astype(np.float32),
    )
    made = jax.jit(jax.vmap(lambda A: native.product(A, B, False, False)))(As)
    np.testing.assert_allclose(made, As @ B, rtol=0, atol=1e-4)
