"""chainrule notes and chainrule figures, as they are called."""

import json
import subprocess
import sys

import pytest
from support.pace import at_pace

from chainrule.cli.main import main
from chainrule.cli.notes import _WRITERS, Form
from chainrule.notes.companion import Choice


def run(capsys, *arguments):
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_json_is_an_array_of_146_objects_and_quick():
    code = (
        "import time; from chainrule.cli.main import main; status = main(['notes', '--json']); import sys; "
        "print(time.process_time(), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert [one["eq"] for one in found] == list(range(1, 147))
    for one in found:
        assert {"eq", "section", "kind", "statement", "verdict", "correct", "values", "check"} <= set(one)
        assert one["verdict"] in ("right", "wrong", "imprecise")
        assert (one["correct"] is None) == (one["verdict"] == "right")
        assert one["values"] is None or all(isinstance(value, float) for value in one["values"])
    seconds = float(done.stderr)  # of processor time, and nothing else on standard error
    assert seconds < at_pace(5)


def test_one_equation(capsys):
    status, out, _ = run(capsys, "notes", "94")
    assert status == 0
    assert "0.880797077977882" in out and "U_3 is 1" in out and "wrong" in out


@pytest.mark.parametrize("form", ["text", "json", "html", "latex", "markdown"])
@pytest.mark.parametrize(
    "view", [("94",), ("--section", "4.3.3"), ("--errata", "--section", "4.3.4")], ids=" ".join
)
def test_every_view_in_every_format(capsys, view, form):
    status, out, err = run(capsys, "notes", *view, "--format", form)
    assert status == 0 and not err
    start = {"json": "[", "html": "<!doctype html>", "latex": r"\documentclass", "markdown": "# "}
    assert out.startswith(start.get(form, ""))
    assert "0.8808" in out if "4.3.4" not in view else "0.0142" in out


def test_a_section_shows_its_demonstrations(capsys):
    _, out, _ = run(capsys, "notes", "--section", "5.2.5")
    assert (
        "times (1, 0, −1, 2)" in out and "1 2 2 0 1 6" in out
    )  # np.convolve of (1, 0, −1, 2) with (1, 2, 3)


def test_the_companion_is_written(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("chainrule.cli.notes.chosen", lambda *what: Choice(str(what), ()))
    monkeypatch.setitem(_WRITERS, Form.html, lambda choice: f"<!doctype html>{choice.title}")
    monkeypatch.setitem(_WRITERS, Form.pdf, lambda choice: b"%PDF")
    for form, start in (("html", b"<!doctype html>(None, None, False)"), ("pdf", b"%PDF")):
        for how in (("--format", form), ()):
            file = tmp_path / f"companion{len(how)}.{form}"
            status, out, _ = run(capsys, "notes", *how, "--out", str(file))
            assert (status, out) == (0, "")
            assert file.read_bytes() == start
    status, _, err = run(capsys, "notes", "--format", "pdf")
    assert status == 2 and "a PDF needs a file" in err


def test_errata_have_no_equation_that_is_right(capsys):
    _, out, _ = run(capsys, "notes", "--errata", "--section", "2.2", "--json")
    assert json.loads(out) == []
    _, out, _ = run(capsys, "notes", "--errata", "--section", "2", "--json")
    found = json.loads(out)
    assert [one["eq"] for one in found if one["eq"]] == [
        6, 7, 8, 10, 17, 22, 23, 24, 25, 28, 35, 39, 44, 47, 60, 61, 63, 64,
    ]  # fmt: skip
    text = [one for one in found if one["eq"] is None]
    assert {one["kind"] for one in text} == {"text"} and {one["verdict"] for one in text} == {
        "wrong",
        "imprecise",
    }
    assert {one["section"][0] for one in text} == {"2"}
    keys = {"eq", "section", "kind", "statement", "verdict", "correct", "values", "check"}
    assert all(keys <= set(one) for one in found)


def test_what_there_is_not(capsys):
    assert run(capsys, "notes", "147")[0] == 1
    status, _, err = run(capsys, "notes", "--section", "7")
    assert status == 1 and err.startswith("chainrule: notes: needed a section; came 7")
    assert run(capsys, "notes", "abc")[0] == 2
    status, _, err = run(capsys, "figures", "20")
    assert status == 1 and "needed the number or the name of a figure; came 20" in err


def test_figures_are_listed_and_written(capsys, tmp_path):
    status, out, _ = run(capsys, "figures")
    assert status == 0 and len(out.splitlines()) >= 27
    status, out, _ = run(
        capsys, "figures", "3", "18", "--out", str(tmp_path / "new"), "--format", "svg", "--json"
    )
    assert status == 0
    assert [one["file"] for one in json.loads(out)] == [
        str(tmp_path / "new" / f"figure-{n}.svg") for n in ("03", "18")
    ]
