"""Files and values that are no examples: what each is, how it is opened, and what the message must hold.

Each row makes something in a folder and gives back what `open_data` is called with. The message must
hold the words, the place included.
"""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


class Case(NamedTuple):
    """What is wrong, how it is made, and what the message must hold."""

    what: str
    make: Callable[[Path], tuple[Any, dict[str, Any]]]
    words: tuple[str, ...]


CASES: list[Case] = []


def case(what: str, make: Callable[[Path], tuple[Any, dict[str, Any]]], *words: str) -> None:
    CASES.append(Case(what, make, words))


# files of text


def text(
    content: str | bytes, name: str = "table.csv", **options: Any
) -> Callable[[Path], tuple[Any, dict[str, Any]]]:
    def make(folder: Path) -> tuple[Any, dict[str, Any]]:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path, {"target": "y", **options}

    return make


GOOD = "a,b,y\n1,2,no\n3,4,yes\n5,6,no\n"
HEAD = GOOD + "7,8,yes\n" * 20


def with_line(line: str | bytes, n: int = 5) -> bytes:
    """The good table with this as its line n, from 1."""
    lines = HEAD.encode().splitlines(keepends=True)
    lines.insert(n - 1, (line if isinstance(line, bytes) else line.encode()) + b"\n")
    return b"".join(lines)


