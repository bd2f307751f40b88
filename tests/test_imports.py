"""The layout shows the architecture: imports point one way, files stay short, `import chainrule` stays light.

    graph <- ops <- lowering <- readings <- {documents, training} <- networks <- {estimators, diagnosis} <- {notes, reports} <- cli

`violations` holds the rule for one file and is itself held to a table of planted breaches.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.pace import at_pace

SRC = Path(__file__).parent.parent / "src"
FILES = sorted((SRC / "chainrule").rglob("*.py"))
MOST_LINES = 400

ARROW = [
    {"graph"},
    {"ops"},
    {"lowering"},
    {"readings"},
    {"documents", "training"},
    {"networks"},
    {"estimators", "diagnosis"},
    {"notes", "reports"},
    {"cli"},
]
LEVEL = {package: level for level, packages in enumerate(ARROW) for package in packages}

# Modules of chainrule itself: they gather the public names, from everywhere.
ROOF = {"__init__", "__main__", "public"}
# These may call us as a user does: import chainrule as cr.
USERS = {"notes", "cli"}
# A reading imports no other, but these exist to bring them together.
MEETING_PLACES = {"__init__", "agreement"}
# What `import chainrule` must not load ...
SLOW = {"jax", "jaxlib", "matplotlib", "safetensors", "scipy", "sklearn"}
# ... and what a function may therefore import, to load it when it is first needed.
MAY_WAIT = SLOW | {"onnx", "pandas", "polars", "pyarrow", "torch", "typst"}


class Import(NamedTuple):
    """What a file imports: the full name, `a.b.c` for both `import a.b.c` and `from a.b import c`."""

    line: int
    name: str
    inside_function: bool


def violations(path: str, source: str) -> list[str]:
    """Return a line for each breach in one file; `path` begins at src, as `chainrule/ops/linear.py`."""
    module = path.removesuffix(".py").split("/")
    package, unit = module[1], module[min(2, len(module) - 1)]
    if len(module) == 2 and package in ROOF:
        return []
    if package not in LEVEL:
        return [f"{path}: {package} has no place on the arrow; give it one in ARROW"]
    return [
        f"{path}:{line}: {breach}"
        for line, name, inside_function in imports(module, ast.parse(source))
        for breach in breaches_of(package, unit, name, inside_function)
    ]


def breaches_of(package: str, unit: str, name: str, inside_function: bool) -> Iterator[str]:
    """Yield what is wrong with `name` imported in `chainrule.package.unit`."""
    top, *rest = name.split(".")
    if top != "chainrule":
        if package == "graph" and top not in sys.stdlib_module_names:
            yield f"graph imports the standard library only, not {top}"
        if inside_function and top not in MAY_WAIT:
            yield f"{top} is imported inside a function; only what is slow or optional may wait"
        return
    if inside_function:
        yield f"{name} is imported inside a function; untie the knot instead"
    target = rest[0] if rest else None
    if target not in LEVEL:
        if package not in USERS:
            yield f"{package} imports {name}, a public name: import it from where it is made"
    elif LEVEL[target] > LEVEL[package]:
        yield f"{package} imports {name}: upwards"
    elif LEVEL[target] == LEVEL[package] and target != package:
        yield f"{package} imports {name}: sideways"
    elif target == package == "readings" and unit not in MEETING_PLACES and rest[1:2] != [unit]:
        yield f"the reading {unit} imports {name}: a reading imports no other, but agreement"


def imports(module: list[str], tree: ast.AST, inside_function: bool = False) -> Iterator[Import]:
    """Yield every import below `tree`, relative ones and import_module("...") as full names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name, inside_function)
        elif isinstance(node, ast.ImportFrom):
            base = [*module[: -node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            for alias in node.names:
                yield Import(node.lineno, ".".join([*base, alias.name]), inside_function)
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", None))
            named = node.args[:1]
            if called in {"import_module", "__import__"} and named and isinstance(named[0], ast.Constant):
                yield Import(node.lineno, str(named[0].value), inside_function)
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from imports(module, node, inside_function or function)


def in_src(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


@pytest.mark.parametrize("path", FILES, ids=in_src)
def test_imports_follow_the_arrow(path):
    assert violations(in_src(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=in_src)
def test_no_file_is_long(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{in_src(path)} has {lines} lines: it holds more than one concept, split it"


@pytest.mark.parametrize("path", FILES, ids=in_src)
def test_nothing_is_asserted(path):
    assert asserts(path.read_text(encoding="utf-8")) == []


def asserts(source: str) -> list[int]:
    """Return the lines of `assert` statements: python -O drops them, so users' errors are exceptions."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]


def test_files_are_found():
    assert SRC / "chainrule" / "__init__.py" in FILES


PLANTED = [
    ("graph/walk.py", "import numpy as np", "graph imports the standard library only, not numpy"),
    ("graph/walk.py", "if TYPE_CHECKING:\n    from numpy import ndarray", "standard library only, not numpy"),
    ("graph/walk.py", "from chainrule.ops import linear", "graph imports chainrule.ops.linear: upwards"),
    ("ops/linear.py", "import chainrule.readings.gradient", "chainrule.readings.gradient: upwards"),
    ("ops/linear.py", "from chainrule import readings", "ops imports chainrule.readings: upwards"),
    ("ops/linear.py", "from ..readings import gradient", "chainrule.readings.gradient: upwards"),
    ("ops/__init__.py", "from ..readings import gradient", "chainrule.readings.gradient: upwards"),
    ("ops/linear.py", "from .. import readings", "ops imports chainrule.readings: upwards"),
    ("ops/linear.py", "import chainrule as cr", "ops imports chainrule, a public name"),
    ("ops/linear.py", "from chainrule import sigmoid", "ops imports chainrule.sigmoid, a public name"),
    ("ops/linear.py", "from chainrule.public import sigmoid", "chainrule.public.sigmoid, a public name"),
    ("ops/a/deep/file.py", "from chainrule.cli.main import main", "chainrule.cli.main.main: upwards"),
    ("readings/formula.py", "from chainrule.readings.gradient import gradient", "the reading formula"),
    ("readings/formula.py", "from chainrule.readings import gradient", "the reading formula"),
    ("readings/formula.py", "from . import gradient", "the reading formula"),
    ("readings/formula.py", "from .agreement import check", "the reading formula"),
    ("readings/formula.py", "import chainrule.readings", "the reading formula"),
    ("readings/formula/latex.py", "from chainrule.readings.gradient import x", "the reading formula"),
    ("readings/agreement.py", "from chainrule.networks import heads", "chainrule.networks.heads: upwards"),
    ("training/loop.py", "from chainrule.networks import layers", "chainrule.networks.layers: upwards"),
    ("estimators/linear.py", "from chainrule.diagnosis import flow", "chainrule.diagnosis.flow: sideways"),
    ("diagnosis/flow.py", "from chainrule.estimators.base import Base", "sideways"),
    ("documents/html.py", "from chainrule.notes import figures", "chainrule.notes.figures: upwards"),
    ("documents/html.py", "from chainrule.training import loop", "chainrule.training.loop: sideways"),
    ("documents/html.py", "from chainrule.cli import main", "chainrule.cli.main: upwards"),
    ("documents/html.py", "import chainrule as cr", "documents imports chainrule, a public name"),
    ("cli/work.py", "def run():\n    from chainrule.readings import working", "inside a function"),
    ("cli/work.py", "async def run():\n    if 1:\n        import chainrule.graph", "inside a function"),
    ("cli/work.py", "class A:\n    def run(self):\n        import chainrule", "inside a function"),
    ("cli/work.py", "def run():\n    import rich", "rich is imported inside a function"),
    ("ops/linear.py", "load = lambda: __import__('chainrule.graph')", "inside a function"),
    ("ops/linear.py", "import importlib\nimportlib.import_module('chainrule.cli')", "chainrule.cli: upwards"),
    ("ops/linear.py", "from importlib import import_module\nimport_module('chainrule.cli')", "upwards"),
    ("helpers/strings.py", "", "helpers has no place on the arrow"),
    ("helpers.py", "", "helpers has no place on the arrow"),
]


@pytest.mark.parametrize(("path", "source", "message"), PLANTED)
def test_a_planted_violation_is_noticed(path, source, message):
    breaches = violations(f"chainrule/{path}", source)
    assert len(breaches) == 1, breaches
    assert message in breaches[0]
    assert breaches[0].startswith(f"chainrule/{path}:")


ALLOWED = [
    ("__init__.py", "from chainrule.cli import main\ndef __getattr__(name):\n    import chainrule.ops"),
    ("public.py", "from chainrule.networks import layers"),
    ("graph/walk.py", "from collections.abc import Iterator\nfrom chainrule.graph import expression"),
    ("graph/__init__.py", "from .walk import walk"),
    ("ops/linear.py", "import numpy\nfrom chainrule.graph import walk\nfrom chainrule.ops import power"),
    ("readings/formula.py", "from chainrule.graph import walk\nfrom chainrule.ops.linear import matmul"),
    (
        "readings/formula/latex.py",
        "from chainrule.readings.formula.brackets import x\nfrom . import brackets",
    ),
    ("readings/agreement.py", "from chainrule.readings import gradient, working"),
    ("readings/__init__.py", "from chainrule.readings.formula import latex"),
    ("readings/compiled.py", "def compiled():\n    import jax.numpy as jnp\n    from jax import jit"),
    ("estimators/linear.py", "from chainrule.training import loop\nfrom .base import Base"),
    ("diagnosis/page.py", "from chainrule.networks import network\nfrom chainrule.documents import katex"),
    ("notes/backward.py", "import chainrule as cr"),
    ("diagnosis.py", "from chainrule.training import loop"),
    ("cli/work.py", "import rich\nimport chainrule\nfrom chainrule.notes import figures"),
]


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_is_allowed_passes(path, source):
    assert violations(f"chainrule/{path}", source) == []


def test_a_planted_assert_is_noticed():
    assert asserts("def f(x):\n    if x:\n        assert x > 0\n") == [3]


def fresh_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_loads_nothing_slow():
    loaded = set(fresh_python("import chainrule, sys; print(*sys.modules)").split())
    assert "chainrule" in loaded
    assert SLOW & loaded == set()


def test_import_is_quick():
    code = "import time; start = time.process_time(); import chainrule; print(time.process_time() - start)"
    seconds = min(float(fresh_python(code)) for _ in range(5))
    assert seconds < at_pace(0.3), "of processor time, which other work on the machine does not lengthen much"


@pytest.mark.parametrize("collecting", [True, False])
def test_loading_leaves_the_collection_of_garbage_as_it_was(collecting):
    code = f"import gc; gc.{'enable' if collecting else 'disable'}(); import chainrule as cr; cr.Network; print(gc.isenabled())"
    assert subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip() == str(collecting)
