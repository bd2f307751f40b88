"""Training from a data set larger than its memory: the same steps as from arrays, read while they are taken."""

import os
import shutil
import signal
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import checkpointing
from chainrule.training.data.dataset import Dataset
from chainrule.training.data.split import Drawn, Listed, Whole
from chainrule.training.windows import StreamedFeed, ahead

N, SMALL = 1200, 16_000
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(N, 5)).round(3)
LABELS = np.where(X[:, 0] > X[:, 1], "yes", "no")
REAL = (X[:, 2] * 2 + 1).round(4)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    lines = [
        ",".join([*map(str, row), label, str(real)]) for row, label, real in zip(X, LABELS, REAL, strict=True)
    ]
    path.write_text("a,b,c,d,e,label,real\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def opened(table, memory=SMALL, target="label", **settings):
    other = "real" if target == "label" else "label"
    return cr.open_data(table, target, ignore=[other], memory=memory, **settings)


def network(layers=None, seed=3, dtype="float32"):
    return cr.Network(5, layers or "8 tanh, 2", loss="cross_entropy", seed=seed, dtype=dtype)


def bits(net):
    return b"".join(value.tobytes() for value in net.parameters.values())


def fitted(data, seed=3, layers=None, dtype="float32", **settings):
    net = network(layers, seed, dtype)
    return net, net.fit(data, **{"epochs": 2, "batch_size": 16, "progress": False} | settings)


def test_the_steps_are_those_of_arrays(table):
    small, large = opened(table), opened(table, memory=1 << 28)
    assert not small.in_memory and large.in_memory
    streamed, history = fitted(small, shuffle=False)
    whole, expected = fitted(large, shuffle=False)
    assert bits(streamed) == bits(whole)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-6)
    np.testing.assert_allclose(history.metric, expected.metric, rtol=1e-6)


def test_the_last_window_may_be_of_any_size(table):
    """500 examples at the end of an epoch: a window of their own, in arrays a batch of 700 that is filled up.

    So their sums are added up in another order, and only rounding tells the steps apart: in double precision nothing.
    """
    settings = {"batch_size": 700, "shuffle": False, "dtype": "float64"}
    streamed, history = fitted(opened(table), **settings)
    whole, expected = fitted(opened(table, memory=1 << 28), **settings)
    np.testing.assert_allclose(history.loss, expected.loss, rtol=1e-13)
    for one, other in zip(streamed.parameters.values(), whole.parameters.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-14)


@pytest.mark.parametrize("layers", ["8 tanh, 2", "8 relu dropout 0.5, 2"])
def test_the_same_seed_gives_the_same_bits(table, layers):
    nets = [fitted(opened(table), layers=layers)[0] for _ in range(2)]
    assert bits(nets[0]) == bits(nets[1])
    assert bits(fitted(opened(table), layers=layers, seed=4)[0]) != bits(nets[0])


def test_each_epoch_has_its_own_order_and_pieces_go_on(table):
    whole, _ = fitted(opened(table), optimizer=cr.SGD(0.1), epochs=3)
    pieces = network()
    for _ in range(3):
        pieces.fit(opened(table), epochs=1, batch_size=16, optimizer=cr.SGD(0.1), progress=False)
    assert bits(whole) == bits(pieces)
    epochs = [np.concatenate([X for X, _ in opened(table).windows(16, epoch=epoch)]) for epoch in (0, 1)]
    assert not np.array_equal(*epochs)
    np.testing.assert_array_equal(np.sort(epochs[0], axis=0), np.sort(epochs[1], axis=0))


def test_windows_are_whole_batches_within_memory(table):
    sizes = [len(X) for X, _ in opened(table).windows(16)]
    assert len(sizes) > 5 and sum(sizes) == N
    assert len(set(sizes[:-1])) == 1 and sizes[0] % 16 == 0 and sizes[0] * 5 * 4 <= SMALL // 8


def test_a_batch_larger_than_memory_is_refused(table):
    net = network()
    before = bits(net)
    for size in (None, 801):
        with pytest.raises(
            cr.DataError,
            match=rf"table.csv: needed batches of at most 800 examples, which fit in memory=16,000 bytes; "
            rf"came {size or '1,200'}. Write batch_size=256, or allow more memory",
        ):
            net.fit(opened(table), epochs=1, batch_size=size, progress=False)
    assert bits(net) == before and net.epochs == 0
    net.fit(opened(table), epochs=1, batch_size=800, progress=False)
    net.fit(opened(table, memory=24_000), epochs=1, batch_size=None, progress=False)  # all of it fits


