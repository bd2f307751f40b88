"""What goes wrong overnight: kills at any moment, files that are damaged, a disk that fills. Nothing kept is lost.

The short form runs with the tests; `make evidence` makes the long one, and prints what happened.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from training.data.test_mutations import mutated
from training.faulty_run import fitted, frequently, network, outcome
from training.storage.faults import counted
from training.storage.forgery import unpacked

import chainrule as cr
from chainrule.training.storage.tensors import load_tensors

TESTS = Path(__file__).parent.parent


def checkpoints(folder):
    return sorted(folder.glob("checkpoint-*.safetensors"))


def require_whole(folder):
    """Every checkpoint that has its name is whole."""
    for file in checkpoints(folder):
        load_tensors(file)


# kills


def test_killed_at_each_system_call_of_the_writing(tmp_path):
    """A kill leaves the files as they are at that moment; so the folder is copied before each call."""
    expected, copies = outcome(*fitted(epochs=3)), []

    def copy(name, number):
        if 150 <= number < 172:
            copies.append(shutil.copytree(tmp_path / "run", tmp_path / str(number)))

    with counted(copy) as made, frequently():
        assert outcome(*fitted(tmp_path / "run", epochs=3)) == expected
    assert {"open", "ftruncate", "write", "fsync", "replace", "unlink", "close"} == set(made[150:172])
    assert len(copies) == 22
    for folder in copies:
        require_whole(folder)
        assert outcome(*fitted(folder, epochs=3)) == expected


def start(folder, result, *call):
    command = [sys.executable, "-m", "training.faulty_run", folder, result, *map(str, call)]
    process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def finish(process):
    """What it said on standard error, and how it ended."""
    _, said = process.communicate(timeout=600)
    return said, process.returncode


def test_killed_by_the_system_at_a_random_moment(tmp_path):
    expected = outcome(*fitted())
    process = start(tmp_path / "run", tmp_path / "result")
    while not checkpoints(tmp_path / "run") and process.poll() is None:
        time.sleep(0.01)
    time.sleep(np.random.default_rng().uniform(0, 1))
    process.send_signal(signal.SIGKILL)
    assert finish(process)[1] in {-signal.SIGKILL, 0}
    require_whole(tmp_path / "run")
    assert outcome(*fitted(tmp_path / "run")) == expected


@pytest.mark.evidence
def test_fifty_kills(tmp_path):
    """Each run is killed again and again, by the clock or before a system call of writing, until it ends."""
    began = time.monotonic()
    assert finish(start(tmp_path / "whole", tmp_path / "expected")) == ("", 0)
    expected, seconds = (tmp_path / "expected").read_text(encoding="utf-8"), time.monotonic() - began
    assert expected == outcome(*fitted())
    random, kills, finished, within = np.random.default_rng(0), 0, 0, 0
    while kills < 50 or finished < 3:
        folder, result = tmp_path / f"run{finished}", tmp_path / f"result{finished}"
        calls = (int(random.integers(2, 3000)),) if kills % 2 else ()
        process = start(folder, result, *calls)
        if not calls and kills < 50:
            time.sleep(random.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
        said, status = finish(process)
        assert said == "", said
        if status == -signal.SIGKILL:
            kills += 1
            within += any(folder.glob(".*.part"))
            require_whole(folder)
            continue
        assert status == 0
        assert result.read_text(encoding="utf-8") == expected
        finished += 1
    print(
        f"\n{kills} kills with kill -9 in {finished} runs, {within} of them while a file was being written: no "
        "checkpoint damaged, no message, and each run ended with the parameters and history of a run without a break"
    )


# damaged files


def swapped(content, random):
    """Two arrays of one size in each other's place."""
    header, _ = unpacked(content)
    places = [(name, record["data_offsets"]) for name, record in header.items() if name != "__metadata__"]
    start = len(content) - max(end for _, (_, end) in places)
    pairs = [
        (a, b)
        for i, (_, a) in enumerate(places)
        for _, b in places[i + 1 :]
        if a[1] - a[0] == b[1] - b[0] > 0
        and content[start + a[0] : start + a[1]] != content[start + b[0] : start + b[1]]
    ]
    if not pairs:
        return mutated(content, random)
    one, other = sorted(pairs[int(random.integers(len(pairs)))])
    (a, b), (c, d) = ([start + place for place in pair] for pair in (one, other))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def not_a_number(content, random):
    """One number of the arrays becomes NaN."""
    at = len(content) - 4 * int(random.integers(1, 20))
    return content[:at] + np.float32(np.nan).tobytes() + content[at + 4 :]


