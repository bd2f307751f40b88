"""Compiled code that is kept: a second process loads it, with the same bits; whatever its folder is like, training runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.lowering import cache

SCRIPT = """
import jax.monitoring
events = []
jax.monitoring.register_event_listener(lambda event, **_: events.append(event))
import numpy as np
import chainrule as cr
X = np.random.default_rng(0).normal(size=(64, 1, 12, 12)).astype(np.float32)
net = cr.Network((1, 12, 12), [cr.Conv2d(16, 3), cr.ReLU(), cr.Conv2d(16, 3), cr.Flatten(), cr.Linear(3)], "cross_entropy")
net.fit(X, np.arange(64) % 3, epochs=2, batch_size=32, optimizer=cr.SGD(0.1), progress=False)
print(events.count("/jax/compilation_cache/cache_hits"))
print(b"".join(value.tobytes() for value in net.parameters.values()).hex())
"""


def trained(folder: Path | str, **more: str) -> tuple[int, str, str]:
    """How much was found in the cache, the bits of the parameters, and what was said on standard error."""
    environment = os.environ | {cache.VARIABLE: str(folder)} | more
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    hits, bits = done.stdout.split()
    return int(hits), bits, done.stderr


def test_a_second_process_loads_what_the_first_compiled_even_where_a_file_is_damaged(tmp_path: Path) -> None:
    first, again = trained(tmp_path), trained(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert (first[0], first[2]) == (0, "")
    if (folder / cache._VERDICT).read_text() == "no":
        pytest.skip("XLA refuses what it compiled on this processor")
    assert again[0] > 0
    assert again[1] == first[1]
    for file in folder.glob("*-cache"):
        file.write_bytes(file.read_bytes()[:99])
    hits, bits, said = trained(tmp_path)
    assert hits == 0
    assert bits == first[1]
    assert "compilation cache" in said


def test_nothing_is_kept_where_the_variable_is_empty(tmp_path: Path) -> None:
    hits, _, said = trained("", XDG_CACHE_HOME=str(tmp_path), HOME=str(tmp_path))
    assert (hits, said) == (0, "")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_no_reason_not_to_train(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert trained(tmp_path / "file")[2] == ""


def test_a_folder_that_jax_was_given_is_left_to_it(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    trained(ours, JAX_COMPILATION_CACHE_DIR=str(theirs))
    assert {path.suffix for path in ours.rglob("*") if path.is_file()} <= {".so"}  # of our own C


def test_the_oldest_files_go_first_and_empty_ones_always(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_BYTES", 250)
    for age, name in enumerate(("a/new", "b/middle", "a/old", "b/older", "b/empty")):
        path = tmp_path / f"compiled-{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(0 if name == "b/empty" else 100))
        os.utime(path, (1e9 - age, 1e9 - age))
    (tmp_path / "other").write_bytes(bytes(1000))
    (tmp_path / "compiled-b" / "building-c").mkdir()  # where another process compiles, or was killed at it
    cache._tidied(tmp_path)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"new", "middle", "other"}


def test_nothing_is_kept_where_xla_refuses_what_it_compiled(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        os.write(2, b"Loading XLA:CPU AOT result. Target machine feature +prefer-no-gather is not supported")
        raise RuntimeError("refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache.serialize_executable, "deserialize_and_load", refused)
        assert not cache._is_loaded(tmp_path / "verdict")
    assert (tmp_path / "verdict").read_text() == "no"
    assert not cache._is_loaded(tmp_path / "verdict")  # tried once
    assert cache._is_loaded(tmp_path / "another")
    assert capfd.readouterr().err == ""
