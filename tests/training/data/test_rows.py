"""Single rows, names of columns without reading the table, and categories that were passed over."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.training.data import open_data
from chainrule.training.data.opening import column_names


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    rows = [f"{i},{'red' if i % 2 else 'blue'},{'yes' if i % 3 else 'no'}" for i in range(50)]
    rows[7] = ",red,no"
    path.write_text("size,colour,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_one_row_is_read_by_its_number(table):
    data = open_data(table, "label", missing="drop")
    X, y = data.arrays()
    one = data.take(8)
    assert len(one) == 1
    np.testing.assert_array_equal(one.arrays()[0][0], X[7])  # row 7 is left out
    assert one.arrays()[1].tolist() == [y[7]]
    (block,) = one.blocks()
    assert {name: column[0].as_py() for name, column in block.columns.items()} == {
        "size": 8.0,
        "colour": "blue",
        "label": "yes",
    }


@pytest.mark.parametrize(("row", "came"), [(-1, "row 0"), (50, "row 51"), (7, "a cell is missing")])
def test_a_row_that_is_not_there_is_said(table, row, came):
    with pytest.raises(cr.DataError, match=f"a row from 1 to 50; came .*{came}"):
        open_data(table, "label", missing="drop").take(row)


def test_rows_of_arrays_too():
    data = open_data("digits")
    np.testing.assert_array_equal(data.take(1796).arrays()[0][0], data.arrays()[0][-1])


def test_names_are_read_alone(table):
    assert column_names(table) == ["size", "colour", "label"]
    assert column_names(table.parent) is None
    assert column_names("iris") is None


def test_categories_that_were_passed_over_are_counted(table, tmp_path):
    encoder = open_data(table, "label", missing="drop", unseen="zeros").encoder
    path = tmp_path / "new.csv"
    path.write_text("colour,size\ngreen,1\nred,2\ngreen,3\npink,4\n", encoding="utf-8")
    data = open_data(path, encoder=encoder)
    encoder.passed_over.clear()
    data.arrays()
    assert encoder.passed_over == {("colour", "green"): 2, ("colour", "pink"): 1}


def test_real_labels_can_be_scaled():
    data = open_data("diabetes")
    y = data.arrays()[1]
    scaled = data.scaled(100.0, 50.0)
    np.testing.assert_allclose(scaled.arrays()[1], (y - 100) / 50, rtol=1e-6)
    np.testing.assert_array_equal(scaled.arrays()[0], data.arrays()[0])
    encoder = scaled.encoder
    assert cr.training.data.encoder_from(encoder.state()).target == encoder.target
    assert data.target.state() == {"name": "progression", "kind": "real", "classes": []}


def test_vectors_with_names_can_come_from_a_table(tmp_path):
    data = open_data("wine")
    X, y = data.arrays()
    path = tmp_path / "wine.csv"
    raw = next(iter(data.blocks())).X
    lines = [
        ",".join([f"class_{label}", *map(repr, row.tolist()[::-1])])
        for row, label in zip(raw, y, strict=True)
    ]
    path.write_text(",".join(["grower", *data.names[::-1]]) + "\n" + "\n".join(lines), encoding="utf-8")
    again = open_data(path, encoder=data.encoder.state())
    np.testing.assert_allclose(again.arrays()[0], X, rtol=1e-6)
    np.testing.assert_array_equal(again.arrays()[1], y)
