"""Optimisers, clipping and schedules held to torch.optim, step by step in double precision."""

import numpy as np
import pytest
from training.by_hand import loss_and_slopes

import chainrule as cr
from chainrule.training.order import Order
from chainrule.training.update import NORM, PI, STEP, STEPS

torch = pytest.importorskip("torch", reason="torch, of the extra `bench`, is the oracle here")

RANDOM = np.random.default_rng(1)
X, Y = RANDOM.normal(size=(23, 3)), 3 * RANDOM.normal(size=23)
EPOCHS, SIZE, STEPS_TAKEN = 3, 5, 15


def network():
    return cr.Network(3, [cr.Linear(4), cr.Tanh(), cr.Linear(1)], loss="half_squared_error", dtype="float64")


def in_turn():
    """The rows of each step."""
    for order in Order(0, 23, shuffle=True).block(0)[:EPOCHS]:
        yield from (order[at : at + SIZE] for at in range(0, 23, SIZE))


def slopes_at(values, rows):
    return loss_and_slopes(values, X[rows], Y[rows], np.ones(len(rows)))[1]


def by_torch(start, made, clip=None, schedule=None):
    """The parameters at the end, by torch's optimiser; the gradients are those of a loop in NumPy."""
    leaves = [torch.tensor(value, requires_grad=True) for value in start]
    optimizer = made(leaves)
    plan = None if schedule is None else schedule(optimizer)
    for rows in in_turn():
        slopes = slopes_at([leaf.detach().numpy() for leaf in leaves], rows)
        for leaf, slope in zip(leaves, slopes, strict=True):
            leaf.grad = torch.tensor(slope)
        if clip is not None:
            clip(leaves)
        optimizer.step()
        if plan is not None:
            plan.step()
    return [leaf.detach().numpy() for leaf in leaves]


def by_expressions(start, optimizer):
    """The same by the update as it prints, worked out expression by expression."""
    updates = [optimizer.update(value.shape, weight=value.ndim == 2) for value in start]
    values, kept = [*start], [{leaf: np.zeros(leaf.shape) for leaf, _ in update.memory} for update in updates]
    for t, rows in enumerate(in_turn(), start=1):
        slopes = slopes_at(values, rows)
        norm = np.sqrt(sum((slope**2).sum() for slope in slopes))
        shared = optimizer.settings() | {STEP: t, STEPS: STEPS_TAKEN, PI: np.pi, NORM: norm}
        for at, update in enumerate(updates):
            given = shared | kept[at] | {update.theta: values[at], update.g: slopes[at]}
            wanted = [update.new, *(new for _, new in update.memory)]
            values[at], *new = cr.evaluate(wanted, given)
            kept[at] = dict(zip(kept[at], new, strict=True))
    return values


def weights_and_biases(leaves):
    return [
        {"params": [leaf for leaf in leaves if leaf.ndim == 2]},
        {"params": [leaf for leaf in leaves if leaf.ndim < 2], "weight_decay": 0.0},
    ]


def norm(leaves):
    before = [leaf.grad.clone() for leaf in leaves]
    found = torch.nn.utils.clip_grad_norm_(leaves, 1.0)
    for leaf, grad in zip(
        leaves, before, strict=True
    ):  # torch divides by the norm + 1e-6: take that out again
        assert torch.allclose(leaf.grad, grad * min(1.0, 1 / (found + 1e-6)))
        leaf.grad = grad * min(1.0, 1 / found)


def value(leaves):
    torch.nn.utils.clip_grad_value_(leaves, 0.3)


def milestones(optimizer):
    return torch.optim.lr_scheduler.MultiStepLR(optimizer, [4, 9], 0.5)


def wave(optimizer):
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS_TAKEN - 1, eta_min=0.01)


def warm(optimizer):
    first = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / 4, 1.0, 3)
    then = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS_TAKEN - 4)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [first, then], [3])


optim = torch.optim
CASES = {
    "SGD": (cr.SGD(0.1), lambda p: optim.SGD(p, 0.1), {}),
    "momentum": (cr.SGD(0.1, 0.9), lambda p: optim.SGD(p, 0.1, 0.9), {}),
    "Nesterov": (cr.SGD(0.1, 0.9, nesterov=True), lambda p: optim.SGD(p, 0.1, 0.9, nesterov=True), {}),
    "Adam": (cr.Adam(0.1, 0.8, 0.99, 1e-3), lambda p: optim.Adam(p, 0.1, (0.8, 0.99), 1e-3), {}),
    "Adam by default": (cr.Adam(), optim.Adam, {}),
    "AdamW": (
        cr.AdamW(0.1, weight_decay=0.2),
        lambda p: optim.AdamW(weights_and_biases(p), 0.1, weight_decay=0.2),
        {},
    ),
    "RMSprop": (cr.RMSprop(0.02, 0.9), lambda p: optim.RMSprop(p, 0.02, 0.9), {}),
    "RMSprop, momentum": (
        cr.RMSprop(0.02, momentum=0.8),
        lambda p: optim.RMSprop(p, 0.02, momentum=0.8),
        {},
    ),
    "clip_norm": (cr.SGD(0.1, 0.9, clip_norm=1.0), lambda p: optim.SGD(p, 0.1, 0.9), {"clip": norm}),
    "clip_value": (cr.Adam(0.1, clip_value=0.3), lambda p: optim.Adam(p, 0.1), {"clip": value}),
    "step": (
        cr.SGD(cr.StepDecay(0.2, after=[4, 9], factor=0.5)),
        lambda p: optim.SGD(p, 0.2),
        {"schedule": milestones},
    ),
    "cosine": (cr.SGD(cr.Cosine(0.2, last=0.01), 0.5), lambda p: optim.SGD(p, 0.2, 0.5), {"schedule": wave}),
    "warm-up": (
        cr.Adam(cr.WarmUp(4, then=cr.Cosine(0.2, STEPS_TAKEN - 3))),
        lambda p: optim.Adam(p, 0.2),
        {"schedule": warm},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_update_is_that_of_torch(name):
    ours, theirs, more = CASES[name]
    start = [*network().parameters.values()]
    expected = by_torch(start, theirs, **more)
    for mine, their, first in zip(by_expressions(start, ours), expected, start, strict=True):
        np.testing.assert_allclose(mine, their, rtol=0, atol=1e-12)
        assert np.abs(their - first).max() > 1e-4


@pytest.mark.parametrize("name", ["AdamW", "clip_norm", "warm-up"])
def test_compiled_epochs_are_those_of_torch(name):
    ours, theirs, more = CASES[name]
    net = network()
    start = [*net.parameters.values()]
    net.fit(X, Y, EPOCHS, SIZE, ours, progress=False)
    for mine, their in zip(net.parameters.values(), by_torch(start, theirs, **more), strict=True):
        np.testing.assert_allclose(mine, their, rtol=0, atol=1e-11)


def test_biases_do_not_decay():
    start = [*network().parameters.values()]
    decayed = by_torch(start, lambda leaves: optim.AdamW(leaves, 0.1, weight_decay=0.2))
    ours = by_expressions(start, cr.AdamW(0.1, weight_decay=0.2))
    assert np.abs(ours[1] - decayed[1]).max() > 1e-4
