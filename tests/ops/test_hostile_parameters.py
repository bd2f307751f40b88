"""A parameter of the wrong kind is refused by one of our errors, or it means something."""

from fractions import Fraction

import numpy as np
import pytest
from support.drawing import call, numbers, operands, over_ops

import chainrule as cr
from chainrule.graph.shape import size_of

JUNK = [
    None,
    "x",
    "",
    -1,
    0,
    7,
    1.5,
    float("nan"),
    float("inf"),
    Fraction(1, 2),
    10**6,
    1j,
    True,
    (),
    (1,),
    (1, 2),
    (1, 2, 3),
    ((),),
    ((1, 2),),
    ((1, 2), (3, 4)),
    (("a",),),
    [1, 2],
    {},
    {1: 2},
    {1},
    object(),
    print,
    slice(None),
    ...,
    np.int64(1),
    np.array([0, 1]),
    np.array([[0.5]]),
    cr.data("junk"),
]


def parameters_of(op):
    """The names of an op's parameters, as a sample gives them or by default."""
    return sorted({name for sample in op.samples for name in sample.params} | set(op.defaults))


TABLE = [(op, name) for op in cr.OPS.values() if op.public for name in parameters_of(op)]


@pytest.mark.parametrize(("op", "name"), TABLE, ids=[f"{op.name} {name}" for op, name in TABLE])
def test_junk_is_refused_or_means_something(op, name):
    for sample in (op.samples[0], op.samples[-1]):
        leaves = operands(op, sample.shapes)
        values = dict(zip(leaves, numbers(op, sample), strict=True))
        for junk in JUNK:
            try:
                made = op(*leaves, **{**sample.params, name: junk})
                if size_of(made.shape) < 10**6:
                    assert cr.evaluate(made, values).shape == made.shape
                    cr.evaluate(cr.gradient(cr.sum(made), leaves), values)
            except cr.ChainruleError as fault:
                assert len(str(fault)) < 1000
            except Exception as fault:
                raise AssertionError(
                    f"{op.name} with {name}={junk!r}: {type(fault).__name__}: {fault}"
                ) from fault


@over_ops(lambda op: not op.variadic)
def test_operands_too_few_or_too_many_are_refused(op):
    made = call(op, op.samples[0])
    for wrong in (made.operands[1:], (*made.operands, *made.operands, 1, 2, 3, 4, 5, 6, 7, 8)):
        with pytest.raises(cr.ChainruleError, match=rf"{op.name}: needed {op.name}\("):
            op(*wrong, **op.samples[0].params)
