"""Checkpoints: from each of them training goes on to the bits of a run without a break, or says why it does not."""

import copy
import shutil
import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import checkpointing, schedules, stepper

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(53, 4))
Y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
VALIDATION = (X[:20], Y[:20])


def network(*more, seed=1, **settings):
    layers = [cr.Linear(6), cr.ReLU(), *more, cr.Linear(3)]
    return cr.Network(4, layers, loss="cross_entropy", seed=seed, **settings)


def bits(net):
    return b"".join(value.tobytes() for value in net.parameters.values())


def course(history):
    """A history but for its seconds."""
    lists = (history.loss, history.metric, history.validation_loss, history.validation_metric)
    return [*map(tuple, lists), history.stopped, history.best_epoch]


def fitted(make, folder=None, **settings):
    net = make()
    settings = {"epochs": 5, "batch_size": 8, "progress": False} | settings
    kept = {} if folder is None else {"checkpoint": folder, "resume": True, "keep": 1000}
    history = net.fit(X, Y, **settings, **kept)
    return net, history


def checkpoints(folder):
    return sorted(folder.glob("checkpoint-*.safetensors"), key=lambda file: file.stat().st_mtime_ns)


def trained_before():
    net = network()
    net.fit(X, Y, epochs=2, batch_size=8, progress=False)
    return net


RUNS = {
    "momentum": (network, {}),
    "nesterov, float64, weight decay": (
        lambda: network(dtype="float64"),
        {"optimizer": cr.SGD(0.1, momentum=0.9, nesterov=True), "l2": 0.01},
    ),
    "dropout, a function, weights, a schedule": (
        lambda: network(cr.Dropout(0.3), lambda z: 2 * z),
        {"optimizer": cr.SGD(lambda t: 0.3 / (1 + 0.1 * t)), "sample_weight": 1 + X[:, 0] ** 2},
    ),
    "Adam, clipped, validation": (
        network,
        {"optimizer": cr.Adam(0.01, clip_norm=0.1), "validation": VALIDATION},
    ),
    "AdamW, L1, cosine, another start": (
        trained_before,
        {"optimizer": cr.AdamW(schedules.Cosine(0.05)), "l1": 0.01},
    ),
    "RMSprop, sums, in order": (
        network,
        {"optimizer": cr.RMSprop(0.01, momentum=0.5), "reduce": "sum", "shuffle": False},
    ),
    "full batches": (network, {"batch_size": 53}),
    "settling": (network, {"delta": 0.13, "epochs": 9}),
    "early": (
        network,
        {"validation": VALIDATION, "early_stopping": cr.EarlyStopping(2, min_delta=0.2), "epochs": 9},
    ),
}


@pytest.fixture
def often(monkeypatch):
    """Checkpoints after each call, and calls of few steps, so that many are within epochs."""
    monkeypatch.setattr(checkpointing, "_WITHIN", -1)
    monkeypatch.setattr(checkpointing, "_SHARE", 0)
    monkeypatch.setattr(stepper, "_SECONDS", 1e-9)


