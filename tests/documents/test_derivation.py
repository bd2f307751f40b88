"""The derivation: the recursion over layers, the factors of the chain rule, the conventions, deep networks."""

import time

import pytest
from support.models import MODELS, layered
from support.pace import at_pace

import chainrule as cr
from chainrule.documents.recursion import recursions
from chainrule.graph.errors import ChainruleError


def vgg():
    """VGG-16 on 224×224×3, as a graph."""
    a, shape = cr.data("x", (3, 224, 224)), 3
    layer = 0
    for outputs, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeats):
            layer += 1
            K, b = (
                cr.parameter(f"K^{{({layer})}}", (outputs, shape, 3, 3)),
                cr.parameter(f"b^{{({layer})}}", outputs),
            )
            z = cr.correlate2d(a, K, padding="same")
            a, shape = (
                cr.relu((z + cr.fill(b, z.shape[1:])).named(f"z^{{({layer})}}")).named(f"a^{{({layer})}}"),
                outputs,
            )
        a = cr.max_pool2d(a, 2).named(f"p^{{({layer})}}")
    a = cr.flatten(a).named("f")
    for width in (4096, 4096, 1000):
        layer += 1
        W, b = cr.parameter(f"W^{{({layer})}}", (width, a.shape[0])), cr.parameter(f"b^{{({layer})}}", width)
        a = (W @ a + b).named(f"z^{{({layer})}}")
        a = cr.relu(a).named(f"a^{{({layer})}}") if width > 1000 else a
    return cr.cross_entropy(cr.softmax(a).named(r"\hat{y}"), cr.data("y", 1000, distribution=True))


def test_like_layers_print_as_the_recursion_of_the_notes():
    derivation = cr.derive(layered(3, 4, 2, 5, 3)[0])
    lines = [" ".join(line.split()) for line in derivation.text().splitlines()]
    for line in (
        "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾ l = 2, …, 4",
        "a⁽ˡ⁾ = σ(z⁽ˡ⁾) l = 1, …, 4",
        "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾) l = 1, …, 3 · cf. notes (119)–(122)",
        "∂ℓ/∂W⁽ˡ⁾ = δ⁽ˡ⁾ a⁽ˡ⁻¹⁾ᵀ l = 2, …, 4",
        "∂ℓ/∂b⁽ˡ⁾ = δ⁽ˡ⁾ l = 1, …, 4",
    ):
        assert line in lines, line


def test_the_recursion_alone_leaves_out_the_lines_that_it_covers():
    derivation = cr.derive(layered(3, 4, 2, 5, 3)[0])
    alone, both, each = (derivation.text(layers=layers) for layers in ("recursion", "both", "each"))
    assert "z⁽³⁾ =" not in alone and "z⁽³⁾ =" in both and "z⁽³⁾ =" in each
    assert "z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾" in alone and "δ⁽⁴⁾ = (∂ℓ/∂ŷ) (U ⊙ σ′(z⁽⁴⁾))" in alone
    assert "Recursion" not in each


def test_every_line_of_a_recursion_is_that_of_its_layer():
    """Put a number in for l: the recursion gives exactly the line of that layer."""
    derivation = cr.derive(layered(3, 4, 2, 5, 3)[0])
    by_name = {step.name: step for step in derivation.steps}
    for recursion in recursions(derivation.steps):
        assert len(recursion.names) == recursion.high - recursion.low + 1 >= 3
        for name in recursion.names:
            layer = int(name[name.index("(") + 1 : name.index(")")])
            text = str(recursion.expr)
            for away in (-1, 0, 1):
                text = text.replace(
                    {-1: "⁽ˡ⁻¹⁾", 0: "⁽ˡ⁾", 1: "⁽ˡ⁺¹⁾"}[away], "⁽" + "⁰¹²³⁴⁵"[layer + away] + "⁾"
                )
            step = by_name[name]
            named = step.expr.name and step.expr.name != step.name
            assert text == (cr.data(step.expr.name) if named else step.expr.unnamed).text(where=False)


def test_two_layers_are_no_recursion():
    assert recursions(cr.derive(MODELS["two layers"]()[0]).steps) == ()


def test_the_factors_of_notes_103():
    text = cr.derive(MODELS["notes"]()[0]).text("factors")
    assert "∂ℓ/∂W[i,j] = ∂ℓ/∂ŷ ∂ŷ/∂a[i] ∂a[i]/∂z[i] ∂z[i]/∂W[i,j]" in text
    assert "= (ŷ − y) U[i] σ′(z[i]) x[j]" in text
    latex = cr.derive(MODELS["notes"]()[0]).latex("factors")
    assert r"\frac{\partial a_{i}}{\partial z_{i}} \, \frac{\partial z_{i}}{\partial W_{i,j}}" in latex


def test_the_factors_stop_where_a_sum_would_begin():
    text = cr.derive(MODELS["two layers"]()[0]).text("factors")
    assert "= ∂ℓ/∂a⁽¹⁾[i] ∂a⁽¹⁾[i]/∂z⁽¹⁾[i] ∂z⁽¹⁾[i]/∂W⁽¹⁾[i,j]" in text


def test_functions_are_defined():
    text = cr.derive(MODELS["notes"]()[0]).text()
    assert "σ(t) = 1/(1 + exp(−t))" in text and "σ′(t) = σ(t) (1 − σ(t))" in text


def test_the_form_of_the_notes_with_the_factor_of_the_loss_last():
    derivation = cr.derive(MODELS["notes"]()[0], convention=cr.Convention(delta="output"))
    text = derivation.text()
    assert text.startswith(
        "Vectors are columns; indices count from 1; one example, of which a batch takes the mean; δ is ∂ŷ/∂z"
    )
    assert "δ = U ⊙ σ′(z)" in text and "∂ŷ/∂W = δ xᵀ" in text
    assert cr.work(*MODELS["notes"](), convention=cr.Convention(delta="output")).agreement.ok


@pytest.mark.parametrize("name", MODELS)
def test_each_form_has_each_line(name):
    derivation = cr.derive(MODELS[name]()[0])
    for form in ("matrix", "index", "both", "factors"):
        text, latex = derivation.text(form), derivation.latex(form)
        for step in derivation.of_phase("gradient"):
            assert cr.data(step.of.name).text() in text
        assert latex.startswith("% Vectors") and latex.count("&=") >= len(derivation.steps) - len(
            derivation.of_phase("given")
        )


def test_vgg_16_stays_readable_and_quick():
    loss = vgg()
    start = time.process_time()
    derivation = cr.derive(loss)
    latex = derivation.latex()
    seconds = time.process_time() - start
    assert seconds < at_pace(2) and len(latex.encode()) < 100_000
    assert max(map(len, latex.splitlines())) < 500
    assert len(derivation.html().encode()) < 2_000_000
    text = derivation.text(width=100, layers="recursion")
    assert len(text.splitlines()) < 150 and max(map(len, text.splitlines())) <= 100


def test_wrong_lines_are_refused():
    with pytest.raises(ChainruleError, match="line: needed the name of a line; came 'q'"):
        cr.derive(MODELS["notes"]()[0]).line("q")
