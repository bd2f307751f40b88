"""Whatever is wrong with a setting, the error has its four parts, and the network stays as it was."""

import numpy as np
import pytest

import chainrule as cr

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(20, 3)), RANDOM.integers(0, 2, 20)
SETTINGS = [
    ("epochs", 0),
    ("epochs", -1),
    ("epochs", 1.5),
    ("epochs", "10"),
    ("epochs", None),
    ("batch_size", 0),
    ("batch_size", 2.0),
    ("batch_size", "all"),
    ("optimizer", "adam"),
    ("optimizer", None),
    ("optimizer", cr.Adam),
    ("optimizer", 0.1),
    ("l2", -1),
    ("l2", "0.1"),
    ("l2", float("nan")),
    ("l1", -1),
    ("l1", None),
    ("l1", float("inf")),
    ("delta", -1e-9),
    ("delta", "small"),
    ("reduce", "median"),
    ("reduce", None),
    ("reduce", []),
    ("validation", (X,)),
    ("validation", X),
    ("validation", 0.2),
    ("validation", (X, Y, [1, 2])),
    ("early_stopping", 10),
    ("early_stopping", True),
    ("early_stopping", cr.EarlyStopping()),
    ("callbacks", print),
    ("callbacks", [1]),
    ("callbacks", "f"),
    ("sample_weight", np.zeros(20)),
    ("sample_weight", -np.ones(20)),
    ("sample_weight", np.ones(19)),
    ("sample_weight", "balanced"),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS, ids=lambda value: str(value)[:20])
def test_fit_says_what_is_wrong_and_what_to_do(name, value):
    net = cr.Network(3, [cr.Linear(2)], loss="cross_entropy")
    before = net.parameters
    with pytest.raises(cr.ChainruleError) as fault:
        net.fit(X, Y, **{name: value})
    error = fault.value
    assert error.needed
    assert error.came
    assert error.where
    assert error.remedy
    assert name in str(error)
    assert "\n" not in str(error)
    assert net.epochs == 0
    assert all((before[key] == kept).all() for key, kept in net.parameters.items())


MAKERS = [
    (cr.SGD, {"learning_rate": "abc"}),
    (cr.SGD, {"learning_rate": None}),
    (cr.SGD, {"learning_rate": [0.1]}),
    (cr.SGD, {"learning_rate": 0.1, "momentum": 1}),
    (cr.SGD, {"learning_rate": 0.1, "momentum": None}),
    (cr.SGD, {"learning_rate": 0.1, "clip_norm": 0}),
    (cr.SGD, {"learning_rate": 0.1, "clip_value": float("inf")}),
    (cr.Adam, {"learning_rate": 10**400}),
    (cr.Adam, {"beta1": 1.0}),
    (cr.Adam, {"epsilon": "tiny"}),
    (cr.AdamW, {"weight_decay": float("nan")}),
    (cr.RMSprop, {"rho": -0.1}),
    (cr.EarlyStopping, {"patience": -1}),
    (cr.EarlyStopping, {"patience": None}),
    (cr.EarlyStopping, {"monitor": None}),
    (cr.EarlyStopping, {"min_delta": [1]}),
    (cr.Cosine, {"rate": 0}),
    (cr.StepDecay, {"rate": 0.1, "after": "100"}),
    (cr.WarmUp, {"steps": 0, "then": 0.1}),
    (cr.InverseTime, {"rate": 0.1, "decay": None}),
    (cr.Constant, {"rate": True}),
]


@pytest.mark.parametrize(("make", "settings"), MAKERS, ids=lambda value: str(value)[:40])
def test_what_is_made_wrong_says_so_at_once(make, settings):
    with pytest.raises(cr.ChainruleError) as fault:
        make(**settings)
    error = fault.value
    assert error.needed
    assert error.came
    assert error.where == make.__name__
    assert error.remedy


def test_no_batch_size_is_gradient_descent_on_all_examples():
    nets = [cr.Network(3, [cr.Linear(2)], loss="cross_entropy") for _ in range(2)]
    for net, size in zip(nets, (None, 20), strict=True):
        net.fit(X, Y, 2, size, progress=False)
    assert all((nets[0].parameters[name] == value).all() for name, value in nets[1].parameters.items())
