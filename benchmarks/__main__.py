"""The command: measure, print, write the page.

python -m benchmarks                               everything: about an hour
python -m benchmarks c e --peers torch             a part: keys, or their first letters
python -m benchmarks --quick c --json              tiny sizes, to see that it runs
python -m benchmarks --json > found.json; python -m benchmarks --page docs/speed.md --given found.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.catalogue import WORKLOADS
from benchmarks.machine import machine
from benchmarks.page import page
from benchmarks.pairs import Row, measured

PEERS = ("jax", "torch", "keras", "scikit-learn", "optax", "numpy")


def _installed(name: str) -> str:
    """A package with its version, where there is one."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} not installed"


def shown(row: Row) -> str:
    """A row as a line of the terminal."""
    share = f"  {row.limit_share:4.0%} of the peak" if row.limit_share else ""
    line = f"{row.key:10} ours {1e3 * row.ours_s:10.3f} ms a {row.unit}{share}"
    if row.peer is None or row.ratio is None or row.peer_s is None:
        return line
    wanted = "" if row.wanted is None else f", wanted {row.wanted:g}"
    memory = f", memory {row.memory_ratio:.2f}" if row.memory_ratio else ""
    spread = f"{row.ratio_min:.2f} to {row.ratio_max:.2f}"
    return f"{line}; {row.peer} {1e3 * row.peer_s:.3f} ms: {row.ratio:.2f} ({spread}){wanted}{memory}"


def main() -> None:
    """Measure the chosen workloads."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "keys", nargs="*", help=f"some of {', '.join(WORKLOADS)}, or first letters; default all"
    )
    parser.add_argument("--pairs", type=int, default=7, help="how many pairs of runs (default 7)")
    parser.add_argument("--peers", nargs="+", default=[], help="only beside these peers")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: says only that it runs")
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--page", type=Path, help="write the page of the documentation to this file")
    parser.add_argument(
        "--given",
        nargs="+",
        type=Path,
        default=[],
        help="rows of earlier runs on this machine, as --json prints them; only keys that are named are measured",
    )
    chosen = parser.parse_args()
    named = chosen.keys or ([] if chosen.given else [""])
    keys = [key for key in WORKLOADS if any(key.startswith(part) for part in named)]
    limit = machine(chosen.quick)
    rows = [
        Row(**row)
        for path in chosen.given
        for row in json.loads(path.read_text(encoding="utf-8"))
        if row["key"] not in keys
    ]
    said = sys.stderr if chosen.json else sys.stdout
    about = (
        f"{os.cpu_count()} cores ({platform.machine()}), memory {limit.bandwidth / 1e9:.0f} GB/s; "
        f"{', '.join(map(_installed, PEERS))}."
    )
    print(f"{about} Peak {limit.peak / 1e9:.0f} GF/s in float32.", file=said, flush=True)
    for key in keys:
        for row in measured(WORKLOADS[key], chosen.pairs, chosen.quick, limit.peak, tuple(chosen.peers)):
            rows.append(row)
            print(shown(row), file=said, flush=True)
    rows.sort(key=lambda row: list(WORKLOADS).index(row.key))
    if chosen.page:
        chosen.page.write_text(page([row.as_json() for row in rows], about), encoding="utf-8")
    if chosen.json:
        print(json.dumps([row.as_json() for row in rows], ensure_ascii=False))


if __name__ == "__main__":
    main()
