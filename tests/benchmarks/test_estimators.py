"""The benchmarks of the estimators run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MNIST = Path(os.environ.get("CHAINRULE_DATA", ROOT.parent / "shared" / "data")) / "mnist"


def row_of(script, *arguments):
    command = [sys.executable, str(ROOT / "benchmarks" / script), *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.evidence
@pytest.mark.skipif(not MNIST.is_dir(), reason=f"MNIST is not in {MNIST}; see CHAINRULE_DATA")
def test_softmax_regression_reaches_the_peers_objective():
    row = row_of("softmax_regression.py", "--pairs", "1", "--examples", "5000")
    assert row["ours_objective"] <= row["peer_objective"] + 1e-4


@pytest.mark.evidence
def test_ranks():
    found = row_of("ranks.py", "--tables", "engel", "--seeds", "1")
    ranks = found["mean_rank"]["MLP"]
    assert ranks["ours"] + ranks["theirs"] == 3
    assert len(found["tables"]["engel"]) == 1
