"""What a derivation takes for granted, said in its first line."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.errors import ChainruleError
from chainrule.readings.formula import Style

_CHOICES = {
    "first": (1, 0),
    "delta": ("loss", "output"),
    "reduce": ("mean", "sum"),
    "vectors": ("columns", "rows"),
    "half": (None, True, False),
}


@dataclass(frozen=True)
class Convention:
    """The conventions of a derivation.

    first: the number of the first entry in index form, 1 or 0. delta: what δ holds: "loss" for
    ∂ℓ/∂z, or "output" for ∂ŷ/∂z as in the notes, where the factor of the loss comes last (124).
    reduce: how the examples of a batch are put together, "mean" or "sum". vectors: "columns", W x
    with W of the shape (out, in), or "rows", x W with W of the shape (in, out). half: whether a squared
    loss is taken with ½ before it, True as in notes (85) or False as in (77); None as it is written.

    >>> import chainrule as cr
    >>> W, x, y = cr.parameter("W", (2, 3)), cr.data("x", 3), cr.data("y", 2)
    >>> derivation = cr.derive(cr.squared_error(W @ x, y), [W], cr.Convention(vectors="rows", half=True))
    >>> derivation.line("grad W").expr.shape
    (3, 2)
    """

    first: int = 1
    delta: str = "loss"
    reduce: str = "mean"
    vectors: str = "columns"
    half: bool | None = None

    def __post_init__(self) -> None:
        for field, allowed in _CHOICES.items():
            value = getattr(self, field)
            if not any(value == choice and type(value) is type(choice) for choice in allowed):
                raise ChainruleError(
                    f"{field} to be one of {', '.join(map(repr, allowed))}",
                    repr(value)[:80],
                    "Convention",
                    f"write {field}={allowed[0]!r}",
                )

    @property
    def style(self) -> Style:
        """The style of formulas under these conventions, as text."""
        return Style(latex=False, first=self.first, rows=self.vectors == "rows")

    def __str__(self) -> str:
        delta = (
            "∂ℓ/∂z, the loss included" if self.delta == "loss" else "∂ŷ/∂z, the factor of the loss comes last"
        )
        half = "" if self.half is None else f"; the squared loss has {'the' if self.half else 'no'} factor ½"
        return (
            f"Vectors are {self.vectors}; indices count from {self.first}; one example, of which a batch takes the "
            f"{self.reduce}; δ is {delta}{half}."
        )
