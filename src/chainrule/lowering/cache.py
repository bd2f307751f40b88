"""Compiled code outlives its process: JAX's own compilation cache, in a folder of the user.

`CHAINRULE_CACHE` names another folder; where it is empty nothing is kept. Whoever has given JAX a folder keeps it. The
folder is JAX's for the whole process: other functions that JAX compiles in it are kept there too.
Machine code runs on machines of its kind only, so processor and version decide on the folder within.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import jax
from jax.experimental import serialize_executable

VARIABLE = "CHAINRULE_CACHE"
_SECONDS = 0.1
"""What compiles faster is not worth a file."""
_BYTES = 2**28
"""Of all files together: the oldest go first."""
_VERDICT = "loaded"
"""The file that says whether XLA loads on this machine what it compiled here."""
_one_at_a_time = Lock()


@cache
def keep_compiled() -> Path | None:
    """See to it that compiled code is kept from now on. Returns the folder, or None where there is none."""
    config = _config()
    found = folder() if config.jax_compilation_cache_dir is None else None
    try:
        if found is None or not _is_loaded(found / _VERDICT):
            return None
    except (OSError, RuntimeError):  # no right to write there, or XLA fails at it: no reason not to train
        return None
    config.update("jax_persistent_cache_min_compile_time_secs", _SECONDS)
    config.update("jax_compilation_cache_dir", str(found))
    return found


@cache
def folder() -> Path | None:
    """Where compiled code is kept, or None where nothing is."""
    named = os.environ.get(VARIABLE)
    if named == "":
        return None
    try:
        found = (Path(named) if named else _usual()) / f"compiled-{_processor()}"
        found.mkdir(mode=0o700, parents=True, exist_ok=True)
        _tidied(found.parent)
    except (OSError, RuntimeError):  # no home, or no right to write there: no reason not to train
        return None
    return found if os.access(found, os.W_OK) else None


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
    words = "\n".join([jax.__version__, platform.machine(), *(sorted(set(kind)) or [said])])
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _is_loaded(verdict: Path) -> bool:
    """Whether XLA loads what it compiled. For some processors it refuses, and complains at every start.

    Tried once for a folder. The complaint comes from C++, so standard error is turned away meanwhile.
    https://github.com/openxla/xla/issues/44565
    """
    said = verdict.read_text(encoding="ascii") if verdict.exists() else ""
    if not said:
        complaint = _complaint()
        said = "no" if complaint else "yes"
        verdict.write_text(said, encoding="ascii")
    return said == "yes"


def _complaint() -> str:
    """What is said where a small function is compiled, written and loaded."""
    written: Any = serialize_executable  # JAX has no types for it
    compiled = jax.jit(lambda x: x + 1).lower(1.0).compile()
    with _one_at_a_time, tempfile.TemporaryFile() as heard:  # standard error belongs to all threads
        sys.stderr.flush()
        before, fault = os.dup(2), ""
        os.dup2(heard.fileno(), 2)
        try:
            written.deserialize_and_load(*written.serialize(compiled))
        except (RuntimeError, ValueError) as reason:
            fault = f"{type(reason).__name__}: {reason}"
        finally:
            os.dup2(before, 2)
            os.close(before)
        heard.seek(0)
        return heard.read().decode(errors="replace") + fault


def _tidied(root: Path) -> None:
    """Remove the oldest files beyond _BYTES, of whatever version, and those that a killed process left empty."""
    found = []
    for path in root.glob("compiled-*/*"):
        if path.name == _VERDICT or path.is_dir():  # a folder is where another process compiles
            continue
        status = path.stat()
        found.append((status.st_mtime if status.st_size else 0, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found, key=lambda entry: entry[:2]):
        if size and total <= _BYTES:
            break
        path.unlink(missing_ok=True)
        total -= size
