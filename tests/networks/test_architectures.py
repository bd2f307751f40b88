"""LeNet-5 and VGG: parameter counts of the papers, speed of the symbolic side, memory of the numeric one."""

import subprocess
import sys
import time

import numpy as np
import pytest
from support.pace import at_pace

import chainrule as cr

VGG = {
    "A": 132_863_336,
    "A-LRN": 132_863_336,
    "B": 133_047_848,
    "C": 133_638_952,
    "D": 138_357_544,
    "E": 143_667_240,
}
LAYERS = {"A": 11, "A-LRN": 11, "B": 13, "C": 16, "D": 16, "E": 19}
PAPER = {"A": 133, "A-LRN": 133, "B": 133, "C": 134, "D": 138, "E": 144}
"""Table 2 of the paper, in millions."""


@pytest.mark.parametrize("configuration", VGG)
def test_vgg_has_the_parameters_of_the_paper(configuration):
    net = cr.vgg(configuration)
    total = net.summary().total
    assert total == VGG[configuration]
    assert round(total / 1e6) == PAPER[configuration]
    assert len(net.leaves) == 2 * LAYERS[configuration]
    assert net.output.shape == (1000,)


def test_vgg_16_is_built_and_derived_at_once_and_has_no_numbers():
    began = time.process_time()
    net = cr.vgg("D", seed=7)
    summary = net.summary()
    text = str(summary)
    slopes = cr.gradient(net.objective(), net.leaves)
    built = time.process_time() - began
    latex = net.derive().latex()
    derived = time.process_time() - began - built
    assert "138,357,544" in text
    assert summary.shapes[:3] == ((3, 224, 224), (64, 224, 224), (64, 112, 112))
    assert [slope.shape for slope in slopes] == [leaf.shape for leaf in net.leaves]
    assert net._numbers is None
    assert built < at_pace(1)
    assert derived < at_pace(2)
    assert len(latex) < 100_000


@pytest.mark.unoptimised
def test_vgg_of_small_images_learns():
    net = cr.vgg("A", input_shape=(1, 32, 32), classes=3, units=16, dropout=0.2)
    assert net.output.shape == (3,)
    random = np.random.default_rng(0)
    X, y = random.normal(size=(4, 1, 32, 32)), [0, 1, 2, 0]
    history = net.fit(X, y, epochs=2, batch_size=4, optimizer=cr.SGD(0.001), progress=False)
    assert np.isfinite(history.loss).all()
    assert net.predict_proba(X).shape == (4, 3)


def test_lenet_5():
    net = cr.lenet5(pooling="average", activation="tanh")
    assert [row.parameters for row in net.summary().rows if row.parameters] == [156, 2416, 48120, 10164, 850]
    assert cr.lenet5((1, 32, 32)).summary().total == net.summary().total == 61_706
    assert net.outputs[0].shape == (6, 28, 28)
    assert cr.lenet5((1, 32, 32), classes=3).output.shape == (3,)


def test_summary_counts_beside_fully_connected_layers():
    net = cr.Network(
        (3, 8, 8), [cr.Conv2d(4, 3), cr.ReLU(), cr.Flatten(), cr.Linear(2)], loss="cross_entropy"
    )
    summary = net.summary()
    assert [row.parameters for row in summary.rows] == [112, 0, 0, 290, 0]
    assert summary.rows[0].connected == 4 * 6 * 6 * (3 * 8 * 8 + 1)
    assert summary.total_connected == summary.rows[0].connected + 290
    assert summary.shapes == ((3, 8, 8), (4, 6, 6), (144,), (2,))
    assert "\nshapes: 3×8×8 → 4×6×6 → 144 → 2\n" in str(summary)
    assert len({len(line) for line in str(summary).splitlines()[:-2]}) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: cr.vgg("F"),
            "vgg: needed configuration as one of 'A', 'B', 'C', 'D', 'E', 'A-LRN'; came 'F'",
        ),
        (
            lambda: cr.vgg("A", input_shape=(3, 16, 16)),
            "layer 21 of 29, MaxPool2d(2), in max_pool2d of a^{(8)}: needed a window that fits",
        ),
        (lambda: cr.vgg("A", input_shape=(224, 224)), "layer 1 of 29, Conv2d(64, 3, padding='same')"),
        (
            lambda: cr.lenet5(pooling="median"),
            "lenet5: needed pooling as one of 'average', 'max'; came 'median'",
        ),
        (lambda: cr.lenet5(activation=None), "needed activation as one of 'tanh', 'relu'; came None"),
    ],
)
def test_other_settings_are_refused(make, message):
    with pytest.raises(cr.ChainruleError) as fault:
        make()
    assert message in str(fault.value)


STEP = """
import resource, time
import numpy as np
import chainrule as cr

X, y = np.random.default_rng(0).normal(size=(4, 3, 224, 224)).astype(np.float32), [1, 2, 3, 4]
net = cr.vgg("D")
began = time.perf_counter()
net.predict_proba(X)
forward, gigabytes = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"VGG-16, batch 4: forward, parameters drawn and compiled, {forward:.1f} s, peak {gigabytes:.2f} GB")
began = time.perf_counter()
net.fit(X, y, epochs=1, batch_size=4, optimizer=cr.SGD(1e-4, momentum=0.9), progress=False)
step, gigabytes = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(f"a training step with momentum, compiled, {step:.1f} s, peak {gigabytes:.2f} GB")
print(gigabytes)
"""


@pytest.mark.evidence
def test_a_step_of_vgg_16_needs_less_than_6_gigabytes():
    run = subprocess.run([sys.executable, "-c", STEP], capture_output=True, text=True, check=True)
    print(run.stdout)
    assert float(run.stdout.split()[-1]) < 6