case("an empty file", text(""), "table.csv", "0 bytes")
case("blank lines only", text("\n\n\n"), "table.csv", "names of the columns")
case("the header only", text("a,b,y\n"), "table.csv", "rows below", "none")
case("the header without its end of line", text("a,b,y"), "rows below")
case("the header and blank lines", text("a,b,y\n\n\n"), "rows below")
case("no header", text("1,2,3\n4,5,6\n"), "line 1", "numbers", "first line with names")
case("a name twice", text("a,a,y\n1,2,x\n1,2,z\n"), "'a' as columns 1 and 2")
case("the label's name twice", text("a,y,y\n1,2,x\n1,2,z\n"), "'y' as columns 2 and 3")
case("a name twice but for blanks", text("a, a,y\n1,2,x\n1,2,z\n"), "'a' as columns 1 and 2")
case("a column without a name", text("a,,y\n1,2,x\n"), "line 1", "none for column 2")
case("a name over two lines", text('"a\nb",c,y\n1,2,3\n'), "line 1")
case("the label absent", text(GOOD, target="label"), "label column 'label'", "'a', 'b', 'y'")
case("the label misspelt", text("size,price\n1,2.5\n", target="prise"), "did you mean 'price'?")
case("the label in capitals", text("size,price\n1,2.5\n", target="Price"), "did you mean 'price'?")
case("no label named", text(GOOD, target=None), "the name of the label column", "target='y'")
case("the label is no name", text(GOOD, target=3), "a name for the label column", "3")
case("the label alone", text("y\na\nb\n"), "at least one column beside the label")
case("an absent column to ignore", text(GOOD, ignore=["c"]), "the column 'c'")
case("an absent column of text", text(GOOD, categorical=["bb"]), "the column 'bb'", "did you mean 'b'?")
case("text where names go", text(GOOD, ignore="a"), 'ignore=["..."]')
case("an unknown way with missing cells", text(GOOD, missing="fill"), "'fill'", "refuse")
case("an unknown task", text(GOOD, task="ranking"), "'ranking'", "classification")
case("a delimiter of two characters", text(GOOD, delimiter="||"), "delimiter")
case("an absurd delimiter", text(GOOD, delimiter='"'), "delimiter")
case("another delimiter than said", text(GOOD, delimiter=";"), "the label column 'y'")
case("a cell too few", text(with_line("1,2")), "line 5", "3 cells", "came 2")
case("a cell too many", text(with_line("1,2,no,4")), "line 5", "3 cells", "came 4")
case("a decimal comma", text(with_line("1,5,2,no")), "line 5", "3 cells", "came 4")
case("a blank line before a ragged one", text(with_line("\n1,2")), "line 6", "came 2")
case("a ragged last line", text(HEAD + "1"), "line 25", "came 1")
case("a line of another language", text(with_line("-- a comment")), "line 5", "came 1")
case("a ragged line after a cell of two lines", text('a,b,y\n"p\nq",1,n\n"r",2\n'), "line 4", "came 2")
case("an open quote", text(with_line('1,"2,no')), "line 5", "quotes in pairs")
case("an open quote on the last line", text(HEAD + '1,2,"no'), "line 25", "quotes in pairs")
case("a quote within a cell", text(with_line('5" pipe,2,no')), "line 5", "quotes in pairs")
case("text among numbers", text(with_line("1,abc,no")), 'line 5, column "b"', "'abc'", "number")
case("a number with a unit", text(with_line("1,2 cm,no")), 'line 5, column "b"', "'2 cm'")
case("a number with a comma", text(with_line('1,"2,5",no')), 'line 5, column "b"', "'2,5'")
case("a thousands separator", text(with_line("1,2_000,no")), 'line 5, column "b"', "'2_000'")
case("a hexadecimal number", text(with_line("1,0x10,no")), 'line 5, column "b"', "'0x10'")
case("a truth value among numbers", text(with_line("1,true,no")), 'line 5, column "b"', "'true'")
case("a question mark", text(with_line("1,?,no")), 'line 5, column "b"', "'?'")
case("text in the first row", text(with_line("abc,2,no", 2)), 'line 2, column "a"', "'abc'")
case("text in the last row", text(HEAD + "abc,2,no\n"), 'line 25, column "a"', "'abc'")
case("a number among text", text("a,y\nred,x\n3,z\nblue,x\n"), 'column "a"', "'red'", "categorical")
case("an empty cell", text(with_line("1,,no")), 'line 5, column "b"', "a missing one", 'missing="drop"')
case("a cell of blanks", text(with_line("1,  ,no")), 'line 5, column "b"', "a missing one")
case("NA", text(with_line("NA,2,no")), 'line 5, column "a"', "a missing one")
case("nan", text(with_line("nan,2,no")), 'line 5, column "a"', "a missing one")
case("a missing label", text(with_line("1,2,")), 'line 5, column "y"', "a missing one")
case("a missing text", text("a,y\nred,x\n,z\n"), 'line 3, column "a"', "a missing one")
case("nothing but missing rows", text("a,y\n,x\n1,\n", missing="drop"), "a row without missing cells")
case("an empty column", text("a,b,y\n1,,x\n2,,z\n"), 'line 2, column "b"', "a missing one")
case("infinity", text(with_line("1,inf,no")), 'line 5, column "b"', "finite number", "inf")
case("minus infinity", text(with_line("-Infinity,2,no")), 'line 5, column "a"', "finite number", "-inf")
case("a number too large", text(with_line("1,1e400,no")), 'line 5, column "b"', "finite number")
case(
    "a number whose square is too large",
    text(with_line("1,-1e200,no")),
    'line 5, column "b"',
    "finite number",
)
case(
    "nan where it does not mean missing",
    text(with_line("nan,2,no"), missing_words=[""]),
    "line 5",
    "finite number",
)
case("Latin-1", text(with_line(b"1,2,n\xe9")), "line 5", "UTF-8", "0xe9")
case("Latin-1 in the header", text(b"caf\xe9,y\n1,2\n"), "line 1", "UTF-8", "0xe9")
case("UTF-16", text(GOOD.encode("utf-16")), "UTF-16", "save it as UTF-8")
case("UTF-16 without a mark", text(GOOD.encode("utf-16-le")), "line 1", "NUL")
case("a NUL byte in a number", text(with_line(b"1,2\0,no")), 'line 5, column "b"', "\\x00")
case("a NUL byte in a text", text(b"a,y\nre\0d,x\nblue,z\n"), 'column "a"', "NUL")
case("a file of NUL bytes", text(b"\0" * 5000), "NUL")
case("a gzip file with the name of a table", text(gzip.compress(GOOD.encode())), "a gzip file")
case("an Excel file with the name of a table", text(b"PK\x03\x04" + b"x" * 100), "zip or Excel")
case("random bytes", text(np.random.default_rng(0).bytes(3000)), "table.csv")
case("a megabyte without an end of line", text(b"a" * (1 << 21)), "without an end of line")
case("one class", text("a,y\n1,x\n2,x\n"), 'column "y"', "at least two classes", "'x'")
case("one class of numbers", text("a,y\n1,0\n2,0\n"), 'column "y"', "at least two classes", "0")
case("too many classes", text("a,y\n" + "".join(f"1,k{i}\n" for i in range(1500))), "at most 1000 classes")
case("numbers and text as labels", text("a,y\n1,2\n1,3\n1,x\n"), 'line 4, column "y"', "'x'", "a number")
case("text as labels of a regression", text(GOOD, task="regression"), 'column "y"', "numbers", "'no'")
case("truth values of a regression", text("a,y\n1,true\n2,false\n", task="regression"), "numbers", "'true'")
case("fractions as classes", text("a,y\n1,0.5\n2,1\n", task="classification"), 'line 2, column "y"', "0.5")
case("an infinite label", text("a,y\n1,0.5\n2,inf\n"), 'line 3, column "y"', "finite number")
case("a column of dates", text("a,y\n2020-01-05,1\n2021-02-03,2\n"), 'column "a"', "2020-01-05", "dates")
case(
    "a column of names",
    text("a,y\n" + "".join(f"name{i},{i / 7}\n" for i in range(1100))),
    'column "a"',
    "at most 1000",
)
case(
    "a file that is not there",
    lambda folder: (folder / "tabel.csv", {"target": "y"}),
    "tabel.csv",
    "nothing is",
)
case("a set that is not there", lambda _: ("irsi", {}), "did you mean 'iris'?")
case("an ending that nobody knows", text("x", "table.xyz"), ".xyz", ".csv")
case("an Excel file", text("x", "table.xlsx"), ".xlsx")
case(
    "a folder with the name of a table",
    lambda folder: ((folder / "t.csv").mkdir() or folder / "t.csv", {"target": "y"}),
    "a folder",
)


