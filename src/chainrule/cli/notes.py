"""chainrule notes: the equations of the notes, each computed and judged at every call."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chainrule.notes import VERDICTS, Judgement
from chainrule.notes.companion import (
    Choice,
    chosen,
    companion_latex,
    companion_markdown,
    companion_page,
    companion_pdf,
)
from chainrule.notes.companion.tables import Table as Demonstration
from chainrule.notes.judgement import remark_dict
from chainrule.notes.oneline import oneline
from chainrule.notes.remark import Remark

app = typer.Typer()


class Form(StrEnum):
    """What the equations are given as."""

    text = "text"
    json = "json"
    latex = "latex"
    html = "html"
    pdf = "pdf"
    markdown = "markdown"


_COLOURS = {"right": "green", "wrong": "bold red", "imprecise": "yellow"}
_SIGNS = {"right": "✓", "wrong": "✗", "imprecise": "~"}


_ENDINGS = {
    ".html": Form.html,
    ".tex": Form.latex,
    ".pdf": Form.pdf,
    ".md": Form.markdown,
    ".json": Form.json,
}
_WRITERS: dict[Form, Callable[[Choice], str | bytes]] = {
    Form.html: companion_page,
    Form.latex: companion_latex,
    Form.pdf: companion_pdf,
    Form.markdown: companion_markdown,
}


@app.command(
    epilog=(
        "Examples: `chainrule notes 94`, `chainrule notes --section 4.4`, `chainrule notes --errata`, "
        "`chainrule notes --json`, `chainrule notes --out companion.pdf`"
    )
)
def notes(
    equation: Annotated[int | None, typer.Argument(help="The number of an equation, 1 to 146.")] = None,
    section: Annotated[str | None, typer.Option(help="A section and those below it, as 4.4 or 2.")] = None,
    errata: Annotated[
        bool,
        typer.Option("--errata", help="Only what is not right, with the reason, and the text around it."),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON document: an array of the equations, with --errata also of what the text says.",
        ),
    ] = False,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="How it is given; else as the name of --out says, else text."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A file to write to.")] = None,
) -> None:
    """The 146 equations of the notes: what each states, whether it is true, what it has to be, and why.

    A verdict is computed at every call: right is true as printed; wrong is false, or a wrong
    number or shape; imprecise is right after an obvious repair of notation. As HTML or PDF all of
    them are the companion of the notes, with the figures and the demonstrations.
    """
    kind = Form.json if as_json else form or _ENDINGS.get(out.suffix if out else "", Form.text)
    if kind is Form.pdf and out is None:
        raise typer.BadParameter("a PDF needs a file: --out companion.pdf", param_hint="--out")
    choice = chosen(equation, section, errata)
    if kind in _WRITERS:
        _give(_WRITERS[kind](choice), out)
    elif kind is Form.json:
        found = [one.as_dict() for one in choice.judged]
        found += [remark_dict(remark) for remark in choice.remarks] if errata else []
        _give(json.dumps(found, ensure_ascii=False) + "\n", out)
    elif out is not None:
        with out.open("w", encoding="utf-8") as file:
            _text(Console(highlight=False, file=file, width=110), choice, equation, errata)
    else:
        _text(Console(highlight=False), choice, equation, errata)


def _text(console: Console, choice: Choice, equation: int | None, errata: bool) -> None:
    """The equations for a person: one whole, the errata, or the list with the demonstrations of a section."""
    if equation is not None:
        _whole(console, choice.judged[0])
        return
    if errata:
        for one in choice.judged:
            _fault(console, one)
        _prose(console, choice.remarks)
    else:
        _list(console, choice.judged)
    _summary(console, choice.judged)
    if not errata and not choice.whole:
        for number in choice.sections:
            for table in choice.tables(number):
                _shown(console, table)


def _give(result: str | bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(str(result))
    elif isinstance(result, str):
        out.write_text(result, encoding="utf-8")
    else:
        out.write_bytes(result)


def _list(console: Console, found: Sequence[Judgement]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title, how in (
        ("eq", "right"),
        ("section", "left"),
        ("kind", "left"),
        ("verdict", "left"),
        ("", "left"),
    ):
        table.add_column(title, justify=how, no_wrap=title != "")  # type: ignore[arg-type]
    for one in found:
        entry = one.equation
        verdict = Text(one.verdict, _COLOURS[one.verdict])
        table.add_row(f"({entry.eq})", entry.section, entry.kind, verdict, one.reason or entry.title)
    console.print(table)


def _summary(console: Console, found: Sequence[Judgement]) -> None:
    counts = Counter(one.verdict for one in found)
    console.print(
        f"\n{len(found)} equations: " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    )


def _head(console: Console, one: Judgement) -> None:
    entry = one.equation
    colour = _COLOURS[one.verdict]
    console.print(
        f"[bold]({entry.eq})[/] {escape(entry.title)} · section {entry.section} · {entry.kind} · "
        f"[{colour}]{one.verdict}[/]"
    )


def _whole(console: Console, one: Judgement) -> None:
    """One equation: every line with its check, and its correction."""
    _head(console, one)
    for line in one.lines:
        console.print()
        sign = Text(_SIGNS[line.verdict] + " ", _COLOURS[line.verdict])
        console.print(Padding(sign + Text(line.statement), (0, 0, 0, 2), expand=False))
        console.print(Padding(Text(line.printed.evidence, "dim"), (0, 0, 0, 4), expand=False))
        if line.correction:
            console.print(Padding(Text(line.claim.because), (0, 0, 0, 4), expand=False))
            console.print(
                Padding(Text("correct: ", "green") + Text(line.correction), (0, 0, 0, 4), expand=False)
            )
            if line.correct is not None:
                console.print(Padding(Text(line.correct.evidence, "dim"), (0, 0, 0, 13), expand=False))
    console.print()
    if one.correct:
        console.print(Text("as it has to be: ", "green") + Text(one.correct))
    if one.values:
        console.print("values: " + ", ".join(repr(value) for value in one.values))
    console.print(f"check: {one.check}")
    if one.equation.remark:
        console.print(f"remark: {one.equation.remark}")


def _fault(console: Console, one: Judgement) -> None:
    """One entry of the errata."""
    _head(console, one)
    sign = Text(_SIGNS[one.verdict] + " ", _COLOURS[one.verdict])
    console.print(Padding(sign + Text(oneline(one.printed)), (0, 0, 0, 2), expand=False))
    console.print(Padding(Text("correct: ", "green") + Text(one.correct or ""), (0, 0, 0, 4), expand=False))
    console.print(Padding(Text(one.reason or ""), (0, 0, 0, 4), expand=False))
    console.print(Padding(Text(one.evidence or "", "dim"), (0, 0, 1, 4), expand=False))


def _prose(console: Console, found: Sequence[Remark]) -> None:
    """The remarks on the text around the equations."""
    if not found:
        return
    console.print("[bold]In the text around the equations[/]")
    for remark in found:
        verdict = remark.verdict
        console.print(
            Padding(
                Text(f"{remark.section} ", "bold") + Text(verdict, _COLOURS[verdict]),
                (1, 0, 0, 2),
                expand=False,
            )
        )
        console.print(Padding(Text(remark.says), (0, 0, 0, 4), expand=False))
        console.print(Padding(Text("correct: ", "green") + Text(remark.correct), (0, 0, 0, 4), expand=False))
        console.print(Padding(Text(remark.evidence, "dim"), (0, 0, 0, 4), expand=False))


def _shown(console: Console, demonstration: Demonstration) -> None:
    """A demonstration as a table, with what it shows below."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in demonstration.head:
        table.add_column(title)
    for row in demonstration.rows:
        table.add_row(*map(escape, row))
    console.print()
    console.print(table)
    console.print(Text(demonstration.caption, "dim"))
