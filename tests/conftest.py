"""What all tests share."""

import gc

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
    from support import unoptimised  # not above: the process that hands out the tests needs no JAX

    mark = item.get_closest_marker("unoptimised")
    unoptimised.switch(mark is not None and False not in mark.args)
