"""What the commands give: text on the terminal, a page, LaTeX, a PDF, Markdown, JSON or code; to a file or not."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import typer

from chainrule.documents.model import Document
from chainrule.documents.render.html import page
from chainrule.documents.render.json import data_of
from chainrule.documents.render.latex import latex_document
from chainrule.documents.render.markdown import markdown
from chainrule.documents.render.terminal import plain_text, show
from chainrule.documents.render.typst import pdf

FORMATS = ("text", "html", "latex", "pdf", "markdown", "json", "code:numpy", "code:jax", "code:torch")
_ENDINGS = {
    ".html": "html",
    ".tex": "latex",
    ".pdf": "pdf",
    ".md": "markdown",
    ".json": "json",
    ".txt": "text",
    ".py": "code:numpy",
}


def chosen_format(form: str, out: str, as_json: bool, opened: bool) -> str:
    """The format: as said, or as the name of the file says; --open means a page."""
    if as_json:
        return "json"
    if form and form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is not one of {', '.join(FORMATS)}", param_hint="--format")
    if not form:
        form = _ENDINGS.get(Path(out).suffix, "text") if out else "html" if opened else "text"
    return form


def rendered(document: Document, form: str) -> str | bytes:
    """The document in a format."""
    if form == "pdf":
        return pdf(document)
    if form == "json":
        return json.dumps(data_of(document), ensure_ascii=False)
    writers = {"html": page, "latex": latex_document, "markdown": markdown}
    return writers[form](document) if form in writers else plain_text(document, width())


def width() -> int:
    """The columns of the terminal."""
    return shutil.get_terminal_size((100, 24)).columns


def give(result: str | bytes, out: str, opened: bool, form: str) -> None:
    """Write a result to a file, or to standard output; open it where asked to."""
    if out or opened:
        ending = next((ending for ending, name in _ENDINGS.items() if name == form), ".txt")
        path = Path(out) if out else Path(tempfile.mkdtemp(prefix="chainrule-")) / f"working{ending}"
        if isinstance(result, str):
            path.write_text(result, encoding="utf-8")
        else:
            path.write_bytes(result)
        typer.echo(f"wrote {path}", err=True)
        if opened:
            typer.launch(str(path))
    elif isinstance(result, bytes):
        sys.stdout.buffer.write(result)
    else:
        typer.echo(result.rstrip("\n"))


def print_document(document: Document, form: str, out: str, opened: bool) -> None:
    """A document in a format to where it is wanted; in colour on a terminal."""
    if form == "text" and not out and not opened and sys.stdout.isatty():
        show(document)
    else:
        give(rendered(document, form), out, opened, form)
