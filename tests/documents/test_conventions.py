"""Conventions: vectors as rows, ½ in a squared loss; each is said in the first line and changes what is derived."""

import numpy as np
import pytest
from support.models import MODELS

import chainrule as cr
from chainrule.graph.errors import ChainruleError

ROWS, COLUMNS = cr.Convention(vectors="rows"), cr.Convention()


def network():
    """Layers of different widths, so that no two shapes can be confused."""
    layers = [cr.Linear(4), cr.Tanh(), cr.Linear(5), cr.Sigmoid(), cr.Linear(2)]
    return cr.Network(3, layers, loss="cross_entropy", seed=3, dtype="float64")


def by_code(derivation, values):
    """The gradients as the generated code computes them, by name."""
    names = {}
    exec(derivation.code("numpy"), names)
    given = [step.expr for step in derivation.of_phase("given")]
    _, gradients = names["loss_and_gradients"](*(values[leaf.name] for leaf in given))
    return gradients


def test_rows_are_derived_as_rows():
    text = network().derive(ROWS).text()
    for line in (
        "z⁽¹⁾ = x W⁽¹⁾ + b⁽¹⁾",
        "δ⁽²⁾ = (δ⁽³⁾ W⁽³⁾ᵀ) ⊙ σ′(z⁽²⁾)",
        "∂ℓ/∂W⁽²⁾ = a⁽¹⁾ᵀ δ⁽²⁾",
        "∂ℓ/∂x = δ⁽¹⁾ W⁽¹⁾ᵀ",
    ):
        assert line in text
    assert text.startswith("Vectors are rows;") and "(in, out)" not in text


def test_each_weight_matrix_has_inputs_as_rows_and_outputs_as_columns():
    shapes = {step.name: step.shape for step in network().derive(ROWS).of_phase("given")}
    assert [shapes[f"W^{{({n})}}"] for n in (1, 2, 3)] == [(3, 4), (4, 5), (5, 2)]


def test_both_conventions_give_the_same_numbers_transposed():
    net = network()
    values = net.values([0.3, -1.2, 2.0], 1)
    columns = by_code(net.derive(COLUMNS), {leaf.name: value for leaf, value in values.items()})
    turned = {leaf.name: value.T if value.ndim == 2 else value for leaf, value in values.items()}
    rows = by_code(net.derive(ROWS), turned)
    assert rows.keys() == columns.keys()
    for name, slope in columns.items():
        np.testing.assert_allclose(rows[name], slope.T, rtol=1e-12, atol=1e-15)


def test_a_working_in_rows_takes_the_same_values_and_agrees():
    net = network()
    columns, rows = (net.work([0.3, -1.2, 2.0], 1, one) for one in (COLUMNS, ROWS))
    assert rows.agreement.ok
    for step in columns.steps:
        np.testing.assert_allclose(rows[step.step.name].value, step.value.T, rtol=1e-12, atol=1e-15)
    assert rows["x"].rows(ROWS.style)[-1][1] == "[[0.3, −1.2, 2]]"


def test_what_is_no_weight_of_a_vector_stays_as_it_is():
    A, x = cr.parameter("A", (3, 3)), cr.data("x", 3)
    loss = cr.sum(x @ (A @ (A.T @ x)))  # A stands transposed too
    assert cr.derive(loss, convention=ROWS).line("A").shape == (3, 3)
    image = cr.sum(cr.correlate2d(cr.data("X", (4, 4)), cr.parameter("K", (2, 3))))
    assert cr.derive(image, convention=ROWS).line("K").shape == (2, 3)


@pytest.mark.parametrize(("written", "half"), [("squared_error", False), ("half_squared_error", True)])
def test_half_is_said_and_taken(written, half):
    net = cr.Network(3, [cr.Linear(2)], loss=written)
    factor = {True: "the squared loss has the factor ½", False: "the squared loss has no factor ½"}
    assert factor[half] in net.derive().text().replace("\n", " ")
    other = net.derive(cr.Convention(half=not half)).text()
    assert factor[not half] in other.replace("\n", " ")
    values = net.values([1.0, 2.0, 3.0], [0.5, 0.5])
    slopes = [
        cr.evaluate(net.derive(cr.Convention(half=one)).line("grad W^{(1)}").expr, values)
        for one in (True, False)
    ]
    np.testing.assert_allclose(2 * slopes[0], slopes[1], rtol=1e-14)


def test_half_of_a_loss_that_is_written_out():
    loss = MODELS["notes"]()[0]
    assert "ℓ = (ŷ − y)²/2" in cr.derive(loss).text()
    without = cr.derive(loss, convention=cr.Convention(half=False)).text()
    assert (
        "ℓ = (ŷ − y)² " in without and "no factor ½" in without.replace("\n", " ") and "2 (ŷ − y)" in without
    )


def test_a_loss_that_is_no_square_says_nothing_of_a_half():
    text = network().derive(cr.Convention(half=True)).text()
    assert "½" not in text


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"vectors": "diagonal"}, "needed vectors to be one of 'columns', 'rows'; came 'diagonal'"),
        ({"half": 1}, "needed half to be one of None, True, False; came 1"),
        ({"first": True}, "needed first to be one of 1, 0; came True"),
    ],
)
def test_other_conventions_are_refused(setting, message):
    with pytest.raises(ChainruleError, match=message):
        cr.Convention(**setting)
