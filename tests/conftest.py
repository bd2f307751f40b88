"""What all tests share."""

import gc
import sys

import pytest
from hypothesis import HealthCheck, settings

# The same examples at each run, and no clock: whoever changes something sees only what that changes.
# New examples: pytest --hypothesis-profile=default
settings.register_profile(
    "certain", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("certain")


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay to the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests with the mark `unoptimised` compile without XLA's optimisation; with `unoptimised(False)`, with it."""
    mark = item.get_closest_marker("unoptimised")
    wanted = mark is not None and False not in mark.args
    if wanted or "support.unoptimised" in sys.modules:
        from support import unoptimised  # not above: it loads JAX, which not all tests need

        unoptimised.switch(wanted)