def test_validation_and_evaluation_are_read_too(table):
    train, held = opened(table).split(0.25, seed=1)
    net, history = fitted(train, validation=held, epochs=3)
    assert not train.in_memory and len(history.validation_loss) == 3
    exact = cr.open_data(table, "label", ignore=["real"]).arrays()
    result = net.evaluate(opened(table, encoder=train.encoder))
    arrays = opened(table, memory=1 << 28, encoder=train.encoder).arrays()
    assert result["loss"] == pytest.approx(net.evaluate(*arrays)["loss"], rel=1e-6)
    assert result["accuracy"] == pytest.approx((net.predict(arrays[0]) == exact[1]).mean(), rel=1e-6)


def test_real_labels_have_their_r2(table):
    data = opened(table, target="real")
    net = cr.Network(5, "1", loss="squared_error")
    history = net.fit(data, epochs=3, batch_size=16, optimizer=cr.SGD(0.02), progress=False)
    inputs, y = opened(table, memory=1 << 28, target="real").arrays()
    r2 = 1 - ((net.predict(inputs) - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert net.evaluate(data)["r2"] == pytest.approx(r2, abs=1e-5)
    assert history.metric[-1] > 0.9


def test_no_reader_is_left(table):
    fitted(opened(table))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("chainrule-reader")]


def test_a_file_that_changes_meanwhile_is_said_and_nothing_is_lost(tmp_path, table):
    path = tmp_path / "copy.csv"
    path.write_bytes(table.read_bytes())
    data, net = opened(path), network()
    before = bits(net)

    def change(history):
        path.write_bytes(table.read_bytes()[:-1])
        os.utime(path, (1, 1))

    with pytest.raises(cr.DataError, match="a changed one"):
        net.fit(data, epochs=5, batch_size=16, callbacks=[change], progress=False)
    assert bits(net) == before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("chainrule-reader")]


@pytest.mark.parametrize(
    ("net", "arguments", "message"),
    [
        (
            network,
            lambda data: (data, [1]),
            "needed a data set with its labels; came further ones beside it",
        ),
        (
            lambda: cr.Network(4, "2", loss="cross_entropy"),
            lambda data: (data,),
            "examples of the shape (4,); came (5,)",
        ),
        (
            lambda: cr.Network(5, "1", loss="squared_error"),
            lambda data: (data,),
            'real numbers for loss="squared_error"',
        ),
    ],
)
def test_a_data_set_that_does_not_fit_is_refused(table, net, arguments, message):
    with pytest.raises(cr.FeedError) as caught:
        net().fit(*arguments(opened(table)), progress=False)
    assert message in str(caught.value)


def test_more_classes_than_outputs_are_refused():
    net = cr.Network(4, "2", loss="cross_entropy")
    with pytest.raises(cr.FeedError, match="at most 2 classes"):
        net.fit(cr.open_data("iris"), progress=False)


def test_items_are_made_ahead_and_their_errors_arrive():
    def items():
        yield 1
        raise cr.DataError("a row", "none", "line 3")

    found = []
    with pytest.raises(cr.DataError, match="line 3"):
        found.extend(ahead(items()))
    assert found == [1]


