"""L1 by proximal steps: the optimum is that of scikit-learn's Lasso and elastic net, with exact zeros."""

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

import chainrule as cr
from chainrule.training.update import shrunk

pytestmark = pytest.mark.unoptimised

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(60, 8))
X[:, 3] = X[:, 2] + 0.5 * X[:, 3]
Y = X @ [2, -1, 1, 0, 0, 0, 0.3, 0] + 0.5 + 0.3 * RANDOM.normal(size=60)
ALPHA = 0.2
OPTIMIZERS = {
    "SGD": cr.SGD(0.2),
    "momentum": cr.SGD(0.05, momentum=0.9),
    "Adam": cr.Adam(cr.InverseTime(0.1, 0.01), beta1=0.0),
    "RMSprop": cr.RMSprop(cr.InverseTime(0.05, 0.01)),
}


def line():
    return cr.Network(8, [cr.Linear(1)], loss="half_squared_error", dtype="float64")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimum_is_that_of_the_lasso(name):
    net, theirs = line(), Lasso(ALPHA, tol=1e-14, max_iter=100_000).fit(X, Y)
    net.fit(X, Y, 4000, 60, OPTIMIZERS[name], l1=ALPHA, progress=False)
    mine = net.parameters["W^{(1)}"][0]
    tolerance = 1e-10 if isinstance(OPTIMIZERS[name], cr.SGD) else 2e-3
    np.testing.assert_allclose(mine, theirs.coef_, atol=tolerance)
    np.testing.assert_allclose(net.parameters["b^{(1)}"], theirs.intercept_, atol=tolerance)
    np.testing.assert_array_equal(mine == 0, theirs.coef_ == 0)
    assert 3 <= (mine == 0).sum() <= 6


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_with_l2_it_is_the_elastic_net(reduce):
    net, theirs = line(), ElasticNet(ALPHA, l1_ratio=0.4, tol=1e-14, max_iter=100_000).fit(X, Y)
    scale = 60 if reduce == "sum" else 1
    settings = {"l1": 0.4 * ALPHA * scale, "l2": 0.6 * ALPHA * scale, "reduce": reduce}
    net.fit(X, Y, 3000, 60, cr.SGD(0.1 / scale, momentum=0.8), progress=False, **settings)
    np.testing.assert_allclose(net.parameters["W^{(1)}"][0], theirs.coef_, atol=1e-10)


def test_of_classes_too():
    net = cr.Network(8, [cr.Linear(1)], loss="binary_cross_entropy", dtype="float64")
    theirs = LogisticRegression(
        C=1 / (60 * 0.05), l1_ratio=1, solver="saga", tol=1e-12, max_iter=100_000
    ).fit(X, Y > 0)
    net.fit(X, Y > 0, 6000, 60, cr.SGD(0.2, momentum=0.9), l1=0.05, progress=False)
    np.testing.assert_allclose(net.parameters["W^{(1)}"], theirs.coef_, atol=1e-7)
    np.testing.assert_array_equal(net.parameters["W^{(1)}"] == 0, theirs.coef_ == 0)


def test_zeros_are_exact_in_minibatches_and_biases_do_not_shrink():
    net = cr.Network(8, [cr.Linear(1)], loss="half_squared_error")
    net.fit(X, Y, 50, 16, cr.SGD(0.05), l1=1.0, progress=False)
    assert (net.parameters["W^{(1)}"] == 0).sum() >= 3
    strong = cr.Network(8, [cr.Linear(1)], loss="half_squared_error")
    strong.fit(X, Y, 500, 60, cr.SGD(0.1), l1=100.0, progress=False)
    assert not strong.parameters["W^{(1)}"].any()
    assert strong.parameters["b^{(1)}"][0] == pytest.approx(Y.mean(), rel=1e-5)


def test_the_step_prints():
    assert str(shrunk(cr.SGD(0.1).update())) == "u ← θ − η g\nτ ← η λ₁\nθ ← ReLU(u − τ) − ReLU(−u − τ)"
    assert str(shrunk(cr.SGD(0.1, 0.9).update())).splitlines()[2] == "τ ← (η/(1 − μ)) λ₁"
    assert str(shrunk(cr.Adam().update())).splitlines()[5] == "τ ← (η/(√v̂ + ϵ)) λ₁"


@pytest.mark.parametrize("l1", [-1, float("nan"), True, "0.1", None])
def test_l1_out_of_range(l1):
    with pytest.raises(cr.ChainruleError, match="fit: needed l1 as a finite number, 0 or above; came"):
        line().fit(X, Y, l1=l1)
