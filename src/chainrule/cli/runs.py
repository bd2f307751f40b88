"""A training run of the command line: data, a network for it, training, the verdict, the model file."""

from __future__ import annotations

import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.cli.datasets import DIAGNOSED, in_options, labelled_for, opened, some_of
from chainrule.cli.defaults import Course, course, network_for, optimizer_for
from chainrule.cli.judging import Guess, Verdict, guess_of, judged
from chainrule.cli.pages import REPORTED, Shown, write_page
from chainrule.cli.waiting import DIAGNOSING, under_way
from chainrule.diagnosis.diagnose import FEWEST, diagnose
from chainrule.diagnosis.finding import Diagnosis
from chainrule.diagnosis.recorder import Recorder
from chainrule.graph.errors import DataError
from chainrule.networks.network import Network
from chainrule.training.data.dataset import Dataset
from chainrule.training.data.encoder import Moments
from chainrule.training.history import History
from chainrule.training.stopping import EarlyStopping


@dataclass(frozen=True)
class Asked:
    """What the options of `chainrule train` say, unchanged; 0, −1 and "" stand for: choose."""

    data: str
    target: str
    layers: str
    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float
    l2: float
    seed: int
    validation: str
    early_stopping: int
    checkpoint: str
    resume: bool
    out: str
    opening: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """Data and network before training. held: the held-out examples; None for none.

    mean, scale: of real labels, which are trained on as (v − mean)/scale.
    """

    whole: Dataset
    train: Dataset
    held: Dataset | None
    net: Network
    course: Course
    guess: Guess
    out: Path
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Trained:
    """What a run leaves behind. verdict: on the held-out examples, or on all where none are.

    interrupted: whether Ctrl-C ended the training, or the diagnosis. diagnosis: of a run that was watched.
    """

    history: History
    verdict: Verdict
    seconds: float
    bytes: int
    interrupted: bool
    diagnosis: Diagnosis | None = None


def prepared(asked: Asked) -> Prepared:
    """Open the data, split it and build the network. Raises ChainruleError for what does not fit."""
    out = output_path(asked.out, asked.data)
    optimizer_for(asked.optimizer, asked.learning_rate)
    whole = opened(asked.data, asked.target, **asked.opening)
    if whole.target is None:
        raise DataError(
            "examples with labels", "none", asked.data, "write --target with the name of a column"
        )
    with in_options():
        train, held = _parts(whole, asked)
        how = course(train.n, train.in_memory, asked.epochs, asked.batch_size, asked.early_stopping)
        net = network_for(train.shape, whole.target, asked.layers, asked.seed)
        guess = guess_of(train)
    mean, scale = (0.0, 1.0) if whole.classes else _moments(train)
    return Prepared(whole, train, held, net, how, guess, out, mean, scale)


def carried_out(asked: Asked, ready: Prepared, watched: bool = False) -> Trained:
    """Train, put the scale of real labels into the last layer, judge, and save the model.

    watched: measure the network during training and diagnose it afterwards, if its data is in memory.
    """
    began = time.perf_counter()
    data, held = ready.train, ready.held
    if not ready.whole.classes:
        data = data.scaled(ready.mean, ready.scale)
        held = held.scaled(ready.mean, ready.scale) if held else None
    settings: dict[str, Any] = {"l2": asked.l2, "validation": held}
    if ready.course.patience and held:
        settings["early_stopping"] = EarlyStopping(ready.course.patience)
    if asked.checkpoint:
        settings |= {"checkpoint": asked.checkpoint, "resume": asked.resume}
    optimizer = optimizer_for(asked.optimizer, asked.learning_rate)
    watch = _Watch(ready.net, data, held) if watched and data.in_memory and data.n >= FEWEST else None
    if watch is not None:
        settings["callbacks"] = [watch.recorder]
    history = ready.net.fit(data, None, ready.course.epochs, ready.course.batch_size, optimizer, **settings)
    diagnosis, interrupted = None, history.interrupted
    if watch is not None and not interrupted:
        try:
            with under_way(DIAGNOSING):
                diagnosis = watch.diagnosis(ready)
        except KeyboardInterrupt:  # the page is without it, and what was learned is saved
            interrupted = True
    if not ready.whole.classes:
        unscale(ready.net, ready.mean, ready.scale)
        for losses in (history.loss, history.validation_loss):
            losses[:] = [loss * ready.scale**2 for loss in losses]
    verdict = judged(ready.net, ready.held or ready.train, ready.guess)
    seconds = time.perf_counter() - began
    facts = {
        "data": asked.data,
        "examples": ready.train.n,
        "held_out": ready.held.n if ready.held else 0,
        "guess": ready.guess.state(),
        "result": {key: value for key, value in verdict.result.items() if math.isfinite(value)},
        "settings": {key: value for key, value in asdict(asked).items() if key not in ("opening", "out")},
        "epochs": history.epochs,
        "stopped": history.stopped,
        "seconds": round(seconds, 3),
    }
    ready.net.save(ready.out, ready.train.encoder, ready.whole.classes or None, facts)
    return Trained(history, verdict, seconds, ready.out.stat().st_size, interrupted, diagnosis)


