"""The examples in the docstrings of the diagnosis run."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import chainrule.diagnosis

MODULES = sorted(path.stem for path in Path(chainrule.diagnosis.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    failed, _ = doctest.testmod(import_module(f"chainrule.diagnosis.{name}"))
    assert failed == 0
