"""The matrix of a convolution: notes (135), both conventions, its gradient, and which entry stands where."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.ops.index_equation import equation_of

rng = np.random.default_rng(2)
PADDINGS = ("full", "valid", "same", 1, (0, 2))


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def matrix(m, n, **params):
    w = cr.parameter("w", m)
    return w, cr.toeplitz(w, n, **params)


def test_135_the_matrix_of_the_notes():
    """w_1 on the diagonal, w_2 below it and so on: n + m − 1 rows, each column the kernel, shifted by one."""
    _, T = matrix(3, 4)
    found = cr.evaluate(T, {"w": [1, 2, 3]})
    assert found.tolist() == [
        [1, 0, 0, 0],
        [2, 1, 0, 0],
        [3, 2, 1, 0],
        [0, 3, 2, 1],
        [0, 0, 3, 2],
        [0, 0, 0, 3],
    ]
    close(found, scipy.linalg.convolution_matrix([1, 2, 3], 4, "full"))


@given(
    st.integers(1, 5),
    st.integers(1, 7),
    st.sampled_from(PADDINGS),
    st.sampled_from(["convolve", "correlate"]),
)
def test_the_matrix_times_the_input_is_the_convolution(m, n, padding, convention):
    a, w = cr.data("a", n), cr.parameter("w", m)
    try:
        y = {"convolve": cr.convolve, "correlate": cr.correlate}[convention](a, w, padding=padding)
    except cr.ShapeError:
        with pytest.raises(cr.ShapeError):
            cr.toeplitz(w, n, padding, convention)
        return
    T = cr.toeplitz(w, n, padding=padding, convention=convention)
    values = {"a": rng.normal(size=n), "w": rng.normal(size=m)}
    close(cr.evaluate(T @ a, values), cr.evaluate(y, values))
    weights = cr.data("r", y.shape)
    values["r"] = rng.normal(size=y.shape)
    by_matrix, by_kernel = (cr.gradient(cr.sum(weights * z), [w, a]) for z in (T @ a, y))
    for one, other in zip(by_matrix, by_kernel, strict=True):
        close(cr.evaluate(one, values), cr.evaluate(other, values))


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("convention", ["convolve", "correlate"])
def test_each_entry_says_which_of_the_kernel_it_is(padding, convention):
    w, T = matrix(3, 5, padding=padding, convention=convention)
    entries = cr.toeplitz_entries(3, 5, padding, convention)
    numbers = rng.normal(size=3)
    close(cr.evaluate(T, {w: numbers}), [[0 if u is None else numbers[u] for u in row] for row in entries])
    assert (len(entries), len(entries[0])) == T.shape


def test_the_two_conventions_are_mirror_images():
    w, T = matrix(3, 5, padding="valid")
    _, turned = matrix(3, 5, padding="valid", convention="correlate")
    numbers = rng.normal(size=3)
    close(cr.evaluate(T, {w: numbers}), cr.evaluate(turned, {w: numbers[::-1]}))


def test_the_gradient_is_linear_again():
    w, T = matrix(3, 4, padding="same")
    R = cr.data("R", T.shape)
    dw = cr.gradient(cr.sum(R * T), w)
    assert dw.op.name == "diagonal_sums"
    v = cr.data("v", 3)
    assert cr.gradient(cr.sum(v * dw), R) is cr.toeplitz(v, 4, padding="same")
    values = {"R": rng.normal(size=T.shape)}
    close(cr.evaluate(dw, values), equation_of(dw).loops([values["R"]], (3,)))


def test_the_notes_count_of_parameters():
    """A kernel of 3 instead of a matrix of 6 × 4: fewer parameters, as section 5.2.5 says."""
    _, T = matrix(3, 4)
    a = cr.data("a", 4)
    assert cr.parameter_count(T @ a) == 3
    assert cr.parameter_count(cr.parameter("W", T.shape) @ a) == 24


def test_one_entry_is_printed_as_an_entry_of_the_kernel():
    _, T = matrix(3, 4)
    assert T.text(form="index", first=0) == "w[i−j]"
    assert (T @ cr.data("a", 4)).text(form="index", first=0) == "Σ[j] w[i−j] a[j]"
