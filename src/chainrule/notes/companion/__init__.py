"""The printed companion: the notes' sections in order, with equations, verdicts, corrections, figures."""

from chainrule.notes.companion.book import companion_pdf
from chainrule.notes.companion.page import companion_page

__all__ = ["companion_page", "companion_pdf"]
