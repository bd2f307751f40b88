"""The commands train, predict, evaluate and explain, and work and derive on models, as a person calls them."""

import csv
import doctest
import io
import json
import re
import shlex
import signal
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from sklearn.datasets import load_iris

import chainrule as cr
from chainrule.cli import runs
from chainrule.cli.main import main
from chainrule.networks.loading import load_model

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(0)
COMMANDS = ("train", "predict", "evaluate", "explain", "diagnose")


def called(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    return status, *capsys.readouterr()


def houses(path, n=120):
    rows = ["area,rooms,garden,town,price"]
    for _ in range(n):
        area, rooms = RANDOM.uniform(40, 200), RANDOM.integers(1, 7)
        garden, town = RANDOM.random() < 0.5, RANDOM.choice(["Ulm", "Bonn", "Köln"])
        price = 2000 * area + 10_000 * rooms + 30_000 * garden + (town == "Köln") * 50_000
        rows.append(f"{area:.1f},{rooms},{str(garden).lower()},{town},{price:.0f}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two tables and a model of each."""
    folder = tmp_path_factory.mktemp("models")
    X, y = load_iris(return_X_y=True)
    names = ("setosa", "versicolor", "virginica")
    lines = [",".join([*map(str, row), names[label]]) for row, label in zip(X, y, strict=True)]
    head = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),species"
    (folder / "flowers.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    houses(folder / "houses.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "iris", "--layers", "8 tanh", "--epochs", "30", "--json"]) == 0
        linear = ["--layers", "none", "--learning-rate", "0.05", "--epochs", "40"]
        assert main(["train", "houses.csv", "--target", "price", *linear, "--json"]) == 0
    return folder


@pytest.fixture
def here(folder, tmp_path, monkeypatch):
    """A folder of its own for a test, with the same files."""
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def examples():
    for name in COMMANDS:
        text = import_module(f"chainrule.cli.{name}").EXAMPLES
        yield from re.findall(r"^    (chainrule .+)$", text, re.MULTILINE)
    for name in ("derive", "work"):
        text = import_module(f"chainrule.cli.{name}").EXAMPLES
        yield from re.findall(r"^    (chainrule .+safetensors.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("line", list(examples()))
def test_the_examples_of_the_help_run(capsys, here, line):
    status, out, err = called(capsys, *shlex.split(line)[1:])
    assert (status, "Traceback" in err) == (0, False)
    if "--json" in line:
        json.loads(out)
    else:
        assert out or "wrote" in err


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_shows_its_examples(capsys, name):
    status, out, _ = called(capsys, name, "--help")
    assert status == 0 and f"chainrule {name}" in out and "--json" in out


def test_training_says_what_it_did_and_what_comes_next(capsys, here):
    status, out, err = called(capsys, "train", "iris", "--layers", "8 tanh", "--epochs", 2, "--seed", 1)
    assert (status, err) == (0, "")
    for part in (
        "150 examples",
        "3 classes: setosa",
        "120 to learn from, 30 held out",
        "8 tanh, 3 · 67 parameters",
    ):
        assert part in out
    assert re.search(r"accuracy +\d+\.\d\d % +33.33 % +always setosa", out)
    assert "iris-2.safetensors" in out  # the file that was there is kept
    following = re.findall(r"chainrule (.+)", out.partition("next")[2])
    assert len(following) == 3
    for line in following:
        assert called(capsys, *shlex.split(line))[0] == 0


def test_the_document_is_all_that_is_printed_with_json(capsys, here):
    status, out, _ = called(
        capsys, "train", "iris", "--layers", "8 tanh", "--epochs", 3, "--out", "m.safetensors", "--json"
    )
    found = json.loads(out)
    assert status == 0 and found["model"] == "m.safetensors" and found["epochs"] == 3
    assert found["target"]["classes"] == ["setosa", "versicolor", "virginica"]
    assert len(found["history"]["validation_loss"]) == 3
    net = cr.load("m.safetensors")
    held = cr.open_data("iris").split(0.2, 0)[1]
    assert found["result"]["loss"] == net.evaluate(held)["loss"]
    confusion = np.array(found["result"]["confusion"])
    assert confusion.sum() == 30 and np.trace(confusion) / 30 == pytest.approx(found["result"]["accuracy"])


def test_the_baseline_is_that_of_the_best_constant(here):
    model = load_model("iris.safetensors")
    assert model.training["guess"]["counts"] == [40, 40, 40]
    assert load_model("houses.safetensors").training["guess"]["mean"] > 0


def test_prices_are_learned_in_their_own_unit(capsys, here):
    status, out, _ = called(capsys, "evaluate", "houses.safetensors", "houses.csv", "--json")
    found = json.loads(out)
    assert status == 0 and found["r2"] > 0.95
    y = cr.open_data("houses.csv", "price").arrays()[1]
    called(capsys, "predict", "houses.safetensors", "houses.csv", "--out", "p.csv")
    lines = (here / "p.csv").read_text().split()
    answers = np.array(lines[1:], float)
    assert lines[0] == "price"
    assert np.mean((answers - y) ** 2) == pytest.approx(found["loss"], rel=1e-4)


def test_predictions_are_labels_as_given_in_any_order_of_columns(capsys, here):
    _, plain, _ = called(capsys, "predict", "iris.safetensors", "flowers.csv")
    rows = list(csv.DictReader(io.StringIO((here / "flowers.csv").read_text(encoding="utf-8"))))
    turned = here / "turned.csv"
    with turned.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*list(rows[0])[:4][::-1], "further"])
        writer.writeheader()
        for row in rows:
            del row["species"]
            writer.writerow({**row, "further": "x"})
    status, again, err = called(capsys, "predict", "iris.safetensors", turned)
    assert (status, err) == (0, "") and again == plain
    labels = plain.splitlines()
    assert (
        labels[0] == "species"
        and set(labels[1:]) == {"setosa", "versicolor", "virginica"}
        and len(labels) == 151
    )


