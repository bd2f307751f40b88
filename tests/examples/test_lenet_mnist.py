"""The example that trains LeNet-5 on MNIST: quickly here, in full as evidence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DATA = Path(os.environ.get("CHAINRULE_DATA", ROOT.parent / "shared" / "data")) / "mnist"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"MNIST is not in {DATA}; see CHAINRULE_DATA")


def errors(*arguments):
    """The test errors in percent, by the first word of the model."""
    command = [sys.executable, ROOT / "examples" / "lenet_mnist.py", "--data", DATA, "--json", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    print(run.stdout)
    return {row["model"].split()[0]: row["test_error_percent"] for row in json.loads(run.stdout)}


def test_the_quick_mode_learns():
    found = errors("--quick")
    assert found["LeNet-5,"] < 15
    assert found["softmax"] < 25


@pytest.mark.evidence
def test_lenet_5_reads_mnist():
    found = errors()
    assert found["LeNet-5,"] <= 1.0
    assert found["300"] <= 2.0
    assert found["softmax"] <= 8.0
