"""Each figure is drawn in both themes, and its numbers have the property that it shows."""

import subprocess
import sys
import time

import numpy as np
import pytest
from support.pace import at_pace

from chainrule.notes.companion.tables import TABLES
from chainrule.notes.demonstrations import ACTIVATIONS, Counts, slide_steps, slope_bounds, vanishing
from chainrule.notes.figures import FIGURES, FORMATS, draw
from chainrule.notes.figures.style import DARK, LIGHT
from chainrule.notes.vgg import CONFIGURATIONS, parameters, trace


@pytest.fixture(scope="module")
def drawn():
    return {name: draw(name).data for name in FIGURES}


def test_all_figures_of_the_notes_are_there():
    assert [name for name in FIGURES if name.isdigit()] == [str(n) for n in range(1, 20)]
    assert {"softmax", "network", "classifier", "steps", "windows", "matrix", "pooling", "backward"} <= set(
        FIGURES
    )


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_saved(name, tmp_path):
    path = draw(name, "dark").save(tmp_path, "svg")
    assert path.stat().st_size > 2000


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    for form in FORMATS:
        first = draw("3").save(tmp_path, form).read_bytes()
        assert draw("3").save(tmp_path, form).read_bytes() == first


def test_a_figure_there_is_not():
    with pytest.raises(ValueError, match="figure: needed one of 1, 2, 3"):
        draw("20")
    with pytest.raises(ValueError, match="theme: needed one of light, dark; came blue"):
        draw("1", "blue")


def test_the_line_is_the_least_squares_line(drawn):
    data = drawn["1"]
    np.testing.assert_allclose(
        [data["slope"], data["height"]], np.polyfit(data["x"], data["y"], 1), atol=1e-9
    )


def test_the_logistic_fit_has_no_slope_left(drawn):
    data = drawn["2"]
    assert np.max(np.abs(data["slope"])) < 1e-4
    order = np.argsort(data["x"])
    assert np.any(np.diff(data["y"][order]) < 0), "the labels overlap"


@pytest.mark.parametrize(("name", "slopes"), [("4", [0.125, 0.5]), ("5", [-0.125, -0.5])])
def test_slopes_of_sigmoids_are_a_quarter_of_θ(drawn, name, slopes):
    assert drawn[name]["slopes"] == pytest.approx(slopes, abs=1e-15)
    assert drawn[name]["values"] == [0.5, 0.5]


def test_half_points(drawn):
    assert drawn["3"]["slope"] == 0.25 and drawn["3"]["value"] == 0.5
    assert drawn["6"]["halves"] == [3, -3] and drawn["6"]["values"] == [0.5, 0.5]


def test_tanh_and_relu(drawn):
    assert drawn["7"]["slope"] == 1 and drawn["7"]["limits"] == (-1, 1)
    assert drawn["18"]["slopes"] == [0, 1]


def test_both_bernoulli_functions_meet_at_the_labels(drawn):
    t = drawn["8"]["t"]
    for y, power, line in drawn["8"]["ends"]:
        assert power == pytest.approx(line, abs=1e-15)
        assert line == pytest.approx(t if y else 1 - t)


def test_steps_are_perpendicular_to_contours_and_go_down(drawn):
    data = drawn["9"]
    steps = np.diff(data["points"], axis=0)
    for step, slope, point in zip(steps, data["slopes"], data["points"], strict=False):
        along = np.array([slope[1], -slope[0]]) / np.linalg.norm(slope)  # the direction of the contour
        assert abs(step @ along) < 1e-12
        u, v = point
        np.testing.assert_allclose(slope, [u + 0.5 * v, 2.8 * v + 0.5 * u], atol=1e-12)
    assert np.all(np.diff(data["values"]) < 0)


@pytest.mark.parametrize(
    ("name", "here", "there"), [("10", -2, -1.6), ("11", -1.6, -1.28), ("12", 2, 1.6), ("13", 1.6, 1.28)]
)
def test_steps_on_the_parabola(drawn, name, here, there):
    data = drawn[name]
    assert data["here"] == here and data["slope"] == 2 * here
    assert data["there"] == pytest.approx(there, abs=1e-15)


def test_the_neuron_explains_what_the_line_does_not(drawn):
    assert drawn["14"]["explained"] < 0.92
    assert drawn["15"]["explained"] > 0.985
    assert drawn["16"]["correlation"] > 0.99


def test_vgg_by_its_shapes_and_parameters(drawn):
    shapes = drawn["17"]["shapes"]
    assert [s[1] for s in shapes if len(s) == 3 and s[0] != 3][::-1][0] == 7
    assert drawn["17"]["parameters"] == 138_357_544
    assert {c: round(parameters(c) / 1e6) for c in CONFIGURATIONS} == {
        "A": 133,
        "B": 133,
        "C": 134,
        "D": 138,
        "E": 144,
    }
    assert sum(stage.kind in ("conv", "dense") for stage in trace("D")) == 16


def test_both_conventions_have_as_many_places(drawn):
    assert drawn["19"]["results"] == [drawn["19"]["expected"]] * 2


