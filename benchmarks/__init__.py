"""Us beside our peers: the same work, in turn, in one process tree. `python -m benchmarks --help`."""
