"""A file is replaced whole or not at all, whatever happens meanwhile: a kill, a full disk, a power cut.

The new content goes into a file beside the old one, `.NAME.part`, and to the disk; then it takes the name in one
step, and the folder, which holds the name, goes to the disk. A part that a kill left behind is used again.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chainrule.graph.errors import DataError

if sys.platform != "win32":
    import fcntl

_OPENED = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def write_atomically(path: str | os.PathLike[str], parts: Iterable[Any]) -> None:
    """Make the file hold these parts (bytes, or arrays of bytes) one after the other, or leave it as it was.

    Raises DataError where it cannot be written, with the system's reason; what was there is whole then.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "notes.txt")
    ...     write_atomically(file, [b"whole ", b"or not at all"])
    ...     file.read_text()
    'whole or not at all'
    """
    try:
        target = _regular(path)
        part = target.with_name(f".{target.name}.part")
        held = _held(part)
        try:
            os.ftruncate(held.descriptor, 0)
            for content in parts:
                _write(held.descriptor, content)
            os.fsync(held.descriptor)
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            held.release()
        sync_folder(target.parent)
    except OSError as fault:
        raise _not_written(path, fault) from None


class Lock:
    """A file, made where it is missing, open and held against others until `release`, or the end of the process.

    Raises DataError, which says what is needed, where another holds it; OSError where it cannot be opened.
    """

    def __init__(self, path: Path, needed: str) -> None:
        self.descriptor = os.open(path, _OPENED, 0o666)
        try:
            if sys.platform != "win32":  # there writers are not held apart
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            remedy = "wait for it to end, or choose another path"
            raise DataError(needed, "one that another writer holds", str(path), remedy) from None
        except OSError:  # a file system without locks
            return

    def release(self) -> None:
        """Let others have it."""
        os.close(self.descriptor)


def checked_path(path: Any, where: str) -> Path:
    """The path. Raises DataError for what can be none."""
    if not isinstance(path, (str, os.PathLike)) or "\0" in str(path) or not str(path):
        remedy = 'write a text, as in "model.safetensors"'
        raise DataError("the path of a file", repr(path)[:80], where, remedy)
    return Path(path)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _regular(path: str | os.PathLike[str]) -> Path:
    """The file itself, where the path is a link."""
    target = checked_path(path, "save").resolve()
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        came = "a folder" if target.is_dir() else "something that is no file"
        raise DataError("the path of a file to write", came, str(path), "give a file name in that folder")
    return target


def _held(part: Path) -> Lock:
    """The part, open and locked. What another writer has just given its name is not written to."""
    while True:
        held = Lock(part, "a file that nobody else is writing")
        try:
            if part.exists() and os.path.samestat(os.fstat(held.descriptor), part.stat()):
                return held
        except BaseException:
            held.release()
            raise
        held.release()


def _write(descriptor: int, content: Any) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _not_written(path: str | os.PathLike[str], fault: OSError) -> DataError:
    return DataError(
        "a place that can be written",
        fault.strerror or str(fault),
        os.fspath(path),
        "make room or choose another path; nothing that was there before is changed",
    )
