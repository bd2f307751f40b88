"""A name is a symbol that can be typeset: nothing in it can break a formula or a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr

GOOD = [
    "x",
    "W_1",
    "loss",
    "hidden_layer_2",
    r"\hat{y}",
    "z^{(1)}",
    r"\theta",
    r"\mathrm{loss}",
    r"\boldsymbol{W}^{(2)}",
    "σ",
    "ŷ",
    "重",
    "x'",
    r"\frac{\partial \ell}{\partial W}",
    "a" * 80,
]
HOSTILE = [
    "",
    "  ",
    "a" * 81,
    "x\n",
    "x\x00",
    "x\u202e",
    "x\u200b",
    "$x$",
    "x%",
    "x&y",
    "x#1",
    "~",
    "<script>",
    'x"y',
    "x;y",
    "`x`",
    "{",
    "}",
    "{x",
    "x}",
    "}x{",
    "\\",
    r"\input{/etc/passwd}",
    r"\def\x{}",
    r"\href{javascript:x}{y}",
    r"\htmlData{a=b}{c}",
    r"\unknown",
    r"\hat{y",
    "x\\\\y",
]


@pytest.mark.parametrize("name", GOOD)
def test_a_symbol_is_a_name(name):
    assert cr.data(name).name == name
    assert (cr.data("x") + 1).named(name).name == name


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_refused(name):
    for use in (cr.data, cr.parameter, (cr.data("x") + 1).named):
        with pytest.raises(cr.NamingError, match=r"needed .*; came .*\. (Use letters|Write a symbol)"):
            use(name)


@pytest.mark.parametrize("name", [None, 3, b"x", ["x"], cr.data("x")])
def test_what_is_no_text_is_no_name(name):
    with pytest.raises(cr.NamingError, match="a name of 1 to 80 characters"):
        cr.data(name)


@given(st.text(max_size=20))
def test_any_text_is_a_name_or_one_error(text):
    try:
        cr.data(text)
    except cr.NamingError as fault:
        assert "\n" not in str(fault)
