"""Tables of the commands on a terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from chainrule.cli.judging import Verdict


def facts() -> Table:
    """An empty list of facts: a dim word, then what there is to say."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="dim", no_wrap=True)
    lines.add_column()
    return lines


def table_of(verdict: Verdict, name: str) -> Table:
    """The numbers of a verdict beside those of the guess."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column(name, justify="right", style="bold")
    if verdict.baseline:
        table.add_column("baseline", justify="right")
        table.add_column("", style="dim")
    for n, row in enumerate(verdict.rows()):
        cells = [row[0], row[1]]
        table.add_row(*cells, *([row[2], escape(verdict.said) if n == 0 else ""] if verdict.baseline else []))
    return table
