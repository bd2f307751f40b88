"""Workload i: the derivation of VGG-16 and the working of LeNet, for which there are no peers."""

from __future__ import annotations

from benchmarks.samples import digits
from benchmarks.workload import OURS, Job, Workload


def derive_vgg(quick: bool) -> Job:
    """From the layers to the printed derivation; the number is that of its characters."""
    import chainrule as cr

    return Job(lambda: float(len(str(cr.vgg("A" if quick else "D").derive()))))


def work_lenet(quick: bool) -> Job:
    """Every number of forward and backward of one image; the number is that of its steps."""
    import chainrule as cr

    net, (X, y) = cr.lenet5(), digits(1)
    return Job(lambda: float(len(net.work(X[0], y[0]).steps)))


WORKLOADS = (
    Workload("i-derive", "derive VGG-16, to text", "derivation", {OURS: derive_vgg}),
    Workload("i-work", "work of LeNet-5", "working", {OURS: work_lenet}),
)
