"""What the answers hang on: how the loss changes with each pixel or column."""

from __future__ import annotations

import numpy as np

from chainrule.documents.drawing.bars import bars
from chainrule.documents.model import Gallery, Note, Picture, Section
from chainrule.graph.symbols import text_symbol
from chainrule.networks.network import Array
from chainrule.reports.subject import Subject

_MOST_EXAMPLES = 256
_MOST_COLUMNS = 20
_MOST_PICTURES = 3


def inputs_section(subject: Subject) -> Section | None:
    """Ranked columns of a table; the mean size of the gradient, and some examples, over an image."""
    if len(subject.net.input_shape) > 1 and subject.image_shape is None:
        return None
    X, y = subject.X[:_MOST_EXAMPLES], subject.y[:_MOST_EXAMPLES]
    slopes = np.asarray(subject.net.input_gradient(X, y), float)
    size = np.abs(slopes).mean(axis=0)
    slope = text_symbol(str(subject.slope.name))
    product = (subject.slope * subject.net.input).text(where=False)
    if subject.image_shape is not None:
        mean = subject.map(
            size, "The mean size of the gradient by each pixel", f"mean size over {len(X)} examples"
        )
        told = (
            f"How the loss of an example changes with each of its pixels: {slope}, and {product}, what each pixel adds "
            "to that. Orange: brighter is worse; blue: brighter is better."
        )
        rows = tuple(Gallery(pictures) for pictures in _examples(subject, slopes, slope, product))
        return Section("What the answers hang on", (Note(told), Gallery((mean,)), *rows), "inputs")
    spread = np.asarray(X, float).std(axis=0)
    effect = size * spread
    order = np.argsort(-effect, kind="stable")[:_MOST_COLUMNS]
    names = [subject.features[k] if subject.features else f"column {k + 1}" for k in order]
    chart = bars(names, effect[order], "How much each column moves the loss")
    told = (
        f"The mean size of {slope} over {len(X)} examples, times the standard deviation of the column: how much the "
        "loss changes, in its own units, when a column moves as far as it usually does."
    )
    return Section("What the answers hang on", (Note(told), Gallery((chart,))), "inputs")


def _examples(subject: Subject, slopes: Array, slope: str, product: str) -> list[tuple[Picture, ...]]:
    """Some examples, two of those answered wrongly first: the image, the gradient, the gradient times the image."""
    wrong = [n for n in subject.worst if n < len(slopes)] if subject.is_classifier else []
    chosen = list(dict.fromkeys([*wrong[:2], *range(min(len(slopes), 3))]))[:_MOST_PICTURES]
    rows: list[tuple[Picture, ...]] = []
    for n in chosen:
        alt = f"of example {n + 1}"
        rows.append(
            (
                subject.picture(subject.X[n], f"The image {alt}", f"example {n + 1}"),
                subject.map(slopes[n], f"The gradient {alt}", slope),
                subject.map(slopes[n] * subject.X[n], f"The gradient times the input {alt}", product),
            )
        )
    return rows
