"""What all tests share."""

import gc
import os
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from numpy.random import Generator

# The same examples at each run, and no clock: whoever changes something sees only what that changes.
# New examples: pytest --hypothesis-profile=default
settings.register_profile(
    "certain", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("certain")

os.environ["CHAINRULE_CACHE"] = ""  # what is tested is compiled here and now


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


STATES: dict[ModuleType, list[tuple[Any, Any]]] = {}
"""The generators of random numbers of a module, and their states before its first test."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Function) -> None:
    """Each test begins in the same state, whichever tests ran before it in this process."""
    if item.module not in STATES:
        found = [one.bit_generator for one in vars(item.module).values() if isinstance(one, Generator)]
        STATES[item.module] = [(one, one.state) for one in found]
    for one, state in STATES[item.module]:
        one.state = state
    compile_as_marked(item)


def compile_as_marked(item: pytest.Function) -> None:
    """Tests with the mark `unoptimised` compile without XLA's optimisation; with `unoptimised(False)`, with it."""
    mark = item.get_closest_marker("unoptimised")
    wanted = mark is not None and False not in mark.args
    if wanted or "support.unoptimised" in sys.modules:
        from support import unoptimised  # not above: it loads JAX, which not all tests need

        unoptimised.switch(wanted)
