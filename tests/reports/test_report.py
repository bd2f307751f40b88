"""The report of a training run: its numbers are right, its page is whole, small, accessible and offline."""

import contextlib
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.metrics import confusion_matrix, log_loss
from support.browser import CONTRAST, LOOK, asked, needs_browser

import chainrule as cr
from chainrule.diagnosis import Recorder, diagnose
from chainrule.diagnosis.neighbours import confusion
from chainrule.documents.model import Fold, Line
from chainrule.documents.numbers import shown
from chainrule.reports.answers import calibration
from chainrule.reports.origin import data_hash

pytestmark = pytest.mark.unoptimised

LARGEST = 3_000_000


def mixed(data, target, seed=0):
    order = np.random.default_rng(seed).permutation(len(target))
    return data[order], target[order]


def digits():
    X, y = mixed(*load_digits(return_X_y=True))
    net = cr.Network(64, [cr.Linear(32), cr.ReLU(), cr.Linear(10)], loss="cross_entropy")
    history = net.fit(X[300:] / 16, y[300:], 8, 64, validation=(X[:300] / 16, y[:300]), progress=False)
    return net, cr.report(
        net, history, X[:300] / 16, y[:300], image=(8, 8), title="Digits", command="make digits"
    )


def iris():
    found = load_iris()
    X, y = mixed((found.data - found.data.mean(0)) / found.data.std(0), found.target)
    net = cr.Network(4, [cr.Linear(6), cr.Tanh(), cr.Linear(3)], loss="cross_entropy")
    recorder = Recorder(net, X[50:], y[50:])
    history = net.fit(
        X[50:], y[50:], 20, 16, validation=(X[:50], y[:50]), progress=False, callbacks=[recorder]
    )
    return recorder, cr.report(
        net, history, X[:50], y[:50], classes=found.target_names, features=found.feature_names, title="Iris", recorder=recorder
    )  # fmt: skip


def ill():
    """A network that cannot learn: all units alike; and a column that says nothing."""
    X, y = mixed(*load_iris(return_X_y=True))
    X[:, 1] = 3.1
    X = X - X.mean(axis=0)
    zeros = cr.Zeros()
    net = cr.Network(
        4, [cr.Linear(8, weights=zeros), cr.Tanh(), cr.Linear(3, weights=zeros)], loss="cross_entropy"
    )
    recorder = Recorder(net, X, y)
    history = net.fit(X, y, 20, progress=False, callbacks=[recorder])
    diagnosis = diagnose(net, X, y, recorder=recorder)
    return diagnosis, cr.report(net, history, X, y, diagnosis=diagnosis)


def diabetes():
    found = load_diabetes()
    X, y = mixed(found.data / found.data.std(0), (found.target - 150) / 80)
    net = cr.Network(10, [cr.Linear(6), cr.Sigmoid(), cr.Linear(1)], loss="half_squared_error")
    history = net.fit(X[100:], y[100:], 15, 16, cr.SGD(0.02), validation=(X[:100], y[:100]), progress=False)
    return net, cr.report(net, history, X[:100], y[:100], features=found.feature_names, title="Diabetes")


def images():
    X, y = mixed(load_digits().images[:, None] / 16, load_digits().target)
    layers = [cr.Conv2d(6, 3, padding="same"), cr.ReLU(), cr.MaxPool2d(2), cr.Flatten(), cr.Linear(10)]
    net = cr.Network((1, 8, 8), layers, loss="cross_entropy")
    history = net.fit(X[200:800], y[200:800], 2, 64, progress=False)
    return net, cr.report(net, history, X[:200], y[:200], title="Images")


RUNS = {"digits": digits, "iris": iris, "diabetes": diabetes, "images": images, "ill": ill}


@pytest.fixture(scope="session")
def made():
    found = {}

    def get(name):
        if name not in found:
            found[name] = RUNS[name]()
        return found[name]

    return get


def titles(report):
    return [section.title for section in report.document.sections]


def test_a_classifier_of_images_has_all_its_sections(made):
    assert titles(made("images")[1]) == [
        "What it answers", "The model", "How it learned", "The worst mistakes", "What the answers hang on",
        "How the gradient flows", "What the layers see", "Its weights", "Its formulas", "One example, every number", "Given", "Forward", "Backward",
        "Gradients", "Where", "Agreement", "How it was made",
    ]  # fmt: skip


def test_a_regression_has_residuals_and_no_confusions(made):
    html = made("diabetes")[1].html()
    assert "The examples it misses most" in titles(made("diabetes")[1])
    assert ">Residuals<" in html and "Confusion matrix" not in html and "Calibration" not in html


