"""Reads LaTeX formulas back: the tokens of the LaTeX that the printer writes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

from support.formula_grammar import computed
from support.formula_scope import Symbol, Token, symbol_of
from support.formula_values import ReadingError

_SPACE = re.compile(r"(?:\s|\\,|\\;)+")
INDICES_BELOW = True
_SIGNS = {
    "+": "+", "-": "-", "/": "/", ",": ",", "'": "prime", "(": "(", ")": ")", r"\left(": "(", r"\right)": ")",
    r"\odot": "⊙", r"\oslash": "⊘", r"\otimes": "⊗", r"\cdot": "·", r"\left|": "|", r"\right|": "end|",
    r"\left\lVert": "‖", r"\right\rVert": "end‖",
}  # fmt: skip
_HEADS = {
    r"\log\operatorname{softmax}": "logsoftmax", r"\sigma": "σ", r"\mathbb{1}": "𝟙",
    **{rf"\{name}": name for name in ("exp", "log", "tanh", "max", "min")},
}  # fmt: skip


def _any(signs: Mapping[str, str], end: str = "") -> str:
    return "|".join(re.escape(sign) + end for sign in sorted(signs, key=len, reverse=True))


_SIGN = re.compile(_any(_SIGNS))
_HEAD = re.compile(_any(_HEADS, r"(?![A-Za-z])") + r"|\\operatorname\{([^{}]*)\}")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_STEM = re.compile(r"\\[A-Za-z]+(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})?|[^\W\d_]")
_WORDS = {
    r"\times": "×", r"\text": "", r"\top": "⊤", r"\max": "max", r"\odot": "⊙", r"\,": "", r"\le": "≤",
    r"\ge": "≥",
    r"\lfloor": "⌊", r"\rfloor": "⌋", "{": "", "}": "", "  ": " ", " × ": "×", "⊙ ": "⊙",
}  # fmt: skip
Found = tuple[list[Token], int]
"""Tokens, and where they end."""


def read(
    formula: str, declared: Mapping[str, Any], letters: str = "", shape: tuple[int, ...] = (), first: int = 1
) -> Any:
    """What a formula computes: an array; with letters, the array of its entries for all values of these.

    declared: the symbols, as they are written, with their values.
    """
    symbols = {symbol(name): value for name, value in declared.items()}
    return computed(formula, symbols, sys.modules[__name__], letters, shape, first)


def symbol(text: str) -> Symbol:
    """A symbol as it is declared."""
    return symbol_of(tokens(text), text)


def group(text: str, at: int) -> tuple[str, int]:
    """The content of the braces that open at a place, and where they end."""
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if not depth:
            return text[at + 1 : end], end + 1
    raise ReadingError(f"open braces in {text!r}")


def words(text: str) -> str:
    """A group in plain signs: 3 \\times 2 is 3×2."""
    for latex, plain in _WORDS.items():
        text = text.replace(latex, plain)
    return text.strip()


def tokens(text: str, stems: Collection[str] = ()) -> list[Token]:
    """The signs of a formula, each with its groups."""
    found: list[Token] = []
    at, tight = 0, False
    while at < len(text):
        space = _SPACE.match(text, at)
        if space:
            at, tight = space.end(), False
            continue
        new, at = _special(text, at, tight) or _plain(text, at, tight)
        found += new
        tight = True
    return found


def _plain(text: str, at: int, tight: bool) -> Found:
    """A sign, a number, a function or a letter."""
    for pattern, kind in ((_SIGN, ""), (_NUMBER, "number"), (_HEAD, "head"), (_STEM, "stem")):
        match = pattern.match(text, at)
        if match is None or (kind == "head" and not _is_call(text, match.end())):
            continue
        if not kind:
            return [Token(_SIGNS[match[0]], match[0], tight)], match.end()
        name = (match[1] or _HEADS[match[0]]) if kind == "head" else match[0]
        return [Token(kind, name, tight)], match.end()
    raise ReadingError(f"{text[at:]!r} in {text!r}")


def _is_call(text: str, at: int) -> bool:
    """Whether a bracket follows, behind a subscript or primes at the most."""
    if text.startswith("_{", at):
        _, at = group(text, at + 1)
    return text[at:].lstrip("'").startswith((r"\left(", "("))


def _special(text: str, at: int, tight: bool) -> Found | None:
    """What carries groups."""
    for starts, read_it in _SPECIAL.items():
        if text.startswith(starts, at):
            return read_it(text, at, tight)
    return None


def _scripted(text: str, at: int, tight: bool) -> Found:
    inner, end = group(text, at + 1) if text[at + 1] == "{" else (text[at + 1], at + 2)
    return [Token("sub" if text[at] == "_" else "sup", inner, tight, (_script(inner, text[at]),))], end


def _fraction(text: str, at: int, tight: bool) -> Found:
    above, middle = group(text, at + len(r"\frac"))
    below, end = group(text, middle)
    return [Token("frac", "", tight, (above, below))], end


def _root(text: str, at: int, tight: bool) -> Found:
    inner, end = group(text, at + len(r"\sqrt"))
    return [Token("sqrt", "", tight, (inner,))], end


def _full(text: str, at: int, tight: bool) -> Found:
    inner, end = group(text, at + len(r"\mathbf{1}_"))
    return [Token("full", text[at + len(r"\mathbf{")], tight, (words(inner),))], end


def _condition(text: str, at: int, tight: bool) -> Found:
    end = text.index("]", at)
    return [Token("list", "", tight, (words(text[at + 1 : end]),))], end + 1


def _script(inner: str, sign: str) -> str:
    if sign == "^":
        return re.sub(r"\\top$", "⊤", re.sub(r"^\\odot ?", "⊙", inner))
    return words(inner) if re.search(r"\\(text|times|max|lfloor|,)", inner) else inner


def _matrix(text: str, at: int, tight: bool) -> Found:
    """A matrix; matrices may stand inside."""
    depth, start = 0, at + len(r"\begin{bmatrix}")
    for match in re.finditer(r"\\(begin|end)\{bmatrix\}", text[at:]):
        depth += 1 if match[1] == "begin" else -1
        if not depth:
            body = text[start : at + match.start()]
            return [Token("matrix", "", tight, _split(body, r" \\ "))], at + match.end()
    raise ReadingError(f"an open matrix in {text!r}")


def _split(text: str, sign: str) -> tuple[str, ...]:
    """A text at a sign, but not inside of matrices."""
    found = [""]
    for piece in text.split(sign):
        if found[-1].count(r"\begin{") > found[-1].count(r"\end{"):
            found[-1] += sign + piece
        else:
            found.append(piece)
    return tuple(found[1:])


def cells(row: str) -> tuple[str, ...]:
    """The entries of one row of a matrix."""
    return _split(row, " & ")


def _star(text: str, at: int, tight: bool) -> Found:
    """A correlation or a convolution, with what is not plain in its subscript."""
    star = "⋆" if text.startswith(r"\star", at) else "∗"
    at += len(r"\star" if star == "⋆" else r"\ast")
    if text.startswith(r"^{\top}", at):
        star, at = star + "ᵀ", at + len(r"^{\top}")
    inner, end = group(text, at + 1) if text.startswith("_{", at) else ("", at)
    return [Token("star", star, tight, (words(inner.replace(r",\, ", ", ")),))], end


def _big(text: str, at: int, tight: bool) -> Found | None:
    """A sum or a maximum over indices; neighbours of one kind are one."""
    ranges: list[str] = []
    if text.startswith(r"\max", at):
        inner, end = group(text, at + 5)
        return (
            None if r"\text" in inner else ([Token("big", "max", tight, tuple(words(inner).split(",")))], end)
        )
    while text.startswith(r"\sum_{", at):
        inner, at = group(text, at + 5)
        above, at = group(text, at + 1)
        ranges.append(f"{inner}..{above}")
        at += text.startswith(r" \sum", at)
    return [Token("big", "sum", tight, tuple(ranges))], at


def _rate(text: str, at: int, tight: bool) -> Found:
    """∂ℓ/∂W, a symbol; its index stands on the W."""
    above, middle = group(text, at + 5)
    below, end = group(text, middle)
    name = symbol(below.removeprefix(r"\partial").strip())
    marks = "'" * name.primes + f"^{name.above}"
    stem = rf"\frac{{{above}}}{{\partial {name.stem}{marks}}}"
    scripts = [Token("sub", "", True, (",".join(name.below),))] if name.below else []
    return [Token("stem", stem, tight), *scripts], end


_SPECIAL: dict[str | tuple[str, ...], Callable[[str, int, bool], Found | None]] = {
    ("_", "^"): _scripted,
    (r"\sum_", r"\max_{"): _big,
    r"\frac{\partial": _rate,
    r"\frac{": _fraction,
    r"\sqrt{": _root,
    (r"\mathbf{1}_", r"\mathbf{0}_"): _full,
    r"\begin{bmatrix}": _matrix,
    "[": _condition,
    (r"\star", r"\ast"): _star,
}
"""What carries groups, by how it begins; the first that fits."""
