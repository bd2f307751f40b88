"""Every form of a working and a derivation: terminal, LaTeX, Typst, Markdown, JSON, notebook."""

import json
import re
import shutil
import subprocess
import time

import numpy as np
import pytest
from support.models import MODELS, layered
from support.pace import at_pace

import chainrule as cr
from chainrule.documents.render.boxes import box_of, folded
from chainrule.documents.render.latex import latex_document
from chainrule.documents.render.terminal import coloured
from chainrule.documents.render.typst import typst_source
from chainrule.documents.render.typst_math import typst_math
from chainrule.graph.errors import ChainruleError
from chainrule.graph.op import OPS
from chainrule.readings.formula import Style

WORKINGS = {name: cr.work(*make()) for name, make in MODELS.items()}
pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("name", WORKINGS)
def test_text_keeps_to_its_width_and_shows_every_line(name, width):
    working = WORKINGS[name]
    text = working.text(width, form="both")
    assert max(map(len, text.splitlines())) <= width
    for line in working.steps:
        assert re.search(rf"(^|\s){re.escape(line.name)}\s+[=≈∈]", text), line.name
    assert "All readings agree" in text and "Vectors are columns" in text


def test_text_of_the_notes_example_is_what_a_person_writes():
    text = WORKINGS["notes"].text(80)
    assert (
        """\
  z = W x + b                                                 3 · cf. notes (87)
      ⎡1   0  1⎤ ⎡2⎤   ⎡1⎤   ⎡5⎤
    = ⎢1  −1  0⎥ ⎢1⎥ + ⎢1⎥ = ⎢2⎥
      ⎣0   0  2⎦ ⎣2⎦   ⎣1⎦   ⎣5⎦
"""
        in text
    )
    assert "  ŷ = Uᵀ a                                               scalar · cf. notes (93)" in text


def test_colours_are_only_added():
    working = WORKINGS["notes"]
    plain = re.sub(r"\x1b\[[\d;]*m", "", coloured(working.document(), 100))
    assert [line.rstrip() for line in plain.splitlines()] == working.text(100).splitlines()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x + 1", ["x + 1"]),
        ("[1, −2]", ["⎡ 1⎤", "⎣−2⎦"]),
        ("[1, 2]ᵀ [0.5, 10.25]", ["[1  2] ⎡ 0.5 ⎤", "       ⎣10.25⎦"]),
        ("[[1, 2], [3, 4]]ᵀ", ["⎡1  2⎤ᵀ", "⎣3  4⎦ "]),
        ("σ([1, 2])", ["σ⎛⎡1⎤⎞", " ⎝⎣2⎦⎠"]),
        ("W[1,2] x[2]", ["W[1,2] x[2]"]),
        ("[−1, 2]^(3×4)", ["[−1, 2]^(3×4)"]),
        ("Σ[j] W[i,j]", ["Σ[j] W[i,j]"]),
    ],
)
def test_boxes(text, lines):
    assert [line.rstrip() for line in box_of(text).lines] == [line.rstrip() for line in lines]


def test_long_formulas_fold_at_operators():
    text = " + ".join(f"a[{n}] × b[{n}]" for n in range(40))
    lines = [line for box in folded(text, 60) for line in box.lines]
    assert max(map(len, lines)) <= 60 and len(lines) > 5
    assert all(line.startswith(("+", "a[0]", "×")) for line in lines)
    assert " ".join(" ".join(lines).split()) == text


@pdflatex
@pytest.mark.parametrize("what", ["working", "derivation"])
@pytest.mark.parametrize("name", MODELS)
def test_latex_compiles_without_overfull_lines(name, what, tmp_path):
    working = WORKINGS[name]
    source = working.latex_document(form="both") if what == "working" else working.derivation.latex_document()
    (tmp_path / "main.tex").write_text(source, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    widths = [float(found) for found in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout)]
    assert max(widths, default=0) <= 10
    assert "Missing character" not in (tmp_path / "main.log").read_text(encoding="latin-1")


@pytest.mark.parametrize("name", MODELS)
def test_typst_makes_a_pdf(name):
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    assert WORKINGS[name].pdf(form="both").startswith(b"%PDF")
    assert WORKINGS[name].derivation.pdf().startswith(b"%PDF")


