"""Softmax regression on MNIST beside scikit-learn's LogisticRegression with the same L2, to the same objective.

60,000 images of 784 pixels from 0 to 1, ten classes, λ = 1/n (scikit-learn's C = 1), tolerance 1e-4 (its default) on
the largest entry of the gradient. Both get the same arrays, in turn, in one process. The peer may take as many
steps as it needs; with --default-steps it stops, as it does by default, after 100, short of its tolerance; ours
goes on to the tolerance in both cases.
The objective, mean loss plus λ/2 ‖W‖², is computed for both from their coefficients in NumPy.

    python benchmarks/softmax_regression.py [--pairs 3] [--examples 60000] [--default-steps] [--json]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from chainrule.estimators import MultinomialRegression

FOLDER = Path(os.environ.get("CHAINRULE_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
TOLERANCE = 1e-4


def images(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The first n images of MNIST, (n, 784) in float64 from 0 to 1, and their labels."""
    parts = []
    for name, offset in (("images-idx3", 16), ("labels-idx1", 8)):
        with gzip.open(FOLDER / "mnist" / f"train-{name}-ubyte.gz") as file:
            parts.append(np.frombuffer(file.read(), np.uint8, offset=offset))
    return parts[0].reshape(-1, 784)[:n] / 255, parts[1][:n]


def objective(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """The mean loss plus λ/2 ‖W‖², λ = 1/n."""
    z = X @ model.coef_.T + model.intercept_
    loss = np.mean(logsumexp(z, axis=1) - z[np.arange(len(y)), y])
    return float(loss + np.sum(model.coef_**2) / (2 * len(y)))


def measured(pairs: int, n: int, steps: int) -> dict[str, Any]:
    """Both sides in turn, the peer first; ours compiles anew only in the first pair, which counts too."""
    X, y = images(n)
    rows: list[dict[str, float]] = []
    for _ in range(pairs):
        row: dict[str, float] = {}
        for side in ("peer", "ours"):
            model: Any = (
                LogisticRegression(tol=TOLERANCE, max_iter=steps)
                if side == "peer"
                else MultinomialRegression(l2=1 / n, tol=TOLERANCE, method="lbfgs")
            )
            began = time.perf_counter()
            model.fit(X, y)
            row[f"{side}_s"] = time.perf_counter() - began
            row[f"{side}_objective"] = objective(model, X, y)
            row[f"{side}_steps"] = float(np.max(model.n_iter_))
        rows.append(row)
        print(row, file=sys.stderr)
    ratios = [row["peer_s"] / row["ours_s"] for row in rows]
    return {
        "workload": f"softmax regression on {n} images of MNIST, l2 = 1/n, tolerance {TOLERANCE:g}",
        "peer": f"LogisticRegression of scikit-learn {sklearn.__version__}, at most {steps} steps",
        "pairs": pairs,
        **{key: statistics.median(row[key] for row in rows) for key in rows[0]},
        "ratio": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "reached": max(row["ours_objective"] - row["peer_objective"] for row in rows) <= 0,
    }


def main() -> None:
    """Measure, and print medians and the spread of the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=3, help="how many pairs of fits (default 3)")
    parser.add_argument("--examples", type=int, default=60000, help="how many images (default 60000)")
    parser.add_argument("--default-steps", action="store_true", help="the peer stops after 100 steps")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    chosen = parser.parse_args()
    if not (FOLDER / "mnist").is_dir():
        print(f"MNIST is not in {FOLDER / 'mnist'}: see CHAINRULE_DATA; nothing is measured", file=sys.stderr)
        return
    warnings.simplefilter("ignore", ConvergenceWarning)  # the peer's, for --default-steps
    row = measured(chosen.pairs, chosen.examples, 100 if chosen.default_steps else 10_000)
    if chosen.json:
        print(json.dumps(row))
        return
    print(f"{row['workload']}, {row['pairs']} pairs, in turn")
    for side, name in (("ours", "ours"), ("peer", row["peer"])):
        seconds, steps, value = (row[f"{side}_{key}"] for key in ("s", "steps", "objective"))
        print(f"  {seconds:8.2f} s, {steps:5.0f} steps, objective {value:.6f}: {name}")
    print(f"  peer / ours: median {row['ratio']:.2f}, from {row['ratio_min']:.2f} to {row['ratio_max']:.2f}")


if __name__ == "__main__":
    main()
