"""A network as a drawing: what its layers and numbers are, for the drawings of `documents`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from chainrule.documents.drawing.blocks import Slab, Stage, blocks
from chainrule.documents.drawing.canvas import Drawing
from chainrule.documents.drawing.computation import draw
from chainrule.documents.drawing.neurons import Column, neurons
from chainrule.documents.working import Working
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.shape import size_of
from chainrule.graph.walk import topological
from chainrule.networks.assembly import Assembly
from chainrule.networks.layers import Activation, Flatten, Layer, Linear
from chainrule.networks.spatial import Conv1d, Conv2d, Spatial
from chainrule.readings.formula import Printer, Style
from chainrule.readings.working import Array

KINDS = ("neurons", "blocks", "graph")
_MOST_COLUMNS = 6
_TEXT = Style(latex=False)


def drawn(
    layers: Sequence[Layer],
    assembly: Assembly,
    parameters: Callable[[], Mapping[Expr, Array]],
    kind: str | None,
    working: Working | None,
    title: str,
) -> Drawing:
    """A network as a drawing of a kind; None chooses. Raises ChainruleError for a kind that does not fit."""
    if kind is not None and kind not in KINDS:
        raise ChainruleError(
            f"one of {', '.join(map(repr, KINDS))}", repr(kind)[:80], "draw", "leave kind out"
        )
    if kind == "graph":
        return draw(assembly.trained, working.values if working is not None else None)
    outputs = (
        *assembly.trained_outputs,
        *([assembly.output] if assembly.output is not assembly.logits else []),
    )
    flat = _groups(assembly, outputs)
    if flat is None and (kind == "neurons" or (kind is None and working is not None)):
        raise ChainruleError(
            "fully connected layers, whose neurons can be drawn",
            next(
                (str(layer) for layer in layers if not isinstance(layer, (Linear, Activation))),
                "other layers",
            ),
            "draw",
            'write kind="blocks", or kind="graph" for the numbers of an example',
        )
    if flat is not None and (kind == "neurons" or (kind is None and len(flat) <= _MOST_COLUMNS)):
        return neurons([_column(group, parameters(), working) for group in flat], title)
    return blocks(_stages(layers, assembly), title)


# fully connected: a column for each layer with weights


def _groups(assembly: Assembly, outputs: Sequence[Expr]) -> list[list[Expr]] | None:
    """The input, then for each layer with weights its outputs, activations included; None where there is more."""
    weighted = {declared.place for declared in assembly.declared if declared.weight}
    groups = [[assembly.x]]
    for place, output in enumerate(outputs):
        if len(output.shape) > 1 or len(groups[-1][-1].shape) > 1:
            return None
        if output is groups[-1][-1]:
            continue
        if place in weighted and _weight_of(output) is not None:
            groups.append([output])
        elif output.shape == groups[-1][-1].shape and place not in weighted:
            groups[-1].append(output)
        else:
            return None
    return groups


def _weight_of(output: Expr) -> Expr | None:
    """The matrix that a layer multiplies by, where that is what it does; a vector for a single output."""
    inside = topological([output], lambda node: () if node.name and node is not output else node.operands)
    found = [
        node for node in inside if node.op.name == "parameter" and (len(node.shape) == 2 or not output.shape)
    ]
    return found[0] if found and any(node.op.name == "matmul" for node in inside) else None


def _biases(output: Expr, weight: Expr | None) -> list[Expr]:
    """What else a layer with weights adds."""
    return [node for node in output.operands if weight is not None and node.op.name == "parameter"]


def _column(group: Sequence[Expr], parameters: Mapping[Expr, Array], working: Working | None) -> Column:
    printer = Printer(_TEXT)
    first, last = group[0], group[-1]
    heads = tuple(_equation(node) for node in group)
    size, weight = size_of(last.shape), None if first.is_leaf else _weight_of(first)
    weights = parameters[weight].reshape(size, -1) if weight is not None else None
    name = printer.name(weight) if weight is not None else ""
    if working is None:
        return Column(heads, printer.name(last), size, weights=weights, weight=name)
    slopes = {step.of: step for step in working.derivation.steps if step.phase in ("backward", "gradient")}
    below = [
        (printer.name(node), working.values[node].reshape(size)) for node in group[:-1] if node is not last
    ]
    below += [(printer.name(leaf), parameters[leaf].reshape(size)) for leaf in _biases(first, weight)]
    if first in slopes:
        step = slopes[first]
        below.append((step.left(_TEXT), working.values[step.expr].reshape(size)))
    slope = slopes.get(weight) if weight is not None else None
    return Column(
        heads,
        printer.name(last),
        size,
        working.values[last].reshape(size),
        tuple(below),
        weights,
        name,
        working.values[slope.expr].reshape(size, -1) if slope is not None else None,
        slope.left(_TEXT) if slope is not None else "",
    )


def _equation(node: Expr) -> str:
    printer = Printer(_TEXT)
    return printer.name(node) if node.is_leaf else f"{printer.name(node)} = {printer.text(node)}"


# anything else: stages of blocks


def _stages(layers: Sequence[Layer], assembly: Assembly) -> list[Stage]:
    """The layers in groups: a stage ends where something is pooled or flattened, or where the shape changes."""
    counts: dict[int, int] = {}
    for declared in assembly.declared:
        counts[declared.place] = counts.get(declared.place, 0) + size_of(declared.leaf.shape)
    stages = [Stage((Slab(assembly.x.shape, "other", "input"),), (Printer(_TEXT).name(assembly.x),))]
    slabs: list[Slab] = []
    names: list[str] = []
    parameters = 0
    closed = False
    for place, (layer, output) in enumerate(zip(layers, assembly.trained_outputs, strict=True)):
        slab = Slab(output.shape, _kind(layer), str(layer))
        opens = isinstance(layer, Flatten) or (
            place in counts
            and slabs
            and (closed or (slabs[-1].shape != slab.shape and slabs[-1].kind != "other"))
        )
        if opens and slabs:
            stages.append(Stage(tuple(slabs), _counted(names), parameters))
            slabs, names, parameters, closed = [], [], 0, False
        if not slabs or not _unchanging(layer):
            slabs.append(slab)
        closed = closed or slab.kind == "pooling"
        names.append(_short(layer))
        parameters += counts.get(place, 0)
    if assembly.output is not assembly.logits:
        names.append(assembly.output.op.name)
    return [*stages, Stage(tuple(slabs), _counted(names), parameters)]


def _kind(layer: Layer) -> str:
    if isinstance(layer, (Conv1d, Conv2d)):
        return "convolution"
    if isinstance(layer, Spatial):
        return "pooling"
    return "dense" if isinstance(layer, Linear) else "other"


def _unchanging(layer: Layer) -> bool:
    """Whether a layer works entry by entry, so that its output has no block of its own."""
    return not isinstance(layer, (Spatial, Linear, Flatten))


def _short(layer: Layer) -> str:
    """A layer without its named settings, which the shapes show."""
    return re.sub(r"(, )?\w+=.*\)$", ")", str(layer)).replace("()", "")


def _counted(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once, with how often it comes."""
    found = {name: names.count(name) for name in dict.fromkeys(names)}
    return tuple(f"{count} × {name}" if count > 1 else name for name, count in found.items())
