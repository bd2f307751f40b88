"""Where a report comes from: seed, versions, data and command, so that somebody else can make it again."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from chainrule.documents.model import Note, Section, Table
from chainrule.networks.network import Array
from chainrule.reports.subject import Subject

_PACKAGES = ("chainrule", "numpy", "jax")
_DIGITS = 16  # of a hash, enough to tell data sets apart


def data_hash(*arrays: Array) -> str:
    """The first digits of the SHA-256 of arrays: of their types, shapes and numbers.

    >>> data_hash(np.array([1.0, 2.0]))
    '770f495c384cb8f9'
    """
    found = hashlib.sha256()
    for array in arrays:
        whole = np.ascontiguousarray(array)
        found.update(f"{whole.dtype.str} {whole.shape}".encode())
        found.update(whole.tobytes())
    return found.hexdigest()[:_DIGITS]


def origin_section(subject: Subject, command: str, data: str) -> Section:
    """Seed, versions, data and command."""
    net, history = subject.net, subject.history
    rows = [("seed", str(net.seed)), ("precision", net.dtype), ("layers", ", ".join(map(str, net.layers)))]
    rows += [("loss", net.head.name), ("epochs in all", str(net.epochs))]
    if history is not None:
        rows.append(("run", str(history)))
    shape = f"{len(subject.X):,} examples of the shape {'×'.join(map(str, subject.net.input_shape))}"
    rows.append(("examples of this report", f"{data}: {shape}" if data else shape))
    rows.append(("their hash", f"{data_hash(subject.X, subject.y)} (SHA-256 of inputs and labels)"))
    rows += [(name, _version(name)) for name in _PACKAGES]
    rows.append(("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"))
    made = Note(f"Made by: {command}") if command else Note("Made from Python: cr.report(net, history, X, y)")
    return Section("How it was made", (made, Table(("what", "which"), tuple(rows))), "origin")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
