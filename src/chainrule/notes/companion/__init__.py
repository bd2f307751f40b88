"""The printed companion: the notes' sections in order, with every equation, verdict, correction and figure."""

from chainrule.notes.companion.page import companion_page

__all__ = ["companion_page"]
