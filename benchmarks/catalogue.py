"""All workloads, by key."""

from benchmarks import training
from benchmarks.workload import Workload

WORKLOADS: dict[str, Workload] = {workload.key: workload for workload in (*training.WORKLOADS,)}