def test_probabilities_have_a_column_for_each_class(capsys, here):
    _, out, _ = called(capsys, "predict", "iris.safetensors", "iris", "--proba")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["setosa", "versicolor", "virginica"]
    np.testing.assert_allclose(np.array(rows[1:], float).sum(axis=1), 1, rtol=1e-4)
    _, out, _ = called(capsys, "predict", "iris.safetensors", "iris", "--proba", "--json")
    found = json.loads(out)
    np.testing.assert_allclose(found["probabilities"], np.array(rows[1:], float), rtol=1e-4)
    assert found["examples"] == 150


def test_what_is_unseen_is_reported(capsys, here):
    (here / "new.csv").write_text("area,rooms,garden,town\n50,2,true,Ulm\n60,3,false,Hof\n70,3,false,Hof\n")
    status, out, err = called(capsys, "predict", "houses.safetensors", "new.csv")
    assert status == 0 and len(out.splitlines()) == 4
    assert "2 cells of column \"town\" that training did not have: 'Hof'; their inputs are 0" in err
    status, out, err = called(capsys, "predict", "houses.safetensors", "new.csv", "--unseen", "refuse")
    assert (status, out) == (1, "") and "came 'Hof'" in err and "--unseen zeros" in err


def test_an_explanation_adds_up(capsys, here):
    status, out, _ = called(capsys, "explain", "iris.safetensors", "flowers.csv", "--row", 60, "--json")
    found = json.loads(out)
    model = load_model("iris.safetensors")
    x = cr.open_data("flowers.csv", encoder=model.encoder).arrays()[0][59:60]
    shares = model.network.predict_proba(x)[0]
    assert status == 0 and found["prediction"] == "versicolor" == found["label"]
    np.testing.assert_allclose([entry["probability"] for entry in found["probabilities"]], shares, rtol=1e-6)
    assert found["explained"] == "the log-odds of versicolor against " + (
        "virginica" if shares[2] > shares[0] else "setosa"
    )

    def log_odds(values):
        p = np.sort(model.network.predict_proba(values[None].astype(np.float32))[0].astype(float))
        return np.log(p[-1] / p[-2])

    steps = np.eye(4) * 1e-2
    slopes = [(log_odds(x[0] + step) - log_odds(x[0] - step)) / 2e-2 for step in steps]
    np.testing.assert_allclose(found["gradient"], slopes, rtol=2e-2, atol=1e-3)
    np.testing.assert_allclose(found["gradient_times_input"], np.array(found["gradient"]) * x[0], rtol=1e-5)
    assert found["cells"]["petal width (cm)"] == 1.0 or isinstance(found["cells"]["petal width (cm)"], float)
    assert {step["name"] for step in found["steps"]} >= {"x", "ŷ", "ℓ", "∂ℓ/∂x"}


@pytest.mark.parametrize("form", ["text", "html", "latex", "markdown", "code:numpy"])
def test_explanations_have_all_formats(capsys, here, form):
    status, out, _ = called(
        capsys, "explain", "houses.safetensors", "houses.csv", "--row", 1, "--format", form
    )
    assert status == 0
    if not form.startswith("code"):
        assert "town" in out and "What the model says" in out
    if form == "text":
        assert re.search(r"x\[5\] +town +\w+ +1 where it is Köln", out) or "1 where it is Köln" in out
        assert max(map(len, out.splitlines())) <= 110


def test_a_minus_is_a_minus_wherever_an_explanation_has_a_number(capsys, here):
    for row in (1, 60, 120):
        _, out, _ = called(capsys, "explain", "iris.safetensors", "flowers.csv", "--row", row)
        assert "−" in out.partition("Given")[0]
        assert not re.findall(r"(?<!\w)-\.?\d|\de[-+]?\d", out.partition("Agreement")[0])


