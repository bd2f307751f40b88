"""What a person sees while a command is at long work that has no steps to count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

DIAGNOSING = "diagnosing: short trainings try out what is suspected"


@contextmanager
def under_way(words: str) -> Iterator[None]:
    """Show what is being done, and for how long already; on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(words)
        yield
