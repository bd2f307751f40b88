"""chainrule figures: the figures of the notes, redrawn from live computation."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chainrule.graph.errors import ChainruleError
from chainrule.notes.figures import FIGURES, draw

app = typer.Typer()


class Form(StrEnum):
    """The formats of the files."""

    png = "png"
    svg = "svg"
    pdf = "pdf"


class Look(StrEnum):
    """The themes."""

    light = "light"
    dark = "dark"


@app.command(
    epilog=(
        "Examples: `chainrule figures --out figures`, `chainrule figures 9 17 --out . --format svg "
        "--theme dark`"
    )
)
def figures(
    names: Annotated[
        list[str] | None, typer.Argument(help="Figures by number or name; all without one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; made where it is missing.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="The format of the files.")] = Form.png,
    theme: Annotated[Look, typer.Option(help="Light or dark.")] = Look.light,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document: an array with an object for each figure.")
    ] = False,
) -> None:
    """Redraw the figures of the notes, 1 to 19, and some that they lack. Without --out they are listed."""
    unknown = [name for name in names or () if name not in FIGURES]
    if unknown:
        raise ChainruleError(
            "the number or the name of a figure",
            ", ".join(unknown),
            "figures",
            f"there are {', '.join(FIGURES)}",
        )
    chosen = [entry for name, entry in FIGURES.items() if not names or name in names]
    written: dict[str, str] = {}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for entry in chosen:
            written[entry.name] = str(draw(entry.name, theme.value).save(out, form.value))
            if not as_json:
                print(written[entry.name])
    if as_json:
        found = [
            {
                "name": entry.name,
                "section": entry.section,
                "caption": entry.caption,
                "remark": entry.remark or None,
                "file": written.get(entry.name),
            }
            for entry in chosen
        ]
        print(json.dumps(found, ensure_ascii=False))
    elif out is None:
        width = max(len(entry.name) for entry in chosen)
        for entry in chosen:
            print(f"{entry.name:>{width}}  {entry.section:<6} {entry.caption}")


__all__ = ["app"]
