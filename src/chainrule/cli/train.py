"""chainrule train: a network learns from a file, and is kept in one."""

from __future__ import annotations

import json
from functools import partial
from shlex import quote
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chainrule.cli.datasets import DATA_HELP, OBVIOUS, size_of_images
from chainrule.cli.defaults import OPTIMIZERS
from chainrule.cli.runs import Asked, Prepared, Trained, carried_out, output_path, prepared, write_report
from chainrule.cli.tables import facts, table_of
from chainrule.cli.waiting import under_way
from chainrule.networks.wording import described_syntax
from chainrule.training.data.dataset import Dataset

app = typer.Typer(add_completion=False)
INTERRUPTED = 130

EXAMPLES = f"""
**Examples**

    chainrule train iris --report iris.html

    chainrule train houses.csv --target price --layers none --json

    chainrule train flowers.csv --target species --layers "16 tanh, 8 relu" --seed 3

    chainrule train flowers.csv --target species --layers "16 tanh, 8 relu" --checkpoint run --resume

**Layers**, with commas between them; the output is added

{described_syntax()}

**Ctrl-C** ends the training early; what is learned so far is judged and saved, and the exit status is 130.
"""

_data = partial(typer.Option, rich_help_panel="Data")
_network = partial(typer.Option, rich_help_panel="Network")
_training = partial(typer.Option, rich_help_panel="Training")
_files = partial(typer.Option, rich_help_panel="Files and output")


@app.command(epilog=EXAMPLES)
def train(
    context: typer.Context,
    data: str = typer.Argument(metavar="DATA", help=DATA_HELP),
    target: str = _data(
        "",
        "--target",
        metavar="COLUMN",
        help=f"What to predict; not needed for a column {', '.join(OBVIOUS[:-1])} or {OBVIOUS[-1]}.",
    ),
    task: str = _data("", "--task", metavar="TASK", help="classification or regression; else by the labels."),
    validation: str = _data(
        "0.2", "--validation", metavar="PART|DATA", help="Held out: a fraction, other data, or 0."
    ),
    ignore: list[str] = _data([], "--ignore", metavar="COLUMN", help="Leave a column out. May be repeated."),
    categorical: list[str] = _data(
        [], "--categorical", metavar="COLUMN", help="Take the numbers of a column as names."
    ),
    missing: str = _data(
        "refuse", "--missing", metavar="WAY", help="refuse missing cells, or drop their rows."
    ),
    size: str = _data("", "--size", metavar="HxW", help="Resize images, as in 28x28."),
    layers: str = _network(
        "", "--layers", metavar="TEXT", help='The hidden ones: "64 relu, 32 relu"; see below.'
    ),
    seed: int = _network(0, "--seed", min=0, metavar="N", help="Of the parts, the first weights, the order."),
    epochs: int = _training(
        0, "--epochs", min=0, metavar="N", show_default=False, help="Passes over the data, at most."
    ),
    batch_size: int = _training(
        0, "--batch-size", min=0, metavar="N", show_default=False, help="Examples in a step."
    ),
    optimizer: str = _training(
        next(iter(OPTIMIZERS)), "--optimizer", metavar="NAME", help=f"{', '.join(OPTIMIZERS)}."
    ),
    learning_rate: float = _training(
        0.0, "--learning-rate", min=0.0, metavar="RATE", show_default=False, help="Of the steps."
    ),
    l2: float = _training(
        0.0, "--l2", min=0.0, metavar="λ", help="λ/2 Σ W² is added, to hold weights small."
    ),
    early_stopping: int = _training(
        -1,
        "--early-stopping",
        min=-1,
        metavar="EPOCHS",
        show_default=False,
        help="Stop after so many without a better one; 0: never.",
    ),
    checkpoint: str = _files(
        "", "--checkpoint", metavar="FOLDER", help="Keep the state of the run; it survives a crash."
    ),
    resume: bool = _files(False, "--resume", help="Go on from the newest checkpoint, to the same bits."),
    out: str = _files(
        "", "--out", "-o", metavar="MODEL", help="The model file; else a new one named as DATA."
    ),
    report: str = _files("", "--report", metavar="PAGE", help="Write a page on what was learned, and how."),
    as_json: bool = _files(False, "--json", help="One JSON document on standard output."),
) -> None:
    """Train a network on a table, images or digits, judge it on examples held out, and save it as a model file.

    Only DATA is needed: what is not said is chosen by the shape, the kind and the number of the examples.
    """
    pixels = size_of_images(size)
    opening = {
        "task": task or None,
        "ignore": ignore,
        "categorical": categorical,
        "missing": missing,
        "size": pixels,
    }
    how = (layers, epochs, batch_size, optimizer, learning_rate, l2, seed, validation, early_stopping)
    asked = Asked(data, target, *how, checkpoint, resume, out, opening)
    if resume and not checkpoint:
        raise typer.BadParameter("say where the checkpoints are: --checkpoint FOLDER", param_hint="--resume")
    if report:
        output_path(report, data, "--report")
    ready = prepared(asked)
    console = Console(highlight=False, soft_wrap=False)
    if not as_json:
        console.print(_plan(asked, ready))
    done = carried_out(asked, ready, bool(report))
    if report:
        with under_way(f"writing {report}"):
            write_report(asked, report, ready, done, str(context.obj))
    if as_json:
        typer.echo(json.dumps(_document(asked, ready, done), ensure_ascii=False))
    else:
        _show(console, asked, ready, done, report)
    if done.interrupted:
        raise typer.Exit(INTERRUPTED)