def misspelt(folder: Path) -> tuple[Any, dict[str, Any]]:
    (folder / "table.csv").write_text(GOOD)
    return folder / "tabel.csv", {"target": "y"}


case("a name misspelt", misspelt, "did you mean 'table.csv'?")
case("a path with a NUL", lambda _: ("a\0.csv", {"target": "y"}), "null")
case("a path too long", lambda _: ("a" * 5000 + ".csv", {"target": "y"}), "too long")


# Parquet


def parquet(
    table: pa.Table, damage: Callable[[bytes], bytes] = bytes, **options: Any
) -> Callable[[Path], Any]:
    def make(folder: Path) -> tuple[Any, dict[str, Any]]:
        path = folder / "table.parquet"
        pq.write_table(table, path)
        path.write_bytes(damage(path.read_bytes()))
        return path, {"target": "y", **options}

    return make


TABLE = pa.table({"a": [1.0, 2.0, 3.0], "b": ["u", "v", "u"], "y": ["p", "q", "p"]})


def with_column(values: Any, kind: Any = None) -> pa.Table:
    return TABLE.append_column("c", pa.array(values, kind))


case("Parquet of 0 bytes", parquet(TABLE, lambda _: b""), "table.parquet", "0 bytes")
case("Parquet cut short", parquet(TABLE, lambda b: b[:-20]), "table.parquet", "whole Parquet file")
case("Parquet cut to its mark", parquet(TABLE, lambda b: b[:4]), "table.parquet", "whole Parquet file")
case("Parquet that is text", parquet(TABLE, lambda _: GOOD.encode()), "table.parquet", "whole Parquet file")
case("Parquet without its middle", parquet(TABLE, lambda b: b[:30] + b[-60:]), "table.parquet")
case("Parquet without rows", parquet(TABLE.slice(0, 0)), "table.parquet", "rows below")
case("Parquet without the label", parquet(TABLE.drop(["y"])), "the label column 'y'")
case(
    "Parquet with a missing number", parquet(with_column([1, None, 2])), 'row 2, column "c"', "a missing one"
)
case(
    "Parquet with NaN",
    parquet(with_column([1.0, 2.0, float("nan")])),
    'row 3, column "c"',
    "finite number",
    "nan",
)
case("Parquet with infinity", parquet(with_column([1.0, -np.inf, 2.0])), 'row 2, column "c"', "finite number")
case("Parquet with dates", parquet(with_column([1, 2, 3], pa.date32())), 'column "c"', "date32", "no dates")
case("Parquet with times", parquet(with_column([1, 2, 3], pa.timestamp("s"))), 'column "c"', "timestamp")
case("Parquet with lists", parquet(with_column([[1], [2], [3]])), 'column "c"', "list")
case("Parquet with bytes", parquet(with_column([b"1", b"2", b"3"])), 'column "c"', "binary")
case("Parquet with an empty column", parquet(with_column([None, None, None])), 'column "c"', "a missing one")
case(
    "Parquet with dates as labels",
    parquet(TABLE.set_column(2, "y", pa.array([1, 2, 3], pa.date32()))),
    'column "y"',
)


