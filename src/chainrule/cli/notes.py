"""chainrule notes: the equations of the notes, each computed and judged at every call."""

from __future__ import annotations

import json
import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chainrule.graph.errors import ChainruleError
from chainrule.notes import EQUATIONS, VERDICTS, Judgement, judge
from chainrule.notes.companion import companion_page, companion_pdf
from chainrule.notes.prose import Remark, remarks

app = typer.Typer()


class Form(StrEnum):
    """What the equations are given as."""

    text = "text"
    json = "json"
    latex = "latex"
    html = "html"
    pdf = "pdf"


_COLOURS = {"right": "green", "wrong": "bold red", "imprecise": "yellow"}
_SIGNS = {"right": "✓", "wrong": "✗", "imprecise": "~"}


@app.command(
    epilog=(
        "Examples: `chainrule notes 94`, `chainrule notes --section 4.4`, `chainrule notes --errata`, "
        "`chainrule notes --json`"
    )
)
def notes(
    equation: Annotated[int | None, typer.Argument(help="The number of an equation, 1 to 146.")] = None,
    section: Annotated[str | None, typer.Option(help="The equations of a section, as 4.4 or 2.")] = None,
    errata: Annotated[
        bool,
        typer.Option("--errata", help="Only what is not right, with the reason, and the text around it."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document: an array with an object for each equation.")
    ] = False,
    form: Annotated[
        Form,
        typer.Option("--format", help="Text, JSON, LaTeX; or the whole companion: HTML, PDF."),
    ] = Form.text,
    out: Annotated[Path | None, typer.Option(help="A file to write to instead of the terminal.")] = None,
) -> None:
    """The 146 equations of the notes: what each states, whether it is true, what it has to be, and why.

    A verdict is computed at every call: right is true as printed; wrong is false, or a wrong
    number or shape; imprecise is right after an obvious repair of notation.
    """
    if form is Form.html:
        _give(companion_page(), out)
        return
    if form is Form.pdf:
        if out is None:
            raise typer.BadParameter("a PDF needs a file: --out companion.pdf", param_hint="--out")
        out.write_bytes(companion_pdf())
        return
    found = [judge(number) for number in _chosen(equation, section)]
    if errata:
        found = [one for one in found if one.verdict != "right"]
    if as_json or form is Form.json:
        _give(json.dumps([one.as_dict() for one in found], ensure_ascii=False) + "\n", out)
    elif form is Form.latex:
        _give("\n\n".join(map(_latex, found)) + "\n", out)
    elif out is not None:
        with out.open("w", encoding="utf-8") as file:
            _text(Console(highlight=False, file=file, width=110), found, equation, section, errata)
    else:
        _text(Console(highlight=False), found, equation, section, errata)


def _text(
    console: Console, found: list[Judgement], equation: int | None, section: str | None, errata: bool
) -> None:
    """The equations for a person: one whole, the errata, or the list."""
    if equation is not None and found:
        _whole(console, found[0])
        return
    if errata:
        for one in found:
            _fault(console, one)
        _prose(console, remarks(section))
    else:
        _list(console, found)
    _summary(console, found)


def _give(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


def _chosen(equation: int | None, section: str | None) -> list[int]:
    """The numbers asked for. Raises ChainruleError for a section there is not."""
    if equation is not None:
        return [equation]
    if section is None:
        return sorted(EQUATIONS)
    parts = section.split(".")
    numbers = [n for n, entry in sorted(EQUATIONS.items()) if entry.section.split(".")[: len(parts)] == parts]
    if not numbers:
        listed = ", ".join(dict.fromkeys(entry.section for _, entry in sorted(EQUATIONS.items())))
        raise ChainruleError("a section with equations", section, "notes", f"the sections are {listed}")
    return numbers


def _list(console: Console, found: list[Judgement]) -> None:
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


def _summary(console: Console, found: list[Judgement]) -> None:
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
    if one.values:
        console.print("values: " + ", ".join(repr(value) for value in one.values))
    console.print(f"check: {one.check}")
    if one.equation.remark:
        console.print(f"remark: {one.equation.remark}")


def _fault(console: Console, one: Judgement) -> None:
    """One entry of the errata."""
    _head(console, one)
    for line in one.faults:
        sign = Text(_SIGNS[line.verdict] + " ", _COLOURS[line.verdict])
        console.print(Padding(sign + Text(line.statement), (0, 0, 0, 2), expand=False))
        console.print(Padding(Text("correct: ", "green") + Text(line.correction), (0, 0, 0, 4), expand=False))
    console.print(Padding(Text(one.reason or "", "dim"), (0, 0, 1, 4), expand=False))


def _prose(console: Console, found: list[Remark]) -> None:
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


def _latex(one: Judgement) -> str:
    lines = [f"% ({one.equation.eq}) {one.verdict}", one.printed]
    return "\n".join([*lines, "% correct", one.correct_latex] if one.correct_latex else lines)
