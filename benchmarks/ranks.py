"""Our neural estimators beside scikit-learn's, all with default settings, on ten tables chosen before looking.

Five tables to classify (accuracy), five with real targets (R²); five seeds each, which choose the quarter that is
held out, stratified by class, and are the estimators' random_state. scikit-learn's MLP comes twice: on the table as it
is, which is its default, and after a StandardScaler. Ranks are among two: 1 for the better score, 1.5 each where
they are equal.

    python benchmarks/ranks.py [--seeds 5] [--tables iris,wine] [--markdown docs/ranks.md] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.datasets import anes96, ccard, engel, star98

from chainrule.estimators import NeuralNetworkClassifier, NeuralNetworkRegressor

Table = tuple[np.ndarray, np.ndarray]
SIDES = ("ours", "MLP", "MLP after StandardScaler")


def of_sklearn(load: Callable[..., Table]) -> Callable[[], Table]:
    """A table of scikit-learn."""
    return lambda: load(return_X_y=True)


def of_statsmodels(module: Any) -> Callable[[], Table]:
    """A table of statsmodels: its explaining columns, and what they explain."""

    def load() -> Table:
        data = module.load_pandas()
        return data.exog.to_numpy(float), data.endog.to_numpy(float)

    return load


def star98_share() -> Table:
    """The share of pupils above the median, from the two counts that statsmodels gives."""
    data = star98.load_pandas()
    above, below = data.endog.to_numpy(float).T
    return data.exog.to_numpy(float), above / (above + below)


TABLES: dict[str, tuple[bool, Callable[[], Table]]] = {
    "iris": (True, of_sklearn(datasets.load_iris)),
    "wine": (True, of_sklearn(datasets.load_wine)),
    "breast_cancer": (True, of_sklearn(datasets.load_breast_cancer)),
    "digits": (True, of_sklearn(datasets.load_digits)),
    "anes96": (True, of_statsmodels(anes96)),
    "diabetes": (False, of_sklearn(datasets.load_diabetes)),
    "linnerud": (False, of_sklearn(datasets.load_linnerud)),
    "engel": (False, of_statsmodels(engel)),
    "star98": (False, star98_share),
    "ccard": (False, of_statsmodels(ccard)),
}
"""By name: whether there are classes, and where the numbers come from. Written down before the first run."""


def scores(name: str, seed: int) -> dict[str, float]:
    """The score of each side on the held-out quarter, and the seconds of its fit."""
    classes, load = TABLES[name]
    X, y = load()
    split = train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y if classes else None)
    ours: Any = (NeuralNetworkClassifier if classes else NeuralNetworkRegressor)(random_state=seed)
    peer: Any = MLPClassifier if classes else MLPRegressor
    models = (ours, peer(random_state=seed), make_pipeline(StandardScaler(), peer(random_state=seed)))
    row: dict[str, float] = {}
    for side, model in zip(SIDES, models, strict=True):
        began = time.perf_counter()
        model.fit(split[0], split[2])
        row[f"{side} seconds"] = time.perf_counter() - began
        row[side] = float(model.score(split[1], split[3]))
    return row


def rank(mine: float, other: float) -> float:
    """1 where mine is better, 2 where it is worse, 1.5 where they are equal."""
    return 1.5 if mine == other else 1.0 if mine > other else 2.0


def summary(rows: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Mean ranks, over tables and seeds, against each of the peer's two sides."""
    against = {}
    for other in SIDES[1:]:
        ours = [rank(row["ours"], row[other]) for table in rows.values() for row in table]
        against[other] = {"ours": float(np.mean(ours)), "theirs": float(3 - np.mean(ours))}
    return {"peer": f"scikit-learn {sklearn.__version__}", "mean_rank": against, "tables": rows}


def markdown(found: dict[str, Any]) -> str:
    """The whole as a page: every number, losses included."""
    lines = [
        "# Default estimators on ordinary tables",
        "",
        "`NeuralNetworkClassifier` and `NeuralNetworkRegressor` beside `MLPClassifier` and `MLPRegressor` of",
        f"{found['peer']}, all with default settings, by `benchmarks/ranks.py`. Ten tables were written down before",
        "the first run; five seeds each choose the held-out quarter and are the `random_state`. Accuracy for classes,",
        "R² for real targets, on that quarter. The MLP gets each table as it is, as its user's default has it, and",
        "again after a `StandardScaler`. Ours standardises inside. Bold is the best of a row.",
        "",
    ]
    for other, ranks in found["mean_rank"].items():
        lines.append(f"- Mean rank against {other}: ours {ranks['ours']:.2f}, theirs {ranks['theirs']:.2f}.")
    lines += ["", f"| table | seed | {' | '.join(SIDES)} |", "| --- | --- | --- | --- | --- |"]
    for name, table in found["tables"].items():
        for seed, row in enumerate(table):
            best = max(row[side] for side in SIDES)
            cells = [f"**{row[side]:.3f}**" if row[side] == best else f"{row[side]:.3f}" for side in SIDES]
            lines.append(f"| {name} | {seed} | {' | '.join(cells)} |")
        means = [f"{np.mean([row[side] for row in table]):.3f}" for side in SIDES]
        lines.append(f"| {name} | mean | {' | '.join(means)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds (default 5)")
    parser.add_argument("--tables", default=",".join(TABLES), help="names, with commas (default all)")
    parser.add_argument("--markdown", type=Path, help="write the page to this file")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")  # that the MLP has not converged after its default number of epochs
    rows: dict[str, list[dict[str, float]]] = {}
    for name in chosen.tables.split(","):
        rows[name] = [scores(name, seed) for seed in range(chosen.seeds)]
        print(name, [[round(row[side], 3) for side in SIDES] for row in rows[name]], file=sys.stderr)
    found = summary(rows)
    if chosen.markdown:
        chosen.markdown.write_text(markdown(found), encoding="utf-8")
    print(json.dumps(found) if chosen.json else markdown(found))


if __name__ == "__main__":
    main()
