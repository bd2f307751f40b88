"""The report of a training run: one document, which every renderer can print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.diagnosis.finding import Diagnosis
from chainrule.diagnosis.flow import measured
from chainrule.diagnosis.recorder import Recorder
from chainrule.documents.model import Document, Section
from chainrule.documents.render.html import framed, page
from chainrule.documents.render.json import json_text
from chainrule.documents.render.latex import latex_document
from chainrule.documents.render.markdown import markdown
from chainrule.documents.render.terminal import plain_text
from chainrule.documents.render.typst import pdf
from chainrule.documents.working import Working
from chainrule.networks.network import Network
from chainrule.reports.answers import answers_section
from chainrule.reports.findings import findings_section
from chainrule.reports.flow import flow_section
from chainrule.reports.inputs import inputs_section
from chainrule.reports.inside import maps_section, weights_section
from chainrule.reports.learning import learning_section
from chainrule.reports.mistakes import example_sections, is_small, mistakes_section
from chainrule.reports.model import formulas_section, model_section
from chainrule.reports.origin import origin_section
from chainrule.reports.subject import Subject, named
from chainrule.training.history import History


@dataclass(frozen=True)
class Report:
    """What a network has learned and how, as a document: `html` and `save` make a page that needs no other file.

    working: of the example that is shown in full; None where the network is too large for one that can be read.
    """

    document: Document
    working: Working | None

    def html(self) -> str:
        """The report as a page that needs no network and no other file."""
        return page(self.document)

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, and return its path. Raises OSError where that is not possible."""
        where = Path(path)
        where.write_text(self.html(), encoding="utf-8")
        return where

    def text(self, width: int = 100) -> str:
        """The report as text for a terminal: the words and the numbers behind the pictures."""
        return plain_text(self.document, width)

    def markdown(self) -> str:
        """The report as Markdown, pictures included."""
        return markdown(self.document)

    def latex_document(self) -> str:
        """The report as a LaTeX document; pictures as their numbers."""
        return latex_document(self.document)

    def pdf(self) -> bytes:
        """The report as a PDF, set by Typst: needs the extra `pdf`."""
        return pdf(self.document)

    def to_json(self) -> str:
        """The report as one JSON document, with the numbers of every picture."""
        return json_text(self.document)

    def _repr_html_(self) -> str:
        return framed(self.html())


def report(  # noqa: PLR0913 - all but the first four are named
    net: Network,
    history: History | None,
    X: Any,
    y: Any,
    *,
    title: str = "",
    classes: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    image: tuple[int, int] | None = None,
    diagnosis: Diagnosis | None = None,
    recorder: Recorder | None = None,
    mistakes: int = 3,
    example: int = 0,
    command: str = "",
    data: str = "",
) -> Report:
    """What a network has learned and how, from its history and examples, at best held-out ones.

    history: of `fit`; None for a network that came without. X: (n, *input_shape). y: labels, as in `fit`.
    title: of the page. classes: a name for each class. features: a name for each input. image: (height, width) of
    inputs that are vectors, but images. diagnosis: of `diagnose`, whose findings are shown. recorder: a callback
    of the run, for the flow of the gradient over the epochs. mistakes: how many of the worst are opened up.
    example: the place of the example with the complete working. command, data: what made it and of what, in words.

    Raises FeedError for examples that do not fit.

    >>> import chainrule as cr
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = cr.Network(2, [cr.Linear(3), cr.Tanh(), cr.Linear(2)], loss="cross_entropy")
    >>> history = net.fit(X, y, epochs=30, batch_size=4)
    >>> [section.title for section in cr.report(net, history, X, y).document.sections][:3]
    ['What it answers', 'The model', 'How it learned']
    """
    net.losses(X, y)  # says what does not fit
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    subject = Subject(net, history, np.asarray(X), labels, named(classes), named(features), image)
    flows = (diagnosis.flows if diagnosis is not None else ()) or (
        recorder.flows if recorder is not None else ()
    )
    working = net.work(subject.X[example], subject.y[example]) if is_small(subject) else None
    sections: list[Section | None] = [
        answers_section(subject),
        findings_section(net, diagnosis) if diagnosis is not None else None,
        model_section(subject),
        learning_section(history),
        mistakes_section(subject, mistakes),
        inputs_section(subject),
        flow_section(flows or (measured(net, subject.X, subject.y),)),
        maps_section(subject, example),
        weights_section(subject),
        formulas_section(subject),
        *example_sections(subject, example, working),
        origin_section(subject, command, data),
    ]
    facts = {
        "kind": "report",
        **{name: float(value) for name, value in subject.score.items()},
        "seed": net.seed,
    }
    lead = f"{net.summary().total:,} parameters" + (f", {history}." if history is not None else ".")
    found = tuple(section for section in sections if section is not None)
    return Report(Document(title or "What the network learned", lead, found, facts), working)
