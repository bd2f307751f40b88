"""Pooling: the notes' numbers, nested loops, JAX and torch as oracles, ties, and what a batch becomes."""

import itertools

import jax
import numpy as np
import pytest
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.graph.op import OPS
from chainrule.graph.walk import topological
from chainrule.ops.pooling import pools
from chainrule.readings.compiled import precision, traced

MAX, AVERAGE = {1: cr.max_pool, 2: cr.max_pool2d}, {1: cr.average_pool, 2: cr.average_pool2d}
rng = np.random.default_rng(1)


def numbers(*shape):
    return rng.normal(size=shape)


def close(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def layouts():
    """Sizes, strides (windows that overlap, touch, leave gaps), paddings and rounding in all combinations."""
    found = itertools.product(
        (1, 2, 3), (None, 1, 2, 4), ("valid", "same", "full", 1, "uneven"), (False, True), (1, 2)
    )
    for n, (size, stride, padding, ceil_mode, axes) in enumerate(found):
        image = ((6, 5), (5, 7), (3, 4))[n % 3][:axes]
        x = (2, *image) if n % 2 else image
        uneven = ((0, 1), (1, 0))[:axes] if axes == 2 else (0, 1)
        params = {
            "size": size,
            "stride": stride,
            "padding": uneven if padding == "uneven" else padding,
            "ceil_mode": ceil_mode,
        }
        try:
            pools(x, **params, axes=axes)
        except cr.ShapeError:
            continue  # a window that sees padding alone
        yield axes, x, params


ALL = list(layouts())


def windows_by_hand(axes, shape, params):
    """For each place of the result, in nested loops, the places of the input that its window covers."""
    windows = pools(shape, **params, axes=axes)
    for lead in np.ndindex(shape[:-axes]):
        for place in np.ndindex(*(w.count for w in windows)):
            covered = []
            for offset in np.ndindex(*(w.size for w in windows)):
                at = tuple(
                    w.stride * i + u - w.before for w, i, u in zip(windows, place, offset, strict=True)
                )
                if all(0 <= i < w.n for i, w in zip(at, windows, strict=True)):
                    covered.append((*lead, *at))
            yield (*lead, *place), covered


# The notes.


def test_141_the_largest_of_each_window():
    x = [[3.5, 9.5, 1.7, 6.2], [1.5, 2.5, 1.4, 3.2], [7.5, 6.5, 1.5, 5.2], [2.5, 10.0, 2.4, 0.1]]
    y = cr.max_pool2d(cr.data("x", (4, 4)), 2)
    assert cr.evaluate(y, {"x": x}).tolist() == [[9.5, 6.2], [10.0, 5.2]]
    small = cr.max_pool2d(cr.data("x", (2, 2)), 2)
    assert cr.evaluate(small, {"x": [[2.5, 3.5], [1.5, 3.2]]}).tolist() == [[3.5]]


def test_142_the_image_is_halved():
    x = cr.data("x", (64, 224, 224))
    assert cr.max_pool2d(x, 2).shape == (64, 112, 112)
    assert cr.max_pool2d(cr.max_pool2d(x, 2), 2).shape == (64, 56, 56)


# By hand.


def test_there_are_many_layouts():
    assert len(ALL) > 150


def test_values_and_gradients_are_those_of_nested_loops():
    for axes, shape, params in ALL:
        x = cr.data("x", shape)
        largest, mean = MAX[axes](x, **params), AVERAGE[axes](x, **params)
        r, v, w = cr.data("r", largest.shape), numbers(*shape), numbers(*largest.shape)
        asked = [largest, mean, *(cr.gradient(cr.sum(r * y), x) for y in (largest, mean))]
        expected = [np.zeros(largest.shape), np.zeros(largest.shape), np.zeros(shape), np.zeros(shape)]
        for place, covered in windows_by_hand(axes, shape, params):
            entries = [v[at] for at in covered]
            expected[0][place], expected[1][place] = max(entries), np.mean(entries)
            expected[2][covered[int(np.argmax(entries))]] += w[place]
            for at in covered:
                expected[3][at] += w[place] / len(covered)
        for found, one in zip(cr.evaluate(asked, {x: v, r: w}), expected, strict=True):
            close(found, one)


@pytest.mark.parametrize("compiled", [False, True])
def test_of_equal_entries_the_first_in_row_order_receives_the_gradient(compiled):
    x = cr.data("x", (4, 4))
    for params in (
        {"size": 2},
        {"size": 2, "stride": 1},
        {"size": 3, "stride": 2, "padding": 1},
        {"size": 4},
    ):
        y = cr.max_pool2d(x, **params)
        r = cr.data("r", y.shape)
        dx = cr.gradient(cr.sum(r * y), x)
        expected, weights = np.zeros((4, 4)), numbers(*y.shape)
        for place, covered in windows_by_hand(2, (4, 4), params):
            expected[covered[0]] += weights[place]
        values = {x: np.zeros((4, 4)), r: weights}
        close(cr.compile(dx, dtype="float64")(values) if compiled else cr.evaluate(dx, values), expected)


def test_the_gradient_of_the_gradient_is_that_of_differences():
    for axes, shape, params in ALL[::5]:
        x, v = cr.data("x", shape), numbers(*shape)
        for pool in (MAX, AVERAGE):
            y = pool[axes](x * x, **params)
            step, s, along = cr.data("s", shape), numbers(*shape), numbers(*shape)
            slope = cr.sum(step * cr.gradient(cr.sum(y * y) / 2, x))
            found = cr.evaluate(cr.gradient(slope, x), {x: v, step: s})
            far = np.longdouble(1e-6) * along
            above, below = (cr.evaluate(slope, {x: v + move, step: s}, np.longdouble) for move in (far, -far))
            close(np.sum(found * along), float((above - below) / np.longdouble(2e-6)), 1e-8)


def test_what_carries_to_the_maxima_and_what_reads_at_them_are_each_others_gradient():
    x, v = cr.data("x", (2, 5, 4)), cr.data("v", (2, 5, 4))
    y = cr.max_pool2d(x, 2, stride=1)
    r = cr.data("r", y.shape)
    to = cr.gradient(cr.sum(r * y), x)
    at = cr.gradient(cr.sum(v * to), r)
    assert {node.op.name for node in topological([to, at])} >= {"to_maximum", "at_maximum"}
    assert cr.gradient(cr.sum(r * at), v) is to
    values = {leaf: numbers(*leaf.shape) for leaf in (x, v, r)}
    close(np.sum(cr.evaluate(to, values) * values[v]), np.sum(cr.evaluate(at, values) * values[r]))
    close(cr.evaluate(at, {**values, v: values[x]}), cr.evaluate(y, values))


def test_padding_is_never_the_maximum_and_counts_in_a_mean_only_when_asked():
    x = cr.data("x", (2, 2))
    values = {"x": [[-1, -2], [-3, -4]]}
    assert cr.evaluate(cr.max_pool2d(x, 2, padding=1), values).tolist() == [[-1, -2], [-3, -4]]
    assert cr.evaluate(cr.average_pool2d(x, 2, padding=1), values).tolist() == [[-1, -2], [-3, -4]]
    counted = cr.average_pool2d(x, 2, padding=1, count_padding=True)
    assert cr.evaluate(counted, values).tolist() == [[-0.25, -0.5], [-0.75, -1]]


def test_rounding_up_adds_a_window_that_is_partly_filled_but_none_in_the_padding():
    x = cr.data("x", 5)
    assert cr.evaluate(cr.max_pool(x, 2, ceil_mode=True), {"x": [1, 2, 3, 4, 5]}).tolist() == [2, 4, 5]
    assert cr.evaluate(cr.average_pool(x, 2, ceil_mode=True), {"x": [1, 2, 3, 4, 5]}).tolist() == [
        1.5,
        3.5,
        5,
    ]
    assert cr.max_pool(x, 2, stride=3, padding=1, ceil_mode=True).shape == (2,)
    assert cr.max_pool(cr.data("x", 4), 2, padding=1, ceil_mode=True).shape == (3,)


# Formulas.


def test_how_a_pooling_is_written():
    x = cr.data("X", (2, 6, 6))
    y = cr.max_pool2d(x, 2)
    assert y.latex() == r"\operatorname{maxpool}_{2 \times 2}(X)"
    assert str(cr.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)) == "maxpool[3×3, p=1, s=2, ceil](X)"
    assert y.text(form="index") == "max[u≤2,v≤2] X[i,2j+u−2,2k+v−2]"
    assert y.latex(form="index", first=0) == r"\max_{u \le 1,v \le 1} X_{i,2j+u,2k+v}"
    assert str(cr.gradient(cr.sum(y.named("y") ** 2) / 2, x)).startswith("tomax[2×2](y, X)")
    mean = cr.average_pool2d(x, 2)
    assert mean.latex(form="index", first=0) == r"\frac{\sum_{u=0}^{1} \sum_{v=0}^{1} X_{i,2j+u,2k+v}}{4}"


