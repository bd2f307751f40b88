"""The printed companion: the notes' sections in order, with equations, verdicts, corrections, figures."""

from chainrule.notes.companion.book import companion_pdf
from chainrule.notes.companion.choice import Choice, chosen
from chainrule.notes.companion.latex import companion_latex
from chainrule.notes.companion.markdown import companion_markdown
from chainrule.notes.companion.page import companion_page

__all__ = ["Choice", "chosen", "companion_latex", "companion_markdown", "companion_page", "companion_pdf"]
