"""The commands derive and work, as a person calls them."""

import json
import os
import re
import resource
import subprocess
import sys

import pytest
from hostile_texts import HOSTILE, SHAPES

from chainrule.cli.main import main

NOTES = "(U @ sigmoid(W @ x + b) - y)**2 / 2"
SIZES = ["--shape", "W=3x3", "--shape", "b=3", "--shape", "U=3", "--shape", "x=3"]
NUMBERS = [
    "--at",
    "W=[[1,0,1],[1,-1,0],[0,0,2]]",
    "--at",
    "x=[2,1,2]",
    "--at",
    "b=[1,1,1]",
    "--at",
    "U=[-1,1,1]",
    "--at",
    "y=1",
]
FILE = """
expression = "(U @ sigmoid(W @ x + b) - y)**2 / 2"
[values]
x = [2, 1, 2]
y = 1
W = [[1, 0, 1], [1, -1, 0], [0, 0, 2]]
b = [1, 1, 1]
U = [-1, 1, 1]
"""


def called(capsys, *arguments):
    status = main(list(arguments))
    return status, *capsys.readouterr()


@pytest.fixture
def network(tmp_path):
    file = tmp_path / "network.toml"
    file.write_text(FILE, encoding="utf-8")
    return str(file)


def test_derive_prints_the_derivation(capsys):
    status, out, err = called(capsys, "derive", NOTES, *SIZES)
    assert (status, err) == (0, "")
    assert "δ = (∂ℓ/∂ŷ) (U ⊙ σ′(z))" in out and "∂ℓ/∂W = δ xᵀ = (ŷ − y) (U ⊙ σ′(z)) xᵀ" in out


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--form", "index"], "∂ℓ/∂W[i,j] = δ[i] x[j] = (ŷ − y) U[i] σ′(z[i]) x[j]"),
        (["--form", "factors"], "∂ℓ/∂W[i,j] = ∂ℓ/∂ŷ ∂ŷ/∂a[i] ∂a[i]/∂z[i] ∂z[i]/∂W[i,j]"),
        (["--format", "latex"], r"\documentclass"),
        (["--format", "html"], "<!doctype html>"),
        (["--format", "markdown"], r"\begin{aligned}"),
        (["--format", "code:numpy"], "delta = dy_hat * (U * sigmoid_prime(z))"),
        (["--format", "code:torch"], "import torch"),
        (["--wrt", "W"], "∂ℓ/∂W"),
        (["--delta", "output"], "δ is ∂ŷ/∂z, the factor of the loss comes last"),
        (["--first", "0", "--form", "index"], "indices count from 0"),
    ],
)
def test_derive_in_every_form(capsys, options, part):
    status, out, _ = called(capsys, "derive", NOTES, *SIZES, *options)
    assert status == 0 and (part in out or part in out.replace("\n", " "))


def test_json_is_one_document_and_nothing_else(capsys, network):
    for arguments in (["derive", NOTES, *SIZES], ["work", network], ["work", network, "--entry", "z[1]"]):
        status, out, err = called(capsys, *arguments, "--json")
        assert (status, err) == (0, "")
        assert json.loads(out)


def test_work_from_options_and_from_a_file_say_the_same(capsys, network):
    status, from_file, _ = called(capsys, "work", network)
    again, from_options, _ = called(capsys, "work", NOTES, *NUMBERS)
    assert (status, again) == (0, 0)
    assert from_file == from_options
    assert "[−1  1  1]" in from_file and "All readings agree" in from_file


def test_single_entries(capsys, network):
    status, out, _ = called(
        capsys, "work", network, "--entry", "grad W[2,1]", "--entry", "ŷ", "--digits", "6"
    )
    assert status == 0
    assert out.startswith("∂ℓ/∂W[3,2] = δ[3] x[2]\n") and "\nŷ = U[1] a[1]" in out


@pytest.mark.parametrize("ending", ["html", "tex", "pdf", "md", "json", "txt", "py"])
def test_the_name_of_the_file_says_the_format(capsys, network, tmp_path, ending):
    if ending == "pdf":
        pytest.importorskip("typst", reason="the extra pdf is not installed")
    target = tmp_path / f"working.{ending}"
    status, out, err = called(capsys, "work", network, "--out", str(target))
    assert (status, out) == (0, "") and str(target) in err
    starts = {
        "html": b"<!doctype",
        "tex": rb"\documentclass",
        "pdf": b"%PDF",
        "md": b"*Vectors",
        "json": b"{",
        "py": b"import",
    }
    assert target.read_bytes().startswith(starts.get(ending, b"Vectors"))


@pytest.mark.parametrize("command", ["derive", "work"])
def test_help_has_examples(capsys, command):
    status, out, _ = called(capsys, command, "--help")
    assert status == 0 and "Examples" in out and f"chainrule {command} " in out


