"""A process that holds one side of one workload and does a run each time it is told to.

Each side has a process of its own, so that thread pools and memory stay apart; the process that asks lets only one run
at a time. It prints a line of JSON when it is ready, after a run in which everything is compiled, and one for each run.
The memory of a run is the peak while it lasts: what compiling took before is not part of it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.catalogue import WORKLOADS
from benchmarks.workload import OURS

LOADED = {
    OURS: ("chainrule", "jax"),
    "torch": ("torch",),
    "keras": ("keras",),
    "scikit-learn": ("sklearn.neural_network", "sklearn.linear_model"),
    "JAX": ("jax", "optax"),
}
"""What a side loads, which is not counted in the memory that its data and runs need."""

AT_LEAST = 0.25  # seconds of one measurement


def status(key: str) -> int:
    """A line of the process's memory, bytes: VmHWM is the peak, VmRSS what is resident (Linux; elsewhere 0)."""
    path = Path("/proc/self/status")
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), 0)


def forget_peak() -> None:
    """Give back what is free, and let VmHWM begin anew, at what is resident then (Linux with glibc)."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        gc.collect()
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
        path.write_text("5", encoding="ascii")


def main() -> None:
    """Serve: "run" on standard input asks for a run, the end of input ends the process."""
    key, side, quick = sys.argv[1], sys.argv[2], sys.argv[3] == "quick"
    said = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    for module in LOADED.get(side.split()[0], ()):
        importlib.import_module(module)
    before = status("VmRSS")
    job = WORKLOADS[key].sides[side](quick)
    began = time.perf_counter()
    first = job.run()
    seconds = time.perf_counter() - began
    print(json.dumps({"first_s": seconds, "units": job.units, "number": first}), file=said, flush=True)
    forget_peak()
    for _ in sys.stdin:
        seconds = repeated(job.run, 0 if quick else AT_LEAST) / job.units
        memory = max(status("VmHWM") - before, 0)
        print(json.dumps({"seconds": seconds, "memory": memory}), file=said, flush=True)


def repeated(run: Callable[[], object], seconds: float) -> float:
    """Seconds of a run, the mean of as many as begin within so many seconds: what is over in a few milliseconds would
    else depend on what the other side's process has left in the caches.
    """
    began, times = time.perf_counter(), 0
    while not times or time.perf_counter() - began < seconds:
        run()
        times += 1
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    main()
