"""Index equations: reading their text, loops, products, single terms, and changing places."""

import numpy as np
import pytest
from support.drawing import over, over_ops
from support.tolerance import agree

import chainrule as cr
from chainrule.ops.index_equation import Index, equation_of, parsed

rng = np.random.default_rng(3)
CORRELATION = "Y[o,i,j] = sum(c,u,v) X[c, s*i+u, s*j+v] * K[o,c,u,v]"


def plain_correlation(x, k, stride):
    """The same in seven nested loops, as one would write it by hand."""
    channels, height, width = x.shape
    outputs, _, rows, columns = k.shape
    size = ((height - rows) // stride + 1, (width - columns) // stride + 1)
    y = np.zeros((outputs, *size))
    for o in range(outputs):
        for i in range(size[0]):
            for j in range(size[1]):
                for c in range(channels):
                    for u in range(rows):
                        for v in range(columns):
                            y[o, i, j] += x[c, stride * i + u, stride * j + v] * k[o, c, u, v]
    return y


@pytest.mark.parametrize("stride", [1, 2])
def test_loops_of_a_correlation(stride):
    x, k = rng.normal(size=(2, 5, 4)), rng.normal(size=(3, 2, 2, 2))
    expected = plain_correlation(x, k, stride)
    equation = parsed(CORRELATION, (("s", stride),))
    agree(equation.loops([x, k], expected.shape), expected, "correlation")
    assert not equation.is_plain


@pytest.mark.parametrize("stride", [1, 2])
def test_a_turned_equation_is_the_transposed_map(stride):
    """<dy, f(x)> is linear in each factor, so that its gradient g has <g, x> = <dy, f(x)> for every x."""
    x, k = rng.normal(size=(2, 5, 4)), rng.normal(size=(3, 2, 2, 2))
    equation = parsed(CORRELATION, (("s", stride),))
    y = plain_correlation(x, k, stride)
    dy = rng.normal(size=y.shape)
    sizes = equation.sizes([x.shape, k.shape], y.shape)
    dx = equation.swapped(0).loops([dy, k], x.shape, sizes)
    dk = equation.swapped(1).loops([dy, x], k.shape, sizes)
    agree(np.sum(dx * x), np.sum(dy * y), "by x")
    agree(np.sum(dk * k), np.sum(dy * y), "by k")
    for entry in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[entry] = 1
        agree(dx[entry], np.sum(dy * plain_correlation(unit, k, stride)), f"by x{entry}")


def test_outside_of_an_array_there_is_nothing():
    x = np.array([1.0, 2.0, 3.0])
    agree(parsed("Y[i] = X[i-1]").loops([x], (3,), {"i": 3}), [0, 1, 2], "shifted")
    agree(parsed("Y[i] = X[2-i]").loops([x], (3,), {"i": 3}), [3, 2, 1], "turned round")
    agree(parsed("Y[i+1] = X[i]").loops([x], (3,), {"i": 3}), [0, 1, 2], "written outside is dropped")
    agree(
        parsed("Y[i] = max(u) X[2*i+u]").loops([-x], (2,), {"i": 2, "u": 2}),
        [-1, -3],
        "left out of a maximum",
    )


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("X[i]", Index(((1, "i"),))),
        ("X[2*i + u - 1]", Index(((2, "i"), (1, "u")), -1)),
        ("X[ - i + 3]", Index(((-1, "i"),), 3)),
        ("X[s*i+2*t]", Index(((4, "i"),), 10)),
        ("X[0]", Index((), 0)),
    ],
)
def test_reading_an_index(text, index):
    equation = parsed(f"Y[i] = {text}", (("s", 4), ("t", 5)))
    assert equation.factors[0].indices == (index,)


@pytest.mark.parametrize(
    "text", [CORRELATION, "Y[] = sum(i) A[i] * B[i]", "Y[i] = max(u) X[2*i+u]", "Y[i,j] = X[i]"]
)
def test_an_equation_reads_its_own_text(text):
    equation = parsed(text, (("s", 2),))
    assert parsed(str(equation)) == equation


@pytest.mark.parametrize("broken", ["Y[i] = X[i?]", "Y[i = X[i]", "Y[i] = X[*i]"])
def test_a_broken_equation_is_refused(broken):
    with pytest.raises(cr.ChainruleError, match="index equation"):
        parsed(broken)


def test_sizes_that_contradict_each_other_are_refused():
    with pytest.raises(cr.ChainruleError, match="one size for the index j"):
        parsed("Y[i] = sum(j) A[i,j] * B[j]").sizes([(2, 3), (4,)], (2,))


@over(lambda op: op.samples if op.equation else ())
def test_the_terms_of_an_entry_add_up_to_it(op, case):
    leaves = [cr.data(f"x_{k}", shape) for k, shape in enumerate(case.shapes)]
    expr = op(*leaves, **case.params)
    equation = equation_of(expr)
    arrays = [rng.normal(size=shape) for shape in case.shapes]
    whole = equation.loops(arrays, expr.shape)
    for entry in np.ndindex(expr.shape):
        terms = [
            np.prod([array[at] for array, at in zip(arrays, read, strict=True)])
            for read in equation.terms(entry, case.shapes, expr.shape)
        ]
        total = max(terms) if equation.reduce == "max" else sum(terms)
        agree(total, whole[entry], f"{equation} at {entry}")


@over_ops(lambda op: bool(op.equation) and op.value_rule is None)
def test_a_product_over_a_batch_is_the_sum_of_the_products(op):
    for case in op.samples:
        expr = op(*(cr.data(f"x_{k}", shape) for k, shape in enumerate(case.shapes)), **case.params)
        equation = equation_of(expr)
        arrays = [rng.normal(size=(3, *shape)) for shape in case.shapes]
        each = [equation.loops([array[n] for array in arrays], expr.shape) for n in range(3)]
        flags = [True] * len(arrays)
        agree(equation.product(np, arrays, flags), np.stack(each), "each example")
        agree(equation.product(np, arrays, flags, total=True), np.sum(each, axis=0), "in all")
        if len(arrays) == 2:
            mixed = [equation.loops([arrays[0][n], arrays[1][0]], expr.shape) for n in range(3)]
            agree(
                equation.product(np, [arrays[0], arrays[1][0]], [True, False]), np.stack(mixed), "one shared"
            )
