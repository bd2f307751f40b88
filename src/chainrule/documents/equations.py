"""Which equation of the notes a line instantiates."""

from __future__ import annotations

from chainrule.documents.step import Step
from chainrule.graph.expression import Expr
from chainrule.graph.walk import topological

FORWARD = {
    "half_squared_error": "85", "squared_error": "95", "binary_cross_entropy": "26", "cross_entropy": "46",
    "softmax": "42", "correlate": "143", "correlate2d": "143", "convolve": "133", "convolve2d": "133",
}  # fmt: skip
"""The equation of a forward line, by the op that it is made of."""
_PLAIN = {
    "multiply",
    "matmul",
    "transpose",
    "outer",
    "add",
    "subtract",
    "negate",
    "step",
    "softmax",
    "data",
    "parameter",
}
"""The ops that the backward lines of section 4 of the notes are made of."""


def equation_of_notes(step: Step, last_layer: bool, layers: int) -> str:
    """The numbers of the equations, e.g. "108"; empty where there is none.

    last_layer: whether a δ is that of the last layer. layers: how many layers the network has.
    """
    if step.phase == "forward":
        return _forward(step.expr)
    if step.of is None or step.phase == "given":
        return ""
    ops = {node.op.name for node in _inside(step.expr)}
    if any(name.startswith(("correlate", "convolve")) for name in ops):
        return "146" if step.phase == "gradient" and step.of.op.name == "parameter" else "145"
    if ops - _PLAIN - {name for name in ops if name.endswith("_prime")}:
        return ""
    if step.name.startswith("\\delta"):
        if not any(name.endswith("_prime") or name == "step" for name in ops):
            return "73" if step.expr.op.name == "subtract" else ""
        return ("121" if layers > 1 else "106") if last_layer else "122"
    if step.phase == "backward":
        return "85" if step.of.shape == () and step.expr.op.name == "subtract" else ""
    return _gradient(step, layers)


def _gradient(step: Step, layers: int) -> str:
    if step.of is None:
        return ""
    if step.of.op.name == "data":
        return "114"
    from_delta = any(str(node.name).startswith("\\delta") for node in step.mentioned)
    if not from_delta:
        return ""
    if len(step.shape) == 2:
        return "124" if layers > 1 else "108"
    return "110" if len(step.shape) == 1 and step.expr.name else ""


def _forward(expr: Expr) -> str:
    ops = [node.op for node in _inside(expr)]
    names = {op.name for op in ops}
    for name, number in FORWARD.items():
        if name in names:
            return number
    if expr.op.prime is not None:
        return "90"
    if "matmul" in names:
        return "93" if not expr.shape else "87"
    if expr.op.name == "divide" and "power" in names and not expr.shape:
        return "85"
    return "95" if expr.op.name == "power" and not expr.shape else ""


def _inside(expr: Expr) -> list[Expr]:
    """The unnamed parts of a line."""
    return [
        node
        for node in topological([expr], lambda n: () if n.name and n is not expr else n.operands)
        if not node.name or node is expr
    ]
