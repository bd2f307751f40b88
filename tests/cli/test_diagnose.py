"""The command diagnose on a model that is ill: findings in words and as JSON."""

import html
import json

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.main import main
from chainrule.training.data.opening import open_data

pytestmark = pytest.mark.unoptimised


def test_a_sick_model_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = open_data("iris")
    X, y = data.arrays()
    net = cr.Network(4, "8 relu, 3", loss="cross_entropy")
    net.set_parameters({"b^{(1)}": np.full(8, -99.0)})
    net.fit(X, y, epochs=5, progress=False)
    net.save("ill.safetensors", encoder=data.encoder, classes=data.classes)
    assert main(["diagnose", "ill.safetensors", "iris", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""  # no terminal, nobody who waits
    assert (found["examples"], [one["name"] for one in found["findings"]]) == (150, ["dead_units"])
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert main(["diagnose", "ill.safetensors", "iris", "--report", "page.html"]) == 0
    words, progress = capsys.readouterr()
    assert "diagnosing: short trainings try out what is suspected" in progress
    assert "writing page.html" in progress
    assert words.startswith("1. Dead units: now 100% of the 8 units of layer 1")
    assert "ReLU′(z⁽¹⁾)" in words
    assert "with a fresh start" in words
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert found["findings"][0]["sentence"] in html.unescape(page)
    assert "chainrule diagnose ill.safetensors iris --report page.html" in page
    assert main(["diagnose", "ill.safetensors", "iris", "--report", "no/page.html"]) == 1
    assert "a folder that is there" in capsys.readouterr().err
