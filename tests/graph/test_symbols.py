"""Names: how they are written in LaTeX and in Unicode, with indices and with a ⊤."""

import pytest

import chainrule as cr
from chainrule.graph.symbols import (
    latex_indexed,
    latex_raised,
    latex_symbol,
    symbol_of,
    text_indexed,
    text_symbol,
)

TABLE = [
    # a name, in LaTeX, as text, and its entry i, j in LaTeX
    ("x", "x", "x", "x_{i,j}"),
    ("W1", "W_{1}", "W₁", "W_{1,i,j}"),
    ("W_12", "W_{12}", "W₁₂", "W_{12,i,j}"),
    ("W_1_2", "W_{1,2}", "W_(1,2)", "W_{1,2,i,j}"),
    ("x_{i,j}", "x_{i,j}", "x_(i,j)", "x_{i,j,i,j}"),
    ("h_{t-1}", "h_{t-1}", "hₜ₋₁", "h_{t-1,i,j}"),
    ("e_i", "e_{i}", "eᵢ", "e_{i,i,j}"),
    ("loss", r"\mathrm{loss}", "loss", r"\mathrm{loss}_{i,j}"),
    ("u_max", r"u_{\mathrm{max}}", "u_max", r"u_{\mathrm{max},i,j}"),
    (
        "learning_rate",
        r"\mathrm{learning}_{\mathrm{rate}}",
        "learning_rate",
        r"\mathrm{learning}_{\mathrm{rate},i,j}",
    ),
    ("conv1_W", r"\mathrm{conv}_{1,W}", "conv_(1,W)", r"\mathrm{conv}_{1,W,i,j}"),
    ("max", r"\mathit{max}", "max", r"\mathit{max}_{i,j}"),
    ("theta", r"\theta", "θ", r"\theta_{i,j}"),
    ("theta_1", r"\theta_{1}", "θ₁", r"\theta_{1,i,j}"),
    ("Gamma", r"\Gamma", "Γ", r"\Gamma_{i,j}"),
    ("lambda_", r"\lambda", "λ", r"\lambda_{i,j}"),
    ("λ", r"\lambda", "λ", r"\lambda_{i,j}"),
    ("δ^{(1)}", r"\delta^{(1)}", "δ⁽¹⁾", r"\delta_{i,j}^{(1)}"),
    ("ℓ", r"\ell", "ℓ", r"\ell_{i,j}"),
    ("x_hat", r"\hat{x}", "x̂", r"\hat{x}_{i,j}"),
    ("y_hat_1", r"\hat{y}_{1}", "ŷ₁", r"\hat{y}_{1,i,j}"),
    (r"\hat{y}", r"\hat{y}", "ŷ", r"\hat{y}_{i,j}"),
    (r"\hat y", r"\hat{y}", "ŷ", r"\hat{y}_{i,j}"),
    ("ŷ", r"\hat{y}", "ŷ", r"\hat{y}_{i,j}"),
    (r"\hat{y}_1^{(2)}", r"\hat{y}_{1}^{(2)}", "ŷ₁⁽²⁾", r"\hat{y}_{1,i,j}^{(2)}"),
    (r"\bar{\mu}_2", r"\bar{\mu}_{2}", "μ̄₂", r"\bar{\mu}_{2,i,j}"),
    (r"\mathbf{W}_{hh}", r"\mathbf{W}_{hh}", "Wₕₕ", r"\mathbf{W}_{hh,i,j}"),
    (r"\mathcal{L}", r"\mathcal{L}", "L", r"\mathcal{L}_{i,j}"),
    ("z^{(1)}", "z^{(1)}", "z⁽¹⁾", "z_{i,j}^{(1)}"),
    ("z^(1)", "z^{(1)}", "z⁽¹⁾", "z_{i,j}^{(1)}"),
    ("a^{(2)}_3", "a_{3}^{(2)}", "a₃⁽²⁾", "a_{3,i,j}^{(2)}"),
    (r"\delta^{(L-1)}", r"\delta^{(L-1)}", "δ⁽ᴸ⁻¹⁾", r"\delta_{i,j}^{(L-1)}"),
    ("xyz^{(2)}", r"\mathrm{xyz}^{(2)}", "xyz⁽²⁾", r"\mathrm{xyz}_{i,j}^{(2)}"),
    ("h^12", "h^{12}", "h¹²", "h_{i,j}^{12}"),
    ("K^*", "K^{*}", "K^*", "K_{i,j}^{*}"),
    ("w^+", "w^{+}", "w⁺", "w_{i,j}^{+}"),
    ("x'", "x'", "x′", "x_{i,j}'"),
    ("u''", "u''", "u′′", "u_{i,j}''"),
    ("x_1'", "x_{1}'", "x₁′", "x_{1,i,j}'"),
    (r"\nabla_\theta", r"\nabla_{\theta}", "∇_θ", r"\nabla_{\theta,i,j}"),
    (r"\Delta W", r"\Delta W", "ΔW", r"\Delta W_{i,j}"),
    (r"\partial \ell", r"\partial \ell", "∂ℓ", r"\partial \ell_{i,j}"),
    (
        r"\frac{\partial \ell}{\partial W^{(1)}}",
        r"\frac{\partial \ell}{\partial W^{(1)}}",
        "∂ℓ/∂W⁽¹⁾",
        r"\frac{\partial \ell}{\partial W_{i,j}^{(1)}}",
    ),
    (
        r"\frac{\partial \ell}{\partial x_1}",
        r"\frac{\partial \ell}{\partial x_{1}}",
        "∂ℓ/∂x₁",
        r"\frac{\partial \ell}{\partial x_{1,i,j}}",
    ),
    ("é", r"\text{é}", "é", r"\text{é}_{i,j}"),
    # what is no single symbol is set as words
    ("learning rate", r"\text{learning rate}", "‘learning rate’", r"\text{learning rate}_{i,j}"),
    ("x + y", r"\text{x + y}", "‘x + y’", r"\text{x + y}_{i,j}"),
    ("x1y2", r"\text{x1y2}", "‘x1y2’", r"\text{x1y2}_{i,j}"),
    ("f(x)", r"\text{f(x)}", "‘f(x)’", r"\text{f(x)}_{i,j}"),
]
RAISED = [
    ("W", r"W^{\top}"), ("z^{(1)}", r"z^{(1)\top}"), ("x'", r"x'^{\top}"), ("W_1", r"W_{1}^{\top}"),
    (r"\frac{\partial \ell}{\partial W}", r"\left(\frac{\partial \ell}{\partial W}\right)^{\top}"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "latex", "text", "entry"), TABLE, ids=[row[0] for row in TABLE])