def test_softmax_and_network_numbers(drawn):
    shares = drawn["softmax"]["shares"]
    assert sum(shares) == pytest.approx(1)
    logits = drawn["softmax"]["logits"]
    np.testing.assert_allclose(shares, np.exp(logits) / np.exp(logits).sum())
    assert drawn["network"]["guess"] == pytest.approx(0.8807970779778823, abs=1e-15)
    assert drawn["network"]["loss"] == pytest.approx(0.0142093366186110, abs=1e-15)
    assert drawn["classifier"]["counts"] == [784 * 300, 300 * 100, 100 * 10]


def test_the_steps_of_the_padded_image(drawn):
    from scipy.signal import correlate2d

    data = drawn["steps"]
    np.testing.assert_allclose(data["result"], correlate2d(data["image"], data["kernel"], mode="same"))
    assert (data["steps"], data["left"]) == (25, 21)


def test_the_windows_the_pooling_and_the_matrix(drawn):
    assert drawn["windows"]["result"].tolist() == [[0, 2, 0], [4, -1, 3], [-2, 3, 1]]
    assert drawn["pooling"]["result"].tolist() == [[9.5, 6.2], [10.0, 5.2]]
    data = drawn["matrix"]
    np.testing.assert_allclose(data["full"], np.convolve(data["a"], data["w"]))
    np.testing.assert_allclose(data["sliding"], np.correlate(data["a"], data["w"], mode="valid"))


def test_the_way_back(drawn):
    data = drawn["backward"]
    assert data["terms below"][1, 3] == len(data["window"])
    assert np.all(data["terms of a weight"] == 9)


def test_gradients_vanish_through_sigmoids_most(drawn):
    sizes = drawn["vanishing"]["sizes"]
    for activation in ACTIVATIONS:
        assert sizes[activation, "small"][0] < 0.01 * sizes[activation, "scaled"][0]
    assert sizes["sigmoid", "small"][0] < slope_bounds(20)["sigmoid"] * 1e3
    assert 0.1 < sizes["relu", "scaled"][0] < 10
    assert vanishing("sigmoid", "small", 5, 8)[-1] == 1


def test_the_blamed_pixels_of_a_digit(drawn):
    found = drawn["digit"]["blame"]
    assert found.said != found.label and found.loss > -np.log(0.5)
    assert found.image.shape == found.gradient.shape == (8, 8)
    assert found.repaired < 0.8 * found.loss
    assert found.accuracy > 0.8


@pytest.mark.evidence
def test_each_figure_takes_less_than_a_second(capsys, tmp_path):
    times = {}
    for name in FIGURES:
        start = time.process_time()
        draw(name).save(tmp_path, "png")
        times[name] = time.process_time() - start
    with capsys.disabled():
        slowest = sorted(times, key=lambda name: -times[name])[:3]
        print("\nslowest figures: " + ", ".join(f"{name} {times[name]:.2f} s" for name in slowest))
    assert max(times.values()) < at_pace(1)


def test_hand_formulas_agree_with_the_gradients_of_the_forward_networks():
    rows = [row for table in (build() for build in TABLES["5.4.3"]) for row in table.rows]
    assert [row[0] for row in rows] == ["∂ℓ/∂W", "∂ℓ/∂b", "∂ℓ/∂U", "∂ℓ/∂x", "∂ŷ/∂a", "∂ŷ/∂W"]
    assert all(float(row[2]) < 1e-14 for row in rows)


def test_counts_of_parameters():
    layer = Counts(side=224, inside=128, outside=128, kernel=5)
    assert layer.convolution == 409_600
    assert layer.dense == (128 * 224 * 224) ** 2


def test_sliding_step_by_step():
    steps = slide_steps([1, 0, -1, 2, 1, 2], [1, 0, 1])
    assert [step.value for step in steps] == [0, 2, 0, 4]
    assert steps[3].line == "2 × 1 + 1 × 0 + 2 × 1 = 4"
    assert len(slide_steps(np.ones((5, 5)), np.ones((3, 3)), padding=1)) == 25


@pytest.mark.parametrize(("signal", "kernel"), [([1, 2], [1, 2, 3]), ([1, 2, 3], [[1]])])
def test_a_kernel_that_does_not_fit(signal, kernel):
    with pytest.raises(ValueError, match=r"sliding window: needed a kernel with 1 axes that fits into"):
        slide_steps(signal, kernel)


def _luminance(code):
    parts = [int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_ink_and_colours_stand_out_from_the_paper(theme):
    paper = _luminance(theme.paper)
    for color, least in (
        (theme.ink, 7),
        (theme.red, 3),
        (theme.blue, 3),
        (theme.green, 3),
        (theme.purple, 3),
        (theme.orange, 2.3),
    ):
        light, dark = max(_luminance(color), paper), min(_luminance(color), paper)
        assert (light + 0.05) / (dark + 0.05) >= least


def test_matplotlib_waits_until_a_figure_is_drawn():
    code = "import chainrule.notes.figures, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