# JAX and torch.


def by_jax(kind, axes, params, shape):
    """What the windows cover, found in nested loops and read in JAX, which then takes the derivatives."""
    numbering = np.arange(np.prod(shape)).reshape(shape)
    covered = [[numbering[at] for at in places] for _, places in windows_by_hand(axes, shape, params)]
    most = max(map(len, covered))
    at = np.array([[*places, *[numbering.size] * (most - len(places))] for places in covered])
    counts = np.array([len(places) for places in covered])
    out = MAX[axes](cr.data("x", shape), **params).shape

    def pooled(x):
        flat = jax.numpy.pad(
            x.reshape(len(x), -1), [(0, 0), (0, 1)], constant_values=-np.inf if kind == "max" else 0
        )
        read = flat[:, at]
        return (read.max(-1) if kind == "max" else read.sum(-1) / counts).reshape(len(x), *out)

    return pooled


@pytest.mark.parametrize("kind", ["max", "average"])
def test_compiled_batches_are_those_of_jax_and_of_single_examples(kind):
    jobs, fed, asked = [], [], []
    for axes, shape, params in ALL[::11]:
        x = cr.data("x", shape)
        y = {"max": MAX, "average": AVERAGE}[kind][axes](x, **params)
        r = cr.data("r", y.shape)
        dx = cr.gradient(cr.sum(r * (y * y)) / 2, x)
        again = cr.gradient(cr.sum(dx * dx) / 2, x)
        jobs.append((x, r, by_jax(kind, axes, params, shape)))
        fed.append([numbers(3, *shape), numbers(3, *y.shape)])
        asked.append([y, dx, again])

    def ours(fed):
        arrays = [dict(zip((x, r), feed, strict=True)) for (x, r, _), feed in zip(jobs, fed, strict=True)]
        return [traced(exprs, each, True, "float64") for exprs, each in zip(asked, arrays, strict=True)]

    def theirs(fed):
        results = []
        for (_, _, pooled), (x, weights) in zip(jobs, fed, strict=True):

            def slope(x, pooled=pooled, weights=weights):
                return jax.grad(lambda x: (weights * pooled(x) ** 2).sum() / 2)(x)

            results.append([pooled(x), slope(x), jax.grad(lambda x, s=slope: (s(x) ** 2).sum() / 2)(x)])
        return results

    with precision("float64"):
        found, expected = (jax.jit(side, compiler_options=UNOPTIMISED)(fed) for side in (ours, theirs))
    for (x, r, _), exprs, feed, one, other in zip(jobs, asked, fed, found, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            close(a, b)
        for n in range(3):
            for batch, single in zip(one, cr.evaluate(exprs, {x: feed[0][n], r: feed[1][n]}), strict=True):
                close(batch[n], single)


def test_torch_says_the_same():
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install .[bench]")
    for axes, shape, params in ALL[1::2]:
        if len(shape) == axes or params["padding"] not in ("valid", 1):
            continue
        x, v = cr.data("x", shape), numbers(*shape)
        padding = 0 if params["padding"] == "valid" else 1
        if 2 * padding > params["size"]:
            continue  # torch allows half a window of padding
        shared = (params["size"], params["stride"], padding)
        a, functional = torch.tensor(v[None], requires_grad=True), torch.nn.functional
        largest = (functional.max_pool1d, functional.max_pool2d)[axes - 1](
            a, *shared, ceil_mode=params["ceil_mode"]
        )
        means = [
            (functional.avg_pool1d, functional.avg_pool2d)[axes - 1](a, *shared, params["ceil_mode"], counted)
            for counted in (False, True)
        ]
        ours = [
            MAX[axes](x, **params),
            *(AVERAGE[axes](x, **params, count_padding=counted) for counted in (False, True)),
        ]
        for y, theirs in zip(ours, (largest, *means), strict=True):
            w = numbers(*y.shape)
            (slope,) = torch.autograd.grad((theirs[0] * torch.tensor(w)).sum(), a, retain_graph=True)
            r = cr.data("r", y.shape)
            found = cr.evaluate([y, cr.gradient(cr.sum(r * y), x)], {x: v, r: w})
            close(found[0], theirs[0].detach().numpy())
            close(found[1], slope[0].numpy())


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("op", ["max_pool2d", "average_pool2d"])
def test_batches_of_none_and_one(op, n):
    x = cr.data("x", (2, 5, 5))
    loss = cr.sum(OPS[op](x, 2, stride=1) ** 2)
    _, (dx,) = cr.value_and_gradient(loss, [x], reduce="sum")({"x": numbers(n, 2, 5, 5)})
    assert dx.shape == (n, 2, 5, 5)


def test_windows_of_many_places_take_another_way_to_the_same_numbers():
    x = cr.data("x", (2, 7, 8))
    for params in ({"size": 7}, {"size": 6, "stride": 1}, {"size": (7, 4), "padding": ((0, 0), (2, 3))}):
        y, mean = cr.max_pool2d(x, **params), cr.average_pool2d(x, **params)
        asked = [y, mean, cr.gradient(cr.sum(y * y), x), cr.gradient(cr.sum(mean * mean), x)]
        v = numbers(3, 2, 7, 8)
        for n, found in enumerate(
            zip(*cr.compile(asked, batch=True, dtype="float64")({"x": v}), strict=True)
        ):
            for one, expected in zip(found, cr.evaluate(asked, {"x": v[n]}), strict=True):
                close(one, expected)


# The tests above notice what they are for.


def test_a_tie_that_goes_to_the_last_is_noticed(monkeypatch):
    rule = cr.OPS["to_maximum"].value_rule

    def last(xp, dy, x, **params):
        turned = tuple(slice(None, None, -1) for _ in params["size"])
        return rule(xp, dy[(..., *turned)], x[(..., *turned)], **params)[(..., *turned)]

    monkeypatch.setattr(cr.OPS["to_maximum"], "value_rule", last)
    with pytest.raises(AssertionError):
        test_of_equal_entries_the_first_in_row_order_receives_the_gradient(compiled=False)


def test_a_gradient_one_hundredth_too_large_is_noticed(monkeypatch):
    rule = cr.max_pool2d.gradient_rule
    monkeypatch.setattr(cr.max_pool2d, "gradient_rule", lambda *a, **params: (1.01 * rule(*a, **params)[0],))
    with pytest.raises(AssertionError):
        test_values_and_gradients_are_those_of_nested_loops()
