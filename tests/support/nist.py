"""NIST's Statistical Reference Datasets for linear least squares: data and certified coefficients, from their files."""

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("CHAINRULE_DATA", ROOT.parent / "shared" / "data")) / "nist"
NAMES = ("Longley", "NoInt1", "NoInt2", "Norris", "Wampler1", "Wampler2", "Wampler3")
POLYNOMIALS = ("Wampler1", "Wampler2", "Wampler3")


class Problem(NamedTuple):
    X: np.ndarray
    y: np.ndarray
    intercept: bool
    certified: np.ndarray


def problem(name):
    """One problem; the powers of Wampler's polynomials are whole numbers, and exact."""
    lines = (FOLDER / f"{name}.dat").read_text(encoding="ascii").splitlines()
    head = "\n".join(lines[:12])
    spans = [
        re.search(rf"{part}\s+\(lines (\d+) to\s+(\d+)\)", head) for part in ("Certified Values", "Data")
    ]
    certified, data = (lines[int(span[1]) - 1 : int(span[2])] for span in spans)
    rows = np.array([line.split() for line in data], float)
    X = rows[:, 1:] ** np.arange(1, 6) if name in POLYNOMIALS else rows[:, 1:]
    estimates = [float(line.split()[1]) for line in certified if re.match(r"\s+B\d+\s", line)]
    return Problem(X, rows[:, 0], not name.startswith("NoInt"), np.array(estimates))


def digits(found, certified):
    """How many digits of the worst coefficient are right: −log₁₀ of the largest relative error, at most 17."""
    errors = np.maximum(np.abs(found - certified) / np.abs(certified), 1e-17)
    return float(-np.log10(errors.max()))