def test_the_working_of_a_row_is_that_of_python(capsys, here):
    status, out, _ = called(capsys, "work", "iris.safetensors", "iris", "--row", 1, "--json")
    model = load_model("iris.safetensors")
    X, y = cr.open_data("iris", encoder=model.encoder).arrays()
    steps = {step["name"]: step for step in json.loads(out)["steps"]}
    expected = model.network.work(X[0], y[0])
    assert status == 0
    for line in expected.steps:
        np.testing.assert_allclose(steps[line.name]["value"], line.value)
    status, out, _ = called(
        capsys, "work", "iris.safetensors", "iris", "--row", 1, "--entry", "grad W^{(1)}[0,0]"
    )
    assert status == 0 and "δ" in out


def test_a_model_is_derived(capsys, here):
    status, out, _ = called(capsys, "derive", "iris.safetensors")
    assert status == 0 and "δ⁽¹⁾ = (W⁽²⁾ᵀ δ⁽²⁾) ⊙ tanh′(z⁽¹⁾)" in out


WRONG = [
    (2, ["train"], "Missing argument"),
    (2, ["train", "iris", "--epochs", "x"], "a valid integer"),
    (2, ["train", "iris", "--epochs", "-1"], "--epochs"),
    (2, ["train", "iris", "--frobnicate"], "No such option"),
    (2, ["train", "iris", "--resume"], "say where the checkpoints are"),
    (1, ["train", "iris", "--report", "no/such.html"], "no folder no"),
    (1, ["train", "nothing.csv"], "needed a file; came a path where nothing is"),
    (1, ["train", "irsi"], "did you mean 'iris'?"),
    (1, ["train", "empty.csv"], "0 bytes"),
    (1, ["train", "."], "a folder for each class"),
    (1, ["train", "flowers.csv"], "needed the column to predict, one of 'sepal length (cm)'"),
    (1, ["train", "flowers.csv", "--target", "specis"], "did you mean 'species'?"),
    (1, ["train", "flowers.csv", "--target", "species", "--task", "regression"], "numbers, the task being regression"),
    (1, ["train", "iris", "--task", "guessing"], 'the task "classification" or "regression"'),
    (1, ["train", "iris", "--layers", "64 rleu"], "did you mean relu?"),
    (1, ["train", "iris", "--layers", "conv 3 3"], "came conv on vectors"),
    (1, ["train", "digits", "--layers", "conv 3 9"], "layer 1 of"),
    (1, ["train", "iris", "--optimizer", "sdg"], "one of adam, adamw"),
    (1, ["train", "iris", "--validation", "1.5"], "a fraction from 0 to below 1"),
    (1, ["train", "iris", "--validation", "none.csv"], "a path where nothing is"),
    (1, ["train", "iris", "--missing", "maybe"], "--missing drop"),
    (1, ["train", "iris", "--size", "8"], "write --size 28x28"),
    (1, ["train", "flowers.csv", "--target", "species", "--ignore", "nose"], "the column 'nose'"),
    (1, ["train", "iris", "--out", "no/such/folder.safetensors"], "no folder no/such"),
    (1, ["train", "iris", "--out", "."], "came a folder"),
    (1, ["predict", "empty.csv", "iris"], "0 bytes"),
    (1, ["predict", "flowers.csv", "iris"], "flowers.csv"),
    (1, ["predict", ".", "iris"], "directory"),
    (1, ["predict", "none.safetensors", "iris"], "none.safetensors"),
    (1, ["predict", "plain.safetensors", "iris"], "one without an encoder"),
    (1, ["predict", "houses.safetensors", "flowers.csv"], "a table without 'area', 'rooms', 'garden', 'town'"),
    (1, ["predict", "houses.safetensors", "houses.csv", "--proba"], "leave --proba out"),
    (2, ["predict", "iris.safetensors", "iris", "--unseen", "maybe"], "'maybe' is not one of refuse, zeros"),
    (1, ["predict", "iris.safetensors", "iris", "--out", "no/such.csv"], "no/such.csv"),
    (1, ["evaluate", "iris.safetensors", "unlabelled.csv"], "needed labels, in a column 'species'"),
    (1, ["evaluate", "iris.safetensors", "digits"], "the shape"),
    (1, ["explain", "iris.safetensors", "iris", "--row", "151"], "a row from 1 to 150; came row 151"),
    (2, ["explain", "iris.safetensors", "iris"], "--row"),
    (2, ["explain", "iris.safetensors", "iris", "--row", "0"], "--row"),
    (2, ["explain", "iris.safetensors", "iris", "--row", "1", "--format", "word"], "--format"),
    (2, ["work", "iris.safetensors"], "a model needs data and a row"),
    (2, ["work", "x @ x", "iris", "--row", "1"], "are for model files"),
    (2, ["work", "iris.safetensors", "iris", "--row", "1", "--at", "x=1"], "--at"),
    (2, ["derive", "iris.safetensors", "--shape", "W=3"], "--shape"),
    (1, ["derive", "flowers.safetensors"], "flowers.safetensors"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "arguments", "message"),
    WRONG,
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_call_is_one_message(capsys, here, status, arguments, message):
    (here / "empty.csv").touch()
    text = (here / "flowers.csv").read_text()
    (here / "unlabelled.csv").write_text("\n".join(line.rpartition(",")[0] for line in text.split()))
    (here / "unlabelled.csv").write_text("\n".join(line.rpartition(",")[0] for line in text.splitlines()))
    cr.Network(4, "3", loss="cross_entropy").save("plain.safetensors")
    before = sorted(path.name for path in here.iterdir())
    found, out, err = called(capsys, *arguments)
    plain = " ".join(re.sub(r"[│╭╮╰╯─]", " ", err).split())
    assert (found, out) == (status, ""), err
    assert message.lower() in plain.lower()
    assert "Traceback" not in err and sorted(path.name for path in here.iterdir()) == before


def test_a_closed_pipe_is_no_traceback(here):
    command = f"{sys.executable} -m chainrule predict iris.safetensors flowers.csv --proba | head -1"
    found = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert found.stdout == "setosa,versicolor,virginica\n" and found.stderr == ""


def test_ctrl_c_keeps_what_is_learned(capsys, here, monkeypatch):
    plain = cr.Network.fit

    def fit(net, *arguments, **settings):
        def press(history):
            if history.epochs == 3:
                signal.raise_signal(signal.SIGINT)

        return plain(net, *arguments, **settings, callbacks=[press])

    monkeypatch.setattr(cr.Network, "fit", fit)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status, out, _ = called(
            capsys, "train", "iris", "--layers", "8 tanh", "--out", "m.safetensors", "--json"
        )
    finally:
        signal.signal(signal.SIGINT, before)
    found = json.loads(out)
    assert status == 130 and found["interrupted"] and found["epochs"] == 3
    assert load_model("m.safetensors").training["stopped"].startswith("interrupted in epoch 4")


def test_missing_cells_of_other_data(capsys, here):
    lines = (here / "houses.csv").read_text(encoding="utf-8").splitlines()
    held = [lines[0], *lines[1:20], "80.0,,true,Ulm,200000"]
    (here / "held.csv").write_text("\n".join(held) + "\n", encoding="utf-8")
    arguments = (
        "houses.csv",
        "--target",
        "price",
        "--layers",
        "none",
        "--epochs",
        1,
        "--validation",
        "held.csv",
    )
    status, _, err = called(capsys, "train", *arguments)
    assert status == 1 and "leave such rows out with --missing drop" in err
    status, out, _ = called(capsys, "train", *arguments, "--missing", "drop", "--json")
    assert (status, json.loads(out)["held_out"]) == (0, 19)
    for command in (["evaluate"], ["predict"], ["explain", "--row", 20], ["diagnose"]):
        status, _, err = called(capsys, command[0], "houses.safetensors", "held.csv", *command[1:])
        assert status == 1 and "Fill it in, or leave the row out\n" in err, command


def test_ctrl_c_in_the_diagnosis_keeps_what_is_learned(capsys, here, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "diagnose", pressed)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    arguments = (
        "iris",
        "--layers",
        "8 tanh",
        "--epochs",
        2,
        "--out",
        "m.safetensors",
        "--report",
        "page.html",
    )
    status, out, err = called(capsys, "train", *arguments, "--json")
    assert "diagnosing: short trainings try out what is suspected" in err
    found = json.loads(out)
    assert status == 130 and found["interrupted"] and found["epochs"] == 2
    assert found["stopped"] == load_model("m.safetensors").training["stopped"] == "all 2 epochs done"
    assert "What was learned from iris" in (here / "page.html").read_text(encoding="utf-8")


def test_a_full_disk_leaves_the_model_that_was_there(capsys, here, monkeypatch):
    before = (here / "iris.safetensors").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    arguments = ("train", "iris", "--layers", "8 tanh", "--epochs", 1, "--out", "iris.safetensors")
    status, _, err = called(capsys, *arguments)
    assert status == 1 and "No space left on device" in err and "Traceback" not in err
    assert (here / "iris.safetensors").read_bytes() == before


@pytest.mark.parametrize("name", ["datasets", "defaults", "explain", "words"])
def test_the_examples_in_the_docstrings_run(name):
    found = doctest.testmod(import_module(f"chainrule.cli.{name}"))
    assert found.attempted and not found.failed