# frames


def frame(value: Any, **options: Any) -> Callable[[Path], tuple[Any, dict[str, Any]]]:
    return lambda _: (value, {"target": "y", **options})


case(
    "pandas: mixed types",
    frame(pd.DataFrame({"a": [1, "x", 2.5], "y": list("pqp")})),
    'row 2, column "a"',
    "'x'",
)
case("pandas: objects", frame(pd.DataFrame({"a": [{}, [], 3], "y": list("pqp")})), 'column "a"')
case("pandas: complex numbers", frame(pd.DataFrame({"a": [1j, 2, 3], "y": list("pqp")})), 'column "a"')
case(
    "pandas: NaN",
    frame(pd.DataFrame({"a": [1, None, 2], "y": list("pqp")})),
    'row 2, column "a"',
    "a missing one",
)
case(
    "pandas: infinity",
    frame(pd.DataFrame({"a": [1, 2, np.inf], "y": list("pqp")})),
    'row 3, column "a"',
    "inf",
)
case(
    "pandas: a missing label",
    frame(pd.DataFrame({"a": [1, 2, 3], "y": ["p", None, "q"]})),
    'row 2, column "y"',
)
case(
    "pandas: a missing category",
    frame(pd.DataFrame({"a": pd.Categorical(["u", None]), "y": list("pq")})),
    "row 2",
)
case(
    "pandas: dates",
    frame(pd.DataFrame({"a": pd.to_datetime(["2020-01-01"] * 2), "y": list("pq")})),
    'column "a"',
)
case(
    "pandas: a name twice",
    frame(pd.DataFrame([[1, 2, "p"]], columns=["a", "a", "y"])),
    "'a' as columns 1 and 2",
)
case("pandas: no rows", frame(pd.DataFrame({"a": [], "y": []})), "rows below")
case("pandas: no columns", frame(pd.DataFrame()), "the label column 'y'")
case("pandas: a series", frame(pd.Series([1, 2])), "a Series of pandas")
case("pandas: too few labels", lambda _: ((pd.DataFrame({"a": [1, 2, 3]}), [1, 2]), {}), "3 labels", "2")
case("Polars: a lazy frame", frame(pl.LazyFrame({"a": [1], "y": [1]})), "a LazyFrame of polars", "collect")
case(
    "Polars: null",
    frame(pl.DataFrame({"a": [1, None], "y": ["p", "q"]})),
    'row 2, column "a"',
    "a missing one",
)
case(
    "Polars: NaN",
    frame(pl.DataFrame({"a": [1.0, float("nan")], "y": ["p", "q"]})),
    'row 2, column "a"',
    "nan",
)
case("Polars: lists", frame(pl.DataFrame({"a": [[1], [2]], "y": ["p", "q"]})), 'column "a"', "list")
case("Polars: objects", frame(pl.DataFrame({"a": [object(), object()], "y": ["p", "q"]})), "a Polars frame")
case(
    "Polars: durations",
    frame(pl.DataFrame({"a": pl.Series([1, 2], dtype=pl.Duration), "y": ["p", "q"]})),
    "duration",
)


# arrays


def arrays(X: Any, y: Any = (0, 1), **options: Any) -> Callable[[Path], tuple[Any, dict[str, Any]]]:
    return lambda _: ((X, y), options)


