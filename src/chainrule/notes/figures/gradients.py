"""Pictures of gradients: what a chain of layers does to them (4.5.3), which pixels are to blame (4.4.7)."""

from __future__ import annotations

from chainrule.notes.demonstrations import vanishing
from chainrule.notes.digit import blame
from chainrule.notes.figures.gallery import Data, figure
from chainrule.notes.figures.style import Pen


@figure(
    "vanishing",
    "4.5.3",
    "The size of ∂ŷ/∂z of each layer, from the last of 20 back to the first: layers of 32 neurons",
)
def figure_vanishing(pen: Pen) -> Data:
    (axes,) = pen.panels(width=1.7, height=1.05)
    colours = {"sigmoid": pen.theme.red, "tanh": pen.theme.blue, "relu": pen.theme.green}
    dashes = {"small": (1, 2), "scaled": (None, None)}
    found = {}
    for activation, colour in colours.items():
        for start in ("small", "scaled"):
            sizes = vanishing(activation, start, depth=20, width=32)
            found[activation, start] = sizes
            label = f"{'ReLU' if activation == 'relu' else activation}, {start} weights"
            axes.plot(range(1, 21), sizes, color=colour, label=label, linewidth=1.5, dashes=dashes[start])
    axes.set(
        yscale="log",
        xlabel="layer",
        ylabel=r"$|\delta^{(l)}|$ against the last",
        xticks=[1, 5, 10, 15, 20],
        xlim=(0.5, 20.5),
    )
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), labelcolor=pen.theme.ink)
    return {"sizes": found}


@figure(
    "digit",
    "4.4.7",
    "A digit that a small network gets wrong, and the rate at which each pixel changes its loss",
)
def figure_digit(pen: Pen) -> Data:
    from matplotlib.colors import LinearSegmentedColormap

    found = blame()
    left, right = pen.panels(2, width=1.05, height=1.1)
    left.imshow(found.image, cmap="Greys" if pen.theme.name == "light" else "Greys_r", vmin=0, vmax=1)
    reach = float(abs(found.gradient).max())
    colours = LinearSegmentedColormap.from_list("rates", [pen.theme.blue, pen.theme.paper, pen.theme.red])
    right.imshow(found.gradient, cmap=colours, vmin=-reach, vmax=reach)
    left.set_title(f"a {found.label}, read as {found.said}: loss {found.loss:.2f}", color=pen.theme.ink)
    right.set_title(r"$\partial \ell/\partial x$: red, more ink adds loss", color=pen.theme.ink)
    for axes in (left, right):
        axes.set(xticks=[], yticks=[])
        for side in axes.spines.values():
            side.set_visible(True)
    return {"blame": found}
