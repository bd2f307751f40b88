"""What the answers hang on: how the loss changes with each pixel or column."""

from __future__ import annotations

import numpy as np

from chainrule.diagnosis.attribution import integrated_gradients, smoothed_gradient
from chainrule.documents.drawing.bars import bars
from chainrule.documents.model import Block, Gallery, Note, Picture, Section
from chainrule.graph.symbols import text_symbol
from chainrule.networks.network import Array
from chainrule.reports.subject import Subject

_MOST_EXAMPLES = 256
_MOST_COLUMNS = 20
_MOST_PICTURES = 3
_STEPS = 24
_TITLE = "What the answers hang on"


def inputs_section(subject: Subject) -> Section | None:
    """Ranked columns of a table; pictures over some images; None for inputs that are neither."""
    if len(subject.net.input_shape) > 1 and subject.image_shape is None:
        return None
    X, y = subject.X[:_MOST_EXAMPLES], subject.y[:_MOST_EXAMPLES]
    sizes = np.abs(np.asarray(subject.net.input_gradient(X, y), float)).mean(axis=0)
    slope = text_symbol(str(subject.slope.name))
    blocks = (
        _images(subject, sizes, slope) if subject.image_shape is not None else _columns(subject, sizes, slope)
    )
    return Section(_TITLE, blocks, "inputs")


def _columns(subject: Subject, sizes: Array, slope: str) -> tuple[Block, ...]:
    """Two rankings of the columns: by the gradient, and by what the loss owes to them."""
    X, y = subject.X[:_MOST_EXAMPLES], subject.y[:_MOST_EXAMPLES]
    middle = np.asarray(X, float).mean(axis=0)
    owed = np.abs(integrated_gradients(subject.net, X, y, baseline=middle, steps=_STEPS)).mean(axis=0)
    charts = tuple(
        _ranked(subject, values, title)
        for values, title in (
            (sizes * np.asarray(X, float).std(axis=0), "How much each column moves the loss"),
            (owed, "What the loss owes to each column"),
        )
    )
    told = (
        f"On the left the mean size of {slope} over {len(X)} examples, times the standard deviation of the column: how "
        "much the loss changes, in its own units, when a column moves as far as it usually does. On the right "
        "integrated gradients: how much of the loss is due to the way of each column from its mean."
    )
    return Note(told), Gallery(charts)


def _ranked(subject: Subject, values: Array, title: str) -> Picture:
    order = np.argsort(-values, kind="stable")[:_MOST_COLUMNS]
    names = [subject.features[k] if subject.features else f"column {k + 1}" for k in order]
    return bars(names, values[order], title)


def _images(subject: Subject, sizes: Array, slope: str) -> tuple[Block, ...]:
    """Some examples, two of those answered wrongly first, each with what the loss owes to its pixels."""
    wrong = subject.worst if subject.is_classifier else []
    chosen = list(dict.fromkeys([*wrong[:2], *range(min(len(subject.y), 3))]))[:_MOST_PICTURES]
    X, y = subject.X[chosen], subject.y[chosen]
    product = (subject.slope * subject.net.input).text(where=False)
    gradient = np.asarray(subject.net.input_gradient(X, y), float)
    columns = (
        ("The gradient", slope, gradient),
        ("The gradient times the input", product, gradient * X),
        ("The smoothed gradient", "smoothed", smoothed_gradient(subject.net, X, y)),
        ("Integrated gradients", "integrated", integrated_gradients(subject.net, X, y, steps=_STEPS)),
    )
    told = (
        f"How the loss of an example changes with each of its pixels: {slope}; times x, what the pixel adds; smoothed "
        "over noise; and integrated from black to the image, what the loss owes to each pixel. Orange: brighter is "
        "worse; blue: brighter is better."
    )
    rows = [
        Gallery(
            (
                subject.picture(X[row], f"The image of example {n + 1}", f"example {n + 1}"),
                *(
                    subject.map(values[row], f"{name} of example {n + 1}", caption)
                    for name, caption, values in columns
                ),
            )
        )
        for row, n in enumerate(chosen)
    ]
    mean = subject.map(sizes, "The mean size of the gradient by each pixel", "mean size over examples")
    return Note(told), *rows, Gallery((mean,))
