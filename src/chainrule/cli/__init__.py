"""The command `chainrule`, a file a command."""