case("arrays: NaN", arrays(np.array([[1, 2], [3, np.nan]])), "X, row 2", 'column "2"', "nan")
case(
    "arrays: infinity in an image", arrays(np.full((2, 3, 4), np.inf)), "X, row 1", 'column "1, 1, 1"', "inf"
)
case("arrays: one dimension", arrays(np.arange(3.0), [0, 1, 0]), "the shape (3,)", "reshape")
case("arrays: five dimensions", arrays(np.zeros((2, 1, 1, 1, 1))), "the shape (2, 1, 1, 1, 1)")
case("arrays: no rows", arrays(np.zeros((0, 3)), []), "nothing")
case("arrays: no columns", arrays(np.zeros((2, 0))), "nothing")
case("arrays: ragged", arrays([[1, 2], [3]]), "X", "one length")
case("arrays: text", arrays(np.array([["a"], ["b"]])), "the type <U1")
case("arrays: text among numbers", arrays([[1, "a"], [2, "b"]]), "X")
case("arrays: complex", arrays(np.array([[1j], [2j]])), "the type complex128")
case("arrays: nothing", arrays(None), "X")
case("arrays: an object", arrays(object()), "X")
case("arrays: a dictionary", arrays({"a": 1}), "X", "dict")
case("arrays: too few labels", arrays(np.zeros((3, 2))), "3 labels", "came 2")
case(
    "arrays: labels in two columns", arrays(np.zeros((2, 2)), np.zeros((2, 2))), "labels of the shape (2, 2)"
)
case("arrays: mixed labels", arrays(np.zeros((3, 2)), ["a", 1, "b"]), 'row 2, column "y"', "1, a int")
case(
    "arrays: a missing label",
    arrays(np.zeros((3, 2)), ["a", None, "b"]),
    'row 2, column "y"',
    "a missing one",
)
case("arrays: NaN as label", arrays(np.zeros((2, 2)), [1.5, np.nan]), 'row 2, column "y"', "nan")
case("arrays: one class", arrays(np.zeros((2, 2)), [1, 1]), "at least two classes")
case("arrays: memory of nothing", arrays(np.zeros((2, 2)), memory=0), "memory")


case(
    "arrays: a masked number",
    arrays(np.ma.array(np.ones((2, 2)), mask=[[0, 0], [1, 0]])),
    "X, row 2",
    "masked",
)
case("arrays: labels too large", arrays(np.zeros((2, 2)), np.array([2**63 + 1, 3], "u8")), "below 2^63")
case("arrays: labels of bytes", arrays(np.zeros((2, 2)), np.array([b"a", b"b"])), 'column "y"', "binary")
case("a path of nothing", lambda _: ("", {}), "an empty text")
case(
    "pandas: half a character",
    frame(pd.DataFrame({"a": pd.Series(["\ud800", "b"], dtype=object), "y": [0, 1]})),
    'column "a"',
    "surrogates",
)
case(
    "pandas: numbers beyond 64 bits",
    frame(pd.DataFrame({"a": [2**70, 1], "y": [0, 1]})),
    'column "a"',
    "too large",
)
case(
    "Polars: numbers of 128 bits",
    frame(pl.DataFrame({"a": pl.Series([1, 2], dtype=pl.Int128), "y": [0, 1]})),
    "Polars",
)


# IDX


def idx(array: Any, magic: bytes | None = None) -> bytes:
    array = np.asarray(array)
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[array.dtype.str[1:]]
    head = magic if magic is not None else bytes([0, 0, code, array.ndim])
    return (
        head
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


IMAGES = idx(np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5))
LABELS = idx(np.array([0, 1, 2, 0, 1, 2], np.uint8))


def mnist(
    images: bytes = IMAGES, labels: bytes | None = LABELS, end: str = "", **options: Any
) -> Callable[[Path], Any]:
    def make(folder: Path) -> tuple[Any, dict[str, Any]]:
        (folder / f"train-images-idx3-ubyte{end}").write_bytes(images)
        if labels is not None:
            (folder / f"train-labels-idx1-ubyte{end}").write_bytes(labels)
        return folder, options

    return make


