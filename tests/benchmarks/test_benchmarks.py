"""The benchmarks run, their sides do the same work, and the page shows losses."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--pairs", "2", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_sides_agree_and_rows_have_what_is_promised(tmp_path):
    page = tmp_path / "speed.md"
    done = run("c", "--peers", "scikit-learn", "--json", "--page", str(page))
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert {"workload", "peer", "ours_s", "peer_s", "ratio", "ratio_min", "ratio_max", "limit_share"} <= set(
        row
    )
    assert row["peer"] == "scikit-learn"
    assert row["ratio_min"] <= row["ratio"] <= row["ratio_max"]
    assert row["wanted"] == 1.5
    assert "| 784-256-128-10, batch 128 | scikit-learn |" in page.read_text()
    found, again = tmp_path / "found.json", tmp_path / "again.md"
    found.write_text(done.stdout)
    assert run("--given", str(found), "--page", str(again)).returncode == 0
    assert again.read_text().splitlines()[-1] == page.read_text().splitlines()[-1]


def test_sides_that_do_other_work_are_refused(monkeypatch):
    sys.path.insert(0, str(ROOT))
    from benchmarks.pairs import _require_agreement
    from benchmarks.workload import Workload

    class Side:
        def __init__(self, side, number):
            self.side, self.ready = side, {"number": number}

    workload = Workload("x", "x", "step", {})
    _require_agreement(workload, [Side("ours", 1.0), Side("theirs", 1.05)])
    with pytest.raises(SystemExit, match=r"the sides do not do the same work: ours 1\.0, theirs 2\.0"):
        _require_agreement(workload, [Side("ours", 1.0), Side("theirs", 2.0)])


def test_a_loss_is_bold():
    sys.path.insert(0, str(ROOT))
    from benchmarks.page import page

    row = {
        "key": "c", "pairs": 7, "workload": "w", "peer": "p", "ours_s": 2.0, "unit": "epoch", "peer_s": 1.0, "ratio": 0.5,
        "ratio_min": 0.4, "ratio_max": 0.6, "wanted": 1.5, "limit_share": 0.25, "memory_ratio": 1.0,
        "peak": 98e9,
    }  # fmt: skip
    text = page(
        [row, row | {"ratio": 2.0, "peak": 205.4e9}, row | {"ratio": 2.0, "peak": 99e9}], "A machine."
    )
    assert "**0.50 (0.40 – 0.60)** | 1.50 | 25%" in text
    assert "| 2.00 (0.40 – 0.60) | 1.50" in text
    assert "Of 3 figures that we want, 2 are reached." in text
    assert "A machine. Peak 98 to 205 GF/s in float32. Pairs of runs: 7." in text


def test_a_short_run_is_measured_many_times_and_a_long_one_once(monkeypatch):
    sys.path.insert(0, str(ROOT))
    from benchmarks import worker

    now = [0.0]
    monkeypatch.setattr(worker, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def run():
        now[0] += 0.04

    assert worker.repeated(run, 0.1) == pytest.approx(0.04)
    assert now[0] == pytest.approx(0.12)
    assert worker.repeated(run, 0) == pytest.approx(0.04)
    assert now[0] == pytest.approx(0.16)
