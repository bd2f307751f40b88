"""Layers build the expressions of the notes; what does not fit is refused with the layer and the numbers."""

import pytest

import chainrule as cr
from chainrule.networks.layers import as_layers
from chainrule.networks.scope import Scope

ACTIVATIONS = [
    (cr.ReLU(), cr.relu),
    (cr.Sigmoid(), cr.sigmoid),
    (cr.Tanh(), cr.tanh),
    (cr.LeakyReLU(0.2), lambda z: cr.leaky_relu(z, slope=0.2)),
    (cr.Softplus(), cr.softplus),
    (cr.ELU(0.5), lambda z: cr.elu(z, alpha=0.5)),
    (cr.GELU(), cr.gelu),
    (cr.GELU(approximate=True), lambda z: cr.gelu(z, approximate=True)),
]


@pytest.mark.parametrize(("layer", "op"), ACTIVATIONS, ids=lambda value: str(value)[:12])
def test_an_activation_is_its_op(layer, op):
    z = cr.data("z", (2, 3))
    a = layer.build(z, Scope())
    assert a.unnamed is op(z)
    assert a.name == "a^{(0)}"


def test_linear_is_the_notes_equation():
    scope, x = Scope(), cr.data("x", 3)
    z = cr.Linear(2).build(x, scope)
    W, b = (declared.leaf for declared in scope.declared)
    assert z is (W @ x + b).named("z^{(1)}")
    assert [(leaf.name, leaf.shape) for leaf in (W, b)] == [("W^{(1)}", (2, 3)), ("b^{(1)}", (2,))]


def test_linear_of_a_single_number_is_a_scalar():
    scope = Scope()
    z = cr.Linear((), bias=False).build(cr.data("a", 3), scope)
    assert z.shape == ()
    assert [declared.leaf.shape for declared in scope.declared] == [(3,)]


def test_l_counts_the_layers_with_parameters():
    layers = [cr.Tanh(), cr.Flatten(), cr.Linear(3), cr.Linear(4), cr.ReLU(), cr.Tanh(), cr.Linear(5)]
    net = cr.Network((1, 2, 2), layers, loss="cross_entropy")
    names = [expr.name for expr in net.outputs]
    assert names == ["a^{(0)}", None, "z^{(1)}", "z^{(2)}", "a^{(2)}", "a^{(2,2)}", "z^{(3)}"]
    assert list(net.parameters) == [f"{symbol}^{{({number})}}" for number in (1, 2, 3) for symbol in "Wb"]


def test_an_op_and_a_function_are_layers():
    net = cr.Network(3, [cr.Linear(4), cr.relu, cr.Linear(2), lambda z: z * 2], loss="cross_entropy")
    same = cr.Network(3, [cr.Linear(4), cr.ReLU(), cr.Linear(2)], loss="cross_entropy")
    assert net.outputs[1] is same.outputs[1]
    assert net.logits.name == "a^{(2)}"
    assert [str(layer) for layer in net.layers][:2] == ["Linear(4)", "relu"]


def test_a_name_given_by_the_user_stays():
    net = cr.Network(3, [cr.Linear(4), lambda z: cr.relu(z).named("h"), cr.Linear(2)], loss="cross_entropy")
    assert net.outputs[1].name == "h"


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (cr.Linear(128), "Linear(128)"),
        (cr.Linear((), bias=False), "Linear((), bias=False)"),
        (cr.Linear(2, weights=cr.Zeros()), "Linear(2, weights=Zeros())"),
        (cr.ReLU(), "ReLU"),
        (cr.LeakyReLU(), "LeakyReLU"),
        (cr.LeakyReLU(0.2), "LeakyReLU(0.2)"),
    ],
)
def test_a_layer_prints_its_settings(layer, text):
    assert str(layer) == text


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (
            [cr.Linear(2), "relu"],
            "layer 2 of 2: needed a layer such as Linear(10) or ReLU(), an op, or a function",
        ),
        ([cr.ReLU], "layer 1 of 1: needed a layer; came the class ReLU. Write ReLU(...) with its settings"),
        ([None], "layer 1 of 1: needed a layer such as Linear(10)"),
        ([int], "came <class 'int'>"),
        (cr.Linear(2), "needed a list of layers; came Linear(units=2"),
        ("relu", "needed a list of layers; came 'relu'"),
    ],
)
def test_what_is_no_layer_is_refused(items, message):
    with pytest.raises(cr.ChainruleError) as fault:
        as_layers(items)
    assert message in str(fault.value)


