"""Long LaTeX formulas broken at the operators that stand outside of all brackets."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\begin\{\w+\}|\\end\{\w+\}|\\left.|\\right.|\\[A-Za-z]+|\\.|[{}]|[^\\{}]")
_OPERATORS = ("=", "+", "-", r"\odot", r"\times", r"\cdot", r"\star", r"\ast", r"\approx")
_OPENING = (r"\begin", r"\left")
_CLOSING = (r"\end", r"\right")


def broken(latex: str, widest: int) -> list[str]:
    """The formula in lines, each no wider than so many rough characters where that can be."""
    lines, current = [], ""
    for piece in pieces(latex):
        if current and width(current) + width(piece) > widest:
            lines.append(current)
            current = piece
        else:
            current += piece
    return [*lines, current]


def pieces(latex: str) -> list[str]:
    """The formula in pieces, cut before each operator and after each comma outside of all brackets."""
    found, depth, current = [], 0, ""
    for token in _TOKEN.findall(latex):
        opens = token == "{" or token.startswith(_OPENING)
        closes = token == "}" or token.startswith(_CLOSING)
        if token in _OPERATORS and depth == 0 and current.strip():
            found.append(current)
            current = ""
        depth += opens - closes
        current += token
        if token == "," and depth == 0:
            found.append(current)
            current = ""
    return [*found, current] if current else found


def width(latex: str) -> int:
    """About how many characters a formula is wide; matrices by their widest row, fractions by their longer part."""
    text = re.sub(
        r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}", lambda m: max(m[1].split(r"\\"), key=len) + "  ", latex
    )
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=len), text)
    text = re.sub(r"\\(left|right|,|;|operatorname|mathrm|text)", "", text)
    text = re.sub(r"\\[A-Za-z]+", "x", text)
    return len(re.sub(r"[{}^_ &]", "", text))
