"""LeNet-5 on the full MNIST, beside a network with one hidden layer and softmax regression.

The test errors of LeCun et al. 1998 for comparable models are printed beside ours: 0.95 % for LeNet-5, 4.7 %
for 300 hidden units, 12.0 % for a linear classifier. The four IDX files of MNIST are read from the folder
`mnist` in CHAINRULE_DATA, or from --data.

    python examples/lenet_mnist.py                all 60,000 images: minutes
    python examples/lenet_mnist.py --quick        3,000 images, two epochs: seconds, and worse
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr

FOLDER = Path(os.environ.get("CHAINRULE_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


def read(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) with numbers from 0 to 1, and labels (n,), of "train" or "t10k"."""
    arrays = []
    for what, axes in (("images", 3), ("labels", 1)):
        with gzip.open(folder / f"{part}-{what}-idx{axes}-ubyte.gz") as file:
            sizes = struct.unpack(f">{axes}I", file.read(4 + 4 * axes)[4:])
            arrays.append(np.frombuffer(file.read(), np.uint8).reshape(sizes))
    return arrays[0].astype(np.float32) / 255, arrays[1]


def falling(rate: float, steps: int) -> Any:
    """A learning rate that falls from `rate` towards 0 along a line: a function of the step t, from 1."""
    return lambda t: rate * (1 - t / (steps + 1))


def models() -> dict[str, tuple[cr.Network, float, float]]:
    """By name: the network, its first learning rate, and the test error in percent of LeCun et al. 1998."""
    hidden = [cr.Flatten(), cr.Linear(300), cr.ReLU(), cr.Linear(10)]
    linear = [cr.Flatten(), cr.Linear(10)]
    return {
        "softmax regression": (cr.Network((1, 28, 28), linear, loss="cross_entropy"), 0.05, 12.0),
        "300 hidden units": (cr.Network((1, 28, 28), hidden, loss="cross_entropy"), 0.05, 4.7),
        "LeNet-5, max-pooling, ReLU": (cr.lenet5(), 0.05, 0.95),
    }


def main() -> None:
    """Train the three models, and print their test errors."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=FOLDER / "mnist", help="the folder with the IDX files")
    parser.add_argument("--epochs", type=int, default=10, help="how often each image is met (default 10)")
    parser.add_argument("--quick", action="store_true", help="3,000 images, two epochs")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        parser.error(f"needed the IDX files of MNIST in {chosen.data}; name their folder with --data")
    (X, y), (X_test, y_test) = (read(chosen.data, part) for part in ("train", "t10k"))
    X, X_test, epochs = X[:, None], X_test[:, None], chosen.epochs
    if chosen.quick:
        X, y, X_test, y_test, epochs = X[:3000], y[:3000], X_test[:1000], y_test[:1000], 2
    steps = epochs * -(-len(X) // 64)
    rows = []
    for name, (net, rate, published) in models().items():
        began = time.perf_counter()
        optimizer = cr.SGD(falling(rate, steps), momentum=0.9)
        history = net.fit(X, y, epochs=epochs, batch_size=64, optimizer=optimizer, l2=1e-4)
        seconds = time.perf_counter() - began
        error = 100 * (1 - net.evaluate(X_test, y_test)["accuracy"])
        rows.append(
            {
                "model": name,
                "parameters": net.summary().total,
                "epochs": history.epochs,
                "test_error_percent": round(error, 2),
                "lecun_1998_percent": published,
                "seconds": round(seconds, 1),
            }
        )
    if chosen.json:
        print(json.dumps(rows))
        return
    print(f"{len(X):,} images, {epochs} epochs; errors on {len(X_test):,} test images")
    print(f"{'model':28} {'parameters':>10} {'ours':>8} {'LeCun et al. 1998':>18} {'seconds':>8}")
    for row in rows:
        error, published = (f"{row[key]:.2f} %" for key in ("test_error_percent", "lecun_1998_percent"))
        print(f"{row['model']:28} {row['parameters']:>10,} {error:>8} {published:>18} {row['seconds']:>8}")


if __name__ == "__main__":
    main()