LONG = (  # to compile, and alike to the others or to the run of test_faults
    "momentum",
    "settling",
    "early",
    "nesterov, float64, weight decay",
    "AdamW, L1, cosine, another start",
    "RMSprop, sums, in order",
    "full batches",
)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.evidence] if name in LONG else []) for name in RUNS]
)
def test_each_checkpoint_leads_to_the_same_bits(name, tmp_path, often, monkeypatch):
    make, settings = RUNS[name]
    plain, whole = fitted(make, **settings)
    watched, kept = fitted(make, tmp_path / "all", **settings)
    assert bits(watched) == bits(plain), "watching changes nothing"
    assert course(kept) == course(whole)
    files = checkpoints(tmp_path / "all")
    assert sum(file.name.count("-") == 2 for file in files) > 5 or settings.get("batch_size") == 53
    monkeypatch.undo()
    for number, file in enumerate(files[:: max(1, len(files) // 5)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        shutil.copy(file, folder)
        again, resumed = fitted(make, folder, **settings)
        assert bits(again) == bits(plain), file.name
        assert course(resumed) == course(whole), file.name
        assert again.epochs == plain.epochs


def test_a_run_that_is_over_is_given_back(tmp_path):
    net, history = fitted(network, tmp_path)
    again, other = fitted(network, tmp_path)
    assert (bits(net), course(history), history.seconds) == (bits(again), course(other), other.seconds)


def test_a_run_can_be_made_longer(tmp_path):
    fitted(network, tmp_path)
    longer, history = fitted(network, tmp_path, epochs=9)
    plain, whole = fitted(network, epochs=9)
    assert (bits(longer), course(history)) == (bits(plain), course(whole))
    with pytest.raises(
        cr.ChainruleError, match=r"needed epochs of at least 9; came epochs=5 where .* go to epoch 9"
    ):
        fitted(network, tmp_path)


def test_a_run_that_ctrl_c_ends_goes_on(tmp_path):
    def interrupting(history):
        if history.epochs == 3:
            raise KeyboardInterrupt

    _, history = fitted(network, tmp_path, callbacks=[interrupting])
    assert history.interrupted
    again, other = fitted(network, tmp_path)
    plain, whole = fitted(network)
    assert (bits(again), course(other)) == (bits(plain), course(whole))


def test_a_run_that_a_callback_ends_is_over(tmp_path):
    _, history = fitted(network, tmp_path, callbacks=[lambda history: history.epochs == 3])
    again, other = fitted(network, tmp_path, callbacks=[lambda history: history.epochs == 3])
    assert other.stopped == history.stopped == "a callback said so after epoch 3"
    assert again.epochs == 3


@pytest.mark.parametrize(("every", "keep", "names"), [(2, 2, [4, 5]), (1, 3, [3, 4, 5]), (4, 3, [0, 4, 5])])
def test_how_many_are_kept(every, keep, names, tmp_path):
    settings = {"checkpoint": tmp_path, "checkpoint_every": every, "keep": keep}
    network().fit(X, Y, epochs=5, batch_size=8, progress=False, **settings)
    assert [file.name for file in checkpoints(tmp_path)] == [f"checkpoint-{n:06}.safetensors" for n in names]
    assert {file.name for file in tmp_path.iterdir()} == {
        ".lock",
        *(file.name for file in checkpoints(tmp_path)),
    }


CALLS = [
    ({"checkpoint_every": 0}, "fit: needed checkpoint_every as a whole number from 1; came 0"),
    ({"checkpoint_every": True}, "fit: needed checkpoint_every as a whole number from 1; came True"),
    ({"keep": 0}, "fit: needed keep as a whole number from 1; came 0"),
    ({"keep": None}, "fit: needed keep as a whole number from 1; came None"),
    ({"checkpoint": 3.5}, "checkpoint: needed the path of a file; came 3.5"),
    ({"checkpoint": None, "resume": True}, "fit: needed a folder for checkpoints; came resume=True alone"),
    (
        {"checkpoint": None, "checkpoint_every": 3},
        "fit: needed a folder for checkpoints; came checkpoint_every=3",
    ),
    ({"checkpoint": "/dev/null"}, "/dev/null: needed a folder for checkpoints; came File exists"),
    ({"checkpoint": "/dev/null/a"}, "/dev/null/a: needed a folder for checkpoints; came Not a directory"),
]


@pytest.mark.parametrize(("settings", "message"), CALLS)
def test_calls_that_are_refused(settings, message, tmp_path):
    with pytest.raises(cr.ChainruleError) as fault:
        network().fit(X, Y, progress=False, **{"checkpoint": tmp_path, **settings})
    assert message in str(fault.value)


def test_an_earlier_run_is_not_lost(tmp_path):
    fitted(network, tmp_path)
    before = {file: file.read_bytes() for file in checkpoints(tmp_path)}
    with pytest.raises(
        cr.ChainruleError, match=r"a folder without checkpoints; came .* the last after epoch 5"
    ):
        network().fit(X, Y, progress=False, checkpoint=tmp_path)
    assert {file: file.read_bytes() for file in checkpoints(tmp_path)} == before


OTHERS = {
    "layers": (
        lambda: network(cr.Tanh()),
        {},
        "layers Linear(6), ReLU, Linear(3) there and Linear(6), ReLU, Tanh, ",
    ),
    "a function": (
        lambda: network(lambda z: 3 * z),
        {},
        "layers Linear(6), ReLU, Linear(3) there and Linear(6), ",
    ),
    "seed": (lambda: network(seed=2), {}, "seed 1 there and 2 here"),
    "dtype": (lambda: network(dtype="float64"), {}, "dtype float32 there and float64 here"),
    "batch_size": (network, {"batch_size": 9}, "batch_size 8 there and 9 here"),
    "rate": (
        network,
        {"optimizer": cr.SGD(0.2, momentum=0.9)},
        "optimizer SGD(η=0.1, μ=0.9) there and SGD(η=0.2, ",
    ),
    "optimizer": (network, {"optimizer": cr.SGD(0.1, 0.9, nesterov=True)}, "update "),
    "schedule": (
        network,
        {"optimizer": cr.SGD(lambda t: 0.1)},
        "optimizer SGD(η=0.1, μ=0.9) there and SGD() here",
    ),
    "l2": (network, {"l2": 0.1}, "constants  there and λ=0.1 here"),
    "shuffle": (network, {"shuffle": False}, "shuffle True there and False here"),
    "early stopping": (
        network,
        {"early_stopping": cr.EarlyStopping(3, monitor="loss")},
        "early_stopping None there and EarlyStopping(patience=3, ",
    ),
    "delta": (network, {"delta": 1e-9}, "delta None there and 1e-09 here"),
    "reduce": (network, {"reduce": "sum"}, "reduce mean there and sum here"),
    "weights": (network, {"sample_weight": 1 + X[:, 0] ** 2}, "examples 53 with the digest"),
    "validation": (network, {"validation": VALIDATION}, "validation none there and 20 with the digest"),
    "start": (trained_before, {}, "epochs before 0 there and 2 here"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_run_is_refused(what, tmp_path):
    fitted(network, tmp_path, epochs=1)
    make, settings, message = OTHERS[what]
    with pytest.raises(cr.ChainruleError, match="needed the run that the checkpoint is of; came ") as fault:
        fitted(make, tmp_path, **settings)
    assert message in str(fault.value)
    assert "checkpoint-000001.safetensors" in str(fault.value)


def test_other_data_are_refused(tmp_path):
    fitted(network, tmp_path, epochs=1)
    for X_, Y_ in ((X + 1e-6, Y), (X, Y[::-1]), (X[:-1], Y[:-1])):
        net = network()
        with pytest.raises(
            cr.ChainruleError, match=r"came examples 53 with the digest .* there and 5. with the"
        ):
            net.fit(X_, Y_, epochs=3, batch_size=8, progress=False, checkpoint=tmp_path, resume=True)


def test_other_schedules_and_functions_are_told_apart(tmp_path):
    fitted(lambda: network(lambda z: 2 * z), tmp_path / "a", epochs=1)
    with pytest.raises(cr.ChainruleError, match=r"came objective .* there and .* here"):
        fitted(lambda: network(lambda z: 3 * z), tmp_path / "a")
    fitted(network, tmp_path / "b", epochs=1, optimizer=cr.SGD(lambda t: 0.1 / t))
    with pytest.raises(cr.ChainruleError, match=r"came update .* there and .* here"):
        fitted(network, tmp_path / "b", optimizer=cr.SGD(lambda t: 0.100000000000001 / t))


DAMAGE = {
    "a bit": lambda content: content[:900] + bytes([content[900] ^ 4]) + content[901:],
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "zeros": lambda content: bytes(len(content)),
    "another file": lambda content: b"a,b\n1,2\n" * 100,
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(what, tmp_path):
    plain, whole = fitted(network)
    net = network()
    net.fit(X, Y, epochs=4, batch_size=8, progress=False, checkpoint=tmp_path, checkpoint_every=1)
    newest = tmp_path / "checkpoint-000004.safetensors"
    damaged = DAMAGE[what](newest.read_bytes())
    newest.write_bytes(damaged)
    with pytest.warns(
        cr.CheckpointWarning, match=r"checkpoint-000004.*goes on from checkpoint-000003\.safetensors"
    ):
        again, history = fitted(network, tmp_path)
    assert (bits(again), course(history)) == (bits(plain), course(whole))
    assert (tmp_path / "checkpoint-000004.safetensors.damaged").read_bytes() == damaged
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(network, tmp_path)


def test_checkpoints_that_are_all_damaged_are_named(tmp_path):
    fitted(network, tmp_path)
    for file in checkpoints(tmp_path):
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(
        cr.DataError, match=r"needed a checkpoint that is whole; came \d damaged ones; .*checkpoint-"
    ):
        fitted(network, tmp_path)
    assert len(checkpoints(tmp_path)) > 0, "they are left as they are"


def test_a_model_is_no_checkpoint(tmp_path):
    net, _ = fitted(network, tmp_path, epochs=3)
    net.save(tmp_path / "checkpoint-000009.safetensors")
    with pytest.warns(cr.CheckpointWarning, match="checkpoint-000009.safetensors: needed a checkpoint; came"):
        fitted(network, tmp_path)
    with pytest.raises(cr.DataError, match="needed a model file; came a file of the kind 'checkpoint'"):
        cr.load(tmp_path / "checkpoint-000003.safetensors")


def test_two_runs_in_one_folder_are_refused(tmp_path):
    def again(_):
        with pytest.raises(cr.DataError, match="a folder that no other run writes its checkpoints to; came"):
            fitted(network, tmp_path)
        return True

    _, history = fitted(network, tmp_path, callbacks=[again])
    assert history.epochs == 1


def test_a_disk_that_is_full_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr("os.write", full)
    net = network()
    before = bits(net)
    with pytest.raises(
        cr.DataError, match=r"checkpoint-000000.safetensors: needed a place .*; came No space left"
    ):
        fitted(lambda: net, tmp_path)
    assert bits(net) == before


def full(*_):
    raise OSError(28, "No space left on device")


def test_a_disk_that_fills_is_said_once_and_training_goes_on(tmp_path, monkeypatch):
    plain, whole = fitted(network, callbacks=[lambda _: None])

    def fill(history):
        if history.epochs == 2:
            monkeypatch.setattr("os.write", full)

    with pytest.warns(cr.CheckpointWarning) as said:
        net, history = fitted(network, tmp_path, callbacks=[fill], checkpoint_every=1)
    assert len(said) == 1
    assert "came No space left on device" in str(said[0].message)
    assert "training goes on and keeps what it learns in memory" in str(said[0].message)
    assert (bits(net), course(history)) == (bits(plain), course(whole))
    monkeypatch.undo()
    assert [file.name for file in checkpoints(tmp_path)] == [f"checkpoint-{n:06}.safetensors" for n in (0, 1)]
    again, _ = fitted(network, tmp_path)
    assert bits(again) == bits(plain)


def test_parameters_that_are_not_finite_are_not_kept(tmp_path):
    with pytest.raises(cr.TrainingError):
        network().fit(1e9 * X, Y, 3, 8, cr.SGD(3e38, momentum=0.9), progress=False, checkpoint=tmp_path)
    assert [file.name for file in checkpoints(tmp_path)] == ["checkpoint-000000.safetensors"]


def test_a_network_is_copied_without_its_folder(tmp_path):
    net, _ = fitted(network, tmp_path)
    assert bits(copy.deepcopy(net)) == bits(net)
