"""The colours of drawings by name, for light and dark paper, as attributes and as a style sheet.

Each shape carries the light colour as an attribute, which any reader of SVG knows, and a class through which the
style sheet of a page or of the drawing itself replaces it on dark paper. Ink is the colour of the text around.
"""

from __future__ import annotations

INK = "currentColor"
COLOURS = {
    "paper": ("#fdfdfb", "#15171b"),
    "quiet": ("#5c6370", "#a0a6b1"),
    "rule": ("#d4d4cd", "#3a3f49"),
    "panel": ("#f4f4ef", "#1e2127"),
    "accent": ("#0b57a4", "#86b9f5"),
    "negative": ("#2166ac", "#6aaeef"),
    "positive": ("#c85403", "#ff9b52"),
    "good": ("#17703f", "#6fcf97"),
    "bad": ("#a8201a", "#ff9a91"),
    "convolution": ("#a6cee8", "#2f628a"),
    "pooling": ("#fbcf9d", "#8a5a22"),
    "dense": ("#bfe3b8", "#35704a"),
    "other": ("#d6d3e8", "#55527c"),
    # Okabe and Ito's, told apart by colour-blind readers too; paler on dark paper.
    "first": ("#0072b2", "#56b4e9"),
    "second": ("#d55e00", "#ff9b52"),
    "third": ("#009e73", "#3ecf9f"),
    "fourth": ("#b0578d", "#e3a4c8"),
}
"""Name -> the colour on light and on dark paper."""
SERIES = ("first", "second", "third", "fourth")
_LIGHT_INK, _DARK_INK = "#1d1f23", "#e4e4df"


def colour(name: str) -> str:
    """The colour on light paper; the ink has no name."""
    return COLOURS[name][0] if name else INK


def _variables(dark: bool) -> str:
    return "".join(f"--c-{name}:{pair[dark]};" for name, pair in COLOURS.items())


def _classes() -> str:
    return "".join(
        f".drawing .s-{name}{{stroke:var(--c-{name})}}.drawing .f-{name}{{fill:var(--c-{name})}}"
        for name in COLOURS
    )


def page_style() -> str:
    """The rules for drawings inside a page, which follow its shade; paper is always light."""
    dark = f".drawing{{{_variables(True)}}}"
    return (
        f".drawing{{{_variables(False)}}}{_classes()}"
        f'@media screen and (prefers-color-scheme:dark){{:root:not([data-shade="light"]) {dark}}}'
        f'@media screen{{:root[data-shade="dark"] {dark}}}'
    )


def own_style() -> str:
    """The rules inside a drawing that stands alone: it brings its paper and its ink along."""
    light = f".drawing{{{_variables(False)}color:{_LIGHT_INK};background:{COLOURS['paper'][0]}}}"
    dark = f".drawing{{{_variables(True)}color:{_DARK_INK};background:{COLOURS['paper'][1]}}}"
    return f"{light}{_classes()}@media (prefers-color-scheme:dark){{{dark}}}"
