"""The page of a working, in a real browser."""

import re
import time
from functools import cache

import pytest
from support.browser import CONTRAST, LOOK, asked, needs_browser
from support.models import MODELS, layered, lenet
from support.pace import at_pace

import chainrule as cr
from chainrule.documents.render.html import page

OPEN = """
const cell = document.querySelector('[data-at^="forward-"]');
cell.focus(); cell.click();
const panel = document.querySelector('.opened');
const first = {expanded: cell.getAttribute('aria-expanded'), label: panel.querySelector('[role=math]').getAttribute('aria-label')};
cell.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
const table = document.querySelector('.matrix'), one = table.querySelector('.cell');
one.focus();
one.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}));
return {...first, closed: document.querySelectorAll('.opened').length, moved: document.activeElement.dataset.at};
"""

LIGHT = """
const symbol = document.querySelector('#forward-6 .sym');
symbol.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
const lit = document.querySelectorAll('.line.from').length, used = document.querySelectorAll('.line.use').length;
symbol.dispatchEvent(new PointerEvent('pointerout', {bubbles: true}));
const off = document.querySelectorAll('.line.from, .line.use').length;
const link = document.querySelector('#forward-6 .way a');
link.focus();
return {lit, used, off, focused: document.querySelectorAll('.line.from').length};
"""


@cache
def worked(model):
    """The working of a model, and its page."""
    working = cr.work(*MODELS[model]())
    return working, working.html()


@cache
def answers(model, width):
    """The working of a model, and what its page answers to all the scripts that suit it, in one browser."""
    working, html = worked(model)
    scripts = {"light": LIGHT, "open": OPEN, "contrast": CONTRAST} if model == "notes" else {}
    if model == "digit":
        scripts["map"] = MAP.replace("forward-7", f"forward-{line_of(working, 'z')}")
    scripts["look"] = LOOK
    asking = "".join(f"const {part} = (() => {{ {script} }})();" for part, script in scripts.items())
    return working, asked(html, f"{asking} return {{{', '.join(scripts)}}};", width)


def line_of(working, name):
    return next(n for n, line in enumerate(working.steps) if line.name == name)


@needs_browser
@pytest.mark.parametrize(
    ("model", "width"), [("notes", 400), ("two layers", 1000), ("iris", 400), ("digit", 400), ("digit", 1600)]
)
def test_the_page_is_typeset_accessible_and_offline(model, width):
    working, found = answers(model, width)
    found = found["look"]
    assert found["faults"] == [] and found["ids"] == [] and found["requests"] == [] and found["errors"] == []
    assert found["formulas"] == found["typeset"] > 20
    assert found["unlabelled"] == found["nameless"] == found["dead"] == found["lost"] == 0
    assert (
        found["cells"]
        == found["reachable"]
        >= sum(line.value.size for line in working.steps if line.is_written_out)
    )
    assert found["symbols"] > 10
    assert found["wide"] <= 0, "formulas scroll inside their line, never the page"
    assert (found["headings"], found["language"]) == (1, "en")


@needs_browser
@pytest.mark.parametrize("form", ["both", "factors"])
def test_the_page_of_a_derivation(form):
    found = asked(
        cr.derive(layered(3, 4, 2, 5)[0]).html(form, layers="both" if form == "both" else "recursion"),
        LOOK,
        400,
    )
    assert found["faults"] == [] and found["ids"] == [] and found["requests"] == [] and found["errors"] == []
    assert found["formulas"] == found["typeset"] > 20
    assert found["unlabelled"] == found["nameless"] == found["dead"] == found["lost"] == 0
    assert found["wide"] <= 0 and found["symbols"] > 10


@needs_browser
def test_a_cell_opens_its_arithmetic_by_mouse_and_keyboard():
    found = answers("notes", 400)[1]["open"]
    assert found["expanded"] == "true"
    assert found["label"].splitlines()[1:] == ["     = 1 × 2 + 0 × 1 + 1 × 2 + 1", "     = 5"]
    assert found["closed"] == 0
    assert found["moved"] == "given-0:1,0"


MAP = """
const large = document.querySelector('.large[data-line="forward-7"]'), fields = large.querySelectorAll('input');
fields[0].value = 2; fields[1].value = 3; fields[2].value = 4;
fields[2].dispatchEvent(new Event('input', {bubbles: true}));
const said = large.querySelector('output').textContent;
const label = large.closest('.line').querySelector('.opened [role=math]').getAttribute('aria-label');
const picture = large.querySelector('img'), box = picture.getBoundingClientRect();
picture.dispatchEvent(new MouseEvent('click', {bubbles: true, clientX: box.left + 2, clientY: box.top + 2}));
return {said, label, at: [...fields].map((field) => field.value), reach: [...fields].every((field) => field.tabIndex === 0)};
"""


@needs_browser
def test_a_feature_map_opens_the_arithmetic_of_any_entry():
    working, found = answers("digit", 1600)
    found = found["map"]
    assert found["label"] == working.entry("z", (1, 2, 3)).text
    assert found["said"].startswith("z[2, 3, 4] ≈ ") and found["reach"]
    assert found["at"] == ["1", "1", "1"]


def test_indices_follow_the_convention():
    working = cr.work(*MODELS["notes"](), convention=cr.Convention(first=0))
    assert working.entry("z", (1,)).text.startswith("z[1] = W[1,0] x[0] + ")
    assert 'aria-label="z[0] is 5"' in working.html()


@needs_browser
def test_a_symbol_lights_where_it_was_computed_and_is_used():
    found = answers("notes", 400)[1]["light"]
    assert found["lit"] == 1 and found["used"] >= 2
    assert found["off"] == 0 and found["focused"] == 1


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_colours_keep_their_contrast(dark):
    light = None if dark else answers("notes", 400)[1]["contrast"]
    found = light or asked(worked("notes")[1], CONTRAST, dark=True)
    assert (found["paper"] < 0.05) == dark
    assert found["worst"] >= 4.5


def test_a_page_names_no_address_outside():
    html = cr.work(*MODELS["notes"]()).html()
    own = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", own)
    assert "<link" not in own and "@import" not in html


def test_a_page_is_readable_without_its_program():
    html = cr.work(*MODELS["notes"]()).html()
    assert ">W x + b</span>" in html and "∂ℓ/∂W" in html


def test_names_of_users_are_escaped():
    x = cr.data("x", 2)
    html = cr.work((x @ x).named("a'b"), {"x": [1, 2]}).html()
    assert "a'b<" not in html.replace("&#x27;", "'") or "<a'b" not in html


def test_a_large_array_is_a_picture_not_a_flood():
    loss, values = layered(784, 100, 10)
    working = cr.work(loss, values)
    document = working.document(checked=False)
    start = time.process_time()
    html = page(document)
    assert time.process_time() - start < at_pace(1)
    assert len(html.encode()) < 2_000_000
    assert html.count('class="map"') == sum(line.value.size > 64 for line in working.steps) == 11
    assert html.count('class="cell"') < 400


def test_the_page_of_lenet_is_quick_and_small():
    working = cr.work(*lenet())
    times = []
    for _ in range(3):
        start = time.process_time()
        html = page(working.document(checked=False))
        times.append(time.process_time() - start)
    assert min(times) < at_pace(1)
    assert len(html.encode()) < 2_000_000


def test_a_failed_agreement_is_loud(monkeypatch):
    working = cr.work(*MODELS["notes"]())
    object.__setattr__(working.agreement.rows[0], "compiled", 0.5)
    assert 'class="note bad" role="alert"' in working.html()
    assert "DISAGREE on W" in working.text()
    assert r"\alert{" in working.latex_document()
