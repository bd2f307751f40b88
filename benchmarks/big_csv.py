"""A CSV file larger than memory: made, opened, split and trained on; prints the peak of resident memory.

    python benchmarks/big_csv.py                      # 0.2 GB
    python benchmarks/big_csv.py --gigabytes 5 --epochs 2

The rows have 12 numbers, a truth value and a text; the label is drawn from a logistic model of them. 5 % of
the rows, by seed, are held out and read after each epoch.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import chainrule as cr

NUMBERS = 12
COLOURS = ("red", "green", "blue", "black, matt")
ROWS = 200_000  # written at once
WEIGHTS = np.random.default_rng(1).normal(size=NUMBERS + 1 + len(COLOURS))


def make(path: Path, size: int) -> None:
    """Write rows until the file has `size` bytes."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        while file.tell() < size:
            X = rng.normal(size=(ROWS, NUMBERS))
            used, colour = rng.random(ROWS) < 0.5, rng.integers(len(COLOURS), size=ROWS)
            z = X @ WEIGHTS[:NUMBERS] + used * WEIGHTS[NUMBERS] + WEIGHTS[NUMBERS + 1 :][colour]
            columns = {f"x{i}": np.round(X[:, i] * 10**i, 6) for i in range(NUMBERS)}
            columns |= {"used": used, "colour": np.array(COLOURS)[colour]}
            columns["label"] = np.where(rng.random(ROWS) < 1 / (1 + np.exp(-z)), "yes", "no")
            options = pacsv.WriteOptions(include_header=file.tell() == 0)
            pacsv.write_csv(pa.table(columns), file, options)


def peak() -> int:
    """The most resident memory this process has had, bytes (Linux)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def train(path: Path, epochs: int, memory: int, layers: str) -> None:
    """Open, split, train and evaluate, saying what each takes."""
    size = path.stat().st_size
    began = time.perf_counter()

    def said(what: str) -> None:
        nonlocal began
        now = time.perf_counter()
        speed = size / (now - began) / 1e6
        print(
            f"{what:38} {now - began:7.1f} s  {speed:6.0f} MB/s   peak {peak() / 2**20:6.0f} MiB", flush=True
        )
        began = now

    print(f"{path.name}: {size / 1e9:.2f} GB", flush=True)
    data = cr.open_data(path, "label", memory=memory)
    said(f"opened, {data.n:,} rows")
    held_in, held_out = data.split(0.05, seed=0)
    encoder = held_in.encoder
    said("encoder learned")
    net = cr.Network(encoder.shape, layers, loss="cross_entropy", seed=0)

    def epoch(history) -> None:
        said(f"epoch {history.epochs}, held-out accuracy {history.validation_metric[-1]:.4f}")

    optimizer = cr.SGD(0.1, momentum=0.9)
    settings = {"epochs": epochs, "batch_size": 256, "optimizer": optimizer, "progress": False}
    net.fit(held_in, validation=held_out, callbacks=[epoch], **settings)
    said("left the loop")
    digest = hashlib.sha256(b"".join(value.tobytes() for value in net.parameters.values())).hexdigest()
    print(f"parameters: sha256 {digest[:16]}")
    print(f"order: {held_in.shuffling()}")
    print(f"peak of resident memory: {peak() / 2**20:.0f} MiB for a file of {size / 2**20:.0f} MiB")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=0.2)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--memory", type=int, default=256, help="MiB that examples may take")
    parser.add_argument("--layers", default="32 relu, 2", help="of the network")
    parser.add_argument("--path", type=Path, help="where to keep the file; otherwise it is removed")
    parser.add_argument("--make", action="store_true", help="only make the file")
    arguments = parser.parse_args()
    size = int(arguments.gigabytes * 1e9)
    if arguments.make:
        make(arguments.path, size)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.path or Path(folder) / "big.csv"
        if not path.exists():
            command = [
                sys.executable,
                __file__,
                "--make",
                "--gigabytes",
                str(arguments.gigabytes),
                "--path",
                str(path),
            ]
            subprocess.run(command, check=True)
        train(path, arguments.epochs, arguments.memory << 20, arguments.layers)


if __name__ == "__main__":
    main()
