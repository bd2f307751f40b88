"""What measuring during training costs: processor time of the recorder beside that of the training."""

import time

import numpy as np
import pytest
from diagnosis.planted import data, dense

import chainrule as cr
from chainrule.diagnosis import Recorder


def convolutional():
    layers = "conv 8 3 relu, pool 2, conv 16 3 relu, 32 relu, 10"
    return cr.Network((1, 8, 8), layers, "cross_entropy")


@pytest.mark.evidence
@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_measuring_costs_less_than_a_twentieth_of_training(kind):
    """Measurements at the start and after the epochs 1, 2, 4, ..., 32; what compiling them takes is said beside it."""
    of = data("digits" if kind == "dense" else "images", 0)
    X, y = np.concatenate([of.X] * 10), np.tile(of.y, 10)
    net = dense(of, [128, 64], cr.ReLU(), 0) if kind == "dense" else convolutional()
    spent = []

    def timed(action):
        began = time.process_time()
        result = action()
        spent.append(time.process_time() - began)
        return result

    net.fit(X, y, epochs=1, progress=False, callbacks=[lambda history: None])  # compiled before it is timed
    recorder = timed(lambda: Recorder(net, X, y))
    compiling = spent.pop()
    began = time.process_time()
    net.fit(X, y, epochs=40, progress=False, callbacks=[lambda history: timed(lambda: recorder(history))])
    whole = time.process_time() - began
    share = sum(spent) / (whole - sum(spent))
    print(
        f"{kind}: {len(recorder.flows)} measurements in 40 epochs of {len(y)} examples, {len(recorder.start)} parameters: "
        f"{sum(spent):.3f} s of {whole:.2f} s, {share:.2%}; compiling and the first measurement {compiling:.2f} s once"
    )
    assert share < 0.05
