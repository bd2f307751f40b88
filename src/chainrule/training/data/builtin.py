"""The sets that come with scikit-learn, by name: nothing is downloaded."""

from __future__ import annotations

from chainrule.graph.errors import DataError
from chainrule.training.data.arrays import ArraySource
from chainrule.training.data.later import sklearn_sets
from chainrule.training.data.source import close, several
from chainrule.training.data.target import Target

SETS = {
    "digits": "1,797 handwritten digits of 8 × 8, grey levels 0 to 16",
    "iris": "150 flowers of three species, four lengths in cm",
    "wine": "178 wines of three growers, 13 measurements",
    "breast_cancer": "569 tumours, benign or malignant, 30 measurements",
    "diabetes": "442 patients, the progression of the disease after a year",
}
"""Each with what it is."""


def builtin(name: str, task: str | None = None, known: Target | None = None) -> ArraySource:
    """A set of scikit-learn as examples. Classes have the names that scikit-learn gives them.

    Raises DataError for another name.
    """
    if name not in SETS:
        raise DataError(f"one of the sets {several(SETS)}", repr(name), "open_data", close(name, SETS))
    loaded = getattr(sklearn_sets, f"load_{name}")()
    if name == "digits":
        return ArraySource(
            loaded.images, loaded.target, task, place=name, largest=16.0, target_name="digit", known=known
        )
    y = loaded.target
    if name in ("iris", "wine", "breast_cancer"):
        y = [str(loaded.target_names[label]) for label in y]
    target = {"iris": "species", "wine": "grower", "breast_cancer": "diagnosis", "diabetes": "progression"}[
        name
    ]
    return ArraySource(
        loaded.data, y, task, list(loaded.feature_names), name, target_name=target, known=known
    )
