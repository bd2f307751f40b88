"""How fast this machine is, for limits of time that hold on every machine."""

import time
import timeit


def million_additions() -> float:
    """Seconds of processor time that a million additions in Python take here."""
    return min(timeit.repeat("for i in range(10**6): x += i", "x = 0", time.process_time, repeat=9, number=1))