DRAWN = """
document.querySelectorAll('details').forEach((fold) => { fold.open = true; });
const shown = [...document.querySelectorAll('svg.drawing')];
const labels = shown.map((svg) => [...svg.querySelectorAll('text')].map((node) => [node.textContent, node.getBoundingClientRect()]));
const over = [];
for (const one of labels) for (const [n, [text, a]] of one.entries()) for (const [other, b] of one.slice(n + 1)) {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (across > 1.5 && down > 4) over.push([text, other]);
}
const sizes = [...document.querySelectorAll('svg.drawing text')].map((node) => node.getBoundingClientRect().height);
const mark = document.querySelector('svg.drawing rect title').parentNode;
mark.dispatchEvent(new PointerEvent('pointerover', {bubbles: true, clientX: 200, clientY: 200}));
const tip = document.querySelector('.tip'), told = tip && tip.textContent;
const lost = [...document.querySelectorAll('svg.drawing')].filter((node) => !node.getAttribute('aria-label') || !node.querySelector('desc').textContent);
return {count: shown.length, over, least: Math.min(...sizes), told, expected: mark.querySelector('title').textContent, lost: lost.length};
"""


SCRIPTS = {"look": LOOK, "contrast": CONTRAST, "drawn": DRAWN}


@needs_browser
@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [("digits", 400, True), ("iris", 1600, False), ("diabetes", 1000, True), ("images", 400, False)],
)
def test_the_page_is_whole_small_accessible_and_offline(made, name, width, dark):
    html = made(name)[1].html()
    assert len(html.encode()) < LARGEST
    asking = "".join(f"const {part} = (() => {{ {script} }})();" for part, script in SCRIPTS.items())
    answers = asked(html, f"{asking} return {{{', '.join(SCRIPTS)}}};", width, dark=dark)
    found = answers["look"]
    assert found["faults"] == found["ids"] == found["requests"] == found["errors"] == []
    assert found["formulas"] == found["typeset"] > 20
    assert found["unlabelled"] == found["nameless"] == found["dead"] == found["lost"] == 0
    assert found["cells"] == found["reachable"] > 20
    assert found["wide"] <= 0, "wide drawings scroll inside their place, never the page"
    assert (found["headings"], found["language"]) == (1, "en")
    assert (answers["contrast"]["paper"] < 0.05) == dark and answers["contrast"]["worst"] >= 4.5
    drawn = answers["drawn"]
    assert drawn["count"] >= 5 and drawn["over"] == [] and drawn["lost"] == 0
    assert drawn["least"] >= 7 and drawn["told"] == drawn["expected"]


def section_of(report, key):
    return next(section for section in report.document.sections if section.key == key)


def test_findings_stand_with_evidence_cause_and_remedy(made):
    diagnosis, report = made("ill")
    assert {"constant_column", "symmetric_units"} <= set(diagnosis.names)
    folds = [block for block in section_of(report, "findings").blocks if isinstance(block, Fold)]
    assert [fold.title for fold in folds[: len(diagnosis.findings)]] == [
        found.sentence for found in diagnosis.findings
    ]
    text = report.text(400)
    for found in diagnosis.findings:
        assert f"Because {found.cause.words}" in text and f"Try: {found.remedy}" in text
    lines = [block for fold in folds for block in fold.blocks if isinstance(block, Line)]
    causes = [found.cause for found in diagnosis.findings if found.cause.line]
    assert len(lines) == len(causes) > 0
    assert "Nothing was found" not in text


def test_a_healthy_network_is_told_so():
    net, X, y = trained()
    net.fit(X, y, 20, progress=False)
    diagnosis = diagnose(net, X, y)
    assert diagnosis.findings == ()
    assert (
        "Nothing was found that keeps this network from learning"
        in cr.report(net, None, X, y, diagnosis=diagnosis).text()
    )


def test_the_flow_is_what_was_recorded(made):
    recorder, report = made("iris")
    pictures = section_of(report, "flow").blocks[0].pictures
    table = pictures[0].numbers
    assert table.head[1:] == tuple(str(flow.epoch) for flow in recorder.flows)
    for layer, row in enumerate(table.rows):
        assert row[1:] == tuple(str(shown(flow.layers[layer].delta.rms, 3)) for flow in recorder.flows)
    titles = [picture.alt.partition(".")[0] for picture in pictures]
    assert titles[:2] == ["Size of δ", "Gradient relative to the weights"]


def test_every_form_has_an_answer_for_every_part(made):
    report = made("images")[1]
    for text in (report.text(), report.markdown(), report.latex_document()):
        for part in ("How it learned", "Confusion matrix", "The worst mistakes", "maps of", "hash"):
            assert part in text
    found = json.loads(report.to_json())
    assert found["kind"] == "report" and 0 < found["accuracy"] < 1
    kinds = {note["kind"] for note in found["notes"]}
    assert kinds == {"note", "table", "picture", "gallery", "fold"}
    assert any(step["section"] == "example-forward" for step in found["steps"])


