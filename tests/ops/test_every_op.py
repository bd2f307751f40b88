"""The tables over all ops: registering an op puts it into every one of them."""

import pytest
from support import checks, compiled_checks
from support.drawing import over, over_ops

import chainrule as cr
from chainrule.lowering import products


@over(lambda op: op.samples)
def test_the_value_has_the_shape_of_the_expression(op, case):
    checks.check_shape(op, case)


@over(lambda op: op.samples)
def test_the_value_is_that_of_the_definition(op, case):
    checks.check_value(op, case)


@over(lambda op: op.samples)
def test_the_gradient_is_that_of_the_definition_and_of_differences(op, case):
    checks.check_gradient(op, case)


@over(lambda op: op.samples)
def test_the_gradient_of_the_gradient_is_that_of_differences(op, case):
    checks.check_second_order(op, case)


@over(lambda op: op.edges)
def test_edges_are_at_their_limit(op, case):
    checks.check_edge(op, case)


@over(lambda op: op.errors)
def test_a_wrong_call_is_told_what_to_do(op, case):
    checks.check_error(op, case)


@pytest.mark.parametrize(("op", "inner"), [(op, name) for op in cr.OPS.values() for name in op.identities])
def test_identities_keep_value_and_gradient(op, inner):
    checks.check_identity(op, cr.OPS[inner])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@over_ops()
def test_compiled_is_the_working(op, dtype):
    compiled_checks.check_compiled(op, dtype)


@over_ops()
def test_compiled_is_the_working_where_no_product_is_written_out(op, monkeypatch):
    monkeypatch.setattr(products, "_FEW", 0)
    compiled_checks.check_compiled(op, "float64")


@pytest.mark.evidence
@over_ops()
def test_compiled_is_the_working_with_every_sharing(op):
    compiled_checks.check_compiled(op, "float64", every=True)


@over_ops()
def test_samples_cover_the_domain(op):
    checks.check_samples(op)


@over_ops(lambda op: op.public)
def test_the_docstring_has_shapes_and_an_example_that_runs(op):
    checks.check_document(op)
