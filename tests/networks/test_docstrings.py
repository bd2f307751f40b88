"""The examples in the docstrings of networks and training run."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import chainrule

SRC = Path(chainrule.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(SRC.parent).with_suffix("").parts)
    for package in ("networks", "training")
    for path in (SRC / package).rglob("*.py")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0
