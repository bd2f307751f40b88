"""Examples with weights, and the mean or the sum over a batch: held to repeated examples, NumPy and scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, r2_score
from training.by_hand import momentum, plain, trained

import chainrule as cr
from chainrule.training.epochs import WEIGHT
from chainrule.training.evaluation import means
from chainrule.training.order import Order
from chainrule.training.windows import Feed

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.normal(size=(23, 3)), RANDOM.normal(size=23)
WEIGHTS = RANDOM.integers(0, 4, 23)
KINDS = (Y > 0).astype(int)


def network(**settings):
    return cr.Network(
        3, [cr.Linear(4), cr.Tanh(), cr.Linear(1)], loss="half_squared_error", dtype="float64", **settings
    )


def classifier():
    return cr.Network(3, [cr.Linear(1)], loss="binary_cross_entropy", dtype="float64")


def bits(net):
    return b"".join(value.tobytes() for value in net.parameters.values())


def apart(net, expected):
    return max(np.abs(a - b).max() for a, b in zip(net.parameters.values(), expected, strict=True))


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_a_weight_of_2_is_an_example_twice(reduce):
    weighted, repeated = network(), network()
    settings = {"epochs": 5, "batch_size": 100, "reduce": reduce, "l2": 0.1, "progress": False}
    rate = cr.SGD(0.01, momentum=0.9)
    one = weighted.fit(X, Y, optimizer=rate, sample_weight=WEIGHTS, **settings)
    other = repeated.fit(np.repeat(X, WEIGHTS, axis=0), np.repeat(Y, WEIGHTS), optimizer=rate, **settings)
    assert apart(weighted, repeated.parameters.values()) < 1e-13
    np.testing.assert_allclose(one.loss, other.loss, atol=1e-13)
    np.testing.assert_allclose(one.metric, other.metric, atol=1e-13)
    unweighted = network()
    unweighted.fit(X, Y, optimizer=rate, **settings)
    assert apart(unweighted, weighted.parameters.values()) > 1e-3


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_the_last_batch_is_weighted_by_what_is_in_it(reduce):
    net = network()
    start, order = [*net.parameters.values()], Order(0, 23, shuffle=True).block(0)
    net.fit(
        X, Y, 2, 5, cr.SGD(0.02, momentum=0.5), l2=0.2, sample_weight=WEIGHTS, reduce=reduce, progress=False
    )
    expected, _ = trained(start, X, Y, order[:2], 5, momentum(0.02, 0.5), 0.2, WEIGHTS, reduce)
    assert apart(net, expected) < 1e-12


def test_the_sum_is_the_cost_of_the_notes():
    net = network()
    start = [*net.parameters.values()]
    history = net.fit(X, Y, 2, 23, cr.SGD(0.02), l2=0.3, shuffle=False, reduce="sum", progress=False)
    expected, losses = trained(start, X, Y, [np.arange(23)] * 2, 23, plain(0.02), 0.3, None, "sum")
    assert apart(net, expected) < 1e-12
    np.testing.assert_allclose(history.loss, losses, atol=1e-12)  # means all the same


@pytest.mark.parametrize(("reduce", "weight"), [("mean", 1), ("mean", 0.1), ("mean", 1e300), ("sum", 1.0)])
@pytest.mark.unoptimised(False)  # the bits are those of optimised code
def test_weights_that_are_all_alike_change_no_bits(reduce, weight):
    nets = [cr.Network(3, [cr.Linear(2)], loss="cross_entropy") for _ in range(2)]
    settings = {"epochs": 3, "batch_size": 4, "reduce": reduce, "progress": False}
    nets[0].fit(X, KINDS, **settings)
    nets[1].fit(X, KINDS, sample_weight=np.full(23, weight), **settings)
    assert bits(nets[0]) == bits(nets[1])


def test_the_sum_with_equal_weights_is_that_many_times_the_cost():
    doubled, faster = network(), network()
    doubled.fit(X, Y, 3, 23, cr.SGD(0.01), sample_weight=np.full(23, 2.0), reduce="sum", progress=False)
    faster.fit(X, Y, 3, 23, cr.SGD(0.02), reduce="sum", progress=False)
    assert apart(doubled, faster.parameters.values()) < 1e-13


def test_weighted_regressions_are_those_of_scikit_learn():
    line = cr.Network(3, [cr.Linear(1)], loss="half_squared_error", dtype="float64")
    line.fit(X, Y, 3000, 23, cr.SGD(0.1, momentum=0.9), sample_weight=WEIGHTS, progress=False)
    theirs = LinearRegression().fit(X, Y, WEIGHTS)
    np.testing.assert_allclose(line.parameters["W^{(1)}"][0], theirs.coef_, atol=1e-10)
    odds = classifier()
    l2 = 0.5 / WEIGHTS.sum()
    odds.fit(X, KINDS, 3000, 23, cr.SGD(1.0, momentum=0.9), l2, sample_weight=WEIGHTS, progress=False)
    theirs = LogisticRegression(C=2.0, tol=1e-12, max_iter=1000).fit(X, KINDS, WEIGHTS)
    np.testing.assert_allclose(odds.parameters["W^{(1)}"], theirs.coef_, atol=1e-6)


def test_evaluation_and_validation_take_weights():
    net = classifier()
    history = net.fit(X, KINDS, 3, validation=(X, KINDS, WEIGHTS), progress=False)
    found = net.evaluate(X, KINDS, sample_weight=WEIGHTS)
    assert found["loss"] == pytest.approx(log_loss(KINDS, net.predict_proba(X), sample_weight=WEIGHTS))
    assert found["accuracy"] == pytest.approx(accuracy_score(KINDS, net.predict(X), sample_weight=WEIGHTS))
    assert history.validation_loss[-1] == pytest.approx(found["loss"])
    assert history.validation_metric[-1] == pytest.approx(found["accuracy"])
    assert found != net.evaluate(X, KINDS)
    line = network()
    r2 = r2_score(Y, line.predict(X), sample_weight=WEIGHTS)
    assert line.evaluate(X, Y, sample_weight=WEIGHTS)["r2"] == pytest.approx(r2)


def test_a_mean_is_divided_by_the_sum_of_the_weights():
    """Whatever that sum is; `fit` and `evaluate` scale weights to a mean of 1 before."""
    net = network()
    given = net.feed(X, Y)
    leaves = {**dict(zip(given.leaves, given.arrays, strict=True)), WEIGHT: WEIGHTS.astype(float)}
    parameters = dict(zip(net.leaves, net.parameters.values(), strict=True))
    found = means([net.expression], parameters, Feed(leaves), "float64")
    assert found == [pytest.approx(np.average(net.losses(X, Y), weights=WEIGHTS), rel=1e-14)]


def test_a_batch_whose_weights_are_all_0_moves_nothing():
    net = network()
    before = bits(net)
    weights = np.zeros(23)
    weights[-1] = 1
    seen = []
    net.fit(X[:-1], Y[:-1], 1, 5, cr.SGD(0.1), sample_weight=weights[1:], shuffle=False, progress=False)
    assert bits(net) != before
    net = network()
    history = net.fit(
        X,
        Y,
        1,
        22,
        cr.SGD(0.1),
        sample_weight=weights,
        shuffle=False,
        progress=False,
        callbacks=[seen.append],
    )
    alone = network()
    alone.fit(X[-1:], Y[-1:], 1, 1, cr.SGD(0.1), progress=False)
    assert apart(net, alone.parameters.values()) < 1e-14
    assert np.isfinite(history.loss).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            [1, 2],
            "sample_weight: needed a weight for each of the 23 examples, a finite number, 0 or above; came the shape (2,)",
        ),
        (np.full(23, -1.0), "came -1.0 at sample_weight[0] and 22 more like it"),
        ([*[1.0] * 22, np.nan], "came nan at sample_weight[22]"),
        (np.zeros(23), "sample_weight: needed a weight above 0; came weights that are all 0"),
        (["a"] * 23, "values of the type <U1"),
    ],
)
def test_weights_that_do_not_fit(weights, message):
    with pytest.raises(cr.FeedError) as fault:
        network().fit(X, Y, sample_weight=weights)
    assert message in str(fault.value)


def test_a_reduction_that_is_none():
    with pytest.raises(cr.ChainruleError, match='fit: needed "mean" or "sum"; came '):
        network().fit(X, Y, reduce="max")


def test_validation_of_another_form():
    with pytest.raises(
        cr.FeedError, match=r"validation: needed \(X, y\), \(X, y, sample_weight\), or a data"
    ):
        network().fit(X, Y, validation=(X,))
