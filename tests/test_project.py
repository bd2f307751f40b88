"""The files that describe the project agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = re.findall(r"^([a-z0-9-]+)==", LOCK, flags=re.MULTILINE)


@pytest.mark.parametrize("requirement", PROJECT["dependencies"] + EXTRAS["test"] + EXTRAS["dev"])
def test_what_the_checks_need_is_pinned(requirement):
    name = re.match(r"[a-z0-9-]+", requirement)
    assert name is not None
    assert name[0] in LOCKED


def test_one_version_of_each_package():
    assert sorted(set(LOCKED)) == sorted(LOCKED)


def test_each_pin_has_hashes():
    hashed = re.findall(r"^([a-z0-9-]+)==.*\\\n +--hash=sha256:[0-9a-f]{64}", LOCK, flags=re.MULTILINE)
    assert hashed == LOCKED


def test_the_lock_names_no_registry():
    assert "://" not in LOCK
    assert "index-url" not in LOCK
    assert "find-links" not in LOCK


def test_the_changelog_begins_with_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    assert (released or [PROJECT["version"]])[0] == PROJECT["version"]
