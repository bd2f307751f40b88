"""chainrule demo: real handwritten digits, from pixels to a report that shows every number."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import typer

import chainrule as cr
from chainrule.cli.options import Json
from chainrule.cli.output import width
from chainrule.cli.waiting import DIAGNOSING, under_way
from chainrule.diagnosis.diagnose import diagnose
from chainrule.diagnosis.recorder import Recorder
from chainrule.documents.model import Document
from chainrule.documents.outline import derivation_document
from chainrule.documents.render.terminal import plain_text, show

app = typer.Typer(add_completion=False)

EXAMPLES = """
**Examples**

    chainrule demo

    chainrule demo --seed 3 --out digits.html --open

    chainrule demo --json
"""


@app.command(epilog=EXAMPLES)
def demo(
    context: typer.Context,
    seed: int = typer.Option(
        0, "--seed", min=0, help="Of the held-out quarter, the first weights and the order."
    ),
    epochs: int = typer.Option(60, "--epochs", min=1, help="Passes over the training images."),
    out: Path = typer.Option(Path("chainrule-demo.html"), "--out", "-o", metavar="FILE", help="The report."),
    open_: bool = typer.Option(False, "--open", help="Open the report."),
    as_json: Json = False,
) -> None:
    """Train on scikit-learn's 1,797 handwritten digits, and show the working of an image that was held out."""
    began = time.perf_counter()
    images, labels = _digits(seed)
    held_out = len(labels) // 4
    X, y, Xv, yv = images[held_out:], labels[held_out:], images[:held_out], labels[:held_out]
    say = _silent if as_json else typer.echo
    say(f"{len(y)} images of 8×8 pixels to learn from, {len(yv)} held out.")
    net = cr.Network(64, [cr.Linear(64), cr.ReLU(), cr.Linear(10)], loss="cross_entropy", seed=seed)
    optimizer = cr.SGD(lambda t: 0.1 / (1 + 0.002 * t), momentum=0.9)
    progress = False if as_json else None
    recorder = Recorder(net, X, y)
    history = net.fit(
        shifted(X), np.tile(y, 5), epochs, 64, optimizer, l2=1e-3, validation=(Xv, yv), progress=progress,
        callbacks=[recorder],
    )  # fmt: skip
    result = net.evaluate(Xv, yv)
    say(f"{result['accuracy']:.2%} of the held-out images are read rightly ({history}).\n")

    with under_way(DIAGNOSING):
        diagnosis = diagnose(net, X, y, (Xv, yv), recorder)
    report = cr.report(
        net, history, Xv, yv, title="Handwritten digits", image=(8, 8), data="scikit-learn's digits, held out",
        command=str(context.obj), diagnosis=diagnosis,
    )  # fmt: skip
    working = report.working
    if not as_json and working is not None:
        _print(derivation_document(net.derive()), "The gradients of this network")
        title = f"One held-out image, a {yv[0]}, which the network reads as a {net.predict(Xv[:1])[0]}"
        _print(working.document(), title)
    report.save(out)
    seconds = time.perf_counter() - began
    if as_json:
        facts = {
            "accuracy": result["accuracy"],
            "loss": result["loss"],
            "epochs": history.epochs,
            "seed": seed,
            "agree": working is not None and working.agreement.ok,
            "page": str(out),
            "seconds": round(seconds, 3),
        }
        typer.echo(json.dumps(facts))
    else:
        say(f"\nThe report of this run: {out.resolve()}   ({seconds:.1f} s in all)")
    if open_:
        typer.launch(str(out))


def _silent(text: str) -> None:
    """Say nothing."""


def shifted(images: Any) -> Any:
    """The images, and each of them shifted by a pixel in four directions: (5 n, 64)."""
    padded = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    corners = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    return np.concatenate([padded[:, i : i + 8, j : j + 8] for i, j in corners]).reshape(-1, 64)


def _digits(seed: int) -> tuple[Any, Any]:
    """The images (1797, 64) with pixels from 0 to 1 and their labels, in an order by seed."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    return images[order] / 16, labels[order]


def _print(document: Document, title: str) -> None:
    rule = "─" * min(width(), 110)
    typer.echo(f"{rule}\n{title}\n")
    if sys.stdout.isatty():
        show(document)
    else:
        typer.echo(plain_text(document, width()))
    typer.echo()