def described(data: Dataset) -> str:
    """The examples and their labels in a line or two."""
    parts = [f"{data.n:,} examples"]
    if data.names:
        inputs = data.shape[0]
        tail = f", {inputs:,} inputs" if inputs != len(data.names) else ""
        parts.append(f"{len(data.names):,} columns{tail}")
    else:
        parts.append(f"images of {'×'.join(map(str, data.shape))}")
    return " · ".join(parts)


def _plan(asked: Asked, ready: Prepared) -> Table:
    """What is going to happen."""
    lines = facts()
    whole, target = ready.whole, ready.whole.target
    lines.add_row("data", f"{escape(asked.data)} · {described(whole)}")
    if target:
        shown = [escape(str(label)) for label in target.classes]
        names = ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
        kind = f"{len(shown)} classes: {names}" if shown else "a real number"
        lines.add_row("target", f"{escape(target.name)} · {kind}")
    part = f"{ready.train.n:,} to learn from"
    if ready.held:
        part += f", {ready.held.n:,} held out" + (
            " by seed" if _is_number(asked.validation) else f": {asked.validation}"
        )
    lines.add_row("", part + ("" if ready.train.in_memory else " · larger than memory, read in windows"))
    summary = ready.net.summary()
    lines.add_row(
        "network", f"{summary.text} · {summary.total:,} parameters · {ready.net.head.name.replace('_', ' ')}"
    )
    how = ready.course
    stops = (
        f", stops after {how.patience} without a better one"
        if 0 < how.patience < how.epochs and ready.held
        else ""
    )
    lines.add_row(
        "training",
        f"{asked.optimizer} · batches of {min(how.batch_size, ready.train.n)} · at most {how.epochs} epochs{stops}",
    )
    return lines


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _show(console: Console, asked: Asked, ready: Prepared, done: Trained, report: str) -> None:
    """The outcome for a person."""
    console.print()
    console.print(table_of(done.verdict, "held out" if ready.held else "training data"))
    if ready.held is None:
        console.print(
            Padding(
                Text("on the data it was trained on: how it does on new data is not known", "yellow"),
                (0, 0, 0, 2),
            )
        )
    lines = facts()
    history = done.history
    if ready.held and history.best_epoch and history.best_epoch < history.epochs:
        note = "early stopping chose the epoch by these examples too, which flatters a little"
        console.print(Padding(Text(note, "dim"), (1, 0, 0, 0)))
    lines.add_row("time", f"{done.seconds:.1f} s, {history.epochs} epochs; {escape(history.stopped)}")
    lines.add_row("model", f"[bold]{escape(str(ready.out))}[/] · {done.bytes / 1000:,.0f} kB")
    if report:
        lines.add_row("report", f"[bold]{escape(report)}[/]")
    console.print()
    console.print(lines)
    console.print("\n[dim]next[/]")
    proba = " --proba" if ready.whole.classes else ""
    for command in ("evaluate {} {}", f"predict {{}} {{}}{proba}", "explain {} {} --row 1"):
        console.print(
            f"  chainrule {escape(command.format(quote(str(ready.out)), quote(asked.data)))}",
            soft_wrap=True,
        )


def _document(asked: Asked, ready: Prepared, done: Trained) -> dict[str, Any]:
    """The outcome as plain data."""
    history = done.history
    target = ready.whole.target
    return {
        "data": asked.data,
        "target": target.state() if target else None,
        "examples": ready.train.n,
        "held_out": ready.held.n if ready.held else 0,
        "layers": ready.net.summary().text,
        "parameters": ready.net.summary().total,
        "seed": asked.seed,
        "epochs": history.epochs,
        "stopped": history.stopped,
        "interrupted": done.interrupted,
        "history": {
            "loss": history.loss,
            history.metric_name: history.metric,
            "validation_loss": history.validation_loss,
            f"validation_{history.metric_name}": history.validation_metric,
        },
        "result": done.verdict.as_dict(),
        "seconds": round(done.seconds, 3),
        "model": str(ready.out),
    }
