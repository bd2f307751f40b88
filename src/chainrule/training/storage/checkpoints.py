"""A folder of checkpoints of one run: written whole, read back the newest that is whole, the oldest removed.

Names say how far the run was: checkpoint-EPOCHS.safetensors, or checkpoint-EPOCHS-STEPS.safetensors within an epoch.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from chainrule.graph.errors import ChainruleError, DataError
from chainrule.graph.version import VERSION
from chainrule.graph.warnings import CheckpointWarning
from chainrule.training.storage.atomic import Lock, checked_path, sync_folder
from chainrule.training.storage.strict_json import from_text, to_text
from chainrule.training.storage.tensors import load_tensors, save_tensors

Array = NDArray[Any]
FORMAT = 1
_NAME = re.compile(r"checkpoint-(\d{6,15})(?:-(\d{1,15}))?\.safetensors")
_PART = re.compile(r"\.checkpoint-[\d-]+\.safetensors\.part")


class Position(NamedTuple):
    """How far a run is: complete epochs, and steps of the next."""

    epoch: int
    step: int

    @property
    def name(self) -> str:
        """Of the file."""
        within = f"-{self.step}" if self.step else ""
        return f"checkpoint-{self.epoch:06}{within}.safetensors"

    def __str__(self) -> str:
        return f"epoch {self.epoch}" + (f", step {self.step} of the next" if self.step else "")


class Checkpoints:
    """The folder, held against other runs from `open` to `close`.

    path: made where it is missing. settings: what the run is; a checkpoint with others is refused. keep: how many
    of the newest stay.
    """

    def __init__(self, path: str | os.PathLike[str], settings: Mapping[str, str], keep: int = 3) -> None:
        self.path, self.settings, self.keep = checked_path(path, "checkpoint"), dict(settings), keep
        self._lock: Lock | None = None

    def open(self) -> None:
        """Make the folder and hold it. Raises DataError where it cannot be made or another run holds it."""
        try:
            if not self.path.is_dir():
                self.path.mkdir(parents=True)
                sync_folder(self.path.resolve().parent)
            self._lock = Lock(self.path / ".lock", "a folder that no other run writes its checkpoints to")
            for left in self.path.iterdir():
                if _PART.fullmatch(left.name):
                    left.unlink()
        except OSError as fault:
            needed, came = "a folder for checkpoints", fault.strerror or str(fault)
            raise DataError(needed, came, str(self.path), "give the path of a folder") from None

    def close(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            self._lock.release()

    def found(self) -> list[Position]:
        """Which checkpoints there are, oldest first, whole or not."""
        names = [_NAME.fullmatch(file.name) for file in self.path.iterdir()]
        return sorted(Position(int(match[1]), int(match[2] or 0)) for match in names if match)

    def newest(self) -> tuple[Any, dict[str, Array], str] | None:
        """Position and arrays of the newest checkpoint that is whole, and its path; None where there is none at all.

        One that is damaged is named in a warning, set aside as NAME.damaged, and the one before it is taken. Raises
        DataError where all are damaged, ChainruleError for a run with other settings.
        """
        damaged = []
        for position in reversed(self.found()):
            file = self.path / position.name
            try:
                text, tensors = load_tensors(file, "a checkpoint")
                description = _description(text, str(file))
            except DataError as fault:
                damaged.append((file, fault))
                continue
            self._require_same(description, file)
            for other, reason in damaged:
                other.replace(other.with_name(f"{other.name}.damaged"))
                warnings.warn(f"{reason}; training goes on from {file.name}", CheckpointWarning, stacklevel=2)
            return description["position"], tensors, str(file)
        if damaged:
            needed, came = "a checkpoint that is whole", f"{len(damaged)} damaged ones; {damaged[0][1]}"
            raise DataError(needed, came, str(self.path), "start anew in another folder")
        return None

    def write(self, position: Position, description: Any, tensors: Mapping[str, Array]) -> None:
        """Add a checkpoint, then remove the oldest beyond `keep`. Raises DataError where it cannot be written."""
        text = to_text(
            {
                "kind": "checkpoint",
                "format": FORMAT,
                "chainrule": VERSION,
                "position": description,
                "settings": self.settings,
            },
            "checkpoint",
        )
        save_tensors(self.path / position.name, tensors, text)
        try:
            for old in self.found()[: -self.keep]:
                (self.path / old.name).unlink(missing_ok=True)
        except OSError as fault:
            came = fault.strerror or str(fault)
            remedy = "allow writing there, or name another folder"
            raise DataError("to remove the oldest checkpoint", came, str(self.path), remedy) from None

    def _require_same(self, description: dict[str, Any], file: Path) -> None:
        """Raises ChainruleError, which says what differs, where the checkpoint is of another run."""
        stored = description["settings"]
        differing = [
            f"{name} {_short(stored.get(name))} there and {_short(self.settings.get(name))} here"
            for name in {**self.settings, **stored}
            if stored.get(name) != self.settings.get(name)
        ]
        if differing:
            raise ChainruleError(
                "the run that the checkpoint is of",
                "; ".join(differing[:4]),
                str(file),
                "go on with the same data and settings, or start anew in another folder",
            )


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 160 else f"{text[:70]} … {text[-70:]}"


def _description(text: str, where: str) -> dict[str, Any]:
    description = from_text(text, where, "the file is of another program")
    if (
        not isinstance(description, dict)
        or description.get("kind") != "checkpoint"
        or not isinstance(description.get("settings"), dict)
        or "position" not in description
    ):
        raise DataError("a checkpoint", "a file of another kind", where, "give a folder of checkpoints")
    if description.get("format") != FORMAT:
        version = f"the format {description.get('format')!r} of chainrule {description.get('chainrule')!r}"
        raise ChainruleError(f"the format {FORMAT} of checkpoints", version[:120], where, "update chainrule")
    return description
