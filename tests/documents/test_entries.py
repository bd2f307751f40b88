"""The arithmetic of single entries."""

import numpy as np
import pytest
from support.models import MODELS
from support.number_reader import precise, read

import chainrule as cr
from chainrule.graph.errors import ChainruleError
from chainrule.graph.op import OPS
from chainrule.readings.formula import Style

TEXT = Style(latex=False)


def test_the_entry_of_notes_89():
    working = cr.work(*MODELS["notes"]())
    assert working.entry("z", (1,)).text.splitlines() == [
        "z[2] = W[2,1] x[1] + W[2,2] x[2] + W[2,3] x[3] + b[2]",
        "     = 1 × 2 + (−1) × 1 + 0 × 2 + 1",
        "     = 2",
    ]
    assert working.entry("a", (1,)).text.splitlines() == [
        "a[2] = σ(z[2])",
        "     = σ(2)",
        "     = 1/(1 + exp(−2))",
        "     ≈ 0.8808",
    ]


@pytest.mark.parametrize(
    "name", ["grad W", "d W", "∂ℓ/∂W", r"\frac{\partial \ell}{\partial W}", "gradient of W", " grad W "]
)
def test_a_line_answers_to_all_its_names(name):
    entry = cr.work(*MODELS["notes"]()).entry(name, (2, -1))
    assert entry.at == (2, 2)
    assert entry.text.splitlines()[0] == "∂ℓ/∂W[3,3] = δ[3] x[3]"


@pytest.mark.parametrize(
    ("name", "line"), [("yhat", "ŷ"), ("ŷ", "ŷ"), (r"\hat{y}", "ŷ"), ("delta", "δ"), ("ell", "ℓ")]
)
def test_names_that_can_be_typed(name, line):
    assert cr.work(*MODELS["notes"]())[name].name == line


@pytest.mark.parametrize(
    ("name", "at", "message"),
    [
        ("q", (), "line: needed the name of a line; came 'q'. The lines are W, x"),
        ("grad q", (), "needed the name of a line; came 'grad q'"),
        ("z", (3,), r"entry of z: needed an index into the shape \(3,\), counting from 0; came \(3,\)"),
        ("z", (), r"needed an index into the shape \(3,\)"),
        ("y", (0,), r"needed an index into the shape \(\)"),
        ("z", (1.0,), "needed an index into the shape"),
    ],
)
def test_wrong_entries_say_what_is_there(name, at, message):
    with pytest.raises(ChainruleError, match=message):
        cr.work(*MODELS["notes"]()).entry(name, at)


@pytest.mark.parametrize("model", MODELS)
def test_every_entry_of_every_line_computes_its_value(model):
    working = cr.work(*MODELS[model](), digits=12)
    for line in working.steps:
        for at in list(np.ndindex(line.shape))[:: 1 + line.value.size // 12]:
            entry = working.entry_of_step(line.step, at)
            for _, text in entry.rows(TEXT)[1:]:
                (number,) = read(text).entries
                assert float(precise(number)) == pytest.approx(line.value[at], rel=1e-8, abs=1e-10), (
                    entry.text
                )
            assert entry.latex.count(r"\begin{aligned}") == 1 and 'role="math"' in entry.html


def test_max_pooling_says_where_the_adjoint_goes():
    loss, values = MODELS["digit"]()
    working = cr.work(loss, values)
    a, d = working["a"].value, working["δ"].value
    routed = [at for at in np.ndindex(a.shape) if d[at] != 0]
    silent = [at for at in np.ndindex(a.shape) if a[at] > 0 and d[at] == 0]
    assert routed and silent
    assert (
        working.entry("δ", routed[0])
        .text.splitlines()[0]
        .endswith(f"ReLU′(z[{','.join(str(i + 1) for i in routed[0])}])")
    )
    assert "∂ℓ/∂p[" in working.entry("δ", routed[0]).text
    assert working.entry("δ", silent[0]).text.splitlines()[1].split()[1:4] == [
        "0",
        "×",
        "ReLU′(" + working.entry("δ", silent[0]).rows(TEXT)[1][1].split("(")[1],
    ]
    assert "largest entry, the first in row order" in working.entry("δ", silent[0]).text
    pooled = working.entry("p", (0, 0, 0)).rows(TEXT)
    assert pooled[1][1].startswith("max(") and pooled[1][1].count(",") == 3


def cases():
    for op in OPS.values():
        for case in op.samples:
            if all(0 not in shape for shape in case.shapes):
                yield pytest.param(
                    op, case, id=f"{op.name}-{'-'.join(map(str, case.shapes))}-{dict(case.params)}"
                )


@pytest.mark.parametrize(("op", "case"), list(cases()))
def test_every_op_opens_its_entries(op, case):
    """The expression of an entry has the entry's value, for every op and for the gradients that its rule makes."""
    random = np.random.default_rng(0)
    leaves = [cr.parameter(f"p_{n}", shape) for n, shape in enumerate(case.shapes)]
    values = {leaf.name: random.uniform(0.1, 0.9, leaf.shape) for leaf in leaves}
    made = op(*leaves, **case.params).named("h")
    if 0 in made.shape:
        pytest.skip("there is no entry")
    loss = cr.sum(made * cr.sin(made)) if hasattr(cr, "sin") else cr.sum(made * made)
    working = cr.work(loss, values)
    fed = {leaf: values[leaf.name] for leaf in leaves}
    for line in working.steps:
        if line.phase == "given":
            continue
        for at in list(np.ndindex(line.shape))[:3]:
            entry = working.entry_of_step(line.step, at)
            named = {
                step.expr: working.values[step.expr] for step in working.derivation.steps if step.expr.name
            }
            assert float(working.value_of(entry.expr)) == pytest.approx(
                float(line.value[at]), rel=1e-9, abs=1e-12
            )
            assert entry.text and entry.latex
            assert named and fed


def test_a_given_number_equals_what_is_printed_only_where_all_of_it_is():
    x = cr.data("x", 2)
    w = cr.work(x @ x, {"x": [1 / 3, 2]})
    assert w.entry("x", (0,)).text.splitlines()[0].split()[:3] == ["x[1]", "≈", "0.3333"]
    assert w.entry("x", (1,)).text.splitlines()[0].split()[:3] == ["x[2]", "=", "2"]
