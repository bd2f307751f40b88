"""Code out: the functions run without chainrule and give the gradients of the working."""

import ast
import inspect
import subprocess
import sys

import numpy as np
import pytest
from support.models import MODELS, layered

import chainrule as cr
from chainrule.documents.code.identifiers import identifier, identifiers
from chainrule.graph.errors import ChainruleError
from chainrule.graph.op import OPS

LIBRARIES = ["numpy", "jax", "torch"]


def run(code, library, values):
    """The loss and the gradients that the code gives, as NumPy arrays."""
    pytest.importorskip(library, reason=f"{library} is not installed")
    space = {}
    exec(compile(code, "<given out>", "exec"), space)
    function = space["loss_and_gradients"]
    if library == "jax":
        import jax

        with jax.enable_x64(True):
            loss, gradients = jax.jit(function)(*values)
            return np.asarray(loss), {name: np.asarray(g) for name, g in gradients.items()}
    with np.errstate(all="ignore"):
        loss, gradients = function(*values)
    return np.asarray(loss), {name: np.asarray(g) for name, g in gradients.items()}


def agrees(loss, values, library):
    working = cr.work(loss, values)
    given = [line for line in working.steps if line.phase == "given"]
    found, gradients = run(working.derivation.code(library), library, [line.value for line in given])
    np.testing.assert_allclose(found, working["ℓ"].value, rtol=1e-9, atol=1e-12)
    for step in working.derivation.of_phase("gradient"):
        np.testing.assert_allclose(gradients[step.of.name], working.values[step.expr], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("model", MODELS)
def test_the_code_gives_the_gradients_of_the_working(model, library):
    agrees(*MODELS[model](), library)


@pytest.mark.parametrize("library", LIBRARIES)
def test_deep_networks(library):
    agrees(*layered(3, 4, 2, 5, 3), library)


def cases():
    for op in OPS.values():
        for case in op.samples:
            if all(0 not in shape for shape in case.shapes) and 0 not in case.params.values():
                yield pytest.param(
                    op, case, id=f"{op.name}-{'-'.join(map(str, case.shapes))}-{dict(case.params)}"
                )


@pytest.mark.parametrize(("op", "case"), list(cases()))
def test_every_op_has_a_code_form(op, case):
    random = np.random.default_rng(1)
    leaves = [cr.parameter(f"p_{n}", shape) for n, shape in enumerate(case.shapes)]
    values = {leaf.name: random.uniform(0.2, 0.8, leaf.shape) for leaf in leaves}
    made = op(*leaves, **case.params).named("h")
    if 0 in made.shape:
        pytest.skip("there is no entry")
    agrees(cr.sum(made * made).named(r"\ell"), values, "numpy")


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_code_needs_no_chainrule_and_is_readable(library):
    code = cr.derive(MODELS["notes"]()[0]).code(library)
    tree = ast.parse(code)
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported == {library}
    assert "delta = dy_hat * (U * sigmoid_prime(z))" in code and "# δ = (∂ℓ/∂ŷ) (U ⊙ σ′(z))" in code
    assert max(map(len, code.splitlines())) < 110


def test_the_code_runs_in_a_process_without_chainrule(tmp_path):
    (tmp_path / "given.py").write_text(cr.derive(MODELS["notes"]()[0]).code() + "\nprint(loss_and_gradients(\n"
        "    [[1, 0, 1], [1, -1, 0], [0, 0, 2]], [2, 1, 2], [1, 1, 1], [-1, 1, 1], 1)[0])\n", encoding="utf-8")  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-I", "given.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) == pytest.approx(float(cr.evaluate(*MODELS["notes"]())))


def test_two_settings_of_one_function_do_not_mix():
    x = cr.data("x", 3)
    loss = cr.sum(cr.leaky_relu(cr.leaky_relu(x * 2, slope=0.1) * 1.5, slope=0.3) ** 2)
    agrees(loss, {"x": [-1.0, 2.0, -3.0]}, "numpy")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        (r"\hat{y}", "y_hat"), (r"z^{(2)}", "z2"), (r"\delta^{(1)}", "delta1"), (r"\ell", "loss"), ("W_1", "W_1"),
        (r"\frac{\partial \ell}{\partial W^{(2)}}", "dW2"), (r"\mathrm{loss}", "loss"), ("1a", "v1a"), ("x'", "xprime"),
    ],
)  # fmt: skip
def test_names_become_identifiers(name, word):
    assert identifier(name) == word


def test_identifiers_are_no_keywords_and_unlike_all_others():
    found = identifiers(["lambda", "a^{(1)}", "a1", "np", "x"], {"np"})
    assert len(set(found.values())) == 5
    assert all(word.isidentifier() and word not in ("lambda", "np") for word in found.values())


def test_an_unknown_library_is_refused():
    with pytest.raises(ChainruleError, match="code: needed one of numpy, jax, torch; came 'matlab'"):
        cr.derive(MODELS["notes"]()[0]).code("matlab")


def test_the_signature_is_the_given_lines():
    space = {}
    exec(cr.derive(MODELS["notes"]()[0]).code(), space)
    assert list(inspect.signature(space["loss_and_gradients"]).parameters) == ["W", "x", "b", "U", "y"]