def test_typst_reads_the_notation_of_every_op():
    formulas = []
    for op in OPS.values():
        for case in op.samples:
            operands = [cr.parameter(f"p_{n}", shape) for n, shape in enumerate(case.shapes)]
            expr = op(*operands, **case.params)
            formulas += [
                typst_math(expr.latex(where=False)),
                typst_math(expr.latex(form="index", where=False)),
            ]
    assert len(formulas) > 300
    typst = pytest.importorskip("typst", reason="the extra pdf is not installed")
    assert typst.compile("\n\n".join(f"$ {formula} $" for formula in formulas).encode()).startswith(b"%PDF")


def test_typst_refuses_what_no_notation_uses():
    with pytest.raises(
        ChainruleError, match=r"needed a command that the notation of an op uses; came \\input"
    ):
        typst_math(r"\input{x}")


def test_text_from_outside_stays_text_in_typst_and_latex():
    x = cr.data("x", 2)
    working = cr.work((x @ x).named("a_b"), {"x": [1, 2]})
    assert "#" not in typst_source(working.document()).split("= Given")[1].replace("#line-of", "").replace(
        "#beside", ""
    ).replace("#readings", "").replace("#remark", "")
    assert r"\mathrm{b}" in working.latex_document() or "a_{b}" in working.latex_document()


@pytest.mark.parametrize("name", WORKINGS)
def test_json_holds_every_number(name):
    working = WORKINGS[name]
    found = json.loads(working.to_json())
    assert [step["name"] for step in found["steps"][: len(working.steps)]] == [
        line.name for line in working.steps
    ]
    for step, line in zip(found["steps"], working.steps, strict=False):
        assert step["value"] == line.value.tolist() and step["shape"] == list(line.shape)
        assert step["source"] == list(line.source)
    assert {"kind": "note", "tone": "good", "section": "agreement"}.items() <= found["notes"][0].items()
    assert found["convention"].startswith("Vectors are columns")


def test_json_is_json_where_numbers_are_not_finite():
    x = cr.data("x")
    found = json.loads(cr.work(cr.log(x), {"x": 0}).to_json())
    assert found["steps"][1]["value"] is None


@pytest.mark.parametrize("name", WORKINGS)
def test_markdown_and_notebooks(name):
    working = WORKINGS[name]
    text = working.markdown()
    assert text.count("$$") == 2 * text.count(r"\begin{aligned}") >= 20
    assert "| gradient |" in text
    for shown in (working, working.derivation):
        assert shown._repr_markdown_() == shown.markdown()
        assert shown._repr_latex_().startswith("$$\n% Vectors")
        assert shown._repr_html_().startswith('<iframe srcdoc="&lt;!doctype html&gt;')


def test_a_working_is_quick():
    loss, values = MODELS["notes"]()
    cr.work(loss, values)
    times = []
    for _ in range(9):
        start = time.process_time()
        cr.work(loss, values)
        times.append(time.process_time() - start)
    assert min(times) < at_pace(0.010)


def test_a_large_array_says_its_range_and_the_range_holds():
    loss, values = layered(100, 80, 3)
    working = cr.work(loss, values)
    line = working[r"W^{(1)}"]
    ((sign, text),) = line.rows(Style(latex=False))
    assert sign == "∈" and text.endswith("^(80×100)")
    low, high = (float(part.replace("−", "-")) for part in text[1 : text.index("]")].split(", "))
    assert low <= np.min(line.value) and np.max(line.value) <= high


def test_unknown_forms_are_refused():
    with pytest.raises(ChainruleError, match="form: needed one of matrix, index, both; came 'table'"):
        WORKINGS["notes"].text(form="table")
    with pytest.raises(ChainruleError, match="layers: needed one of each, recursion, both; came 'some'"):
        WORKINGS["notes"].derivation.text(layers="some")


def test_a_long_list_that_is_given_is_broken_and_not_made_small():
    b, x = cr.parameter("b", 40), cr.data("x", 3)
    working = cr.work(cr.sum(cr.relu(b)) + cr.sum(x), {"b": np.linspace(-1, 1, 40) / 3, "x": np.ones(3)})
    typst, latex = (form(working.document("matrix")) for form in (typst_source, latex_document))
    for source, line, given in ((typst, "#line-of($ b", "#beside("), (latex, "b &\\approx", "\\fitline{")):
        assert line in source
        beside = [part.partition("\n\n")[0] for part in source.split(given)[1:]]
        assert all("0.3333" not in part for part in beside)
        assert any("x" in part for part in beside)
