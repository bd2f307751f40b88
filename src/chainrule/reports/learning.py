"""How it learned: the curves of loss and metric over the epochs."""

from __future__ import annotations

from chainrule.documents.drawing.curves import curves
from chainrule.documents.model import Gallery, Note, Section
from chainrule.training.history import History


def learning_section(history: History | None) -> Section:
    """A curve for the loss and one for the metric, in training and held out."""
    if history is None or not history.epochs:
        return Section(
            "How it learned", (Note("This network came without the history of its training."),), "learning"
        )
    loss = curves({"training": history.loss, "held out": history.validation_loss}, "loss")
    name = {"r2": "r²"}.get(history.metric_name, history.metric_name)
    metric = curves({"training": history.metric, "held out": history.validation_metric}, name)
    note = (
        "Training values are means over each epoch, taken before the steps that they led to; held-out values are "
        "taken after the epoch."
    )
    return Section("How it learned", (Gallery((loss, metric)), Note(note)), "learning")