def test_a_name_is_written(name: str, latex: str, text: str, entry: str) -> None:
    assert latex_symbol(name) == latex
    assert text_symbol(name) == text
    assert latex_indexed(latex, "i,j") == entry
    assert text_indexed(text, "i,j") == f"{text}[i,j]"


@pytest.mark.parametrize("name", [row[0] for row in TABLE])
def test_what_is_written_is_taken_apart_alike(name: str) -> None:
    """A symbol in LaTeX is the same symbol as the name it was made from."""
    if symbol_of(name) is not None:
        assert symbol_of(latex_symbol(name)) == symbol_of(name)


@pytest.mark.parametrize(("name", "latex"), RAISED)
def test_a_further_superscript_goes_beside_the_first(name: str, latex: str) -> None:
    assert latex_raised(latex_symbol(name), r"\top") == latex


def test_two_names_that_look_alike_are_told_apart() -> None:
    x, other, v = cr.data("x_1"), cr.data("x1"), cr.data("x", 3)
    assert str(x - other) == "x₁ − x₁′"
    assert (x * v[0]).latex() == "x_{1} (x)_{1}"
    assert (cr.data("W_1", 3)[1] * cr.data("W", (2, 3))[0, 1]).latex() == "(W_{1})_{2} (W)_{1,2}"
    assert (cr.data("W^T", (2, 2)) @ cr.data("W", (2, 2)).T).text() == "Wᵀ (W)ᵀ"


def test_an_index_is_no_letter_that_the_formula_has() -> None:
    i, x = cr.data("i"), cr.data("x", 3)
    assert (i * x).named("y").text(form="index") == "y[j] = i x[j]"
    assert cr.sum(x * cr.data("z^{(j)}", 3)).text(form="index") == "Σ[i] x[i] z⁽ʲ⁾[i]"
    assert (cr.data("Sigma", (2, 3)) @ x).named("y").text(form="index") == "y[i] = ∑[j] Σ[i,j] x[j]"


def test_a_symbol_that_reads_like_a_function_keeps_a_dot() -> None:
    x = cr.data("x")
    assert (cr.data("sigma") * (x + 1)).text() == "σ · (x + 1)"
    assert (cr.data("rate") * (x + 1)).latex() == r"\mathrm{rate} \cdot (x + 1)"
    assert (cr.data("eta") * (x + 1)).text() == "η (x + 1)"
