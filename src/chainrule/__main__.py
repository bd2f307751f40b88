"""python -m chainrule."""

from chainrule.cli.main import entry

entry()