class _Watch:
    """The examples that a network is measured and diagnosed on, as it is trained on them."""

    def __init__(self, net: Network, data: Dataset, held: Dataset | None) -> None:
        self.X, self.y = some_of(data, DIAGNOSED)
        self.held = some_of(held, DIAGNOSED) if held else None
        self.recorder = Recorder(net, self.X, self.y)

    def diagnosis(self, ready: Prepared) -> Diagnosis:
        """What is wrong, most often nothing."""
        names = getattr(ready.train.encoder, "names", ())
        return diagnose(
            ready.net,
            self.X,
            self.y,
            self.held,
            self.recorder,
            names=names,
            classes=list(map(str, ready.whole.classes)),
        )


def write_report(asked: Asked, path: str, ready: Prepared, done: Trained, command: str) -> None:
    """The page on a run: of the held-out examples, or of all where there are none; of very many some."""
    examples = ready.held or ready.train
    X, y = some_of(examples, REPORTED)
    title = f"What was learned from {Path(asked.data).resolve().name}"
    data = f"{ready.whole.source.describe()}; {len(X):,} of {examples.n:,} examples" + (
        " held out" if ready.held else ""
    )
    shown = Shown(title, data, command, ready.whole.classes, ready.train.encoder)
    write_page(path, shown, ready.net, done.history, X, y, done.diagnosis)


def output_path(out: str, data: str, option: str = "--out") -> Path:
    """Where a file goes: as said; otherwise a model goes to a new file named after the data.

    Raises DataError, before any training, for a folder or a path in none.
    """
    stem = Path(data).name.split(".")[0] or "model"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}.safetensors" for n in range(1, 1_000_000))
    path = Path(out) if out else next(path for path in map(Path, names) if not path.exists())
    came = ""
    if path.is_dir():
        came = "a folder"
    elif path.exists() and not path.is_file():
        came = "something that is no file"
    elif not path.parent.is_dir():
        came = f"no folder {path.parent}"
    elif not os.access(path.parent, os.W_OK):
        came = f"the folder {path.parent.resolve()}, in which nothing may be written"
    if came:
        wish, remedy = "a file name in a folder that is there", "make the folder first, or choose another"
        raise DataError(wish, came, f"{option} {out}".strip()[:200], remedy)
    return path


def unscale(net: Network, mean: float, scale: float) -> None:
    """Change the last layer so that a network trained on (v − mean)/scale gives v."""
    W, b = list(net.parameters.items())[-2:]
    net.set_parameters({W[0]: W[1] * scale, b[0]: b[1] * scale + mean})


def _parts(whole: Dataset, asked: Asked) -> tuple[Dataset, Dataset | None]:
    """The training part and the held-out one: a fraction of the data, another file, or none."""
    try:
        fraction = float(asked.validation)
    except ValueError:
        remedy = "give a file with the labels, or a share such as --validation 0.2"
        missing = asked.opening["missing"]
        return whole, labelled_for(whole.encoder, asked.validation, asked.data, missing, remedy)
    if fraction == 0:
        return whole, None
    if not 0 < fraction < 1:
        raise DataError(
            "a fraction from 0 to below 1, or a file",
            asked.validation,
            "--validation",
            "write --validation 0.2",
        )
    return whole.split(fraction, asked.seed)


def _moments(data: Dataset) -> tuple[float, float]:
    moments = Moments(1)
    for y in data.labels():
        moments.meet(np.asarray(y, np.float64).reshape(-1, 1))
    return float(moments.centre()[0]), float(moments.scale()[0])
