"""One style of error: what was needed, what came, where, and what to do."""

from __future__ import annotations


class ChainruleError(ValueError):
    """The input is at fault. The message has four parts; the last two may be empty.

    needed: what the operation asks for, in the letters of its formula.
    came: what it was given, in numbers.
    where: the operation and the user's own name for what it makes.
    remedy: what to write instead.
    """

    def __init__(self, needed: str, came: str, where: str = "", remedy: str = "") -> None:
        self.needed, self.came, self.where, self.remedy = needed, came, where, remedy
        message = f"needed {needed}; came {came}"
        if where:
            message = f"{where}: {message}"
        if remedy:
            message = f"{message}. {remedy[0].upper()}{remedy[1:]}"
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ChainruleError], tuple[str, str, str, str]]:
        return type(self), (self.needed, self.came, self.where, self.remedy)


class ShapeError(ChainruleError):
    """Shapes do not fit together."""


class NamingError(ChainruleError):
    """A name cannot be typeset, or two things carry the same one."""


class ParseError(ChainruleError):
    """A text is not an expression."""


class FeedError(ChainruleError):
    """The values given for the leaves do not fit them."""


class TrainingError(ChainruleError):
    """Training cannot go on."""


class DataError(ChainruleError):
    """A file, a frame or an array cannot be read as examples. `where` names file, line or row, and column."""