@pytest.mark.parametrize("units", [0, -1, (2, 3), 1.5, True, None, "ten"])
def test_linear_refuses_units_that_are_no_number(units):
    with pytest.raises(cr.ShapeError, match="Linear: needed"):
        cr.Linear(units)


def no_expression(z):
    return 3


def own_parameter(z):
    return z + cr.parameter("c", z.shape)


def matrix(z):
    return cr.reshape(z, (2, 2))


def misfit(z):
    return z @ cr.constant([1, 2])


CE = "cross_entropy"
MISFITS = [
    (
        (1, 28, 28),
        [cr.Linear(10)],
        CE,
        "layer 1 of 1, Linear(10): needed a vector as input; came the shape (1, 28, 28)",
    ),
    ((1, 28, 28), [cr.Linear(10)], CE, "Put Flatten() before it"),
    ((), [cr.Linear(2)], CE, "layer 1 of 1, Linear(2): needed a vector as input; came the shape ()"),
    (
        4,
        [cr.Linear(3), misfit],
        CE,
        "layer 2 of 2, misfit, in matmul of z^{(1)} and a constant: needed the last size of A to be the first",
    ),
    (4, [cr.Linear(3), misfit], CE, "came (3,) @ (2,)"),
    (
        3,
        [cr.Linear(2), no_expression],
        CE,
        "layer 2 of 2, no_expression: needed an expression from the function",
    ),
    (3, [cr.Linear(2), own_parameter], CE, "needed a function of its argument alone; came one that brings c"),
    (3, [], CE, "Network: needed a layer with parameters; came no layers. Add Linear(...)"),
    (3, [cr.ReLU(), cr.Flatten()], CE, "needed a layer with parameters; came ReLU, Flatten"),
    (3, [cr.Linear(1)], CE, 'For one probability write loss="binary_cross_entropy"'),
    (3, [cr.Linear(4), matrix], CE, 'loss="cross_entropy": needed a vector with one number for each class'),
    (3, [cr.Linear(4), matrix], CE, "came the shape (2, 2). End with Flatten() and Linear(classes)"),
    (
        3,
        [cr.Linear(2)],
        "binary_cross_entropy",
        "needed one number, the log-odds of label 1; came the shape (2,)",
    ),
    (
        3,
        [cr.Linear(2)],
        "hinge",
        "loss: needed one of 'cross_entropy', 'binary_cross_entropy', 'squared_error'",
    ),
    (3, [cr.Linear(2)], None, "loss: needed one of 'cross_entropy'"),
    (
        -3,
        [cr.Linear(2)],
        CE,
        "input_shape of Network: needed sizes that are whole numbers, none negative; came -3",
    ),
]


@pytest.mark.parametrize(("shape", "layers", "loss", "message"), MISFITS, ids=range(len(MISFITS)))
def test_a_network_that_does_not_fit_says_where(shape, layers, loss, message):
    with pytest.raises(cr.ChainruleError) as fault:
        cr.Network(shape, layers, loss=loss)
    assert message in str(fault.value)


@pytest.mark.parametrize(("settings", "message"), [
    ({"seed": -1}, "seed: needed a whole number from 0 as seed; came -1"),
    ({"seed": 1.5}, "came 1.5"),
    ({"seed": True}, "came True"),
    ({"dtype": "float16"}, "dtype: needed float32 or float64; came float16"),
])  # fmt: skip
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(cr.ChainruleError) as fault:
        cr.Network(3, [cr.Linear(2)], loss="cross_entropy", **settings)
    assert message in str(fault.value)
