"""Why a network does not learn: measure, suspect, try, and say what held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.diagnosis.cause import Causes
from chainrule.diagnosis.columns import condition
from chainrule.diagnosis.data_findings import exchange, harmless, imbalance, of_columns, shuffled, swapped
from chainrule.diagnosis.finding import Diagnosis, Finding, Withdrawn
from chainrule.diagnosis.flow import Array, Flow, measured
from chainrule.diagnosis.neighbours import SHUFFLED, Relation, permutation_p, relation
from chainrule.diagnosis.recorder import Recorder
from chainrule.diagnosis.training_findings import Judge
from chainrule.diagnosis.trial import Trials
from chainrule.graph.errors import ChainruleError
from chainrule.networks.network import Network
from chainrule.training.optimizers import SGD
from chainrule.training.stepper import Plan
from chainrule.training.update import Optimizer

FEWEST = 20
"""Examples below which no test says anything."""


def diagnose(  # noqa: PLR0913, PLR0917 - what is known of a training run
    net: Network,
    X: Any,
    y: Any,
    validation: tuple[Any, Any] | None = None,
    recorder: Recorder | None = None,
    optimizer: Optimizer | None = None,
    batch_size: int | None = None,
    names: Sequence[str] = (),
    classes: Sequence[Any] = (),
) -> Diagnosis:
    """What is wrong with a network, its data or its training; usually nothing.

    net: trained, or still to be trained; it stays as it is. Where `fit` failed, it is as it was before, and the
        diagnosis tries what `fit` was asked to do. X, y: the training examples, as for `fit`.
    validation: (X, y) with labels that can be trusted; exchanged classes are hard to see without.
    recorder: a callback of that run, which knows how it started. optimizer, batch_size: how it was trained; by
        default as in the last `fit` of this network. Where neither is known, the learning rate is not judged.
    names: of the columns. classes: names of the classes.

    Suspicions are tried out: the network is trained again for at most 300 steps on three quarters of the examples, with
    one thing changed, and judged on the rest. Ctrl-C ends all of it. Raises FeedError for examples that do not fit,
    ChainruleError for fewer than 20.

    >>> import chainrule as cr
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> X[:, 1] = 3.1
    >>> zeros = cr.Zeros()
    >>> layers = [cr.Linear(8, weights=zeros), cr.Tanh(), cr.Linear(3, weights=zeros)]
    >>> net = cr.Network(4, layers, "cross_entropy")
    >>> history = net.fit(X - X.mean(axis=0), y, epochs=20, progress=False)
    >>> diagnose(net, X - X.mean(axis=0), y).names
    ('constant_column', 'symmetric_units')
    """
    X, y = np.asarray(X), np.asarray(y)
    feed = net.feed(X, y)
    if feed.n < FEWEST:
        raise ChainruleError(f"at least {FEWEST} examples", f"{feed.n}", "diagnose")
    of_classes = net.head.probabilities
    X, labels = np.asarray(feed.arrays[0]), _labels(y, of_classes)
    causes = Causes(net)
    columns = condition(X, labels, of_classes)
    findings = list(of_columns(columns, names, causes))
    withdrawn: list[Withdrawn] = list(harmless(columns, names))
    plan, known = _plan(net, optimizer, batch_size)
    trials = Trials(net, X, labels, plan)
    found = relation(X, labels, of_classes, net.seed)
    checked = None if validation is None else _checked(net, validation, of_classes)
    suspect = None if found.related else _unrelated(trials, found, causes, of_classes)
    now = measured(net, X, labels)
    if isinstance(suspect, Finding):
        findings.append(suspect)
    else:
        withdrawn += [suspect] if suspect else []
        findings += _of_predictions(net, X, labels, checked, classes, causes) if of_classes else []
        before = recorder.flows[0] if recorder else now if net.epochs == 0 else _redrawn(net, X, labels)
        unseen = None if checked is None else Trials.judged_on(net, X, labels, checked[:2], plan)
        verdicts = Judge(net, trials, unseen, plan, known, causes, now, before).verdicts(columns, names)
        findings += verdicts.findings
        withdrawn += verdicts.withdrawn
    flows = tuple(recorder.flows) if recorder else ()
    return Diagnosis(tuple(findings), tuple(withdrawn), now, flows, columns, found)


def _plan(net: Network, optimizer: Optimizer | None, batch_size: int | None) -> tuple[Plan, bool]:
    """How the network was or will be trained, and whether that is known or a guess."""
    known = net.plan
    size = batch_size or (known.size if known else 32)
    rule = optimizer or (known.optimizer if known else SGD(0.1, momentum=0.9))
    epochs = known.epochs if known else max(net.epochs, 10)
    return Plan(epochs, size, rule, known.constants if known else {}, net.seed), bool(known or optimizer)


def _redrawn(net: Network, X: Array, y: Array) -> Flow:
    """The start that the layers draw by the network's seed; not the true one where parameters were set by hand."""
    return measured(Network(net.input_shape, net.layers, net.head.name, net.seed, net.dtype), X, y)


def _checked(net: Network, validation: tuple[Any, Any], of_classes: bool) -> tuple[Array, Array, Array]:
    """Inputs, labels and predictions of the validation examples."""
    X, y = validation
    feed = net.feed(X, y)
    return np.asarray(feed.arrays[0]), _labels(y, of_classes), net.predict(X)


def _labels(y: Any, of_classes: bool) -> Array:
    """Class indices, or real labels in double precision; a column is a vector."""
    if of_classes:
        return np.asarray(y).reshape(-1).astype(int)
    labels = np.asarray(y, np.float64)
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _unrelated(trials: Trials, found: Relation, causes: Causes, of_classes: bool) -> Finding | Withdrawn:
    """Labels that no quick test relates to their inputs: the network itself is asked, on examples it has not seen."""
    tried = trials.run(trials.long)
    p = 1.0 if tried.predicted is None else permutation_p(tried.predicted, trials.held_labels, of_classes)
    said = f"trained on three quarters of the examples, the network predicts the rest as chance would (p = {p:.2g})"
    if p > SHUFFLED:
        return shuffled(found, of_classes, causes, said)
    return Withdrawn(
        "shuffled_labels",
        f"the network predicts unseen examples better than chance would (p = {p:.2g})",
    )


def _of_predictions(
    net: Network, X: Array, y: Array, checked: Any, classes: Sequence[Any], causes: Causes
) -> list[Finding]:
    """Classes that are exchanged or too rare, by what a trained network predicts."""
    if not net.epochs:
        return []
    predicted = net.predict(X)
    count = max(2, *net.output.shape) if net.output.shape else 2
    pair = exchange(X, y, predicted, checked, count)
    rare = imbalance(y, predicted, classes, causes)
    return [*([swapped(pair, classes, causes)] if pair else []), *([rare] if rare else [])]
