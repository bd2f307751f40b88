"""What is no examples gives one DataError that says where: no other exception, and no warning."""

import pickle

import pytest
from training.data.malformed import CASES, Case

from chainrule.graph.errors import DataError
from chainrule.training.data import open_data


def opened_and_met(spec, options):
    """Open, learn and meet every example, as training would."""
    options = dict(options)
    data = open_data(spec, options.pop("target", None), **options)
    return data, list(data.batches(4)), str(data)


def test_there_are_enough_of_them():
    assert len(CASES) >= 100
    assert len({case.what for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.what.replace(" ", "-") for case in CASES])
def test_a_malformed_file_is_named(case: Case, tmp_path):
    spec, options = case.make(tmp_path)
    with pytest.raises(DataError) as fault:
        opened_and_met(spec, options)
    message = str(fault.value)
    for word in case.words:
        assert word.lower() in message.lower(), message
    assert "needed " in message
    assert "came " in message
    assert len(message) < 800 or len(str(spec)) > 800, message
    assert str(pickle.loads(pickle.dumps(fault.value))) == message


def test_a_blank_first_line_is_named(tmp_path):
    path = tmp_path / "blank.csv"
    path.write_text("\na,b\n1,2\n")
    with pytest.raises(
        DataError, match=r"line 1: needed the names of the columns on line 1; came a blank line"
    ):
        open_data(path, "b")
