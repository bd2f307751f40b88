"""Compiled code outlives its process: JAX's own compilation cache, in a folder of the user.

`CHAINRULE_CACHE` names another folder; where it is empty nothing is kept. Whoever has given JAX a folder keeps it.
Machine code runs on machines of its kind only, so the processor decides on the folder within.
"""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

import jax

VARIABLE = "CHAINRULE_CACHE"
_SECONDS = 0.1
"""What compiles faster is not worth a file."""
_BYTES = 2**28
"""Of all files together: the oldest go first."""


@cache
def keep_compiled() -> Path | None:
    """See to it that compiled code is kept from now on. Returns the folder, or None where there is none."""
    named, config = os.environ.get(VARIABLE), _config()
    if named == "" or config.jax_compilation_cache_dir is not None:
        return None
    try:
        folder = (Path(named) if named else _usual()) / f"compiled-{_processor()}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _tidied(folder)
    except (OSError, RuntimeError):  # no home, or no right to write there: no reason not to train
        return None
    if not os.access(folder, os.W_OK):
        return None
    config.update("jax_persistent_cache_min_compile_time_secs", _SECONDS)
    config.update("jax_compilation_cache_dir", str(folder))
    return folder


def _config() -> Any:
    return jax.config  # JAX has no types for it


def _usual() -> Path:
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path("~/.cache").expanduser()) / "chainrule"


def _processor() -> str:
    """A short name for this kind of processor, with the instructions that it has."""
    path = Path("/proc/cpuinfo")
    said = path.read_text(encoding="utf-8", errors="replace") if path.exists() else platform.processor()
    kind = [
        line for line in said.splitlines() if line.startswith(("model name", "flags", "Features", "CPU part"))
    ]
    words = "\n".join([platform.machine(), *(sorted(set(kind)) or [said])])
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _tidied(folder: Path) -> None:
    """Remove the oldest files beyond _BYTES, and those that a process left empty when it was killed."""
    found = []
    for path in folder.iterdir():
        status = path.stat()
        found.append((status.st_mtime if status.st_size else 0, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found, key=lambda entry: entry[:2]):
        if size and total <= _BYTES:
            break
        path.unlink(missing_ok=True)
        total -= size
