"""Which examples a command looks at where it does not look at all."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.cli.datasets import some_of

LABELS = np.repeat([0, 1, 2], 400)  # sorted by class, as folders of images are
X = np.arange(1200.0)[:, None]


@pytest.mark.parametrize("memory", [1 << 20, 2400])
def test_some_of_sorted_examples_have_all_classes(memory, tmp_path):
    path = tmp_path / "sorted.csv"
    path.write_text("x,label\n" + "".join(f"{x},{y}\n" for x, y in zip(X[:, 0], LABELS, strict=True)))
    data = cr.open_data(path, "label", memory=memory, standardize=False)
    assert data.in_memory == (memory > 2400)
    inputs, labels = some_of(data, 300)
    assert len(inputs) == len(labels) == 300
    if data.in_memory:  # otherwise as well mixed as its memory allows
        assert np.bincount(labels).min() > 60
    np.testing.assert_array_equal(labels, LABELS[inputs[:, 0].astype(int)])
    np.testing.assert_array_equal(inputs, some_of(data, 300)[0])
    assert len(some_of(data, 5000)[0]) == (1200 if data.in_memory else 600)


def test_all_of_them_keep_their_order():
    inputs, labels = some_of(cr.open_data((X, LABELS), standardize=False), 1200)
    np.testing.assert_array_equal(inputs, X)
    np.testing.assert_array_equal(labels, LABELS)
