"""A training run in a process of its own, to be killed: `python -m training.faulty_run FOLDER RESULT [CALL]`.

It trains with checkpoints in FOLDER, or without where FOLDER is "-", goes on where it was, and writes parameters
and history to RESULT. With CALL it kills itself before that system call of writing, counted from 0. Checkpoints
are as frequent as can be, so that kills fall between steps, within epochs and into the writing.
"""

import json
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from training.storage.faults import counted, kill

import chainrule as cr
from chainrule.training import checkpointing, stepper

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(403, 6))
Y = (X[:, 0] * X[:, 1] > 0).astype(int) + (X[:, 2] > 0)


def network():
    """A network with dropout."""
    layers = [cr.Linear(16), cr.ReLU(), cr.Dropout(0.2), cr.Linear(3)]
    return cr.Network(6, layers, loss="cross_entropy", seed=4)


def fitted(folder=None, epochs=20, **settings):
    """The run: momentum, L2, validation, early stopping, shuffled batches of which the last is smaller."""
    net = network()
    kept = {} if folder is None else {"checkpoint": folder, "resume": True, "keep": 4}
    history = net.fit(
        X, Y, epochs, 16, cr.SGD(0.05, momentum=0.9), l2=1e-3, validation=(X[:50], Y[:50]), progress=False,
        early_stopping=cr.EarlyStopping(15), **kept, **settings,
    )  # fmt: skip
    return net, history


def outcome(net, history):
    """All that must be the same, as text: the parameters bit for bit, the history but for its seconds."""
    numbers = {name: value.tobytes().hex() for name, value in net.parameters.items()}
    lists = [history.loss, history.metric, history.validation_loss, history.validation_metric]
    return json.dumps([numbers, lists, history.stopped, history.best_epoch])


@contextmanager
def frequently():
    """Checkpoints after every call, and calls of one step."""
    places = ((checkpointing, "_WITHIN", -1.0), (checkpointing, "_SHARE", 0), (stepper, "_SECONDS", 1e-9))
    before = [getattr(module, name) for module, name, _ in places]
    for module, name, value in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(places, before, strict=True):
            setattr(module, name, value)


def main(folder, result, call=None):
    at = None if call is None else int(call)
    watched = nullcontext() if at is None else counted(lambda _, number: kill() if number == at else None)
    print("ready", flush=True)
    with watched, frequently():
        done = outcome(*fitted(None if folder == "-" else folder))
    Path(result).write_text(done, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
