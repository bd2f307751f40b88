"""The companion: every formula is typeset without an error, and nothing of the notes is missing."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape

import pytest

from chainrule.documents.katex import ASSETS
from chainrule.notes import EQUATIONS
from chainrule.notes.companion.book import book_source, companion_pdf, written
from chainrule.notes.companion.choice import chosen
from chainrule.notes.companion.latex import _command, companion_latex
from chainrule.notes.companion.markdown import _marked, companion_markdown
from chainrule.notes.companion.page import companion_page, rich, sentence
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import TABLES
from chainrule.notes.companion.typeset import typeset
from chainrule.notes.errata import READ
from chainrule.notes.figures import FIGURES
from chainrule.notes.prose import REMARKS

_NODE = """
const katex = require(process.argv[1]);
const faults = [];
for (const [name, latex] of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  try { katex.renderToString(latex, {displayMode: true, strict: false}); }
  catch (fault) { faults.push([name, String(fault.message)]); }
}
console.log(JSON.stringify(faults));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js to run KaTeX outside of a browser")
def test_every_formula_is_typeset(whole):
    formulas = []
    for one in whole.judged:
        formulas.append((f"({one.equation.eq}) printed", one.printed))
        formulas += [(f"({one.equation.eq})", line.statement_latex) for line in one.lines]
        formulas += [(f"({one.equation.eq}) correct", line.correction_latex) for line in one.faults]
        formulas += [(f"({one.equation.eq}) all", one.correct_latex)] if one.correct_latex else []
    found = subprocess.run(
        ["node", "-e", _NODE, str(ASSETS / "katex.min.js")],
        input=json.dumps(formulas),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(found.stdout) == []
    assert len(formulas) > 700


def test_every_equation_figure_and_remark_has_its_section():
    assert {entry.section for entry in EQUATIONS.values()} <= set(SECTIONS)
    assert {entry.section for entry in FIGURES.values()} <= set(SECTIONS)
    assert {remark.section for remark in REMARKS} <= set(SECTIONS)


@pytest.fixture(scope="module")
def whole():
    return chosen()


def test_a_section_in_every_format(tmp_path):
    section = "5.2.5"
    choice = chosen(section=section)
    page, tex, text = companion_page(choice), companion_latex(choice), companion_markdown(choice)
    for one in choice.judged:
        assert escape(one.printed) in page and one.printed in tex and one.printed in text
    figures = len(choice.figures(section))
    assert page.count("<picture>") == figures > 0 and page.count("<thead>") == len(choice.tables(section)) > 0
    assert book_source(tmp_path, choice).count("#equation(") == len(choice.judged)
    assert len(list(tmp_path.glob("*.svg"))) == figures


def test_latex_knows_every_sign_of_the_texts(whole):
    tex = companion_latex(replace(whole, pictured=()))
    codes = set(re.findall(r"\\sign\{(\w+)\}", tex))
    defined = set(re.findall(r"\\newsign\{(\w+)\}", tex))
    assert codes <= defined
    outside = re.sub(r"\\\[.*?\\\]", "", tex, flags=re.DOTALL)
    assert not re.findall(r"[^\x00-\x7f\u00a0-\u017f–—‘’“”…]", outside)
    assert tex.count(r"\[") == 146 + len(READ)


def test_a_sign_that_latex_has_no_command_for():
    with pytest.raises(ValueError, match="latex: needed a sign with a LaTeX command; came ☃"):
        _command("☃")


def test_markdown_escapes_what_is_no_markup():
    assert _marked("W_{i,j} * x [1]") == r"W\_{i,j} \* x \[1\]"


def test_a_clause_becomes_a_sentence_and_a_symbol_stays():
    assert sentence("the sign is turned") == "The sign is turned."
    assert sentence("θ is missing") == "θ is missing." and sentence("x is a column") == "x is a column."


def test_the_page_stands_alone(whole, monkeypatch):
    monkeypatch.setattr("chainrule.notes.companion.page._picture", lambda name, theme: f"data:{name},{theme}")
    monkeypatch.delitem(TABLES, "4.4.7")  # trains a network
    page = companion_page(whole)
    assert 'src="http' not in page and 'href="http' not in page
    assert all(f'id="s{number}"' in page for number in SECTIONS)
    assert all(f'id="eq{number}"' in page for number in EQUATIONS)
    assert page.count('class="tex"') >= 146 + 50
    assert page.count("<figure>") >= len(FIGURES)


@pytest.mark.evidence  # ten seconds of processor time
def test_the_pdf_is_set():
    pytest.importorskip("typst")
    book = companion_pdf()
    assert book.startswith(b"%PDF") and len(book) > 300_000


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a & = b \\\n & = c"),
        (r"\begin{cases} a \\ b \end{cases}", "cases(a, b)"),
        (r"\underbrace{a}_{b}", "underbrace(a, b)"),
        (r"y \in \{0, 1\} \text{ or so}", 'y in brace.l 0 \\, 1 brace.r upright(" or so")'),
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", 'mat(delim: "(", 1, 2)'),
    ],
)
def test_typists_latex_in_typst(latex, typst):
    assert " ".join(typeset(latex).split()) == " ".join(typst.split())


def test_indices_are_set_low():
    assert rich("W_{i,j} and x_1 < 2") == "W<sub>i,j</sub> and x<sub>1</sub> &lt; 2"
    assert written("W_{i,j} = x_1") == "W#sub[i,j] \\= x#sub[1]"
