"""Warnings: what was asked for is done, but something about it deserves a second look."""

from __future__ import annotations

from collections.abc import Sequence


class ChainruleWarning(UserWarning):
    """The result is as good as it can be, and may still not be what was meant."""


class CheckpointWarning(ChainruleWarning):
    """A checkpoint is damaged, and the one before it is used; or one cannot be written, and training goes on."""


class DependentColumnsWarning(ChainruleWarning):
    """Columns are combinations of others, to the precision of the numbers: their coefficients are not determined.

    columns: each dependent column with the columns that it is made of.
    """

    def __init__(self, columns: Sequence[tuple[str, str]]) -> None:
        self.columns = tuple(columns)
        shown = [f"{name} is a combination of {parts}" for name, parts in self.columns[:5]]
        more = f", and {len(self.columns) - 5} more" if len(self.columns) > 5 else ""
        super().__init__(
            f"numerically dependent columns: {'; '.join(shown)}{more}. Of all solutions this is the one with "
            "the smallest coefficients. Leave columns out, or use l2, for coefficients that mean something"
        )

    def __reduce__(self) -> tuple[type[DependentColumnsWarning], tuple[tuple[tuple[str, str], ...]]]:
        return type(self), (self.columns,)


class NoMinimumWarning(ChainruleWarning):
    """The objective has no minimum: it falls for ever in some direction."""

    def __init__(self) -> None:
        super().__init__(
            "the objective falls for ever: some combination of the inputs separates classes without an error, so that "
            "the best coefficients are infinite. These are where it was left. Add a regulariser, l2=0.001 say"
        )

    def __reduce__(self) -> tuple[type[NoMinimumWarning], tuple[()]]:
        return type(self), ()
