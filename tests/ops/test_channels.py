"""The bias of a channel: one number that fills an image, and the sum over images that it receives."""

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(4)


@pytest.mark.parametrize("sizes", [(4, 3), (5,)])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_a_bias_receives_the_sum_over_its_channel_and_over_the_batch(sizes, channels):
    x, b = cr.data("x", (*channels, *sizes)), cr.parameter("b", channels)
    z = (x + cr.fill(b, sizes)).named("z")
    loss = cr.sum(z * z) / 2
    (db,) = cr.value_and_gradient(loss, [b], reduce="sum", dtype="float64")(
        {x: (images := rng.normal(size=(6, *x.shape))), b: (bias := rng.normal(size=channels))}
    )[1]
    whole = images + bias.reshape((*channels, *(1,) * len(sizes)))
    np.testing.assert_allclose(db, whole.sum(axis=(0, *range(-len(sizes), 0))), rtol=1e-12)
    assert cr.gradient(loss, b) is cr.channel_sum(z, axes=len(sizes))


def test_how_it_is_written():
    b = cr.fill(cr.parameter("b", 3), (28, 28))
    assert b.latex() == r"b \otimes \mathbf{1}_{28 \times 28}"
    assert b.text(form="index") == "b[i]"
    assert str(cr.channel_sum(cr.data("δ", (3, 28, 28)))) == "sum[28×28](δ)"


@pytest.mark.parametrize("n", [0, 1])
def test_batches_of_none_and_one(n):
    b = cr.parameter("b", 2)
    loss = cr.sum((cr.data("x", (2, 3, 3)) + cr.fill(b, (3, 3))) ** 2)
    _, (db,) = cr.value_and_gradient(loss, [b], reduce="sum")({"x": np.ones((n, 2, 3, 3)), "b": [0, 1]})
    assert db.tolist() == [18 * n, 36 * n]
