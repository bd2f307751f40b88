"""KaTeX, as it is in our pages, typesets whatever the printer writes, and finds nothing to complain about."""

import json
import shutil
import subprocess

import pytest
from support.expressions import NAMES, expressions, gradients

import chainrule as cr
from chainrule.documents.katex import ASSETS
from chainrule.graph.op import OPS

NODE = shutil.which("node")
PROGRAM = """
const katex = require(process.argv[1]);
const faults = [];
for (const formula of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  try {
    katex.renderToString(formula, {throwOnError: true, strict: "error", displayMode: true});
  } catch (fault) {
    faults.push(formula + "\\n    " + fault.message);
  }
}
console.log(JSON.stringify(faults));
"""
FURTHER_NAMES = (
    "ŷ",
    "δ^{(1)}",
    "é",
    "größe",
    "learning rate",
    "x + y",
    "50 % of x",
    "a_b_c",
    "x1y2",
    "W^T",
    "_x",
    r"\Delta W",
    "Σ",
    "ℓ",
    "日本",
)

pytestmark = pytest.mark.skipif(NODE is None, reason="KaTeX runs in node, which is not on this machine")


def faults(formulas: list[str]) -> list[str]:
    """What KaTeX does not accept, with its complaint."""
    run = subprocess.run(
        [str(NODE), "-e", PROGRAM, str(ASSETS / "katex.min.js")],
        input=json.dumps(formulas), capture_output=True, text=True, encoding="utf-8", check=True, timeout=100,
    )  # fmt: skip
    return list(json.loads(run.stdout))


def test_a_wrong_formula_is_found() -> None:
    assert len(faults([r"\frac{1}{2", "x^{2}^{3}", "x", "é"])) == 3


def test_random_formulas_are_typeset() -> None:
    made = [expr for expr, _ in expressions(100, "katex")] + [expr for expr, _ in gradients(30, "katex")]
    named = [expr for expr, _ in expressions(30, "katex named", named=0.4)]
    formulas = [expr.latex(form=form, expand=True) for expr in made for form in ("matrix", "index")]
    formulas += [expr.latex(form=form) for expr in named for form in ("matrix", "index")]
    assert len(formulas) >= 300
    assert not faults(formulas)


def test_every_op_is_typeset() -> None:
    formulas = []
    for op in OPS.values():
        for sample in op.samples:
            expr = op(*(cr.data(f"x_{at}", shape) for at, shape in enumerate(sample.shapes)), **sample.params)
            formulas += [expr.latex(form="matrix"), expr.latex(form="index")]
    assert not faults(formulas)


def test_every_name_is_typeset() -> None:
    formulas = []
    for name in (*NAMES, *FURTHER_NAMES):
        try:
            x, v = cr.parameter(name), cr.parameter(name, 3)
        except cr.NamingError:
            continue
        formulas += [
            x.latex(),
            (2 * x**2).latex(),
            (v @ v).latex(),
            (v**2).latex(form="index"),
            cr.exp(x * x).latex(),
        ]
    assert len(formulas) > 5 * len(NAMES)
    assert not faults(formulas)
