"""chainrule work: every number of forward and backward of an expression on one example."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import typer

from chainrule.cli.expressions import chosen_leaves, read
from chainrule.cli.models import is_model, model_of, refuse_with_model
from chainrule.cli.options import (
    DATA_NAMES,
    TARGETS,
    WORKING_FORMS,
    Delta,
    Digits,
    First,
    Format,
    Json,
    Open,
    Out,
    Vectors,
    WorkingForm,
)
from chainrule.cli.output import chosen_format, give, print_document, width
from chainrule.cli.rows import example_of, inputs_section
from chainrule.documents.convention import Convention
from chainrule.documents.model import Section
from chainrule.documents.outline import checked_choice
from chainrule.documents.working import Working
from chainrule.documents.working import work as worked
from chainrule.graph.errors import ChainruleError

app = typer.Typer(add_completion=False)

EXAMPLES = """
**Examples**

    chainrule work "(w @ x - y)**2 / 2" --at w=[1,2] --at x=[3,1] --at y=4

    chainrule work network.toml --entry "grad W[0,1]"

    chainrule work network.toml --format html --out working.html

    chainrule work network.toml --digits 6 --form both

    chainrule work iris.safetensors iris --row 51

A file network.toml:

    expression = "(U @ sigmoid(W @ x + b) - y)**2 / 2"

    [values]
    x = [2, 1, 2]
    y = 1
    W = [[1, 0, 1], [1, -1, 0], [0, 0, 2]]
    b = [1, 1, 1]
    U = [-1, 1, 1]
"""


@app.command(epilog=EXAMPLES)
def work(
    expression: str = typer.Argument(
        help="An expression with a scalar value, a TOML file (expression, values, data, wrt), or a model file."
    ),
    rows: str = typer.Argument("", metavar="[DATA]", help="For a model: data, of which --row is shown."),
    row: int = typer.Option(0, "--row", min=0, help="For a model: which example of DATA, from 1."),
    at: list[str] = typer.Option(
        [], "--at", "-a", metavar="NAME=NUMBERS", help="The value of a leaf: x=[2,1,2]. May be repeated."
    ),
    data: list[str] = DATA_NAMES,
    wrt: list[str] = TARGETS,
    entry: list[str] = typer.Option(
        [], "--entry", metavar="NAME[i,j]", help="Only the arithmetic of one entry, counting from 0."
    ),
    form: WorkingForm = "matrix",
    digits: Digits = 4,
    format: Format = "",
    first: First = 1,
    delta: Delta = "loss",
    vectors: Vectors = "columns",
    out: Out = "",
    open_: Open = False,
    as_json: Json = False,
) -> None:
    """Show every number of forward and backward of an expression, for one example, checked before it is shown."""
    kind = chosen_format(format, out, as_json, open_)
    checked_choice(form, WORKING_FORMS, "--form")
    convention = Convention(first=first, delta=delta, vectors=vectors)
    sections: tuple[Section, ...] = ()
    if is_model(expression):
        refuse_with_model({"--at": at, "--data": data, "--wrt": wrt})
        if not (rows and row):
            raise typer.BadParameter(
                "a model needs data and a row: work MODEL DATA --row 1", param_hint="--row"
            )
        example = example_of(model_of(expression), expression, rows, row)
        working = example.model.network.work(example.x, example.y, convention, digits)
        sections = (inputs_section(example),)
    else:
        if rows or row:
            raise typer.BadParameter("DATA and --row are for model files", param_hint="--row")
        given = read(expression, (), data, at, wrt)
        targets = chosen_leaves(given.expression, given.wrt)
        working = worked(given.expression, given.values, targets, convention, digits)
    if kind.startswith("code:"):
        give(working.derivation.code(kind.removeprefix("code:")), out, open_, kind)
    elif entry:
        give(_entries(working, entry, kind), out, open_, kind)
    else:
        document = working.document(form)
        print_document(replace(document, sections=(*sections, *document.sections)), kind, out, open_)


def _entries(working: Working, asked: list[str], kind: str) -> str:
    """The arithmetic of single entries."""
    found = []
    for text in asked:
        match = re.fullmatch(r"(.*?)\s*(?:\[([\d\s,\-]*)\])?", text, re.DOTALL)
        name, indices = (match.group(1), match.group(2) or "") if match else (text, "")
        try:
            place = tuple(int(part) for part in indices.split(",") if part.strip())
        except ValueError:
            raise ChainruleError(
                "an entry such as z[1] or grad W[0,2]",
                repr(text)[:80],
                "--entry",
                "count from 0, as Python does",
            ) from None
        found.append(working.entry(name, place))
    if kind == "json":
        return json.dumps([entry.to_dict() for entry in found], ensure_ascii=False)
    if kind == "latex":
        return "\n".join(entry.latex for entry in found)
    return "\n\n".join(entry.html if kind == "html" else entry.folded(width()) for entry in found)
