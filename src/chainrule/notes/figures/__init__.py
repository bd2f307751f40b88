"""The figures of the notes, redrawn from live computation."""

from chainrule.notes.figures import (  # noqa: F401 - they enter their figures
    convolution,
    descent,
    functions,
    gradients,
    network,
    regression,
)
from chainrule.notes.figures.gallery import FIGURES, FORMATS, Drawn, draw, in_order
from chainrule.notes.figures.style import THEMES

__all__ = ["FIGURES", "FORMATS", "THEMES", "Drawn", "draw"]

in_order()
