"""The benchmark of a training step runs, and both sides of it compute the same."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "step.py"


def test_both_sides_take_the_same_steps():
    command = [sys.executable, str(SCRIPT), "--pairs", "2", "--steps", "3", "--json"]
    row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert row["pairs"] == 2
    assert row["ratio_min"] <= row["ratio"] <= row["ratio_max"]
    assert row["parameters_apart"] < 1e-5
