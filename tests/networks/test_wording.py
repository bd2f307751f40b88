"""Layers as text: what can be written, what it means, what is refused, and the way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.networks.wording import ACTIVATIONS, SYNTAX, layers_from_text, text_of_layers

VECTOR, SEQUENCE, IMAGE = (4,), (2, 30), (1, 28, 28)


@pytest.mark.parametrize(
    ("text", "shape", "layers"),
    [
        ("64 relu, 32 relu", VECTOR, [cr.Linear(64), cr.ReLU(), cr.Linear(32), cr.ReLU()]),
        ("10", VECTOR, [cr.Linear(10)]),
        (" 5 Tanh ,2 ", VECTOR, [cr.Linear(5), cr.Tanh(), cr.Linear(2)]),
        ("5 no bias tanh", VECTOR, [cr.Linear(5, bias=False), cr.Tanh()]),
        ("5 relu dropout 0.5, 2", VECTOR, [cr.Linear(5), cr.ReLU(), cr.Dropout(0.5), cr.Linear(2)]),
        ("3 leaky_relu 0.2, 3 elu", VECTOR, [cr.Linear(3), cr.LeakyReLU(0.2), cr.Linear(3), cr.ELU()]),
        (
            "conv 32 3 relu, pool 2, 10",
            IMAGE,
            [cr.Conv2d(32, 3), cr.ReLU(), cr.MaxPool2d(2), cr.Flatten(), cr.Linear(10)],
        ),
        (
            "conv 4 3x5 stride 2 padding 1x0 dilation 2 no bias, average 2 stride 1, conv 8 1 same groups 2",
            IMAGE,
            [
                cr.Conv2d(4, (3, 5), stride=2, padding=(1, 0), dilation=2, bias=False),
                cr.AvgPool2d(2, stride=1),
                cr.Conv2d(8, 1, padding="same", groups=2),
            ],
        ),
        (
            "conv 8 5 relu, pool 2, 3",
            SEQUENCE,
            [cr.Conv1d(8, 5), cr.ReLU(), cr.MaxPool1d(2), cr.Flatten(), cr.Linear(3)],
        ),
        (
            "dropout 0.2, 64 relu, 3",
            IMAGE,
            [cr.Dropout(0.2), cr.Flatten(), cr.Linear(64), cr.ReLU(), cr.Linear(3)],
        ),
        ("flatten, tanh, 3", IMAGE, [cr.Flatten(), cr.Tanh(), cr.Linear(3)]),
    ],
)
def test_a_text_stands_for_layers(text, shape, layers):
    assert layers_from_text(text, shape) == layers
    written = text_of_layers(layers, shape)
    assert layers_from_text(written, shape) == layers


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("", VECTOR, "item 1 of 1, '': needed a layer such as 64 relu; came nothing"),
        ("64 relu,, 3", VECTOR, "item 2 of 3, ''"),
        ("64 rleu", VECTOR, "came 'rleu'. Did you mean relu?"),
        ("64 32 relu", VECTOR, "came '32'. Write 64, 32"),
        ("0 relu", VECTOR, "whole number from 1 to 1,000,000; came 0"),
        ("-3", VECTOR, "needed a number of units, or one of conv"),
        ("1e9", VECTOR, "came 1e9"),
        ("99999999999999999999", VECTOR, "needed units of a dense layer: a whole number"),
        ("64.5", VECTOR, "came 64.5"),
        ("conv 3 3", VECTOR, "came conv on vectors. Write dense layers: 64 relu, 32 relu"),
        ("64 relu, conv 3 3", IMAGE, "Put it before the first dense layer"),
        (
            "conv 3",
            IMAGE,
            "the size of conv: a whole number from 1 to 1,000,000, or one for each axis as in 3x5; came nothing",
        ),
        ("conv 3 3x", IMAGE, "came 3x"),
        ("conv 3 3x3", SEQUENCE, "needed the size of conv: a whole number from 1 to 1,000,000; came 3x3"),
        ("conv 3 3 4", IMAGE, "a comma, an option or an activation; came '4'"),
        ("conv 3 3 stride", IMAGE, "needed stride: a whole number"),
        ("conv 3 3 stride 2 stride 3", IMAGE, "Stride comes once, right after its layer"),
        ("pool 2 no bias", IMAGE, "came 'no'"),
        ("5 no", VECTOR, "needed no bias; came no nothing"),
        ("dropout", VECTOR, "dropout 0.5; came nothing"),
        ("dropout 1", VECTOR, "a rate from 0 to below 1"),
        ("relu 3 __import__('os')", VECTOR, "came \"__import__('os')\""),
        (",".join(["3"] * 1001), VECTOR, "at most 1000 layers; came 1001"),
    ],
)
def test_what_cannot_be_read_is_said(text, shape, message):
    with pytest.raises(cr.ParseError, match=re.escape(message)):
        layers_from_text(text, shape)


words = st.sampled_from(
    [
        *ACTIVATIONS,
        "conv",
        "pool",
        "average",
        "dropout",
        "flatten",
        "stride",
        "same",
        "no",
        "bias",
        "3",
        "2x2",
        "0.5",
        ",",
    ]
)


@given(st.lists(words, max_size=12).map(" ".join), st.sampled_from([VECTOR, SEQUENCE, IMAGE]))
def test_any_words_are_layers_or_one_error_and_layers_come_back(text, shape):
    try:
        layers = layers_from_text(text, shape)
    except cr.ParseError:
        return
    except cr.ShapeError:  # a layer that nobody could build
        return
    written = text_of_layers(layers, shape)
    assert layers_from_text(written, shape) == layers


@pytest.mark.parametrize(
    "layer",
    [
        cr.Linear(()),
        cr.Linear(3, weights=cr.Zeros()),
        cr.MaxPool2d(2, ceil_mode=True),
        cr.GELU(approximate=True),
    ],
)
def test_what_the_words_do_not_reach_has_no_text(layer):
    assert text_of_layers([layer, cr.Linear(2)], IMAGE) is None


def test_a_network_takes_the_text_and_its_summary_prints_it():
    net = cr.Network((1, 8, 8), "conv 4 3 relu, pool 2, 10", loss="cross_entropy")
    same = [cr.Conv2d(4, 3), cr.ReLU(), cr.MaxPool2d(2), cr.Flatten(), cr.Linear(10)]
    assert net.layers == cr.Network((1, 8, 8), same, loss="cross_entropy").layers
    assert net.summary().text == "conv 4 3 relu, pool 2, 10"
    assert str(net.summary()).endswith('as text: "conv 4 3 relu, pool 2, 10"')
    plain = cr.Network(2, [cr.tanh, cr.Linear(1)], loss="squared_error")
    assert plain.summary().text is None and "as text" not in str(plain.summary())


def test_every_word_of_the_syntax_is_read():
    for word, _ in SYNTAX:
        before = "conv 4 3 " if word.startswith(("stride", "dilation", "no bias")) else ""
        assert layers_from_text(before + word, IMAGE)
    for word in (
        "average 2",
        "pool 2 padding 1",
        "conv 3 3 full",
        "conv 2 3, conv 4 3 groups 2",
        *ACTIVATIONS,
    ):
        assert layers_from_text(word, IMAGE)
