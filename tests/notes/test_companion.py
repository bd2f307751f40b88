"""The companion: every formula is typeset without an error, and nothing of the notes is missing."""

import json
import shutil
import subprocess

import pytest

from chainrule.documents.katex import ASSETS
from chainrule.notes import EQUATIONS, judge_all
from chainrule.notes.companion.book import companion_pdf, written
from chainrule.notes.companion.page import companion_page, rich
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.typeset import typeset
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
def test_every_formula_is_typeset():
    formulas = []
    for one in judge_all():
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


def test_the_page_stands_alone():
    page = companion_page()
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
        (r"\begin{pmatrix} 1 & 2 \end{pmatrix}", 'mat(delim: "(", 1, 2)'),
    ],
)
def test_typists_latex_in_typst(latex, typst):
    assert " ".join(typeset(latex).split()) == " ".join(typst.split())


def test_indices_are_set_low():
    assert rich("W_{i,j} and x_1 < 2") == "W<sub>i,j</sub> and x<sub>1</sub> &lt; 2"
    assert written("W_{i,j} = x_1") == "W#sub[i,j] \\= x#sub[1]"
