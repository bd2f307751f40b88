"""No formula is typed by hand: the sources of documents/ and cli/ hold no LaTeX but what is listed here."""

import ast
import re
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "chainrule"
FILES = sorted([*(SRC / "documents").rglob("*.py"), *(SRC / "cli").rglob("*.py")])
COMMAND = re.compile(r"\\{1,2}([A-Za-z]+)")

LAYOUT = set(
    "begin end left right quad qquad tag notag title section subsection medskip par LARGE bfseries fit fitline fittable facts sign "
    "remark alert hline textbackslash textasciitilde textasciicircum phantom htmlClass displaystyle n s d w x u t b".split()
)
"""What arranges formulas and text, and escapes of Python's strings and patterns."""
ELSEWHERE = {
    "documents/naming.py": {"ell", "hat", "delta", "frac", "partial"},  # the names of what has none
    "documents/render/typst_math.py": None,  # reads LaTeX: a table of all commands
    "documents/render/breaking.py": None,  # reads LaTeX
    "documents/render/rows.py": {"[", "bmatrix"},  # reads LaTeX
    "documents/render/symbols.py": {"frac", "top"},  # reads LaTeX
    "documents/printed.py": {"top", "(", ")"},  # reads LaTeX
    "documents/code/identifiers.py": None,  # reads LaTeX
    "documents/lookup.py": None,  # reads LaTeX
    "documents/derivation.py": {"frac", "partial", "ell"},  # names of adjoints
    "documents/outline.py": {"delta"},  # looks for names
    "documents/equations.py": {"delta"},  # looks for names
    "documents/recursion.py": {"delta"},  # looks for names
    "documents/numbers.py": {"top"},  # a long vector lies down
}


def commands(source):
    """The LaTeX commands in the strings of a source, but docstrings."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield from COMMAND.findall(node.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_no_formula_is_typed_by_hand(path):
    allowed = ELSEWHERE.get(path.relative_to(SRC).as_posix(), set())
    if allowed is not None:
        assert set(commands(path.read_text(encoding="utf-8"))) - LAYOUT - allowed == set()


def test_a_typed_formula_is_noticed():
    planted = 'def f():\n    """\\\\alpha in a docstring."""\n    return r"\\frac{1}{1 + \\exp(-t)}"\n'
    assert set(commands(planted)) == {"frac", "exp"}
