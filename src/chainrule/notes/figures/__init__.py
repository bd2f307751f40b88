"""The figures of the notes, redrawn from live computation."""

from chainrule.notes.figures import descent, functions, regression  # noqa: F401 - they enter their figures
from chainrule.notes.figures.gallery import FIGURES, FORMATS, Drawn, draw
from chainrule.notes.figures.style import THEMES

__all__ = ["FIGURES", "FORMATS", "THEMES", "Drawn", "draw"]