_I, _L = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
case("IDX: images of 0 bytes", mnist(b""), _I, "0 bytes")
case("IDX: labels of 0 bytes", mnist(labels=b""), _L, "0 bytes")
case("IDX: another magic", mnist(b"\x00\x01" + IMAGES[2:]), _I, "bytes 1 to 4", "00 01 08 03")
case("IDX: an unknown type", mnist(b"\x00\x00\x0a\x03" + IMAGES[4:]), _I, "00 00 0a 03")
case("IDX: no dimensions", mnist(b"\x00\x00\x08\x00" + IMAGES[4:]), _I, "00 00 08 00")
case("IDX: 200 dimensions", mnist(b"\x00\x00\x08\xc8" + IMAGES[4:]), _I, "00 00 08 c8")
case("IDX: two bytes", mnist(b"\x00\x00"), _I, "00 00")
case("IDX: cut in the dimensions", mnist(IMAGES[:10]), _I, "3 dimensions", "byte 11")
case("IDX: cut in the numbers", mnist(IMAGES[:-1]), _I, "120 bytes", "119 bytes", "6 × 4 × 5", "cut short")
case("IDX: without numbers", mnist(IMAGES[:16]), _I, "120 bytes", "0 bytes")
case("IDX: a byte too many", mnist(IMAGES + b"x"), _I, "120 bytes", "121 bytes")
case("IDX: vast dimensions", mnist(b"\0\0\x08\x03" + b"\xff" * 12 + b"x" * 9), _I, "4294967295")
case("IDX: no examples", mnist(idx(np.zeros((0, 4, 5), np.uint8))), _I, "at least one example")
case("IDX: images of no width", mnist(idx(np.zeros((6, 4, 0), np.uint8))), _I, "at least one example")
case(
    "IDX: a label too few", mnist(labels=idx(np.array([0, 1, 2, 0, 1], np.uint8))), _L, "6 labels", "5 labels"
)
case("IDX: swapped", mnist(LABELS, IMAGES), _I, "2 to 4 dimensions", "swapped")
case("IDX: images twice", mnist(IMAGES, IMAGES), _L, "1 dimension", "swapped")
case("IDX: labels cut", mnist(labels=LABELS[:-2]), _L, "6 bytes", "4 bytes")
case("IDX: one class", mnist(labels=idx(np.zeros(6, np.uint8))), _L, "at least two classes")
case("IDX: labels absent", mnist(labels=None), "the labels of", "train-labels")
case(
    "IDX: labels of fractions as classes",
    mnist(labels=idx(np.full(6, 0.5, "f4")), task="classification"),
    "0.5",
)
case("IDX: NaN as labels", mnist(labels=idx(np.full(6, np.nan, "f4"))), _L, "nan")
case("IDX: another part", mnist(part="t10k"), "'t10k'", '"train" or "test"')
case("IDX: the part is absent", mnist(part="test"), "t10k-images-idx3-ubyte")
case("IDX: gzip cut short", mnist(gzip.compress(IMAGES)[:-9], gzip.compress(LABELS), ".gz"), _I, "gzip file")
case(
    "IDX: gzip cut to its header",
    mnist(gzip.compress(IMAGES)[:8], gzip.compress(LABELS), ".gz"),
    _I,
    "gzip file",
)
case("IDX: gzip with a wrong sum", mnist(gzip.compress(IMAGES)[:-8] + b"12345678", LABELS, ".gz"), _I, "CRC")
case(
    "IDX: gzip of too little",
    mnist(gzip.compress(IMAGES[:-7]), gzip.compress(LABELS), ".gz"),
    _I,
    "113 bytes",
)
case(
    "IDX: gzip of too much",
    mnist(gzip.compress(IMAGES + b"x"), gzip.compress(LABELS), ".gz"),
    _I,
    "at least 121",
)
case("IDX: gzip of nothing", mnist(gzip.compress(b""), gzip.compress(LABELS), ".gz"), _I, "bytes 1 to 4")
case("IDX: the name of gzip, other bytes", mnist(b"abcdefgh", LABELS, ".gz"), _I, "61 62 63 64")
case("IDX: vast dimensions in gzip", mnist(gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), LABELS, ".gz"), _I)


