"""Every epoch meets every example once, in an order that seed and epoch decide."""

import numpy as np
import pytest

from chainrule.training.order import Order


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


@pytest.mark.parametrize(("n", "most"), [(10, 1), (1000, 7), (1000, 99), (70_000, 3)])
def test_fewer_epochs_than_a_block_has_are_its_first(n, most):
    order = Order(0, n, shuffle=True)
    first = order.block(3, most)
    assert len(first) == min(most, order.rows)
    np.testing.assert_array_equal(first, order.block(3)[:most])