def huge_header(content, random):
    return int(random.integers(len(content), 2**62)).to_bytes(8, "little") + content[8:]


def flipped(content, random, within=None):
    at, bit = int(random.integers(within or len(content))), int(random.integers(8))
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]


DAMAGE = [
    mutated,
    swapped,
    not_a_number,
    huge_header,
    flipped,
    lambda content, random: flipped(content, random, 8),
    lambda content, random: flipped(content, random, 600),
    lambda content, random: content[: int(random.integers(len(content)))],
    lambda content, random: content + bytes(int(random.integers(1, 999))),
    lambda content, random: random.bytes(len(content)),
    lambda content, random: bytes(int(random.integers(3000))),
    lambda content, random: b"\x80\x04\x95" + content[3:],
]


def damaged(content, seed):
    random = np.random.default_rng(seed)
    for attempt in range(20):
        found = DAMAGE[(seed + attempt) % len(DAMAGE)](content, random)
        if found != content:
            return found
    raise AssertionError("nothing is damaged")


def refuse_models(folder, count):
    net, path = network(), folder / "model.safetensors"
    net.save(path)
    content = path.read_bytes()
    for seed in range(count):
        path.write_bytes(damaged(content, seed))
        with pytest.raises(cr.DataError) as fault:
            cr.load(path)
        assert str(fault.value).startswith(f"{path}: needed ")
        assert len(str(fault.value)) < 600 + len(str(path))


def resume_after_damage(folder, count):
    """Damage the newest checkpoint; training goes on from the one before it, to the same bits."""
    expected = outcome(*fitted(epochs=3))
    fitted(folder / "all", epochs=3, checkpoint_every=1)
    for seed in range(count):
        run = shutil.copytree(folder / "all", folder / f"run{seed}")
        newest, before = reversed(checkpoints(run)[-2:])
        newest.write_bytes(damaged(newest.read_bytes(), seed))
        with pytest.warns(cr.CheckpointWarning) as said:
            assert outcome(*fitted(run, epochs=3)) == expected
        assert len(said) == 1
        assert newest.name in str(said[0].message)
        assert f"training goes on from {before.name}" in str(said[0].message)
        shutil.rmtree(run)


def test_damaged_models_are_refused(tmp_path):
    refuse_models(tmp_path, 3 * len(DAMAGE))


def test_training_goes_on_after_damage(tmp_path):
    resume_after_damage(tmp_path, len(DAMAGE))


@pytest.mark.evidence
def test_a_hundred_damaged_files_of_each_kind(tmp_path):
    refuse_models(tmp_path, 1000)
    resume_after_damage(tmp_path, 100)
    print(
        "\n1,000 damaged model files: each refused by name. 100 damaged checkpoints: each named, and training went "
        "on from the one before it to the same bits"
    )


# a disk that fills


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for some 20 checkpoints; needs root."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", place]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.evidence
def test_a_disk_that_fills(small_disk):
    expected, model = outcome(*fitted(epochs=5)), small_disk / "model.safetensors"
    network().save(model)
    content = model.read_bytes()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")

        def fill(history):
            if history.epochs == 3:
                with pytest.raises(OSError, match="No space left"):
                    (small_disk / "filler").write_bytes(bytes(1 << 20))

        with frequently():
            assert outcome(*fitted(small_disk / "run", epochs=5, callbacks=[fill])) == expected
    assert len(said) == 1
    assert "No space left on device" in str(said[0].message)
    left = checkpoints(small_disk / "run")
    assert left
    require_whole(small_disk / "run")
    net = network()
    net.set_parameters({"b^{(1)}": np.ones(16)})
    for _ in range(3):
        with pytest.raises(cr.DataError, match="No space left on device"):
            net.save(model)
    assert model.read_bytes() == content
    (small_disk / "filler").unlink()
    assert outcome(*fitted(small_disk / "run", epochs=5)) == expected
    net.save(model)
    assert (cr.load(model).parameters["b^{(1)}"] == 1).all()
    print(
        "\nA file system of 192 kB was filled in the third epoch: one warning, training ended with the same bits in "
        f"memory, {len(left)} checkpoints and the model file stayed whole, and with room again the run was resumed"
    )
