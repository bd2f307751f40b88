"""KaTeX as text to put into a page, so that its formulas are typeset without a network."""

import base64
import re
from functools import cache
from importlib.resources import files

ASSETS = files("chainrule.documents") / "assets" / "katex"

# Families that our formulas do not use, and what a reader's own machine shows in their place.
RARE_FAMILIES = {
    "KaTeX_Fraktur": "serif",
    "KaTeX_SansSerif": "sans-serif",
    "KaTeX_Script": "cursive",
    "KaTeX_Typewriter": "monospace",
}
# Faces of families that stay: a browser slants or thickens the face beside them.
RARE_FACES = {"KaTeX_Caligraphic-Bold", "KaTeX_Main-BoldItalic"}

FONT_FACE = re.compile(r"@font-face\{[^}]*?url\(fonts/(?P<face>(?P<family>\w+)-\w+)\.woff2\)[^}]*\}")
SOURCES = re.compile(r"src:[^;}]*")


@cache
def inline_assets(*, every_font: bool = False) -> tuple[str, str]:
    r"""Return KaTeX's style sheet and its program: `(css, js)`, for a `<style>` and a `<script>` element.

    The fonts are inside the style sheet, so a page with both loads nothing. A page weighs about 500,000
    bytes with them. `\mathfrak`, `\mathsf`, `\mathscr` and `\mathtt` then fall back on fonts of the reader's
    machine; `every_font=True` brings their own along, for 140,000 bytes more.

    >>> css, js = inline_assets()
    >>> "url(data:font/woff2;base64," in css, "url(fonts/" in css
    (True, False)
    """
    css = (ASSETS / "katex.min.css").read_text(encoding="utf-8")
    js = (ASSETS / "katex.min.js").read_text(encoding="utf-8")

    def embedded(rule: re.Match[str]) -> str:
        if not every_font and (rule["family"] in RARE_FAMILIES or rule["face"] in RARE_FACES):
            return ""
        return SOURCES.sub(f'src:url({font_url(rule["face"])}) format("woff2")', rule[0])

    css = FONT_FACE.sub(embedded, css)
    if not every_font:
        for family, instead in RARE_FAMILIES.items():
            css = re.sub(rf"font-family:{family}\b", f"font-family:{instead}", css)
    return css, js


def font_url(face: str) -> str:
    """Return a font as a `data:` URL; `face` is its file's name without the ending, as `KaTeX_Main-Bold`."""
    font = (ASSETS / "fonts" / f"{face}.woff2").read_bytes()
    return "data:font/woff2;base64," + base64.b64encode(font).decode("ascii")