BAD_INPUT = [
    (["derive", "x v"], "needed a sign between two operands"),
    (["derive", NOTES, "--shape", "W=3x2", "--shape", "x=3"], "needed"),
    (["derive", "x", "--shape", "x=3"], "gradient: needed a scalar to differentiate|needed a scalar"),
    (["derive", "x*x", "--shape", "x"], "needed a shape such as W=3x3; came 'x'"),
    (["derive", "x*x", "--shape", "x=3y"], "shape of x: needed sizes such as 3x3, 3 or scalar"),
    (["derive", "x*x", "--wrt", "q"], "--wrt: needed one of the leaves x; came 'q'"),
    (
        ["derive", "x*x", "--form", "table"],
        "--form: needed one of matrix, index, both, factors; came 'table'",
    ),
    (["derive", "x*x", "--delta", "z"], "delta"),
    (["derive", "missing.toml"], "No such file or directory: missing.toml"),
    (["work", "x*x"], "needed a value for x"),
    (["work", "x*x", "--at", "x"], "needed a value such as x="),
    (["work", "x*x", "--at", "x=two"], "value of x: needed a number, or numbers in brackets"),
    (["work", "x*x", "--at", "x=[1,[2]]"], "value of x: needed rows of one length"),
    (["work", "x*x", "--at", 'x=["a"]'], "value of x: needed finite numbers"),
    (["work", "x*x", "--at", "x=NaN"], "value of x: needed finite numbers"),
    (["work", "x*x", "--at", "x=" + "[" * 5000], "value of x: needed a number"),
    (["work", "x*x", "--at", "x=2", "--entry", "q"], "needed the name of a line; came 'q'"),
    (["work", "x*x", "--at", "x=2", "--entry", "x[1]"], "entry of x: needed an index into the shape"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT)
def test_bad_input_is_one_message_and_status_1(capsys, arguments, message):
    status, out, err = called(capsys, *arguments)
    assert (status, out) == (1, ""), err
    assert err.startswith("chainrule: ") and err.count("\n") == 1, err
    assert re.search(message, err), err


@pytest.mark.parametrize(
    "arguments",
    [
        ["derive"],
        ["derive", "x", "--format", "tiff"],
        ["work", "x", "--digits", "0"],
        ["derive", "x", "--nothing"],
    ],
)
def test_a_wrong_call_is_status_2(capsys, arguments):
    assert called(capsys, *arguments)[0] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("expression = 3", "needed a text as expression; came 3"),
        ("[values]\nx = 1", "needed the key expression"),
        ("expression = 'x*x'\nshape = 3", "came the unknown key 'shape'"),
        ("expression = ", "needed a TOML file"),
        ("expression = 'x*x'\nvalues = 3", "needed a table"),
        ("expression = 'x*x'\n[shapes]\nx = -1", "shape of x: needed sizes"),
    ],
)
def test_broken_files(capsys, tmp_path, text, message):
    file = tmp_path / "a.toml"
    file.write_text(text, encoding="utf-8")
    status, out, err = called(capsys, "work", str(file))
    assert (status, out) == (1, "") and message in err


def hostile_options():
    return [option for name, shape in SIZES_OF.items() for option in ("--shape", f"{name}={shape}")]


SIZES_OF = {
    name: "x".join(map(str, (shape,) if isinstance(shape, int) else shape)) for name, shape in SHAPES.items()
}


def test_hostile_texts_are_one_error_each(capsys):
    assert len(HOSTILE) > 400
    for text in [text for text, _ in HOSTILE[::2] if len(text) < 10_000]:  # a longer one has a process below
        argument = f" {text}" if text.startswith("-") else text
        status, out, err = called(capsys, "derive", argument, *hostile_options())
        assert (status, out) == (1, ""), (text[:80], err[-300:])
        assert err.startswith("chainrule: ") and "Traceback" not in err and len(err) < 1000, text[:80]


def seconds_of(text):
    """The processor time of a call, so that other load on the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "chainrule", "derive", text, *hostile_options()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1, (
        text[:80],
        done.stderr,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_broken_text_is_refused_before_anything_slow_is_loaded():
    script = """
import sys
from chainrule.cli.main import main
status = main(["derive", "x +", "--shape", "x=3"])
print(status, sorted(set(sys.modules) & {"jax", "sklearn", "matplotlib", "pyarrow"}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "1 []\n", done.stderr


LONG = ["(" * 50_000 + "x" + ")" * 50_000, "9**9**9**9"]


@pytest.mark.parametrize("text", LONG, ids=["brackets", "power"])
def test_a_process_ends_with_one_error(text):
    assert any(seconds_of(text) < 2 for _ in range(2))  # two cores that others use too; the evidence has 1


def can_be_an_argument(text):
    """Whether the system hands such a text to a process at all, and the command takes it for no option."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return "\0" not in text and not text.startswith("-") and len(os.fsencode(text)) < 2**17


@pytest.mark.evidence
def test_each_hostile_text_takes_less_than_a_second():
    texts = [text for text, _ in HOSTILE if can_be_an_argument(text)]
    times = [seconds_of(text) for text in texts]
    times = [
        first if first < 1 else min(first, seconds_of(text)) for text, first in zip(texts, times, strict=True)
    ]
    print(
        f"{len(times)} hostile texts as arguments of the command: at most {max(times):.2f} s of processor time each"
    )
    assert len(times) >= 190 and max(times) < 1
