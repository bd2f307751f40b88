"""Optimisers print as assignments, and do what the same loops in NumPy do."""

import numpy as np
import pytest
from training.by_hand import momentum, plain, trained

import chainrule as cr
from chainrule.training.order import Order

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(23, 3)), RANDOM.normal(size=23)


def network(**settings):
    return cr.Network(
        3, [cr.Linear(4), cr.Tanh(), cr.Linear(1)], loss="half_squared_error", dtype="float64", **settings
    )


RULES = [
    (cr.SGD(0.1), plain(0.1)),
    (cr.SGD(0.1, momentum=0.9), momentum(0.1, 0.9)),
    (cr.SGD(0.1, momentum=0.5, nesterov=True), momentum(0.1, 0.5, nesterov=True)),
    (cr.SGD(lambda t: 0.5 / (4 + t)), plain(lambda t: 0.5 / (4 + t))),
    (cr.SGD(lambda t: 0.1), plain(0.1)),
]


@pytest.mark.parametrize(("optimizer", "rule"), RULES, ids=range(len(RULES)))
@pytest.mark.parametrize("size", [1, 5, 23, 100])
def test_steps_are_those_of_a_loop_in_numpy(optimizer, rule, size):
    net = network()
    start, order = net.parameters.values(), Order(0, 23, shuffle=True)
    history = net.fit(X, Y, epochs=4, batch_size=size, optimizer=optimizer, progress=False)
    expected, losses = trained(start, X, Y, order.block(0)[:4], size, rule)
    for ours, theirs in zip(net.parameters.values(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
    np.testing.assert_allclose(history.loss, losses, atol=1e-11)
    np.testing.assert_allclose(history.metric, 1 - 2 * np.array(losses) / Y.var(), atol=1e-12)


@pytest.mark.parametrize("size", [5, 23])
def test_l2_shrinks_weights_and_not_biases(size):
    net = network()
    start = net.parameters.values()
    history = net.fit(X, Y, 3, size, cr.SGD(0.1, momentum=0.9), l2=0.3, shuffle=False, progress=False)
    expected, losses = trained(start, X, Y, [np.arange(23)] * 3, size, momentum(0.1, 0.9), l2=0.3)
    for ours, theirs in zip(net.parameters.values(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
    np.testing.assert_allclose(history.loss, losses, atol=1e-11)


def test_a_last_batch_that_is_dropped_would_be_noticed():
    net = network()
    start = net.parameters.values()
    net.fit(X, Y, 1, 5, cr.SGD(0.1), shuffle=False, progress=False)
    dropped, _ = trained(start, X, Y, [np.arange(20)], 5, plain(0.1))
    apart = max(np.abs(a - b).max() for a, b in zip(net.parameters.values(), dropped, strict=True))
    assert apart > 1e-4


def test_a_second_run_goes_on_with_new_orders_and_steps_but_no_memory():
    net = network()
    start, order = net.parameters.values(), Order(0, 23, shuffle=True).block(0)
    net.fit(X, Y, 2, 5, cr.SGD(0.1, momentum=0.9), progress=False)
    net.fit(X, Y, 2, 5, cr.SGD(0.1, momentum=0.9), progress=False)
    expected, _ = trained(start, X, Y, order[:2], 5, momentum(0.1, 0.9))
    expected, _ = trained(expected, X, Y, order[2:4], 5, momentum(0.1, 0.9))
    for ours, theirs in zip(net.parameters.values(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
    assert net.epochs == 4


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e25, 1e36])
def test_a_gradient_is_clipped_whatever_its_size(scale):
    """From about 1e19 on, the squares of a gradient in single precision are infinite; its norm is not."""
    net = cr.Network(2, [cr.Linear(1)], loss="half_squared_error")
    net.set_parameters({"W^{(1)}": [[0.0, 0.0]], "b^{(1)}": [0.0]})
    y = np.sqrt(scale)
    net.fit([[3 * y, 4 * y]], [-y], 1, 1, cr.SGD(1.0, clip_norm=0.5), progress=False)
    W, b = net.parameters.values()
    slope = np.array([3 * y**2, 4 * y**2, y])  # (ŷ − y) x and ŷ − y
    clipped = slope * min(1, 0.5 / max(np.linalg.norm(slope), 1e-300))
    np.testing.assert_allclose([*W[0], *b], -clipped, rtol=1e-5, atol=1e-37)


def test_an_update_prints():
    assert str(cr.SGD(0.1)) == "θ ← θ − η g"
    assert str(cr.SGD(0.1, momentum=0.9)) == "v ← μ v + g\nθ ← θ − η v"
    assert str(cr.SGD(0.1, 0.9, nesterov=True)).splitlines()[1] == "θ ← θ − η (g + μ v)"
    assert str(cr.SGD(0.1, clip_norm=1)) == "g̃ ← min(1, c/G) g\nθ ← θ − η g̃"
    assert str(cr.SGD(0.1, clip_value=1)).splitlines()[0] == "g̃ ← max(min(g, c), −c)"
    assert str(cr.AdamW()).splitlines() == [
        "m ← β₁ m + (1 − β₁) g",
        "v ← β₂ v + (1 − β₂) g²",
        "m̂ ← m/(1 − β₁^t)",
        "v̂ ← v/(1 − β₂^t)",
        "θ ← θ − η (m̂/(√v̂ + ϵ) + ω θ)",
    ]
    assert str(cr.AdamW().update(weight=False)) == str(cr.Adam())
    assert str(cr.RMSprop(momentum=0.9)).splitlines()[1] == "b ← μ b + g/(√v + ϵ)"
    assert r"\hat{v} &\leftarrow \frac{v}{1 - \beta_{2}^{t}}" in cr.Adam().latex()
    assert str(cr.SGD(lambda t: 0.1 / (1 + t))) == "θ ← θ − (0.1/(1 + t)) g"
    latex = cr.SGD(0.1, momentum=0.9).latex()
    assert r"v &\leftarrow \mu \, v + g" in latex
    assert r"\theta &\leftarrow \theta - \eta \, v" in latex


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0}, "SGD: needed learning_rate above 0; came 0"),
        ({"learning_rate": -0.1}, "came -0.1"),
        ({"learning_rate": float("nan")}, "came nan"),
        ({"learning_rate": float("inf")}, "came inf"),
        (
            {"learning_rate": "fast"},
            "came 'fast'. Write a number, as in SGD(0.01), or a schedule such as Cosine(0.01)",
        ),
        ({"learning_rate": True}, "came True"),
        ({"learning_rate": 0.1, "momentum": 1}, "SGD: needed momentum from 0 to below 1; came 1"),
        ({"learning_rate": 0.1, "momentum": -0.5}, "came -0.5"),
        (
            {"learning_rate": 0.1, "nesterov": True},
            "SGD: needed momentum above 0 with nesterov; came momentum 0",
        ),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(cr.ChainruleError) as fault:
        cr.SGD(**settings)
    assert message in str(fault.value)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: cr.Adam("abc"), "Adam: needed learning_rate above 0; came 'abc'"),
        (lambda: cr.Adam(beta1=1), "Adam: needed beta1 from 0 to below 1; came 1. Write beta1=0.9"),
        (lambda: cr.Adam(beta2=-0.1), "Adam: needed beta2 from 0 to below 1; came -0.1. Write beta2=0.999"),
        (lambda: cr.AdamW(epsilon=0), "AdamW: needed epsilon above 0; came 0. Write epsilon=1e-8"),
        (lambda: cr.AdamW(weight_decay=-1), "AdamW: needed weight_decay, 0 or above; came -1"),
        (lambda: cr.RMSprop(rho=1.0), "RMSprop: needed rho from 0 to below 1; came 1.0. Write rho=0.99"),
        (lambda: cr.RMSprop(momentum="x"), "RMSprop: needed momentum from 0 to below 1; came 'x'"),
        (
            lambda: cr.SGD(0.1, clip_norm=0),
            "SGD: needed clip_norm above 0; came 0. Write clip_norm=1.0, or leave",
        ),
        (lambda: cr.Adam(clip_value=-1), "Adam: needed clip_value above 0; came -1"),
        (
            lambda: cr.SGD(0.1, clip_norm=1, clip_value=2),
            "SGD: needed one way of clipping; came clip_norm 1 and clip_value 2. Leave one of them out",
        ),
    ],
)
def test_settings_of_the_others(made, message):
    with pytest.raises(cr.ChainruleError) as fault:
        made()
    assert message in str(fault.value)


def test_a_schedule_that_gives_no_number():
    with pytest.raises(
        cr.ChainruleError, match="learning_rate: needed a scalar expression of t from the schedule"
    ):
        network().fit(X, Y, optimizer=cr.SGD(lambda t: "slow"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "fit: needed epochs as a whole number from 1; came 0"),
        ({"epochs": 2.5}, "came 2.5"),
        ({"epochs": True}, "came True"),
        ({"batch_size": 0}, "fit: needed batch_size as a whole number from 1; came 0"),
        ({"batch_size": "all"}, "came 'all'"),
        ({"optimizer": 0.1}, "fit: needed an optimizer such as SGD(0.1); came 0.1"),
        ({"optimizer": cr.SGD}, "needed an optimizer such as SGD(0.1); came <class"),
    ],
)
def test_a_plan_out_of_range(settings, message):
    with pytest.raises(cr.ChainruleError) as fault:
        network().fit(X, Y, **settings)
    assert message in str(fault.value)
