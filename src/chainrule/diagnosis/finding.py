"""What a diagnosis says: findings with evidence, cause and remedy, and the numbers behind them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.diagnosis.cause import Cause
from chainrule.diagnosis.columns import Columns
from chainrule.diagnosis.flow import Flow
from chainrule.diagnosis.neighbours import Relation

NAMES = {
    "unscaled": "a column or the target is on another scale than the rest",
    "constant_column": "a column has one value",
    "duplicated_columns": "two columns say the same",
    "collinear_columns": "columns add up to one another; always withdrawn, for it harms no prediction",
    "leak": "a column gives the target away",
    "shuffled_labels": "the labels have nothing to do with the inputs",
    "swapped_classes": "the labels of two classes are exchanged",
    "class_imbalance": "a rare class is not learned",
    "symmetric_units": "all units of a layer are alike, and stay alike",
    "vanishing_gradients": "δ shrinks from layer to layer",
    "exploding_gradients": "z or δ grows from layer to layer",
    "dead_units": "units put out the same for every example",
    "saturated_units": "units stand where their activation is flat",
    "learning_rate_too_large": "the steps are too long",
    "learning_rate_too_small": "the steps are too short",
    "start": "the parameters are where training cannot get away from",
}
"""Every name that a finding can have, with what it means."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    name: one of NAMES. sentence: what, in one sentence. evidence: the measured numbers behind it. cause: the line
    of the derivation that explains it. remedy: what to try. experiment: what was tried to confirm it, and what came
    of it; "" where the numbers alone decide.
    """

    name: str
    sentence: str
    evidence: Mapping[str, Any]
    cause: Cause
    remedy: str
    experiment: str = ""

    def __str__(self) -> str:
        lines = [self.sentence, f"because  {self.cause}"]
        if self.experiment:
            lines.append(f"checked  {self.experiment}")
        return "\n".join([*lines, f"try      {self.remedy}"])


@dataclass(frozen=True)
class Withdrawn:
    """A suspicion that an experiment did not confirm: its name, and why it was dropped."""

    name: str
    why: str


@dataclass(frozen=True)
class Diagnosis:
    """The result of `diagnose`.

    findings: what is wrong, causes before consequences; usually nothing. withdrawn: suspicions that did not hold.
    flow: the network as it is, layer by layer. flows: the measurements of the recorder, by epoch. columns,
    relation: the condition of the data; relation is None where it was not tested.
    """

    findings: tuple[Finding, ...]
    withdrawn: tuple[Withdrawn, ...]
    flow: Flow
    flows: tuple[Flow, ...]
    columns: Columns
    relation: Relation | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the findings."""
        return tuple(finding.name for finding in self.findings)

    def text(self, width: int = 100) -> str:
        """The findings as text."""
        return "\n\n".join([self._findings(width), table(self.flow)])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, lists and texts."""
        plain: dict[str, Any] = _plain(
            {
                "findings": [asdict(finding) for finding in self.findings],
                "withdrawn": [asdict(suspicion) for suspicion in self.withdrawn],
                "flow": asdict(self.flow),
                "flows": [asdict(flow) for flow in self.flows],
                "columns": asdict(self.columns),
                "relation": None if self.relation is None else asdict(self.relation),
            }
        )
        return plain

    def to_json(self) -> str:
        """`to_dict` as one JSON document; what is not finite is null."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _findings(self, width: int) -> str:
        if not self.findings:
            return "No finding."
        parts = []
        for number, finding in enumerate(self.findings, 1):
            first, *rest = str(finding).splitlines()
            lines = textwrap.wrap(f"{number}. {first}", width, subsequent_indent="   ")
            for line in rest:
                lines += textwrap.wrap(f"   {line}", width, subsequent_indent=" " * 12, drop_whitespace=True)
            parts.append("\n".join(lines))
        return "\n\n".join(parts)

    def __str__(self) -> str:
        return self.text()


def table(flow: Flow) -> str:
    """A measurement as a table: a line for each layer."""
    head = ("layer", "", "|z|", "|a|", "f′", "|δ|", "‖∂ℓ/∂W‖/‖W‖", "flat", "dead")
    rows: list[tuple[str, ...]] = [head]
    for layer in flow.layers:
        numbers = (
            layer.z.median,
            layer.activation and layer.activation.median,
            layer.derivative,
            layer.delta.median,
            layer.relative_gradient,
        )
        shares = (layer.saturated, layer.dead)
        rows.append(
            (
                str(layer.number),
                layer.layer,
                *("" if number is None else f"{number:.2g}" for number in numbers),
                *("" if share is None else f"{share:.0%}" for share in shares),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    told = f"loss {flow.loss:.4g} over {flow.n} examples; |z|, |a|, |δ| are medians, f′ is a root mean square"
    if flow.derivatives:
        told += f"; product of f′ {flow.product:.2g}, at most {flow.bound:.2g}"
    return "\n".join([*lines, told])


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, Sequence):
        return [_plain(part) for part in value]
    if isinstance(value, (int, np.integer)):
        return int(value)
    number = float(value)
    return number if np.isfinite(number) else None
