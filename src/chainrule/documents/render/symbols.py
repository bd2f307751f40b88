"""The symbols of a formula linked to the lines that they stand for, as classes of KaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chainrule.graph.symbols import latex_symbol


def linked(latex: str, symbols: Sequence[tuple[str, str]]) -> str:
    """The formula with each symbol, with its indices and its transposition mark, wrapped in the class of its line."""
    if not symbols:
        return latex
    keys = {latex_symbol(name): key for name, key in symbols}
    ways = {}
    for n, symbol in enumerate(sorted(keys, key=len, reverse=True)):
        ways[f"s{n}"] = keys[symbol]
    pattern = "|".join(
        f"(?P<s{n}>{_pattern(symbol)})" for n, symbol in enumerate(sorted(keys, key=len, reverse=True))
    )
    return re.sub(
        pattern, lambda found: rf"\htmlClass{{sym of-{ways[str(found.lastgroup)]}}}{{{found.group()}}}", latex
    )


def _pattern(symbol: str) -> str:
    """The symbol where it stands as such: not inside a word, with further indices, perhaps transposed."""
    inside = r"(?:[^{}]|\{[^{}]*\})*"
    if symbol.endswith("}") and "^{" in symbol:
        body = re.escape(symbol[:-1]) + r"(?:\\top)?\}"
    elif symbol.endswith("}") and not symbol.startswith(r"\frac"):
        body = re.escape(symbol[:-1]) + rf"(?:,{inside})?\}}"
    elif symbol.startswith(r"\frac"):
        body = re.escape(symbol[:-1]) + rf"(?:_\{{{inside}\}})?\}}"
    else:
        body = re.escape(symbol)
    before = r"(?<![A-Za-z\\])" if symbol[0] != "\\" else r"(?<!\\)"
    after = r"(?![A-Za-z])" if symbol[-1].isalpha() else ""
    return rf"{before}{body}{after}(?:_\{{{inside}\}})?"
