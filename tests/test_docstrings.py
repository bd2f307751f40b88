"""The examples in the docstrings of all modules run; those of the ops run with each op's table."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import chainrule

SRC = Path(chainrule.__file__).parent
MODULES = sorted(
    "chainrule." + ".".join(path.relative_to(SRC).with_suffix("").parts)
    for path in SRC.rglob("*.py")
    if path.parent != SRC / "ops" and path.name != "__main__.py" and ">>>" in path.read_text(encoding="utf-8")
)


def test_there_are_examples() -> None:
    assert len(MODULES) > 20


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name))
    assert not failed
