"""The system calls of writing, so that a test can stop or fail each of them in turn."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CALLS = ("open", "ftruncate", "write", "fsync", "replace", "unlink", "close")


@contextmanager
def counted(act: Callable[[str, int], Any]) -> Iterator[list[str]]:
    """Call act(name, number) before each system call of writing, numbered from 0; gives the list of them."""
    made: list[str] = []
    originals = {name: getattr(os, name) for name in CALLS}

    def wrapped(name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            number = len(made)
            made.append(name)
            act(name, number)
            return originals[name](*arguments, **keywords)

        return call

    for name in CALLS:
        setattr(os, name, wrapped(name))
    try:
        yield made
    finally:
        for name, original in originals.items():
            setattr(os, name, original)


def kill() -> None:
    """kill -9 of this process."""
    os.kill(os.getpid(), signal.SIGKILL)