def test_windows_can_begin_in_the_middle_of_an_epoch(table):
    net, data = network(), opened(table)
    feed = net._data.examples(data, None, 3).feed
    assert isinstance(feed, StreamedFeed)
    windows = feed.windows(16, 3, True, 0, 0, 9)
    whole = [next(windows) for _ in range(30)]
    windows.close()
    steps = -(-N // 16)
    for epoch, step in ((0, 0), (0, 20), (1, 0), (1, steps - 1)):
        later = feed.windows(16, 3, True, epoch, step, 9)
        window = next(later)
        later.close()
        assert window.holds(epoch, step)
        same = next(one for one in whole if one.holds(epoch, step))
        np.testing.assert_array_equal(window.arrays[0], same.arrays[0])


def test_a_run_goes_on_in_the_middle_of_an_epoch(table, tmp_path, monkeypatch):
    train, held = opened(table).split(0.25, seed=1)
    settings = {"validation": held, "epochs": 2, "keep": 1000, "resume": True}
    whole, expected = fitted(train, validation=held, epochs=2)
    monkeypatch.setattr(checkpointing, "_WITHIN", -1)
    monkeypatch.setattr(checkpointing, "_SHARE", 0)
    fitted(train, checkpoint=tmp_path / "all", **settings)
    files = sorted((tmp_path / "all").glob("checkpoint-*-*.safetensors"))
    assert len(files) > 5  # within epochs
    for file in files[:: len(files) // 2]:
        folder = tmp_path / file.stem
        folder.mkdir()
        shutil.copy(file, folder)
        again, history = fitted(train, checkpoint=folder, **settings)
        assert bits(again) == bits(whole), file.name
        assert history.validation_loss == expected.validation_loss


def test_a_run_that_ctrl_c_ends_in_the_middle_of_an_epoch_goes_on(table, tmp_path, monkeypatch):
    whole, expected = fitted(opened(table), epochs=3)
    windows, read = Dataset.windows, []

    def interrupted(self, *arguments, **settings):
        for window in windows(self, *arguments, **settings):
            read.append(window)
            if len(read) == 20:  # 13 make an epoch
                os.kill(os.getpid(), signal.SIGINT)
            yield window

    monkeypatch.setattr(Dataset, "windows", interrupted)
    _, history = fitted(opened(table), epochs=3, checkpoint=tmp_path)
    assert history.interrupted and history.epochs == 1
    assert list(tmp_path.glob("checkpoint-000001-*.safetensors")), "within the second epoch"
    again, resumed = fitted(opened(table), epochs=3, checkpoint=tmp_path, resume=True)
    assert bits(again) == bits(whole)
    assert (resumed.loss, resumed.metric) == (expected.loss, expected.metric)


def test_parts_of_one_source_are_told_apart(table, tmp_path):
    """Same file, memory, encoder and number of examples: only the rows differ."""
    encoder = opened(table).encoder

    def part(fraction, seed, held=0):
        return opened(table, encoder=encoder).split(fraction, seed)[held]

    first = part(0.25, 1)
    seed = next(seed for seed in range(2, 500) if part(0.25, seed).n == first.n)
    fitted(first, epochs=1, checkpoint=tmp_path)
    fitted(part(0.25, 1), epochs=1, checkpoint=tmp_path, resume=True)
    for other in (part(0.25, seed), part(0.26, 1), part(0.25, 1, held=1), opened(table, encoder=encoder)):
        with pytest.raises(
            cr.ChainruleError, match=r"the run that the checkpoint is of; came examples .* there"
        ):
            fitted(other, epochs=1, checkpoint=tmp_path, resume=True)


def test_each_part_has_a_name_of_its_own():
    def names():
        whole, odd = Whole(), Listed(np.arange(100) % 2 == 1)
        late = Listed(np.arange(100) > 49)
        draws = [
            Drawn(base, 0.2, seed, held) for base in (whole, odd) for seed in (1, 2) for held in (True, False)
        ]
        return [part.name for part in (whole, odd, late, *draws, Drawn(draws[0], 0.2, 1, True))]

    assert names() == names() and len(set(names())) == 12


def test_weights_are_for_examples_in_memory(table):
    with pytest.raises(
        cr.FeedError, match="sample_weight: needed examples in memory, for weights; came a data set"
    ):
        network().fit(opened(table), sample_weight=np.ones(N), progress=False)
    net, same = network(), network()
    whole = opened(table, memory=10**9)
    net.fit(whole, epochs=1, sample_weight=np.arange(N), progress=False)
    same.fit(*whole.arrays(), epochs=1, sample_weight=np.arange(N), progress=False)
    assert bits(net) == bits(same)


def test_a_step_that_diverges_is_found_in_its_window(table):
    net = cr.Network(5, "8 relu, 1", loss="half_squared_error")
    with pytest.raises(
        cr.TrainingError, match=r"in epoch \d+ of 20, at step \d+; the first part that was not"
    ):
        net.fit(opened(table, target="real"), epochs=20, optimizer=cr.SGD(1e6), progress=False)
