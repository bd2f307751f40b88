"""How fast this machine is at this moment, for limits of time that mean the same on every machine."""

import time
import timeit

A_MILLION_ADDITIONS = 0.033  # seconds, in Python, on the machine that the limits are told for


def at_pace(seconds: float) -> float:
    """Return `seconds` of processor time; where this machine is slower, as many more as it is slower."""
    here = min(timeit.repeat("for i in range(10**6): x += i", "x = 0", time.process_time, repeat=9, number=1))
    return seconds * max(1, here / A_MILLION_ADDITIONS)
