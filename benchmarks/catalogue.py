"""All workloads, by key."""

from benchmarks import growth, reading, regression, start, tiny, training
from benchmarks.workload import Workload

_FAMILIES = (tiny, regression, training, start, reading, growth)
WORKLOADS: dict[str, Workload] = {
    workload.key: workload for family in _FAMILIES for workload in family.WORKLOADS
}
