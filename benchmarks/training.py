"""Workloads c to f: training networks, by peers in their ordinary form. And g: VGG forward."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.nets import LENET, SMALL, Net, dense, vgg
from benchmarks.peers import by_hand, ours, with_keras, with_sklearn, with_torch
from benchmarks.samples import digits, images
from benchmarks.workload import OURS, Job, Side, Workload

_TRAINERS: dict[str, Callable[..., Job]] = {
    OURS: ours.training,
    "torch": with_torch.training,
    "torch compiled": partial(with_torch.training, compiled=True),
    "keras": with_keras.training,
    "scikit-learn": with_sklearn.training,
    "JAX by hand": by_hand.training,
}
_PREDICTORS: dict[str, Callable[..., Job]] = {
    OURS: ours.predicting,
    "torch": with_torch.predicting,
    "torch compiled": partial(with_torch.predicting, compiled=True),
    "JAX by hand": by_hand.predicting,
}


def _trained(train: Callable[..., Job], net: Net, n: int, batch: int, unit: str) -> Side:
    def side(quick: bool) -> Job:
        count = 3 * batch if quick else n
        X, y = digits(count) if net.shape in ((784,), (1, 28, 28)) else images(count, net.shape)
        return train(net, X, y, batch, 1.0 if unit == "epoch" else -(-count // batch))

    return side


def trained(
    key: str, title: str, net: Net, batch: int, wanted: dict[str, float], n: int = 60_000
) -> Workload:
    """The workload of training a net: the seconds of an epoch of 60,000, or of one of n / batch steps."""
    unit = "epoch" if n == 60_000 else "step"
    left_out = () if len(net.shape) == 1 else ("scikit-learn",)
    sides = {
        name: _trained(train, net, n, batch, unit)
        for name, train in _TRAINERS.items()
        if name not in left_out
    }
    count = n if unit == "epoch" else batch
    return Workload(key, title, unit, sides, wanted, count * net.step_arithmetic(), agree=0.2)


def _predicted(predict: Callable[..., Job], net: Net, n: int) -> Side:
    return lambda quick: predict(net, images(n, net.shape)[0])


_NET = dense(784, 256, 128, 10)
_DENSE = {"torch": 1.5, "torch compiled": 1.5, "keras": 1.5, "scikit-learn": 1.5, "JAX by hand": 1.0}
_SMALL = {"torch": 1.5, "torch compiled": 1.5, "keras": 1.5, "JAX by hand": 1.3}
_VGG_D = vgg("D", 224, 4096, 1000)
WORKLOADS = (
    Workload(
        "step",
        "a step of 784-256-128-10, batch 128, in the midst of training",
        "step",
        {
            name: _trained(train, _NET, 128 * 400, 128, "step")
            for name, train in ((OURS, ours.stepping), ("JAX by hand", by_hand.training))
        },
        {"JAX by hand": 0.95},
        128 * _NET.step_arithmetic(),
        agree=0.2,
    ),
    trained("c", "784-256-128-10, batch 128", _NET, 128, _DENSE),
    trained("d32", "784-256-128-10, batch 32", _NET, 32, _DENSE),
    trained("d1024", "784-256-128-10, batch 1,024", _NET, 1024, _DENSE),
    trained("e-lenet", "LeNet-5, 28×28, batch 64", LENET, 64, _SMALL, n=64 * 150),
    trained("e-small", "32-64 convolutional network, 28×28, batch 64", SMALL, 64, _SMALL, n=64 * 40),
    trained(
        *("f", "VGG A, 32×32×3, batch 32", vgg("A", 32, 512, 10), 32),
        {"torch": 1.0, "torch compiled": 1.0, "JAX by hand": 3.0},
        n=32 * 16,
    ),
    *(
        Workload(
            f"g{n}",
            f"VGG D forward, 224×224×3, batch {n}",
            "batch",
            {name: _predicted(predict, _VGG_D, n) for name, predict in _PREDICTORS.items()},
            {"torch": 0.9, "torch compiled": 0.9},
            2.0 * n * sum(_VGG_D.products()),
            agree=0.01,
        )
        for n in (1, 8)
    ),
)
