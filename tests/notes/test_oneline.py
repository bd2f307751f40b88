"""Equations in LaTeX as one line of Unicode, and that every correction is a general statement."""

import re

import pytest

from chainrule.notes.errata import READ, corrected_latex
from chainrule.notes.judgement import judge
from chainrule.notes.oneline import oneline
from chainrule.notes.printed import printed_latex


@pytest.mark.parametrize(
    ("eq", "line"),
    [
        (6, "σ(xᵢᵀ θ + b) = 1/(1 + exp(−(xᵢᵀ θ + b)))"),
        (8, "x = [2, 3, 2]ᵀ; θ = [1, 3, 4]ᵀ; ⇒ xᵀ θ = 2 × 1 + 3 × 3 + 2 × 4 = 19"),
        (
            60,
            "∇_θ 𝓒(θ) = ∇_θ (−Σᵢ₌₁ᴺ Σₖ₌₁ᴷ y_(i,k) [log(exp(xᵢᵀ θₖ)/(Σₗ₌₁ᴷ exp(xᵢᵀ θₗ)))]) = "
            "Σᵢ₌₁ᴺ xᵢ ([exp(xᵢᵀ θ₁)/(Σₗ₌₁ᴷ exp(xᵢᵀ θₗ)); ⋮; exp(xᵢᵀ θ_K)/(Σₗ₌₁ᴷ exp(xᵢᵀ θₗ))] − yᵢ)ᵀ ≡ "
            "Σᵢ₌₁ᴺ xᵢ [exp(xᵢᵀ θ)/(Σₗ₌₁ᴷ exp(xᵢᵀ θₗ)) − yᵢ]ᵀ",
        ),
        (61, "θⁿ⁺¹ = θⁿ − ηₙ (Σᵢ₌₁ᴺ xᵢ [exp(xᵢᵀ θⁿ)/(Σₗ₌₁ᴷ exp(xᵢᵀ θₗⁿ)) − yᵢ]ᵀ), n ≥ 0"),
        (83, "ŷ = Uᵀ σ(W x + b) = Uᵀ ⟨σ(⟨W x + b ≡ z⟩) ≡ a⟩ = Uᵀ a"),
        (86, "X = [2, 1, 2]ᵀ; y = 1; W = [1, 0, 1; 1, −1, 0; 0, 0, 2]; b = [1, 1, 1]ᵀ; U = [−1, 1, 1]ᵀ"),
        (97, "𝓛 = (1/N) Σᵢ₌₁ᴺ ℓ(yᵢ, ŷᵢ)"),
        (
            100,
            "⟨∂ℓ/∂W: matrix⟩ = ⟨∂ℓ/∂ŷ: scalar⟩ × ⟨(∂ŷ/∂a) (∂a/∂z): column vector⟩ × ⟨∂z/∂W: row vector⟩ = "
            "⟨(ŷ − y): scalar⟩ ⟨(U ⊙ σ′(z)): column vector⟩ × ⟨xᵀ: row vector⟩",
        ),
        (
            105,
            "∂ℓ/∂W_(i,j) = (∂ℓ/∂ŷ) (∂ŷ/∂aᵢ) (∂aᵢ/∂zᵢ) (∂zᵢ/∂W_(i,j)) = (ŷ − y) ⟨Uᵢ σ′(zᵢ) ≡ δᵢ⟩ xⱼ = "
            "(ŷ − y) ⟨Uᵢ σ′(W_(i,:) x + bᵢ) ≡ δᵢ⟩ xⱼ",
        ),
        (120, "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)"),
        (124, "∂ℓ/∂W⁽ˡ⁾ = (∂ℓ/∂ŷ) δ⁽ˡ⁾ a⁽ˡ⁻¹⁾ᵀ"),
        (128, "f ⊗ g = [0, 2, 0, 4]ᵀ"),
    ],
)
def test_a_correction_in_one_line(eq, line):
    assert judge(eq).correct == oneline(corrected_latex(eq)) == line


@pytest.mark.parametrize("eq", sorted(READ))
def test_nothing_of_latex_is_left_and_brackets_pair_up(eq):
    for latex in (corrected_latex(eq), printed_latex(eq)):
        line = oneline(latex)
        assert not re.search(r"\\|&|_\{|  |,,|frac|math|begin|underbrace", line), line
        if eq not in (79, 82) or latex != printed_latex(eq):  # their misprint is a bracket
            for opened, closed in ("()", "[]", "⟨⟩"):
                assert line.count(opened) == line.count(closed), line


@pytest.mark.parametrize("eq", sorted({*READ} - {8, 22, 23, 24, 25, 86, 92, 94, 96, 127, 128, 131, 138}))
def test_a_correction_is_said_of_every_size(eq):
    """No index is a number that the notes do not print: the correction is no instance."""
    numbers = set(re.findall(r"\d+", printed_latex(eq)))
    assert set(re.findall(r"\d+", corrected_latex(eq))) <= numbers | {"0", "1"}


def test_latex_that_ends_too_soon():
    for latex in (r"\mathbf{W", r"\underbrace{a}", r"\begin{aligned} a"):
        with pytest.raises(ValueError, match="LaTeX of an equation: needed"):
            oneline(latex)
