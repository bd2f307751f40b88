"""What the text around the equations says that is false or loose, by section."""

from __future__ import annotations

from chainrule.notes.prose_models import MODELS
from chainrule.notes.prose_networks import NETWORKS
from chainrule.notes.remark import Remark

REMARKS = (*MODELS, *NETWORKS)


def remarks(section: str | None = None) -> list[Remark]:
    """The remarks on a section and those below it; all without one."""
    if section is None:
        return list(REMARKS)
    parts = section.split(".")
    return [remark for remark in REMARKS if remark.section.split(".")[: len(parts)] == parts]