# images


def picture(
    path: Path, size: tuple[int, int] = (5, 4), mode: str = "L", damage: Callable[[bytes], bytes] = bytes
) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    kind = "JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else "PNG"
    noise = np.random.default_rng(len(path.name)).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).convert(mode).save(path, kind)
    path.write_bytes(damage(path.read_bytes()))


def images(change: Callable[[Path], Any], **options: Any) -> Callable[[Path], tuple[Any, dict[str, Any]]]:
    def make(folder: Path) -> tuple[Any, dict[str, Any]]:
        for name in ("cat/1.png", "cat/2.png", "dog/1.jpg", "dog/2.png"):
            picture(folder / name)
        change(folder)
        return folder, options

    return make


def spoilt(name: str, damage: Callable[[bytes], bytes], **options: Any) -> Callable[[Path], Any]:
    return images(lambda folder: picture(folder / name, damage=damage), **options)


case("images: 0 bytes", spoilt("cat/3.png", lambda _: b""), "cat/3.png", "0 bytes")
case("images: text", spoilt("cat/3.png", lambda _: b"hello"), "cat/3.png", "something else")
case("images: the header cut", spoilt("cat/3.png", lambda b: b[:20]), "cat/3.png")
case("images: PNG cut short", spoilt("cat/3.png", lambda b: b[:-30]), "cat/3.png", "decoded")
case("images: JPEG cut short", spoilt("dog/3.jpg", lambda b: b[: len(b) // 2]), "dog/3.jpg", "decoded")
case("images: JPEG's mark only", spoilt("dog/3.jpg", lambda b: b[:3]), "dog/3.jpg")
case("images: a spoilt PNG", spoilt("cat/3.png", lambda b: b[:45] + b"????" + b[49:]), "cat/3.png", "decoded")
case("images: a huge PNG", spoilt("cat/3.png", lambda b: b[:16] + b"\x7f" * 8 + b[24:]), "cat/3.png")
case(
    "images: another format",
    images(lambda f: Image.new("L", (5, 4)).save(f / "cat/3.png", "BMP")),
    "cat/3.png",
)
case(
    "images: of another size",
    images(lambda f: picture(f / "dog/3.png", (6, 4))),
    "dog/3.png",
    "4 × 5",
    "4 × 6",
    "size=(4, 5)",
)
case(
    "images: 16 bits",
    images(lambda f: Image.new("I;16", (5, 4)).save(f / "cat/3.png")),
    "cat/3.png",
    "8 bits",
)
case("images: an empty class", images(lambda f: (f / "bird").mkdir()), "bird", "an empty folder")
case(
    "images: a class of hidden files", images(lambda f: picture(f / "bird/.1.png")), "bird", "an empty folder"
)
case("images: a text among them", images(lambda f: (f / "cat/readme.txt").write_text("x")), "cat/readme.txt")
case("images: a GIF among them", images(lambda f: Image.new("L", (5, 4)).save(f / "cat/3.gif")), "cat/3.gif")
case("images: a folder among them", images(lambda f: picture(f / "cat/old/1.png")), "cat", "a folder: old")
case("images: an image beside the classes", images(lambda f: picture(f / "1.png")), "1.png", "folders only")
case(
    "images: a broken link",
    images(lambda f: (f / "cat/3.png").symlink_to("nowhere.png")),
    "cat/3.png",
    "nothing is",
)
case("images: an absurd size", images(lambda _: None, size=(0, 5)), "(height, width)", "(0, 5)")
case("images: a size that is none", images(lambda _: None, size="small"), "(height, width)", "'small'")
case("images: an unknown colour", images(lambda _: None, colour="blue"), "'blue'", "grey")
case("images: no classes", lambda f: (picture(f / "1.png") or f, {}), "a folder for each class")
case("images: nothing", lambda f: (f, {}), "a folder for each class")
case("images: one class", lambda f: (picture(f / "cat/1.png") or f, {}), "at least two classes", "'cat'")
case("images: one image", lambda f: (picture(f / "1.png") or f / "1.png", {}), "1.png", "folder of images")
