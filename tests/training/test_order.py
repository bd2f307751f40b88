"""Every epoch meets every example once, in an order that seed and epoch decide."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.order import Order
from chainrule.training.windows import Feed


@pytest.mark.parametrize("n", [1, 2, 1000, 70_000])
def test_an_epoch_meets_every_example_once(n):
    block = Order(0, n, shuffle=True).block(3)
    assert block.dtype == np.int32
    assert (np.sort(block, axis=1) == np.arange(n)).all()


def test_epochs_and_seeds_differ():
    first, second = Order(0, 100, shuffle=True).block(0)[:2]
    other = Order(1, 100, shuffle=True).block(0)[0]
    later = Order(0, 100, shuffle=True).block(1)[0]
    for row in (second, other, later):
        assert (row != first).mean() > 0.9


def test_a_block_needs_none_before_it():
    order = Order(5, 40_000, shuffle=True)
    assert order.rows == 1
    np.testing.assert_array_equal(order.block(7), Order(5, 40_000, shuffle=True).block(7))


def test_without_shuffling_the_order_stays():
    assert (Order(0, 10, shuffle=False).block(2) == np.arange(10)).all()


@pytest.mark.parametrize(("n", "last"), [(10, 1), (1000, 7), (1000, 99), (70_000, 3)])
def test_fewer_epochs_than_a_block_has_are_its_first(n, last):
    order = Order(0, n, shuffle=True)
    first = order.block(3, last=last)
    assert len(first) == min(last, order.rows)
    np.testing.assert_array_equal(first, order.block(3)[:last])


@pytest.mark.parametrize("cuts", [[0, 1, 2, 3, 32], [0, 20, 32], [0, 5, 3, 9, 9, 0, 32, 31, 32]])
@pytest.mark.parametrize("others", [0, 40])
def test_a_block_that_is_drawn_in_parts_is_the_same_block(cuts, others):
    """Whatever comes before, or between the parts."""
    order, whole = Order(4, 1000, shuffle=True), Order(4, 1000, shuffle=True).block(2)
    for first, last in pairwise(cuts):
        if first < last:
            np.testing.assert_array_equal(order.block(2, first, last), whole[first:last])
        for seed in range(others):
            Order(seed + 5, 1000, shuffle=True).block(2, 0, 3)


def test_parts_without_shuffling():
    assert (Order(0, 10, shuffle=False).block(2, 3, 7) == np.arange(10)).all()
    assert Order(0, 10, shuffle=False).block(2, 3, 7).shape == (4, 10)


def test_threads_that_draw_the_same_block_do_not_disturb_each_other():
    whole = Order(9, 1000, shuffle=True).block(1)
    with ThreadPoolExecutor(8) as pool:
        parts = [(first, last) for first in range(32) for last in range(first + 1, 33, 5)] * 2
        made = pool.map(lambda part: Order(9, 1000, shuffle=True).block(1, *part), parts)
        for (first, last), rows in zip(parts, made, strict=True):
            np.testing.assert_array_equal(rows, whole[first:last])


@pytest.mark.parametrize(
    ("n", "epoch", "end"), [(3, 10_000, 40_000), (1000, 0, 300), (1000, 37, 300), (40_000, 2, 9)]
)
def test_windows_have_each_epoch_in_its_order(n, epoch, end):
    """Whether a block is a window, or a window has several blocks, or training begins in the midst of one."""
    feed = Feed({cr.data("x", 1): np.zeros((n, 1))})
    order, steps, at = Order(6, n, shuffle=True), -(-n // 2), epoch
    for window in feed.windows(2, 6, True, epoch, 0, end):
        assert window.epoch == at
        assert (window.order.shape[1], window.n, window.steps) == (2 * steps, n, steps)
        for later in range(at, min(at + window.epochs, end)):
            block, row = divmod(later, order.rows)
            if row == 0 or later == at:
                drawn = order.block(block)
            np.testing.assert_array_equal(window.order[later - at, :n], drawn[row])
            assert window.holds(later, 0)
        at += window.epochs
    assert at >= end
