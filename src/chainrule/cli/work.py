"""chainrule work: every number of forward and backward of an expression on one example."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import typer

from chainrule.cli.expressions import chosen_leaves, read
from chainrule.cli.models import is_model, model_of, refuse_with_model
from chainrule.cli.output import FORMATS, chosen_format, give, print_document, width
from chainrule.cli.rows import example_of, inputs_section
from chainrule.documents.convention import Convention
from chainrule.documents.model import Section
from chainrule.documents.outline import FORMS, checked_choice
from chainrule.documents.working import Working
from chainrule.documents.working import work as worked
from chainrule.graph.errors import ChainruleError
from chainrule.graph.walk import leaves

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
    data: list[str] = typer.Option(
        [], "--data", metavar="NAMES", help="What differs from example to example; x,y by default."
    ),
    wrt: list[str] = typer.Option(
        [], "--wrt", metavar="NAMES", help="The leaves to differentiate by; all but labels by default."
    ),
    entry: list[str] = typer.Option(
        [], "--entry", metavar="NAME[i,j]", help="Only the arithmetic of one entry, counting from 0."
    ),
    form: str = typer.Option("matrix", "--form", help=f"One of {', '.join(FORMS[:3])}."),
    digits: int = typer.Option(4, "--digits", min=1, max=15, help="Significant digits."),
    format: str = typer.Option(
        "", "--format", help=f"One of {', '.join(FORMATS)}; else as the name of --out says, else text."
    ),
    first: int = typer.Option(1, "--first", help="The number of the first entry in formulas, 1 or 0."),
    delta: str = typer.Option(
        "loss", "--delta", help="δ is ∂ℓ/∂z (loss), or ∂ŷ/∂z as in the notes (output)."
    ),
    vectors: str = typer.Option("columns", "--vectors", help="Vectors as columns, W x, or as rows, x W."),
    out: str = typer.Option("", "--out", "-o", metavar="FILE", help="Write to a file."),
    open_: bool = typer.Option(False, "--open", help="Open the result."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on standard output."),
) -> None:
    """Show every number of forward and backward of an expression, for one example, checked before it is shown."""
    kind = chosen_format(format, out, as_json, open_)
    checked_choice(form, FORMS[:3], "--form")
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
        targets = chosen_leaves(given.expression, given.wrt, leaves([given.expression]))
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
