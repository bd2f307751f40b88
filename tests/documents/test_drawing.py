"""Drawings of networks and graphs: what they show is what is there, and no label covers another."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from support.browser import asked, needs_browser
from support.models import MODELS

import chainrule as cr
from chainrule.documents.drawing.colours import COLOURS
from chainrule.documents.drawing.layers import placed
from chainrule.documents.numbers import shown

SVG = "{http://www.w3.org/2000/svg}"


def small(loss="half_squared_error", last=1):
    return cr.Network(3, [cr.Linear(4), cr.Sigmoid(), cr.Linear(last)], loss=loss, seed=2)


def small_drawn():
    return small().draw([2.0, 1.0, 2.0], 1.0)


DRAWINGS = {
    "neurons": lambda: small().draw(),
    "neurons with numbers": small_drawn,
    "wide": lambda: cr.Network(64, [cr.Linear(64), cr.ReLU(), cr.Linear(10)], loss="cross_entropy").draw(),
    "wide with numbers": lambda: cr.Network(
        4, [cr.Linear(16), cr.Tanh(), cr.Linear(3)], loss="cross_entropy"
    ).draw([5.1, 3.5, 1.4, 0.2], 0),
    "lenet": lambda: cr.lenet5().draw(),
    "vgg": lambda: cr.vgg("D").draw(),
    "blocks of vectors": lambda: small().draw(kind="blocks"),
    "graph": lambda: cr.draw(MODELS["notes"]()[0]),
    "graph with numbers": lambda: cr.work(*MODELS["notes"]()).draw(),
    "graph of named parts": lambda: cr.lenet5().draw(kind="graph"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_is_whole_svg_with_its_words(name):
    drawing = DRAWINGS[name]()
    root = ET.fromstring(drawing.svg())
    assert root.find(f"{SVG}title").text == drawing.title
    assert root.find(f"{SVG}desc").text == drawing.description
    assert root.get("role") == "img" and root.get("aria-label").startswith(drawing.title)
    assert str(drawing) == drawing._repr_svg_() == drawing.svg()
    left, top, width, height = map(float, root.get("viewBox").split())
    for text in root.iter(f"{SVG}text"):
        assert left <= float(text.get("x")) <= left + width
        assert top <= float(text.get("y")) <= top + height
        assert float(text.get("font-size")) >= 7
    assert "url(" not in drawing.svg() and "http" not in drawing.svg().replace(
        "http://www.w3.org/2000/svg", ""
    )


OVERLAPS = """
return [...document.querySelectorAll('svg')].map((svg) => {
  const labels = [...svg.querySelectorAll('text')].map((node) => [node.textContent, node.getBoundingClientRect()]);
  const over = [], frame = svg.getBoundingClientRect();
  for (const [n, [one, a]] of labels.entries()) for (const [other, b] of labels.slice(n + 1)) {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 3) over.push([one, other]);
  }
  const outside = labels.filter(([, a]) => a.left < frame.left - 1 || a.right > frame.right + 1 || a.bottom > frame.bottom + 1);
  return {over, count: labels.length, outside: outside.map(([text]) => text)};
});
"""


@needs_browser
def test_no_label_covers_another_or_leaves_its_drawing():
    drawings = "".join(f"<div>{draw().svg()}</div>" for draw in DRAWINGS.values())
    found = asked(
        f"<!doctype html><head><meta charset=utf-8></head><body>{drawings}</body>", OVERLAPS, width=1400
    )
    assert len(found) == len(DRAWINGS)
    for name, drawing in zip(DRAWINGS, found, strict=True):
        assert drawing["count"] >= 8, name
        assert drawing["over"] == [] and drawing["outside"] == [], name


def test_a_circle_for_each_neuron_and_a_line_for_each_weight():
    net = small()
    root = ET.fromstring(net.draw().svg())
    assert len(list(root.iter(f"{SVG}circle"))) == 3 + 4 + 1
    lines = {line.find(f"{SVG}title").text: line.get("class") for line in root.iter(f"{SVG}line")}
    W = net.parameters["W^{(1)}"]
    assert len(lines) == 4 * 3 + 4
    for (i, j), value in np.ndenumerate(W):
        said = f"W⁽¹⁾[{i + 1},{j + 1}] = {shown(value, 3)}"
        assert lines[said] == ("s-negative" if value < 0 else "s-positive")


def test_the_numbers_of_an_example_are_those_of_its_working():
    net = small()
    working = net.work([2.0, 1.0, 2.0], 1.0)
    root = ET.fromstring(net.draw([2.0, 1.0, 2.0], 1.0).svg())
    texts = [text.text for text in root.iter(f"{SVG}text")]
    for name, head in (
        ("a^{(1)}", ""),
        ("z^{(1)}", "z⁽¹⁾ "),
        ("\\delta^{(1)}", "δ⁽¹⁾ "),
        ("b^{(1)}", "b⁽¹⁾ "),
    ):
        for value in working[name].value:
            assert head + str(shown(value, 3)) in texts
    assert {str(shown(value, 3)) for value in net.parameters["W^{(2)}"].ravel()} <= set(texts)
    told = [line.find(f"{SVG}title").text for line in root.iter(f"{SVG}line")]
    slope = working["grad W^{(1)}"].value[1, 2]
    assert any(text.endswith(f"∂ℓ/∂W⁽¹⁾[2,3] = {shown(slope, 3)}") for text in told), told


def test_wide_layers_say_how_many_of_their_neurons_are_drawn():
    drawing = DRAWINGS["wide"]()
    assert "11 of 64 drawn" in str(drawing)
    assert "64 to 64 to 10 neurons" in drawing.description


def test_blocks_have_shapes_and_parameters_and_grow_with_the_sizes():
    root = ET.fromstring(cr.vgg("D").draw().svg())
    texts = [text.text for text in root.iter(f"{SVG}text")]
    for part in (
        "3×224×224",
        "64×112×112",
        "512×7×7",
        "2 × Conv2d(64, 3)",
        "119,545,856 parameters",
        "softmax",
    ):
        assert part in texts
    sizes = [(float(rect.get("height")), rect.find(f"{SVG}title").text) for rect in root.iter(f"{SVG}rect")]
    pools = [height for height, said in sizes if said.startswith("MaxPool2d")]
    assert len(sizes) == 1 + 13 + 5 + 4
    assert pools == sorted(pools, reverse=True)
    assert pools[0] / pools[2] == pytest.approx(2, abs=0.02), "the root of four times the size"


def test_the_graph_has_each_op_with_value_and_adjoint():
    loss, values = MODELS["notes"]()
    working = cr.work(loss, values)
    text = cr.draw(loss, values).description
    for name in ("z = W x + b", "a = σ(z)", "ŷ − y", "(ŷ − y)²"):
        assert name in text
    slopes = working["grad x"].value
    assert f"∂ℓ/∂x = [{', '.join(str(shown(value, 3)) for value in slopes)}]" in text
    assert f"= {shown(working.steps[-1].working['ell'].value, 3)}" in text
    assert "backward" not in cr.draw(loss).description


def test_a_large_graph_has_a_box_for_each_named_part():
    net = cr.lenet5()
    root = ET.fromstring(net.draw(kind="graph").svg())
    named = {node.name for node in (*net.outputs, *net.leaves)} | {"x", "y", r"\ell", r"\hat{y}"}
    assert len(list(root.iter(f"{SVG}rect"))) == len({name for name in named if name})
    # Flatten has no name of its own, and ŷ is one of the outputs' functions


def test_boxes_of_random_graphs_keep_apart_and_edges_lead_down():
    random = np.random.default_rng(0)
    for _ in range(40):
        n = int(random.integers(2, 30))
        children = {
            k: list(random.choice(k, min(k, int(random.integers(0, 4))), replace=False)) for k in range(n)
        }
        sizes = {k: (float(random.integers(20, 200)), 30.0) for k in range(n)}
        spots, ways = placed(range(n), children, sizes, 40)
        for k, below in children.items():
            assert all(spots[child][1] < spots[k][1] for child in below)
        for one in range(n):
            for other in range(one):
                if spots[one][1] == spots[other][1]:
                    room = (sizes[one][0] + sizes[other][0]) / 2
                    assert abs(spots[one][0] - spots[other][0]) >= room + 10
        assert set(ways) == {(child, k) for k, below in children.items() for child in below}


def test_colours_are_legible_on_their_paper():
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for name in ("quiet", "accent", "negative", "positive", "good", "bad"):
        for colour, paper in zip(COLOURS[name], COLOURS["paper"], strict=True):
            ends = sorted((light(colour), light(paper)))
            assert (ends[1] + 0.05) / (ends[0] + 0.05) >= 4, (name, colour)


def test_a_drawing_is_saved(tmp_path):
    drawing = DRAWINGS["neurons"]()
    drawing.save(tmp_path / "net.svg")
    assert ET.parse(tmp_path / "net.svg").getroot().get("width") == str(drawing.width)


def convolutional():
    return cr.Network((1, 6, 6), [cr.Conv2d(2, 3), cr.Flatten(), cr.Linear(2)], loss="cross_entropy")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small().draw(kind="plan"), "needed one of 'neurons', 'blocks', 'graph'; came 'plan'"),
        (lambda: small().draw([1, 2, 3]), "needed an example x with its label y; came one of them"),
        (lambda: convolutional().draw(kind="neurons"), r"fully connected layers.*Conv2d\(2, 3\)"),
        (lambda: convolutional().draw(np.zeros((1, 6, 6)), 0), 'Write kind="blocks", or kind="graph"'),
        (lambda: cr.draw("x"), "needed an expression; came 'x'"),
        (lambda: cr.draw(cr.data("x") * 2, {}), "needed a value for x"),
    ],
)
def test_what_cannot_be_drawn_is_said(call, message):
    with pytest.raises(cr.ChainruleError, match=message):
        call()
