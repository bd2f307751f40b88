"""Convolution and pooling as layers: the ops they build, names, shapes, settings, and what is refused."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.networks.scope import Scope

CE = "cross_entropy"


@pytest.mark.parametrize(
    ("layer", "op", "image", "kernel"),
    [
        (cr.Conv1d(4, 3), cr.correlate, (2, 9), (4, 2, 3)),
        (cr.Conv1d(4, 3, stride=2, padding=(1, 0), groups=2), cr.correlate, (2, 9), (4, 1, 3)),
        (cr.Conv2d(4, 3), cr.correlate2d, (2, 9, 8), (4, 2, 3, 3)),
        (
            cr.Conv2d(6, (3, 2), stride=(2, 1), padding="same", groups=2),
            cr.correlate2d,
            (2, 9, 8),
            (6, 1, 3, 2),
        ),
        (cr.Conv2d(1, [2, 2], padding=[[0, 1], [1, 0]], dilation=2), cr.correlate2d, (1, 5, 5), (1, 1, 2, 2)),
    ],
    ids=str,
)
def test_a_convolution_is_its_op_and_a_bias_for_each_channel(layer, op, image, kernel):
    scope, x = Scope(), cr.data("x", image)
    z = layer.build(x, scope)
    W, b = (declared.leaf for declared in scope.declared)
    settings = {key: getattr(layer, key) for key in ("stride", "padding", "dilation", "groups")}
    plain = op(x, W, **settings)
    assert (W.shape, b.shape) == (kernel, kernel[:1])
    assert z is (plain + cr.fill(b, sizes=plain.shape[1:])).named("z^{(1)}")


def test_without_bias():
    scope, x = Scope(), cr.data("x", (1, 5))
    z = cr.Conv1d(2, 2, bias=False).build(x, scope)
    assert z.unnamed is cr.correlate(x, scope.declared[0].leaf)


@pytest.mark.parametrize(
    ("layer", "op", "shape"),
    [
        (cr.MaxPool1d(2), cr.max_pool, (3, 8)),
        (cr.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), cr.max_pool2d, (3, 8, 8)),
        (cr.AvgPool1d(2, stride=1, padding="same"), cr.average_pool, (3, 8)),
        (cr.AvgPool2d((2, 3), padding=1, count_padding=True), cr.average_pool2d, (3, 8, 8)),
    ],
    ids=str,
)
def test_a_pooling_is_its_op(layer, op, shape):
    x = cr.data("x", shape)
    settings = {name: value for name, value in vars(layer).items() if name != "size"}
    p = layer.build(x, Scope())
    assert p.unnamed is op(x, layer.size, **settings)
    assert p.name == "p^{(0)}"


def test_kernels_start_by_the_numbers_that_they_connect():
    layers = [cr.Conv2d(64, 3, groups=2), cr.ReLU(), cr.Conv2d(128, 3), cr.Flatten(), cr.Linear(2)]
    net = cr.Network((32, 7, 7), layers, loss=CE)
    first, second = net.parameters["W^{(1)}"], net.parameters["W^{(2)}"]
    assert first.std() == pytest.approx(np.sqrt(2 / (16 * 9)), rel=0.03)
    assert np.abs(second).max() == pytest.approx(np.sqrt(6 / ((64 + 128) * 9)), rel=0.01)
    assert (net.parameters["b^{(1)}"] == 0).all()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (cr.Conv2d(32, 3, padding="same"), "Conv2d(32, 3, padding='same')"),
        (cr.Conv1d(8, 5, stride=2, bias=False), "Conv1d(8, 5, stride=2, bias=False)"),
        (cr.MaxPool2d(2), "MaxPool2d(2)"),
        (cr.AvgPool2d([2, 3], count_padding=True), "AvgPool2d((2, 3), count_padding=True)"),
        (cr.Dropout(0.5), "Dropout(0.5)"),
    ],
)
def test_a_layer_prints_its_settings(layer, text):
    assert str(layer) == text
    assert eval(text, vars(cr)) == layer


MISFITS = [
    ((28, 28), [cr.Conv2d(4, 3)], "layer 1 of 1, Conv2d(4, 3): needed an input (channels, height, width); "),
    ((28, 28), [cr.Conv2d(4, 3)], "came the shape (28, 28). For one channel write (1, 28, 28)"),
    ((28,), [cr.Conv1d(4, 3)], "needed an input (channels, length); came the shape (28,)"),
    ((3, 8, 8), [cr.Conv1d(4, 3)], "came the shape (3, 8, 8). Reshape it, with channels first"),
    ((28, 28), [cr.MaxPool2d(2)], "layer 1 of 1, MaxPool2d(2): needed an input (channels, height, width)"),
    (
        (1, 4, 4),
        [cr.ReLU(), cr.Conv2d(4, 5)],
        "layer 2 of 2, Conv2d(4, 5), in correlate2d of a^{(0)} ",
    ),
    ((1, 4, 4), [cr.Conv2d(4, 5, padding="valid")], "came 5 places on an input of 4 with padding (0, 0)"),
    (
        (1, 4, 4),
        [cr.MaxPool2d(5)],
        "layer 1 of 1, MaxPool2d(5), in max_pool2d of x: needed a window that fits",
    ),
    ((1, 4, 4), [cr.Conv2d(4, 3, stride=0)], "needed a stride of at least 1"),
    ((1, 4, 4), [cr.Conv2d(4, 3, stride=0)], "came stride 0"),
    ((3, 4, 4), [cr.Conv2d(4, 3, groups=2)], "layer 1 of 1, Conv2d(4, 3, groups=2), in correlate2d"),
    ((3, 4, 4), [cr.Conv2d(4, 3, groups=2)], "groups that divide the channels"),
    ((4, 4, 4), [cr.Conv2d(3, 3, groups=2)], "came 2 groups, 4 and 3 channels"),
]


@pytest.mark.parametrize(("shape", "layers", "message"), MISFITS, ids=range(len(MISFITS)))
def test_what_does_not_fit_is_refused_with_the_layer_and_the_numbers(shape, layers, message):
    with pytest.raises(cr.ShapeError) as fault:
        cr.Network(shape, layers, loss=CE)
    assert message in str(fault.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.Conv2d(0, 3), "Conv2d: needed a number of channels from 1; came 0"),
        (lambda: cr.Conv2d(2.5, 3), "came 2.5"),
        (lambda: cr.Conv2d(2, 0), "Conv2d: needed a size of the kernel from 1, or a pair; came 0"),
        (lambda: cr.Conv2d(2, (3, 3, 3)), "came (3, 3, 3)"),
        (lambda: cr.Conv1d(2, (3, 3)), "Conv1d: needed a size of the kernel from 1; came (3, 3)"),
        (lambda: cr.Conv1d(2, 3, groups=0), "Conv1d: needed a number of groups from 1; came 0"),
        (lambda: cr.Dropout(1), "Dropout: needed a rate from 0 to below 1; came 1"),
        (lambda: cr.Dropout(-0.1), "came -0.1"),
        (lambda: cr.Dropout(True), "came True"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(cr.ChainruleError) as fault:
        make()
    assert message in str(fault.value)
