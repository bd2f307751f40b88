"""Convolution: the notes' numbers; index equations, NumPy, SciPy, JAX and torch as oracles."""

import itertools

import jax
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.graph.op import OPS
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import equation_of
from chainrule.ops.windows import Window, windows_of
from chainrule.readings.compiled import precision, traced

FAMILY = {
    (1, False): cr.correlate,
    (1, True): cr.convolve,
    (2, False): cr.correlate2d,
    (2, True): cr.convolve2d,
}
PADDINGS = {
    1: ("valid", "same", "full", 1, (2, 0)),
    2: ("valid", "same", "full", 2, (0, 1), ((1, 0), (0, 2))),
}
rng = np.random.default_rng(0)


def numbers(*shape):
    return rng.normal(size=shape)


def close(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# The notes.

F = [1, 0, -1, 2, 1, 2]
IMAGE = [[1, 0, -1, 2], [2, -1, 2, 1], [-1, 2, 0, 1], [1, -1, 1, 1]]


def test_127_the_kernel_slides_along_the_signal():
    """The last number of (127) is printed as 5, but 2 × 1 + 1 × 0 + 2 × 1 is 4."""
    y = cr.correlate(cr.data("f", 6), cr.parameter("g", 3))
    assert cr.evaluate(y, {"f": F, "g": [1, 0, 1]}).tolist() == [0, 2, 0, 4]


def test_131_and_132_the_kernel_slides_over_the_image():
    y = cr.correlate2d(cr.data("f", (4, 4)), cr.parameter("g", (2, 2)))
    found = cr.evaluate(y, {"f": IMAGE, "g": [[1, 0], [0, 1]]})
    assert found.tolist() == [[0, 2, 0], [4, -1, 3], [-2, 3, 1]]


def test_133_the_sum_of_f_at_tau_and_g_at_t_minus_tau():
    f, g = numbers(5), numbers(3)
    expected = [sum(f[tau] * g[t - tau] for tau in range(5) if 0 <= t - tau < 3) for t in range(7)]
    y = cr.convolve(cr.data("f", 5), cr.parameter("g", 3), padding="full")
    close(cr.evaluate(y, {"f": f, "g": g}), expected)


def test_137_each_channel_of_the_result_adds_up_all_channels_of_the_input():
    x, w = numbers(3, 5, 5), numbers(2, 3, 2, 2)
    whole = cr.correlate2d(cr.data("x", (3, 5, 5)), cr.parameter("W", (2, 3, 2, 2)))
    one = cr.correlate2d(cr.data("x", (5, 5)), cr.parameter("W", (2, 2)))
    expected = [sum(cr.evaluate(one, {"x": x[c], "W": w[o, c]}) for c in range(3)) for o in range(2)]
    close(cr.evaluate(whole, {"x": x, "W": w}), expected)


def test_145_and_146_the_sums_of_the_notes():
    """dA_ij = Σ_uv dZ_{i−u,j−v} W_uv and dW_uv = Σ_ij dZ_ij A_{i+u,j+v}, typed out."""
    a, w, dz = numbers(5, 5), numbers(3, 3), numbers(3, 3)
    A, W, R = cr.data("A", (5, 5)), cr.parameter("W", (3, 3)), cr.data("R", (3, 3))
    dA, dW = cr.gradient(cr.sum(R * cr.correlate2d(A, W)), [A, W])
    found = cr.evaluate([dA, dW], {"A": a, "W": w, "R": dz})
    span = range(3)
    for i, j in np.ndindex(5, 5):
        terms = [dz[i - u, j - v] * w[u, v] for u in span for v in span if 0 <= i - u < 3 and 0 <= j - v < 3]
        close(found[0][i, j], sum(terms))
    for u, v in np.ndindex(3, 3):
        close(found[1][u, v], sum(dz[i, j] * a[i + u, j + v] for i in span for j in span))


# The formulas.


def test_the_gradient_of_a_correlation_is_a_convolution_with_full_padding():
    x, k, r = cr.data("x", (5, 5)), cr.parameter("k", (3, 2)), cr.data("r", (3, 4))
    dx, dk = cr.gradient(cr.sum(r * cr.correlate2d(x, k)), [x, k])
    assert dx is cr.convolve2d(r, k, padding="full")
    assert (str(dx), str(dk)) == ("r ∗[full] k", "x ⋆ r")
    assert dx.latex() == r"r \ast_{\text{full}} k"
    assert dx.text(form="index", first=0) == "Σ[u,v] r[i−u,j−v] k[u,v]"
    assert dk.text(form="index", first=0) == "Σ[k,l] x[k+i,l+j] r[k,l]"


def test_the_gradient_of_a_convolution_is_a_correlation_and_back():
    x, k, r = cr.data("x", 5), cr.parameter("k", 3), cr.data("r", 3)
    dx = cr.gradient(cr.sum(r * cr.convolve(x, k)), x)
    assert dx is cr.correlate(r, k, padding="full")
    assert cr.gradient(cr.sum(x * dx), r) is cr.convolve(x, k)


@pytest.mark.parametrize(
    ("padding", "word"),
    [
        ("same", "same"),
        (1, "same"),
        ("full", ""),
        (2, ""),
        ("valid", "full"),
        (0, "full"),
        ((0, 1), "p=((2, 2), (1, 1))"),
    ],
)
def test_what_is_missing_to_full_padding_is_what_the_gradient_adds(padding, word):
    x, k = cr.data("x", (2, 6, 6)), cr.parameter("K", (3, 2, 3, 3))
    y = cr.correlate2d(x, k, padding=padding).named("y")
    dx = cr.gradient(cr.sum(y * y / 2), x)
    assert dx.text(where=False) == f"y ∗{f'[{word}]' if word else ''} Kᵀ"


def test_strides_dilations_and_groups_are_printed():
    x, k = cr.data("x", (4, 9, 9)), cr.parameter("K", (6, 2, 3, 3))
    y = cr.correlate2d(x, k, stride=(2, 1), padding=1, dilation=2, groups=2).named("y")
    dx, dk = cr.gradient(cr.sum(y * y / 2), [x, k])
    assert y.text() == "y = x ⋆[p=1, s=(2, 1), d=2, g=2] K"
    assert dx.text(where=False) == "y ⋆ᵀ[n=9×9, p=1, s=(2, 1), d=2, g=2] K"
    assert dk.text(where=False) == "x ⋆[outer, p=1, s=2, d=(2, 1), g=2] y"
    assert dx.latex(where=False) == r"y \star^{\top}_{n=9 \times 9,\, p=1,\, s=(2, 1),\, d=2,\, g=2} K"
    expected = "Σ[o,u,v] y[o,(j−2u+4)/2,k−2v+3] K[o,i−2⌊(o−1)/3⌋,u,v]"
    assert dx.text(form="index", where=False) == expected


def test_a_part_without_a_name_is_0_outside_of_itself_not_its_value_for_0():
    x, k = cr.data("x", 4), cr.parameter("k", 3)
    assert cr.correlate(cr.sigmoid(x), k).text(form="index") == "Σ[u] σ(x[i+u−1]) k[u]"
    assert cr.correlate(cr.sigmoid(x), k, padding=1).text(form="index") == "Σ[u] σ(x)[i+u−2] k[u]"


# All parameters together: loops and turned loops of the index equations, in NumPy.


def settings_of(axes):
    """Strides, paddings and dilations in all combinations; the sizes change with them, even ones too."""
    for n, (stride, padding, dilation) in enumerate(itertools.product((1, 2, 3), PADDINGS[axes], (1, 2))):
        image, kernel = ((6, 5), (5, 7), (4, 6))[n % 3][:axes], ((3, 2), (2, 2), (1, 3))[(n // 3) % 3][:axes]
        yield image, kernel, {"stride": stride, "padding": padding, "dilation": dilation}


def layouts(axes):
    for n, (image, kernel, params) in enumerate(settings_of(axes)):
        extents = [params["dilation"] * (size - 1) + 1 for size in kernel]
        if params["padding"] != "full" and any(e > i for e, i in zip(extents, image, strict=True)):
            continue
        yield image, kernel, params
        channels, outputs, groups = ((2, 3, 1), (4, 6, 2), (3, 3, 3), (1, 2, 1))[n % 4]
        yield (channels, *image), (outputs, channels // groups, *kernel), {**params, "groups": groups}


ALL = [(axes, turned, *layout) for axes, turned in FAMILY for layout in layouts(axes)]


def expressions(axes, turned, x_shape, k_shape, params):
    """x, k and r with numbers; y; and Σ r y, of which the gradients are taken."""
    x, k = cr.data("x", x_shape), cr.parameter("k", k_shape)
    y = FAMILY[axes, turned](x, k, **params)
    r = cr.data("r", y.shape)
    return (x, k, r), y, cr.sum(r * y), {leaf: numbers(*leaf.shape) for leaf in (x, k, r)}


def test_there_are_many_layouts():
    assert len(ALL) > 250


def test_values_and_gradients_are_the_loops_of_the_index_equations():
    for layout in ALL:
        (x, k, r), y, total, values = expressions(*layout)
        equation, arrays = equation_of(y), [values[x], values[k]]
        close(cr.evaluate(y, values), equation.loops(arrays, y.shape))
        sizes = equation.sizes([x.shape, k.shape], y.shape)
        for at, part in enumerate(cr.gradient(total, [x, k])):
            turned = equation.swapped(at).loops([values[r], arrays[1 - at]], part.shape, sizes)
            close(cr.evaluate(part, values), turned)
            own = [cr.evaluate(operand, values) for operand in part.operands]
            close(equation_of(part).loops(own, part.shape), turned)


def test_gradients_of_gradients_stay_in_the_family_and_are_those_of_differences():
    family = {*(op.name for op in FAMILY.values()), "correlate_input_gradient", "correlate_kernel_gradient"}
    for layout in ALL[::9]:
        (x, k, r), y, _, values = expressions(*layout)
        total = cr.sum(r * (y * y)) / 2
        for order, (leaf, other) in enumerate([(x, k), (k, x)]):
            step = cr.data(f"s_{order}", leaf.shape)
            values[step] = numbers(*leaf.shape)
            total = cr.sum(step * cr.gradient(total, leaf))
            close(cr.evaluate(cr.gradient(total, other), values), slope(total, other, values), 1e-7)
        names = {node.op.name for node in topological([cr.gradient(total, x), cr.gradient(total, k)])}
        assert {name for name in names if "corr" in name or "conv" in name} <= family


def slope(of, leaf, values):
    """Central differences in extended precision, entry by entry."""
    at, step = np.asarray(values[leaf], np.longdouble), np.longdouble(1e-5)
    found = np.zeros(at.shape)
    for entry in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[entry] += step
        down[entry] -= step
        above, below = (cr.evaluate(of, {**values, leaf: moved}, np.longdouble) for moved in (up, down))
        found[entry] = (above - below) / (2 * step)
    return found


# Other people's convolutions.


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_numpy_on_one_axis(mode):
    """NumPy's "same" puts the odd zero before; with odd kernels both agree."""
    x, k = numbers(7), numbers(3)
    found = cr.evaluate(
        [op(cr.data("x", 7), cr.parameter("k", 3), padding=mode) for op in (cr.convolve, cr.correlate)],
        {"x": x, "k": k},
    )
    close(found[0], np.convolve(x, k, mode))
    close(found[1], np.correlate(x, k, mode))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_scipy_on_two_axes(draw):
    """A stride keeps every s-th result, a dilation is a kernel with zeros in it, padding a larger image."""
    size = st.integers(1, 4)
    kernel, stride, dilation = ((draw.draw(size), draw.draw(size)) for _ in range(3))
    before, after = ((draw.draw(st.integers(0, 3)), draw.draw(st.integers(0, 3))) for _ in range(2))
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    image = [max(e - b - a, 1) + draw.draw(size) for e, b, a in zip(extents, before, after, strict=True)]
    seed = np.random.default_rng(draw.draw(st.integers(0, 2**32)))
    x, k = seed.normal(size=image), seed.normal(size=kernel)
    padded, spaced = np.pad(x, list(zip(before, after, strict=True))), np.zeros(extents)
    spaced[:: dilation[0], :: dilation[1]] = k
    params = {"stride": stride, "dilation": dilation, "padding": tuple(zip(before, after, strict=True))}
    leaves = cr.data("x", tuple(image)), cr.parameter("k", kernel)
    for op, oracle in ((cr.correlate2d, scipy.signal.correlate2d), (cr.convolve2d, scipy.signal.convolve2d)):
        found = cr.evaluate(op(*leaves, **params), {"x": x, "k": k})
        close(found, oracle(padded, spaced, "valid")[:: stride[0], :: stride[1]])


def by_hand(axes, turned, params):
    """The same convolution of a batch in JAX's own words."""
    stride, dilation, groups = params["stride"], params["dilation"], params.get("groups", 1)

    def forward(x, k):
        single = k.ndim == axes
        x, k = (x[:, None], k[None, None]) if single else (x, k)
        windows = windows_of("", x.shape[2:], k.shape[2:], stride, params["padding"], dilation)
        k = jax.numpy.flip(k, range(2, k.ndim)) if turned else k
        x = jax.numpy.pad(x, [(0, 0), (0, 0), *((w.before, w.after) for w in windows)])
        steps, inner = [stride] * axes, [dilation] * axes
        y = lax.conv_general_dilated(x, k, steps, "VALID", rhs_dilation=inner, feature_group_count=groups)
        return y[:, 0] if single else y

    return forward


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.evidence) for n in (1, 2, 3))])
def test_compiled_batches_are_those_of_jax_and_of_single_examples(part):
    """Values and input gradients of examples, the batch's sum of kernel gradients, a second derivative."""
    jobs = [(layout, *expressions(*layout)) for layout in ALL[part * 9 :: 37]]
    fed = [[numbers(3, *x.shape), numbers(*k.shape), numbers(3, *r.shape)] for _, (x, k, r), *_ in jobs]
    asked = []
    for _, (x, k, _), y, total, _ in jobs:
        dx, dk = cr.gradient(total, [x, k])
        asked.append([y, dx, dk, cr.gradient(cr.sum(dx * dx) / 2, k)])

    def ours(fed):
        arrays = [
            dict(zip(leaves, feed, strict=True)) for (_, leaves, *_), feed in zip(jobs, fed, strict=True)
        ]
        how = [None, None, "sum", "sum"]
        return [traced(exprs, each, True, "float64", how) for exprs, each in zip(asked, arrays, strict=True)]

    def theirs(fed):
        return [by_jax(layout, *feed) for (layout, *_), feed in zip(jobs, fed, strict=True)]

    with precision("float64"):
        found, expected = (jax.jit(side, compiler_options=UNOPTIMISED)(fed) for side in (ours, theirs))
    for (_, (x, k, r), *_), exprs, feed, one, other in zip(jobs, asked, fed, found, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            close(a, b, 1e-10)
        for n in range(3):
            value, dx = cr.evaluate(exprs[:2], {x: feed[0][n], k: feed[1], r: feed[2][n]})
            close(one[0][n], value, 1e-10)
            close(one[1][n], dx, 1e-10)


def by_jax(layout, x, k, weights):
    """The same with JAX's own convolution and gradient, of a whole batch."""
    forward = by_hand(layout[0], layout[1], layout[4])

    def total(x, k):
        return (weights * forward(x, k)).sum()

    def square(k):
        return (jax.grad(total)(x, k) ** 2).sum() / 2

    return [forward(x, k), *jax.grad(total, (0, 1))(x, k), jax.grad(square)(k)]


def test_a_kernel_of_two_at_stride_two_does_not_end_the_process():
    """XLA's simplifier takes the gradient's convolution for one in groups, and its check then fails hard."""
    x, k = cr.data("x", (1, 4, 6)), cr.parameter("K", (1, 1, 3, 2))
    y = cr.correlate2d(x, k, stride=2, padding=((0, 0), (1, 1)))
    dx = cr.gradient(cr.sum(y * y) / 2, x)
    values = {x: numbers(*x.shape), k: numbers(*k.shape)}
    close(cr.compile(dx, dtype="float64")(values), cr.evaluate(dx, values))


def test_torch_says_the_same():
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install .[bench]")
    for axes, turned, x_shape, k_shape, params in ALL[::3]:
        if (
            turned
            or len(k_shape) == axes
            or params["padding"] in ("same", "full")
            or isinstance(params["padding"], tuple)
        ):
            continue
        (x, k, r), _, total, values = expressions(axes, turned, x_shape, k_shape, params)
        padding = 0 if params["padding"] == "valid" else params["padding"]
        a, b = (torch.tensor(values[leaf], requires_grad=True) for leaf in (x, k))
        function = (torch.nn.functional.conv1d, torch.nn.functional.conv2d)[axes - 1]
        y = function(a[None], b, None, params["stride"], padding, params["dilation"], params["groups"])[0]
        (y * torch.tensor(values[r])).sum().backward()
        for leaf, theirs in ((x, a.grad), (k, b.grad)):
            close(cr.evaluate(cr.gradient(total, leaf), values), theirs.numpy())


# A batch is one convolution.


def programs(expr_list, batch, total, leaves):
    """The primitives of a traced program, with the shapes they give."""
    shapes = {
        leaf: jax.ShapeDtypeStruct(((batch,) if leaf.op.name == "data" else ()) + leaf.shape, "float32")
        for leaf in leaves
    }

    def run(arrays):
        return traced(expr_list, dict(zip(leaves, arrays, strict=True)), True, "float32", total)

    return jax.make_jaxpr(run)(list(shapes.values()))


def equations_in(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            if hasattr(value, "jaxpr"):
                yield from equations_in(value.jaxpr)


def test_a_batch_is_one_convolution_for_each_of_value_and_gradients():
    x, k = cr.data("x", (16, 6, 6)), cr.parameter("K", (17, 16, 3, 3))
    y = cr.correlate2d(x, k, padding="same")
    loss = cr.sum(y * y) / 2
    jaxpr = programs([loss, *cr.gradient(loss, [x, k])], 8, [None, None, "sum"], [x, k])
    shapes = [
        e.outvars[0].aval.shape
        for e in equations_in(jaxpr.jaxpr)
        if e.primitive.name == "conv_general_dilated"
    ]
    assert sorted(shapes) == [(8, 6, 6, 16), (8, 6, 6, 17), (16, 3, 3, 17)]


def test_large_images_are_never_laid_out_window_by_window():
    """The largest array of a training step is an image with its channels, and not nine times that."""
    x, k = cr.data("x", (16, 112, 112)), cr.parameter("K", (16, 16, 3, 3))
    y = cr.relu(cr.correlate2d(x, k, padding="same"))
    loss = cr.sum(y * y) / 2
    jaxpr = programs([loss, *cr.gradient(loss, [x, k])], 2, [None, None, "sum"], [x, k])
    largest = max(np.prod(v.aval.shape) for e in equations_in(jaxpr.jaxpr) for v in e.outvars)
    assert largest <= 2 * 16 * 114 * 114


@pytest.mark.parametrize("n", [0, 1])
def test_batches_of_none_and_one(n):
    x, k = cr.data("x", (2, 5, 5)), cr.parameter("K", (3, 2, 2, 2))
    loss = cr.sum(cr.correlate2d(x, k, stride=2, padding=1) ** 2)
    value, (dk, dx) = cr.value_and_gradient(loss, [k, x], reduce="sum")(
        {"x": numbers(n, 2, 5, 5), "K": numbers(3, 2, 2, 2)}
    )
    assert (value.shape, dk.shape, dx.shape) == ((), (3, 2, 2, 2), (n, 2, 5, 5))
    assert n or not np.any(dk)


# Windows, words and faults.


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_same_gives_one_place_for_each_step(n, size, stride, dilation):
    (window,) = windows_of("", (n,), (size,), stride, "same", dilation)
    assert window.count == -(-n // stride)
    assert 0 <= window.after - window.before <= 1


@given(
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_what_a_window_reads_and_which_window_reads_it_are_one_relation(
    n, size, stride, dilation, before, after
):
    window = Window(n, size, stride, dilation, before, after)
    if window.extent > n + before + after:
        return
    read = {(u, i, at) for (u, i), at in np.ndenumerate(window.reads()) if at < n}
    written = {(u, i, at) for (u, at), i in np.ndenumerate(window.writes()) if i < window.count}
    assert read == written
    assert (window.count - 1) * stride + window.extent <= n + before + after


def test_faults_say_where_and_what_to_do():
    x = cr.data("image", (3, 8, 8))
    with pytest.raises(cr.ShapeError) as fault:
        cr.correlate2d(x, cr.parameter("K", (4, 2, 3, 3)))
    assert "needed a kernel for the 3 channels of the input" in str(fault.value)
    assert "The kernel would be (4, 3, 3, 3)" in str(fault.value)
    with pytest.raises(
        cr.ShapeError, match=r"padded input of 8 along axis 1; came 9 places on an input of 8"
    ) as fault:
        cr.correlate2d(x, cr.parameter("K", (4, 3, 9, 9)))
    assert fault.value.where.startswith("correlate2d")


@pytest.mark.parametrize(
    "op", [OPS[name] for name in ("correlate_input_gradient", "correlate_kernel_gradient")]
)
def test_the_helpers_are_not_public(op):
    assert not op.public
    assert not hasattr(cr, op.name)


# The tests above notice what they are for.


def test_a_padding_one_off_is_noticed(monkeypatch):
    monkeypatch.setattr(
        Window, "mirrored", property(lambda self: (self.extent - self.before, self.extent - 2 - self.after))
    )
    with pytest.raises(AssertionError):
        test_values_and_gradients_are_the_loops_of_the_index_equations()


def test_a_kernel_that_is_not_turned_is_noticed(monkeypatch):
    monkeypatch.setattr(cr.convolve, "value_rule", cr.correlate.value_rule)
    with pytest.raises(AssertionError):
        test_133_the_sum_of_f_at_tau_and_g_at_t_minus_tau()
