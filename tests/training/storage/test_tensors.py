"""Arrays in files: read by the format's own library, and refused where a byte is not as it was written."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from training.storage.forgery import described, forged, header_of, packed

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.training.storage import tensors
from chainrule.training.storage.tensors import load_tensors, save_tensors

TEXT = 'layers: "ŷ"'
TENSORS = {
    "W^{(1)}": np.arange(6, dtype=np.float32).reshape(2, 3),
    "none": np.zeros((0, 4), np.float32),
    "scalar": np.float64(-0.0) * np.ones(()),
    "n": np.arange(3),
    "flags": np.array([True, False]),
    "bytes": np.arange(5, dtype=np.uint8),
}


def saved(folder, arrays=None, text=TEXT):
    path = folder / "a.safetensors"
    save_tensors(path, TENSORS if arrays is None else arrays, text)
    return path


def test_the_formats_library_reads_what_we_write(tmp_path):
    read = safetensors.numpy.load_file(saved(tmp_path))
    assert read.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert read[name].dtype == array.dtype
        assert read[name].shape == array.shape
        assert read[name].tobytes() == array.tobytes()


def test_we_read_what_the_formats_library_writes(tmp_path):
    path = tmp_path / "b.safetensors"
    chosen = {name: array for name, array in TENSORS.items() if array.dtype.str in ("<f4", "|u1", "<i8")}
    safetensors.numpy.save_file(chosen, path, {"chainrule": described(TEXT, chosen)})
    text, read = load_tensors(path)
    assert text == TEXT
    assert {name: array.tobytes() for name, array in read.items()} == {
        name: array.tobytes() for name, array in chosen.items()
    }


def test_a_round_trip_keeps_every_bit(tmp_path):
    odd = np.array([0x7FC00001, 0xFF800000, 0x80000000, 1], np.uint32).view(np.float32)
    text, read = load_tensors(saved(tmp_path, {"odd": odd, **TENSORS}))
    assert text == TEXT
    assert read["odd"].tobytes() == odd.tobytes()
    for name, array in TENSORS.items():
        assert (read[name].dtype, read[name].shape, read[name].tobytes()) == (
            array.dtype,
            array.shape,
            array.tobytes(),
        )


def test_arrays_in_any_layout_are_stored_in_row_order(tmp_path):
    A = np.arange(6.0).reshape(2, 3)
    _, read = load_tensors(saved(tmp_path, {"T": A.T, "big": A.astype(">f8"), "strided": A[:, ::2]}))
    np.testing.assert_array_equal(read["T"], A.T)
    np.testing.assert_array_equal(read["big"], A)
    np.testing.assert_array_equal(read["strided"], A[:, ::2])


@pytest.mark.parametrize("dtype", [np.complex128, object, "U3", np.float16])
def test_other_arrays_are_refused(tmp_path, dtype):
    with pytest.raises(ChainruleError, match=r"save, x: needed an array of F64, F32, .*; came "):
        saved(tmp_path, {"x": np.zeros(3, dtype)})
    assert list(tmp_path.iterdir()) == []


def refusal(path, content):
    path.write_bytes(content)
    with pytest.raises(DataError) as fault:
        load_tensors(path)
    message = str(fault.value)
    assert str(path) in message
    assert len(message) < 600 + len(str(path))
    return message


def test_any_flipped_bit_is_refused(tmp_path):
    path = saved(tmp_path, {"W": np.float32([1.5]), "b": np.zeros(())})
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        refusal(path, bytes(flipped))


def test_any_length_but_the_right_one_is_refused(tmp_path):
    path = saved(tmp_path)
    content = path.read_bytes()
    for size in range(len(content)):
        refusal(path, content[:size])
    assert "bytes: incomplete metadata, file not fully covered" in refusal(path, content + b"\0")


F = {"a": np.ones((2, 3), np.float32), "b": np.zeros((2, 3), np.float32)}
HEADER = header_of(TEXT, F)


def with_entry(**changed):
    return packed({**HEADER, "a": {**HEADER["a"], **changed}}, F)


def empty(shape):
    return packed({**HEADER, "c": {"dtype": "F32", "shape": shape, "data_offsets": [48, 48]}}, F)


def nested(depth):
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


def metadata(**texts):
    return packed({**HEADER, "__metadata__": texts}, F)


DESCRIBED = described(TEXT, F)
FORGED = {
    "swapped": (
        packed({**HEADER, "a": HEADER["b"], "b": HEADER["a"]}, F),
        "needed content with the digest",
    ),
    "overlapping": (with_entry(data_offsets=[24, 48]), ": invalid offset for tensor"),
    "a gap": (packed(HEADER, F)[:-48] + b"\0" * 99, "file not fully covered"),
    "negative place": (with_entry(data_offsets=[-24, 0]), ": invalid JSON in header: invalid value"),
    "place of three": (with_entry(data_offsets=[0, 24, 48]), "invalid length 3"),
    "true as a size": (with_entry(shape=[True, 6]), "boolean `true`"),
    "huge shape": (with_entry(shape=[2**40, 2**40]), ": overflow"),
    "beyond 64 bits": (with_entry(shape=[2**70]), ": invalid JSON in header: invalid type"),
    "another shape": (with_entry(shape=[3, 2]), "needed content with the digest"),
    "too large for NumPy": (empty([2**62, 0]), ": array is too big"),
    "more axes than NumPy's": (empty([0] * 99), ": maximum supported dimension"),
    "size of another dtype": (with_entry(dtype="F16"), ": invalid shape, data type, or offset"),
    "dtype that is not ours": (with_entry(dtype="F16", shape=[12]), ": the dtype F16 of the array 'a'"),
    "dtype that NumPy has not": (with_entry(dtype="BF16", shape=[12]), ": the dtype BF16 of"),
    "dtype that is none": (with_entry(dtype=["F32"]), ": invalid JSON in header: invalid type"),
    "no entry": (packed({**HEADER, "a": 7}, F), "integer `7`"),
    "deep": (packed(nested(200_000), {}), "recursion limit exceeded"),
    "not a number": (packed(b'{"a":NaN}', {}), ": invalid JSON in header: expected value"),
    "overflow": (packed(b'{"a":1e999}', {}), "number out of range"),
    "long number": (packed(b'{"a":' + b"9" * 5000 + b"}", {}), "number out of range"),
    "half a character": (packed(b'{"__metadata__":{"chainrule":"\\ud800"}}', {}), ": invalid JSON"),
    "no JSON": (packed(b"{'a':1}", {}), "key must be a string"),
    "no UTF-8": (packed(b'{"\xff":1}', {}), ": invalid UTF-8 in header"),
    "a list": (packed(b"[1]", {}), ": invalid JSON in header"),
    "empty header": (packed(b"", {}), ": invalid JSON in header: EOF"),
    "no description": (
        packed({name: HEADER[name] for name in F}, F),
        "needed a model file that chainrule wrote",
    ),
    "another's description": (metadata(format="pt"), "that chainrule wrote"),
    "metadata of a list": (packed({**HEADER, "__metadata__": []}, F), "sequence, expected a map"),
    "metadata of a number": (metadata(chainrule=1), "expected a string"),
    "more metadata": (metadata(chainrule=DESCRIBED, x="y"), "that chainrule wrote"),
    "digest in capitals": (
        metadata(chainrule=DESCRIBED[:64].upper() + DESCRIBED[64:]),
        "that chainrule wrote",
    ),
    "no digest": (metadata(chainrule=TEXT), "that chainrule wrote"),
    "other text": (metadata(chainrule=DESCRIBED + " "), "needed content with the digest"),
    "huge header": ((2**63).to_bytes(8, "little") + b"{}", ": header too large"),
    "header beyond the file": ((99).to_bytes(8, "little") + b"{}", ": invalid header length"),
    "pickle": (pickle.dumps({"W": np.eye(20)}), "needed a model file (safetensors); came a file of"),
    "NumPy's format": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}" + b" " * 200, "needed a model file"),
    "text": (b"a,b,y\n1,2,no\n" * 9, "needed a model file (safetensors)"),
    "zeros": (b"\0" * 500, ": invalid JSON in header: EOF"),
    "nothing": (b"", "came a file of 0 bytes: header too small"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_file_is_refused(what, tmp_path):
    content, message = FORGED[what]
    assert message in refusal(tmp_path / "forged.safetensors", content)


def test_the_forger_forges_well(tmp_path):
    path = tmp_path / "good.safetensors"
    path.write_bytes(forged(TEXT, F))
    text, read = load_tensors(path)
    assert (text, list(read)) == (TEXT, ["a", "b"])


def test_what_changes_no_content_is_read(tmp_path):
    path = tmp_path / "same.safetensors"
    path.write_bytes(with_entry(more=1))
    assert load_tensors(path)[0] == TEXT


def test_a_header_of_the_largest_length_is_not_read(tmp_path):
    path = tmp_path / "sparse.safetensors"
    with path.open("wb") as file:
        file.write((10**12 - 8).to_bytes(8, "little"))
        file.truncate(10**12)
    with pytest.raises(DataError, match="bytes: header too large"):
        load_tensors(path)


def test_a_shape_larger_than_the_file_is_not_allocated(tmp_path):
    header = {**HEADER, "a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    del header["b"]
    assert "file not fully covered" in refusal(tmp_path / "large.safetensors", packed(header, F))


def test_archives_folders_and_missing_files_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "torch.pt", "w") as archive:
        archive.writestr("data.pkl", json.dumps([1] * 50))
    for name, came in {"torch.pt": "a file of", ".": "Is a directory", "x": "No such file"}.items():
        with pytest.raises(DataError, match=f"needed a model file.*; came {came}"):
            load_tensors(tmp_path / name)


def test_a_long_description_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(tensors, "digest_of", lambda *_: "0" * 64)  # of 100 MB it takes long
    with pytest.raises(ChainruleError, match="needed a description below 100 MB; came header too large"):
        saved(tmp_path, text="x" * 100_000_000)
    assert list(tmp_path.iterdir()) == []


def test_the_same_content_gives_the_same_bytes(tmp_path):
    assert len({saved(tmp_path).read_bytes() for _ in range(20)}) == 1


def test_a_file_that_is_cut_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path, {"W": np.ones(100_000)})

    class Cut(dict):
        def __contains__(self, kind):
            os.truncate(path, 2000)
            return super().__contains__(kind)

    monkeypatch.setattr(tensors, "DTYPES", Cut(tensors.DTYPES))
    with pytest.raises(DataError, match="bytes: Could not read tensor W"):
        load_tensors(path)
