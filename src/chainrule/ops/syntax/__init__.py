"""Expressions from text, safely: tokens, then formulas by precedence, then statements.

`values` reads what is no formula (parameters, indices, arrays), `names` and `calls` look things up,
`builder` builds within limits. Nothing in this package executes text or looks up an attribute by it.
"""

from chainrule.ops.syntax.statements import parse as parse

__all__ = ["parse"]
