"""Ctrl-C: the first ends training early without a traceback, the second at once; then all is as before."""

import signal
import subprocess
import sys
import threading

import pytest

from chainrule.training.interruption import Interruption

TRAINING = """
import sys, time
import numpy as np
import chainrule as cr

random = np.random.default_rng(0)
X, y = random.normal(size=(2000, 20)), random.integers(0, 3, 2000)
net = cr.Network(20, [cr.Linear(50), cr.ReLU(), cr.Linear(3)], loss="cross_entropy")
start = net.parameters

def once(history):
    if history.epochs == 1:
        print("training", flush=True)

for _ in range(2):
    history = net.fit(X, y, epochs=10**6, progress=%s, callbacks=[once] if %s else [])
    changed = any((net.parameters[name] != value).any() for name, value in start.items())
    complete = history.epochs == len(history.metric) > 0
    print(history.interrupted, changed, complete, history.stopped, flush=True)
"""
TWICE = """
import os, signal
from chainrule.training.interruption import Interruption

with Interruption() as interruption:
    os.kill(os.getpid(), signal.SIGINT)
    print(interruption.requested, flush=True)
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        print("raised", flush=True)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def started(code):
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )


@pytest.mark.parametrize("progress", [True, False])
def test_ctrl_c_returns_what_is_learned_each_time(progress):
    with started(TRAINING % (progress, True)) as process:
        lines = []
        for _ in range(2):
            assert process.stdout.readline() == "training\n"
            process.send_signal(signal.SIGINT)
            lines.append(process.stdout.readline())
        _, err = process.communicate(timeout=60)
    for line in lines:
        assert line.startswith("True True True interrupted in epoch "), line
        assert line.endswith(" of 1000000\n")
    assert process.returncode == 0
    assert "Traceback" not in err


def test_a_second_ctrl_c_raises_at_once():
    with started(TWICE) as process:
        out, err = process.communicate(timeout=60)
    assert (out.split(), err, process.returncode) == (["True", "raised", "True"], "", 0)


def test_a_programs_own_handling_is_left_alone():
    def own(number, frame):
        pass

    before = signal.signal(signal.SIGINT, own)
    try:
        with Interruption():
            assert signal.getsignal(signal.SIGINT) is own
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_does_nothing_in_other_threads():
    faults = []

    def run():
        try:
            with Interruption():
                pass
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert faults == []
