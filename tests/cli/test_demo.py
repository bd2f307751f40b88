"""chainrule demo: trains, shows, checks, and writes one page that needs no other file."""

import json
import re

import pytest

from chainrule.cli.main import main

pytestmark = pytest.mark.unoptimised


def test_json_is_one_document_and_the_page_stands(tmp_path, capsys):
    page = tmp_path / "demo.html"
    assert main(["demo", "--epochs", "3", "--json", "--out", str(page)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["agree"] is True
    assert facts["accuracy"] > 0.85
    text = page.read_text(encoding="utf-8")
    for part in (
        "Confusion matrix of 449 examples",
        "How it learned",
        "The worst mistakes",
        "chainrule demo --epochs 3",
    ):
        assert part in text
    assert "All readings agree" in text, "the working of a held-out image is checked"
    assert facts["accuracy"] == pytest.approx(
        float(re.search(r"([\d.]+)% of 449 examples", text)[1]) / 100, abs=1e-4
    )
    assert not re.search(r'(src|href)="https?:', text)


def test_the_terminal_shows_derivation_working_and_agreement(tmp_path, capsys):
    assert main(["demo", "--epochs", "1", "--out", str(tmp_path / "demo.html")]) == 0
    printed = capsys.readouterr().out
    for part in (
        "δ⁽²⁾ = ŷ − y",
        "∂ℓ/∂W⁽¹⁾ = δ⁽¹⁾ xᵀ",
        "held-out images are read rightly",
        "All readings agree",
    ):
        assert part in printed


def test_a_page_that_cannot_be_written_is_one_error(tmp_path, capsys):
    assert main(["demo", "--epochs", "1", "--json", "--out", str(tmp_path / "no" / "demo.html")]) == 1
    assert "No such file or directory" in capsys.readouterr().err


@pytest.mark.evidence
@pytest.mark.parametrize("seed", range(5))
def test_digits_are_read_by_the_demo_itself(seed, tmp_path, capsys):
    assert main(["demo", "--seed", str(seed), "--json", "--out", str(tmp_path / "demo.html")]) == 0
    facts = json.loads(capsys.readouterr().out)
    print(facts)
    assert facts["accuracy"] >= 0.97
