"""chainrule derive: the formulas of forward and backward of an expression."""

from __future__ import annotations

import typer

from chainrule.cli.expressions import chosen_leaves, read
from chainrule.cli.models import is_model, model_of, refuse_with_model
from chainrule.cli.options import DATA_NAMES, TARGETS, Delta, First, Format, Json, Open, Out, Vectors
from chainrule.cli.output import chosen_format, give, print_document
from chainrule.documents.convention import Convention
from chainrule.documents.derivation import derive as derived
from chainrule.documents.outline import FORMS, LAYERS, checked_choice

app = typer.Typer(add_completion=False)

EXAMPLES = """
**Examples**

    chainrule derive "(U @ sigmoid(W @ x + b) - y)**2 / 2" --shape W=3x3 --shape b=3 --shape U=3 --shape x=3

    chainrule derive "cross_entropy(softmax(W @ x), y)" --shape W=3x4 --shape x=4 --shape y=3 --form both

    chainrule derive network.toml --out network.pdf

    chainrule derive network.toml --format code:jax

    chainrule derive iris.safetensors
"""


@app.command(epilog=EXAMPLES)
def derive(
    expression: str = typer.Argument(
        help="An expression with a scalar value, a TOML file (expression, shapes, data, wrt), or a model file."
    ),
    shape: list[str] = typer.Option(
        [], "--shape", "-s", metavar="NAME=SIZES", help="The shape of a leaf: W=3x3, b=3. May be repeated."
    ),
    data: list[str] = DATA_NAMES,
    wrt: list[str] = TARGETS,
    form: str = typer.Option("matrix", "--form", help=f"One of {', '.join(FORMS)}."),
    layers: str = typer.Option("both", "--layers", help=f"Three or more like layers: {', '.join(LAYERS)}."),
    format: Format = "",
    first: First = 1,
    delta: Delta = "loss",
    vectors: Vectors = "columns",
    out: Out = "",
    open_: Open = False,
    as_json: Json = False,
) -> None:
    """Derive the gradients of an expression: forward, backward and the gradient of every parameter, line by line."""
    kind = chosen_format(format, out, as_json, open_)
    checked_choice(form, FORMS, "--form"), checked_choice(layers, LAYERS, "--layers")
    convention = Convention(first=first, delta=delta, vectors=vectors)
    if is_model(expression):
        refuse_with_model({"--shape": shape, "--data": data, "--wrt": wrt})
        derivation = model_of(expression).network.derive(convention)
    else:
        given = read(expression, shape, data, wrt=wrt)
        targets = chosen_leaves(given.expression, given.wrt)
        derivation = derived(given.expression, targets, convention)
    if kind.startswith("code:"):
        give(derivation.code(kind.removeprefix("code:")), out, open_, kind)
    else:
        print_document(derivation.document(form, layers), kind, out, open_)
