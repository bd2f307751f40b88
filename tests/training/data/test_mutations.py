"""Valid files with bytes flipped, cut, doubled: each is read, or gives one DataError that names the file."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from training.data.malformed import IMAGES, LABELS, picture

from chainrule.graph.errors import DataError
from chainrule.training.data import open_data

MUTATIONS = 30  # of each kind of file; `evidence` makes more


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with one thing wrong."""
    at = int(rng.integers(len(content)))
    to = min(len(content), at + int(rng.integers(1, 40)))
    match int(rng.integers(6)):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :]
        case 2:
            return content[:at] + content[to:]
        case 3:
            return content[:to] + content[at:]
        case 4:
            return content[:at] + rng.bytes(to - at) + content[to:]
        case _:
            flipped = bytearray(content)
            for place in rng.integers(len(content), size=5):
                flipped[place] ^= 1 << int(rng.integers(8))
            return bytes(flipped)


def table() -> pa.Table:
    """Numbers, whole numbers, text with delimiters and quotes, truth values, two classes."""
    rng = np.random.default_rng(3)
    colour, flag = rng.choice(["red", "green", 'a "b", c'], 40), rng.choice([True, False], 40)
    label = np.where(flag, "p", "q")
    return pa.table(
        {"x": rng.normal(size=40), "n": rng.integers(9, size=40), "colour": colour, "flag": flag, "y": label}
    )


def as_csv() -> bytes:
    out = pa.BufferOutputStream()
    pacsv.write_csv(table(), out)
    return out.getvalue().to_pybytes()


def write(kind: str, folder, content: bytes | None = None):
    """A file of this kind, or what is to be damaged of it; returns the path of that file and what to open."""
    if kind == "csv":
        path, options = folder / "t.csv", {"target": "y"}
        path.write_bytes(as_csv())
    elif kind == "parquet":
        path, options = folder / "t.parquet", {"target": "y"}
        pq.write_table(table(), path, write_page_checksum=True)
    elif kind.startswith("idx"):
        end = ".gz" if kind.endswith("gz") else ""
        pack = gzip.compress if end else bytes
        labels = folder / f"train-labels-idx1-ubyte{end}"
        images = folder / f"train-images-idx3-ubyte{end}"
        images.write_bytes(pack(IMAGES))
        labels.write_bytes(pack(LABELS))
        path, options = labels if "labels" in kind else images, {}
    else:
        for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.jpg"):
            picture(folder / name, (12, 9), "RGB")
        path, options = folder / ("cat/2.png" if kind == "png" else "dog/2.jpg"), {}
    if content is not None:
        path.write_bytes(content)
    return path, (path if options else folder), options


KINDS = ("csv", "parquet", "idx", "idx-gz", "idx-labels", "idx-labels-gz", "png", "jpg")


def outcome(kind: str, folder, seed: int) -> str:
    """Damage the file in the way of this seed and read it: "read" or "refused", or the test fails."""
    path, _, _ = write(kind, folder)
    content = mutated(path.read_bytes(), np.random.default_rng(seed))
    path, spec, options = write(kind, folder, content)
    try:
        data = open_data(spec, **options)
        for X, y in data.batches(7, seed=seed):
            assert X.dtype == np.float32
            assert np.isfinite(X).all()
            assert len(X) == len(y)
        str(data)
    except DataError as fault:
        assert str(folder) in str(fault), str(fault)
        return "refused"
    return "read"


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_read_or_refused(kind, tmp_path):
    outcomes = [outcome(kind, tmp_path, seed) for seed in range(MUTATIONS)]
    assert outcomes.count("refused") >= MUTATIONS // 10, "the mutations do damage"


@pytest.mark.evidence
@pytest.mark.parametrize("kind", KINDS)
def test_much_damage_is_read_or_refused(kind, tmp_path):
    outcomes = [outcome(kind, tmp_path, seed) for seed in range(2000)]
    refused = outcomes.count("refused")
    print(f"\n{kind}: of {len(outcomes)} damaged files {refused} are refused by name, the others read")


@pytest.mark.parametrize("kind", KINDS)
def test_the_undamaged_file_is_read(kind, tmp_path):
    _, spec, options = write(kind, tmp_path)
    data = open_data(spec, **options)
    assert sum(len(X) for X, _ in data.batches(7)) == data.n > 3


def test_every_bit_of_a_header_flipped(tmp_path):
    path, folder, _ = write("idx", tmp_path)
    content = path.read_bytes()
    bytes_become_signed = 2 * 8  # the one flip that leaves another valid header
    for bit in set(range(16 * 8)) - {bytes_become_signed}:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(DataError, match="train-images"):
            open_data(folder).arrays()


def test_a_file_cut_at_every_byte(tmp_path):
    for kind in ("csv", "idx", "idx-gz", "png"):
        (tmp_path / kind).mkdir()
        path, spec, options = write(kind, tmp_path / kind)
        content = path.read_bytes()
        for size in range(0, len(content), 5 if kind == "csv" else 13):
            path.write_bytes(content[:size])
            try:
                open_data(spec, **options).arrays()
                assert kind in ("csv", "png"), "a table may end early, and a PNG without its last mark"
            except DataError as fault:
                assert path.name in str(fault)
