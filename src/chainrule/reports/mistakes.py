"""The worst mistakes, each with its working behind a click, and the complete working of one example."""

from __future__ import annotations

from chainrule.documents.drawing.bars import bars
from chainrule.documents.keys import rekeyed
from chainrule.documents.model import Block, Fold, Gallery, Note, Picture, Section
from chainrule.documents.outline_working import agreement_section
from chainrule.documents.working import Working
from chainrule.graph.shape import size_of
from chainrule.graph.symbols import text_symbol
from chainrule.graph.walk import topological
from chainrule.reports.subject import Subject, counted

_MOST_ENTRIES = 2**21  # of all parts of a network, above which no working is computed
_MOST_CLASSES = 5  # whose probabilities are shown


def is_small(subject: Subject) -> bool:
    """Whether a working of this network can be computed and read."""
    return sum(size_of(node.shape) for node in topological([subject.net.expression])) <= _MOST_ENTRIES


def mistakes_section(subject: Subject, count: int) -> Section:
    """The examples with the largest losses, of a classifier those answered wrongly."""
    title = "The worst mistakes" if subject.is_classifier else "The examples it misses most"
    worst = subject.worst[:count]
    if not worst:
        return Section(title, (Note("No example is answered wrongly."),), "mistakes")
    total = float(subject.losses.sum()) or 1.0
    share = float(subject.losses[worst].sum()) / total
    these = "This one" if len(worst) == 1 else f"These {len(worst)}"
    told = Note(
        f"{these} of {counted(len(subject.y))} cause{'s' * (len(worst) == 1)} {share:.1%} of the whole loss."
    )
    folds = tuple(_mistake(subject, n) for n in worst)
    return Section(title, (told, *folds), "mistakes")


def example_sections(subject: Subject, n: int, working: Working | None) -> tuple[Section, ...]:
    """The complete working of one example, with the agreement of the readings on its numbers."""
    if working is None:
        return (
            Section(
                "One example", (Note("The network is too large for a working that can be read."),), "example"
            ),
        )
    document = working.document(checked=False)
    shown = tuple(_inputs(subject, n))
    opening = Section(
        "One example, every number",
        (
            *shown,
            Note(f"{said(subject, n)} Click a number for its arithmetic, a symbol for where it comes from."),
        ),
        "example",
    )
    sections = tuple(
        Section(section.title, rekeyed(section.blocks, "example-"), f"example-{section.key}")
        for section in document.sections
    )
    return (opening, *sections, agreement_section(working.agreement))


def said(subject: Subject, n: int) -> str:
    """An example, its label and its answer, in a sentence."""
    if subject.is_classifier:
        truth, answer = subject.class_name(subject.y[n]), subject.class_name(subject.answers[n])
        sure = float(subject.probabilities[n].max())
        return f"Example {n + 1} is {truth}; the answer is {answer}, with a certainty of {sure:.1%}."
    if subject.y.ndim > 1:
        return f"Example {n + 1}, with a loss of {float(subject.losses[n]):.4g}."
    answer = f"{float(subject.answers[n]):.4g}"
    return f"Example {n + 1} is {float(subject.y[n]):.4g}; the answer is {answer}."


def _mistake(subject: Subject, n: int) -> Fold:
    blocks: list[Block] = [*_inputs(subject, n)]
    if is_small(subject):
        blocks += _working(subject, n)
    return Fold(f"{said(subject, n)} Loss {float(subject.losses[n]):.3g}.", tuple(blocks))


def _inputs(subject: Subject, n: int) -> list[Block]:
    """The input as a picture, beside it what the answer hangs on and the likeliest classes."""
    pictures: list[Picture] = []
    if subject.image_shape is not None:
        name = text_symbol(str(subject.slope.name))
        slope = subject.net.input_gradient(subject.X[n : n + 1], subject.y[n : n + 1])[0]
        pictures.append(subject.picture(subject.X[n], f"Example {n + 1} as an image", f"example {n + 1}"))
        pictures.append(
            subject.map(slope, f"The gradient of the loss of example {n + 1} by each pixel", name)
        )
    elif subject.features:
        pictures.append(bars(subject.features, subject.X[n].ravel(), "Input, as the network sees it"))
    if subject.is_classifier:
        best = [int(k) for k in (-subject.probabilities[n]).argsort(kind="stable")[:_MOST_CLASSES]]
        names = [subject.class_name(k) for k in best]
        pictures.append(bars(names, subject.probabilities[n][best], "Probabilities"))
    return [Gallery(tuple(pictures))] if pictures else []


def _working(subject: Subject, n: int) -> list[Block]:
    """Forward and the adjoints; parameters and their gradients stand in the complete working."""
    working = subject.net.work(subject.X[n], subject.y[n])
    document = working.document(checked=False)
    blocks: list[Block] = []
    for section in document.sections:
        if section.key in ("forward", "backward"):
            blocks += rekeyed(section.blocks, f"mistake-{n}-", opens=False)
    return blocks
