"""Descriptions in files: JSON in one form, and one error for any other."""

import pytest

from chainrule.graph.errors import DataError
from chainrule.training.storage.strict_json import from_text

REFUSED = {
    '{"a":1,"a":2}': "the key 'a' twice",
    "[" * 200_000: "values nested too deep",
    '{"a":NaN}': "the number NaN",
    '{"a":1e999}': "the number 1e999",
    '{"a":' + "9" * 5000 + "}": "Exceeds the limit",
    "{'a':1}": "Expecting property name",
    "": "Expecting value",
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_text_in_another_form_is_refused(text):
    with pytest.raises(DataError) as fault:
        from_text(text, "a.safetensors", "take another copy")
    assert f"a.safetensors: needed JSON in its description; came {REFUSED[text]}" in str(fault.value)
    assert len(str(fault.value)) < 300
