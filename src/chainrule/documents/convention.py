"""What a derivation takes for granted, said in its first line."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph.errors import ChainruleError

_CHOICES = {"first": (0, 1), "delta": ("loss", "output"), "reduce": ("mean", "sum")}


@dataclass(frozen=True)
class Convention:
    """The conventions of a derivation.

    first: the number of the first entry in index form, 1 or 0. delta: what δ holds: "loss" for
    ∂ℓ/∂z, or "output" for ∂ŷ/∂z as in the notes, where the factor of the loss comes last (124).
    reduce: how the examples of a batch are put together, "mean" or "sum".
    """

    first: int = 1
    delta: str = "loss"
    reduce: str = "mean"

    def __post_init__(self) -> None:
        for field, allowed in _CHOICES.items():
            if getattr(self, field) not in allowed:
                raise ChainruleError(
                    f"{field} to be one of {', '.join(map(repr, allowed))}",
                    repr(getattr(self, field)),
                    "Convention",
                    f"write {field}={allowed[0]!r}",
                )

    def __str__(self) -> str:
        delta = (
            "∂ℓ/∂z, the loss included" if self.delta == "loss" else "∂ŷ/∂z, the factor of the loss comes last"
        )
        return (
            f"Vectors are columns; indices count from {self.first}; one example, of which a batch takes the "
            f"{self.reduce}; δ is {delta}."
        )