def test_the_report_as_pdf(made):
    pytest.importorskip("typst", reason="the extra pdf is not installed")
    assert made("images")[1].pdf().startswith(b"%PDF")


def test_confusions_are_those_of_scikit_learn():
    random = np.random.default_rng(1)
    truth, answers = random.integers(0, 5, 200), random.integers(0, 5, 200)
    np.testing.assert_array_equal(confusion(truth, answers, 5), confusion_matrix(truth, answers))


def test_calibration_is_that_of_scikit_learn():
    random = np.random.default_rng(2)
    sure = random.uniform(0.5, 1, 500)
    right = random.uniform(size=500) < sure**2
    found = calibration(np.stack([1 - sure, sure], axis=1), right.astype(int))
    share, mean = calibration_curve(right, sure, n_bins=10)
    np.testing.assert_allclose(found.accuracy, share)
    np.testing.assert_allclose(found.confidence, mean)
    by_hand = sum(n * abs(a - c) for n, a, c in zip(found.count, share, mean, strict=True)) / 500
    assert found.error == pytest.approx(by_hand)


def trained():
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    net = cr.Network(4, [cr.Linear(3)], loss="cross_entropy")
    net.fit(X, y, 5, progress=False)
    return net, X, y


def test_losses_of_examples_are_those_of_scikit_learn():
    net, X, y = trained()
    losses = net.losses(X, y)
    assert losses.shape == (150,)
    assert losses.mean() == pytest.approx(log_loss(y, net.predict_proba(X)), rel=1e-5)
    assert losses.mean() == pytest.approx(net.evaluate(X, y)["loss"], rel=1e-5)


def test_the_worst_mistakes_come_first_and_are_wrong(made):
    net, report = made("digits")
    X, y = mixed(*load_digits(return_X_y=True))
    X, y = X[:300] / 16, y[:300]
    wrong = np.flatnonzero(net.predict(X) != y)
    worst = wrong[np.argmax(net.losses(X, y)[wrong])]
    section = next(section for section in report.document.sections if section.key == "mistakes")
    assert section.blocks[1].title.startswith(
        f"Example {worst + 1} is {y[worst]}; the answer is {net.predict(X)[worst]},"
    )


def test_where_it_comes_from_is_said(made):
    _, report = made("digits")
    text = report.text(200)
    X, y = mixed(*load_digits(return_X_y=True))
    for part in ("make digits", "seed", "numpy", "jax", np.__version__, data_hash(X[:300] / 16, y[:300])):
        assert part in text


def test_a_hash_tells_data_apart_and_stays_the_same():
    X, y = np.arange(6.0).reshape(2, 3), np.array([0, 1])
    assert data_hash(X, y) == data_hash(X.copy(), y) == data_hash(np.asfortranarray(X), y)
    assert (
        len(
            {
                data_hash(X, y),
                data_hash(X + 1e-9, y),
                data_hash(X.reshape(3, 2), y),
                data_hash(X.astype("f4"), y),
            }
        )
        == 4
    )


def test_a_binary_network_without_history_or_mistakes():
    X, y = load_iris(return_X_y=True)
    net = cr.Network(4, [cr.Linear(1)], loss="binary_cross_entropy")
    net.fit(X, y > 0, 5, progress=False)
    right = net.predict(X) == (y > 0)
    html = cr.report(net, None, X[right], y[right] > 0, classes=["setosa", "other"]).html()
    assert "came without the history" in html and "No example is answered wrongly" in html
    assert f"truth setosa, answer setosa: {int((right & (y == 0)).sum())}" in html


def test_examples_that_do_not_fit_are_refused():
    net, _, _ = trained()
    with pytest.raises(cr.FeedError, match=r"needed inputs of the shape \(n, 4\)"):
        cr.report(net, None, np.zeros((3, 5)), [0, 1, 2])


def test_a_page_that_is_saved_is_the_same_page(made, tmp_path):
    report = made("iris")[1]
    assert report.save(tmp_path / "page.html").read_text(encoding="utf-8") == report.html()


@pytest.mark.evidence
def test_reports_of_one_run_are_alike_to_the_bit():
    code = (
        "import chainrule as cr, hashlib, numpy as np\n"
        "X = np.linspace(-1, 1, 24).reshape(12, 2); y = np.arange(12) % 3\n"
        "net = cr.Network(2, [cr.Linear(3), cr.Tanh(), cr.Linear(3)], loss='cross_entropy')\n"
        "page = cr.report(net, None, X, y, command='alike').html().encode()\n"
        "print(hashlib.sha256(page).hexdigest())"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    here = io.StringIO()
    with contextlib.redirect_stdout(here):
        exec(code, {})
    assert here.getvalue() == elsewhere
