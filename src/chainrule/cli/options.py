"""The arguments and options that several commands share, each with the one help that all of them show."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.models import MODEL_HELP, UNSEEN_HELP
from chainrule.cli.output import FORMATS
from chainrule.documents.outline import FORMS

WORKING_FORMS = FORMS[:3]
"""The forms in which numbers can be shown."""

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Open = Annotated[bool, typer.Option("--open", help="Open the result.")]
Out = Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Write to a file.")]
Format = Annotated[
    str,
    typer.Option("--format", help=f"One of {', '.join(FORMATS)}; else as the name of --out says, else text."),
]

ModelFile = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP)]
Unseen = Annotated[str, typer.Option("--unseen", metavar="WAY", help=UNSEEN_HELP)]

DATA_NAMES = typer.Option(
    [], "--data", metavar="NAMES", help="What differs from example to example; x,y by default."
)
TARGETS = typer.Option(
    [], "--wrt", metavar="NAMES", help="The leaves to differentiate by; all but labels by default."
)

WorkingForm = Annotated[str, typer.Option("--form", help=f"One of {', '.join(WORKING_FORMS)}.")]
Digits = Annotated[int, typer.Option("--digits", min=1, max=15, help="Significant digits.")]
First = Annotated[int, typer.Option("--first", help="The number of the first entry in formulas, 1 or 0.")]
Delta = Annotated[str, typer.Option("--delta", help="δ is ∂ℓ/∂z (loss), or ∂ŷ/∂z as in the notes (output).")]
Vectors = Annotated[str, typer.Option("--vectors", help="Vectors as columns, W x, or as rows, x W.")]
