"""Values and gradients against JAX's own functions and JAX's own autodiff, and against SciPy."""

import jax
import numpy as np
import pytest
import scipy.special
from support.drawing import call, over_ops, weighed
from support.oracles import ORACLES, oracle_of
from support.tolerance import EQUAL, agree
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.readings.compiled import precision


def check_oracle(op):
    """Value and gradients of all samples; one program for an op."""
    oracle = oracle_of(op.name)
    made = [call(op, case, draw) for case in op.samples for draw in (0, 1)]

    def run(feeds):
        results = []
        for one, (arrays, weights) in zip(made, feeds, strict=True):
            value, pull = jax.vjp(lambda *xs, one=one: oracle(*xs, **one.expr.params), *arrays)
            results.append((value, *pull(weights)))
        return results

    problems = [weighed(one.expr, one.values) for one in made]
    feeds = [
        ([values[leaf] for leaf in one.operands], values[weights])
        for one, (_, weights, values) in zip(made, problems, strict=True)
    ]
    with precision("float64"):
        theirs = jax.jit(run, compiler_options=UNOPTIMISED)(feeds)
    for one, (of, _, values), wanted in zip(made, problems, theirs, strict=True):
        ours = cr.evaluate([one.expr, *cr.gradient(of, one.operands)], values)
        for n, (number, other) in enumerate(zip(ours, wanted, strict=True)):
            agree(
                number,
                other,
                f"{one.expr!r}, " + (f"gradient by operand {n}" if n else "value"),
                EQUAL["float64"],
            )


@over_ops(lambda op: oracle_of(op.name) is not None)
def test_value_and_gradient_are_those_of_jax(op):
    check_oracle(op)


@over_ops(lambda op: not op.defined and op.equation is None)
def test_a_primitive_has_an_oracle(op):
    assert op.name in ORACLES, (
        "it has no definition to be held to: write its oracle in tests/support/oracles.py"
    )


@pytest.mark.parametrize(
    ("op", "theirs", "beside"),
    [
        (cr.erf, scipy.special.erf, 1e-300),
        (cr.sigmoid, scipy.special.expit, 1e-300),
        (cr.softmax, scipy.special.softmax, 1e-300),
        (cr.log_softmax, scipy.special.log_softmax, 1e-300),
        (cr.logsumexp, scipy.special.logsumexp, 1e-300),
        (cr.softplus, lambda x: np.logaddexp(0, x), 1e-300),
        (cr.elu, lambda x: np.where(x > 0, x, scipy.special.expm1(np.minimum(x, 0))), 1e-300),
        (cr.gelu, lambda x: x * scipy.special.ndtr(x), 1e-15),  # 1 + erf cancels far to the left
        (cr.tanh, np.tanh, 1e-300),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_values_over_a_wide_range_are_those_of_scipy(op, theirs, beside):
    at = np.concatenate([np.linspace(-30, 30, 241), [-700.0, -100.0, 100.0, 700.0], np.logspace(-12, -1, 12)])
    x = cr.data("x", at.size)
    np.testing.assert_allclose(cr.evaluate(op(x), {"x": at}), theirs(at), rtol=1e-12, atol=beside)
