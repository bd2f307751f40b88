"""IDX files: every type and layout, whole or in blocks, gzipped or not; and MNIST itself."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from training.data.malformed import idx

from chainrule.graph.errors import DataError
from chainrule.training.data import open_data
from chainrule.training.data.source import joint_digest

ROOT = Path(__file__).parents[3]
MNIST = Path(os.environ.get("CHAINRULE_DATA") or ROOT.parent / "shared" / "data") / "mnist"
DIGESTS = {
    "train": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}
"""SHA-256 of the unpacked files of images and labels."""


def written(folder, X, y, zipped=False, names=("train-images-idx3-ubyte", "train-labels-idx1-ubyte")):
    """Write both files; returns their paths."""
    end, pack = (".gz", gzip.compress) if zipped else ("", bytes)
    paths = [folder / f"{name}{end}" for name in names]
    for path, array in zip(paths, (X, y), strict=True):
        path.write_bytes(pack(idx(array)))
    return paths


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(5,), (4, 5), (3, 4, 5)])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("memory", [1 << 28, 2000])
def test_round_trip(dtype, shape, zipped, memory, tmp_path, monkeypatch):
    monkeypatch.setattr("chainrule.training.data.idx._BLOCK", 1000)
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (120, *shape)).astype(dtype)
    y = rng.integers(3, 6, 120).astype(np.uint8)
    written(tmp_path, X, y, zipped)
    data = open_data(tmp_path, standardize=False, memory=memory)
    wanted = X.reshape(120, *shape) if len(shape) != 2 else X[:, None]
    scale = 255 if dtype == "u1" and len(shape) > 1 else 1
    for _ in range(2):  # again from the start
        batches = list(data.batches(50, shuffle=False))
        np.testing.assert_allclose(np.concatenate([b for b, _ in batches]), wanted / scale, rtol=1e-6)
        assert [data.classes[i] for i in np.concatenate([b for _, b in batches])] == y.tolist()
    mixed = np.concatenate([b for b, _ in data.batches(50, seed=1)])
    np.testing.assert_allclose(mixed.sum(0), (wanted / scale).sum(0), rtol=1e-4, atol=1e-4)
    assert data.source.in_order == (zipped and X.nbytes > memory)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_pair_is_found_and_can_be_given(zipped, tmp_path):
    X, y = np.arange(60, dtype=np.uint8).reshape(5, 3, 4), np.array([0, 1, 0, 1, 1], np.uint8)
    images, labels = written(tmp_path, X, y, zipped)
    test = written(tmp_path, X[:2], y[:2], zipped, ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"))
    wanted = open_data(tmp_path).arrays()
    for spec in (images, str(images), (images, labels), (str(images), str(labels))):
        for got, want in zip(open_data(spec).arrays(), wanted, strict=True):
            np.testing.assert_array_equal(got, want)
    assert open_data(tmp_path, part="test").n == open_data(test[0]).n == 2


def test_labels_can_be_absent_for_a_trained_model(tmp_path):
    X, y = np.arange(60, dtype=np.uint8).reshape(5, 3, 4), np.array([0, 1, 0, 1, 1], np.uint8)
    images, labels = written(tmp_path, X, y)
    encoder = open_data(images).encoder.state()
    labels.unlink()
    assert open_data(images, encoder=encoder).arrays()[1] is None
    with pytest.raises(DataError, match=r"shape \(1, 3, 4\); came \(1, 4, 3\)"):
        open_data(X.transpose(0, 2, 1), encoder=encoder)


def test_a_file_cut_after_it_was_opened(tmp_path):
    images, _ = written(tmp_path, np.zeros((9, 2, 2), np.uint8), np.arange(9, dtype=np.uint8))
    data = open_data(images)
    images.write_bytes(images.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"36 bytes .* came 35 bytes"):
        data.arrays()


@pytest.mark.skipif(
    not MNIST.is_dir(), reason=f"the full MNIST set is not at {MNIST}; CHAINRULE_DATA names its folder"
)
@pytest.mark.parametrize(("part", "name", "n"), [("train", "train", 60_000), ("test", "t10k", 10_000)])
def test_mnist(part, name, n):
    data = open_data(MNIST, part=part)
    files = (f"{name}-images-idx3-ubyte", f"{name}-labels-idx1-ubyte")
    assert data.digest == joint_digest(zip(files, DIGESTS[name], strict=True))
    X, y = data.arrays()
    assert X.shape == (n, 1, 28, 28)
    assert data.classes == tuple(range(10))
    assert (X.min(), X.max()) == (0, 1)
    if part == "train":
        assert X.mean() == pytest.approx(0.1307, abs=1e-4)
        assert y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
