"""A file is replaced whole or not at all: killed, failed, interrupted or full at each system call of the writing."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest
from training.storage.faults import counted, kill

from chainrule.graph.errors import DataError
from chainrule.training.storage.atomic import write_atomically

OLD, NEW = b"old" * 1000, [b"new" * 400, b"", b"more" * 500]
WHOLE = (OLD, b"".join(NEW))


def listed(folder):
    return [file.name for file in folder.iterdir()]


def calls_of_one_writing(path):
    with counted(lambda *_: None) as made:
        write_atomically(path, NEW)
    return made


def test_what_a_writing_does(tmp_path):
    made = calls_of_one_writing(tmp_path / "file")
    assert made == [
        "open",
        "ftruncate",
        "write",
        "write",
        "fsync",
        "replace",
        "close",
        "open",
        "fsync",
        "close",
    ]
    assert (tmp_path / "file").read_bytes() == WHOLE[1]


def in_child(act, path):
    """Fork, write with this fault, and give back how the child ended."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            with counted(act):
                write_atomically(path, NEW)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(process, 0)[1]


@pytest.mark.filterwarnings(  # the child only writes
    "ignore:This process .* is multi-threaded:DeprecationWarning",
    r"ignore:os.fork\(\) was called:RuntimeWarning",
)
@pytest.mark.parametrize("before", [True, False])
def test_killed_at_each_call(before, tmp_path):
    path = tmp_path / "file"
    for at in range(10):
        if before:
            path.write_bytes(OLD)
        status = in_child(lambda _, number, at=at: kill() if number == at else None, path)
        assert status == signal.SIGKILL
        assert not path.exists() or path.read_bytes() in WHOLE
        assert path.exists() or not before
        write_atomically(path, NEW)
        assert path.read_bytes() == WHOLE[1], "the next writing is not hindered"
        assert listed(tmp_path) == ["file"], "and tidies up"
        path.unlink()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_failed_at_each_call(code, tmp_path):
    path = tmp_path / "file"
    made = calls_of_one_writing(path)
    for at, name in enumerate(made):
        if name == "close":
            continue
        path.write_bytes(OLD)

        def fail(_, number, at=at):
            if number == at:
                raise OSError(code, os.strerror(code))

        with counted(fail), pytest.raises(DataError) as fault:
            write_atomically(path, NEW)
        assert os.strerror(code) in str(fault.value)
        assert f"{path}: needed a place that can be written" in str(fault.value)
        assert path.read_bytes() == (WHOLE[1] if at > 5 else OLD)
        assert listed(tmp_path) == ["file"]


def test_interrupted_at_each_call(tmp_path):
    path = tmp_path / "file"
    for at in range(6):
        path.write_bytes(OLD)

        def interrupt(_, number, at=at):
            if number == at:
                raise KeyboardInterrupt

        with counted(interrupt), pytest.raises(KeyboardInterrupt):
            write_atomically(path, NEW)
        assert path.read_bytes() == OLD
        assert listed(tmp_path) == ["file"]


def test_calls_that_write_a_part(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:7]))
    write_atomically(tmp_path / "file", NEW)
    assert (tmp_path / "file").read_bytes() == WHOLE[1]


LIMITED = """
import resource, sys
from chainrule.graph.errors import DataError
from chainrule.training.storage.atomic import write_atomically

resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
try:
    write_atomically(sys.argv[1], [b"x" * 1000] * 20)
except DataError as fault:
    print(fault)
"""


def test_a_quota_that_is_used_up(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(OLD)
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"{path}: needed a place that can be written; came File too large. "
        "Make room or choose another path; nothing that was there before is changed\n"
    )
    assert path.read_bytes() == OLD
    assert listed(tmp_path) == ["file"]


def test_two_writers_at_once(tmp_path):
    path, refused = tmp_path / "file", []
    contents = [bytes([65 + number]) * 50_000 for number in range(4)]

    def writing(content):
        for _ in range(40):
            try:
                write_atomically(path, [content])
            except DataError as fault:
                refused.append(str(fault))

    threads = [threading.Thread(target=writing, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_bytes() in contents
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert all("needed a file that nobody else is writing" in text for text in refused)
    assert listed(tmp_path) == ["file"]


def test_a_link_in_place_of_the_part_is_not_followed(tmp_path):
    other = tmp_path / "precious"
    other.write_bytes(OLD)
    (tmp_path / ".file.part").symlink_to(other)
    with pytest.raises(DataError, match="symbolic links"):
        write_atomically(tmp_path / "file", NEW)
    assert other.read_bytes() == OLD
