"""Reads formulas in one-line Unicode back: the tokens of the text that the printer writes."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from typing import Any

from support.formula_functions import NAMES
from support.formula_grammar import computed
from support.formula_scope import Symbol, Token, symbol_of
from support.formula_values import ReadingError

INDICES_BELOW = False
_SIGNS = {
    "+": "+",
    "−": "-",
    "⊙": "⊙",
    "⊘": "⊘",
    "⊗": "⊗",
    "·": "·",
    "/": "/",
    ",": ",",
    "(": "(",
    ")": ")",
    "′": "prime",
}
_UP = dict(
    zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴸ", "0123456789+−()abcdefghijklmnoprstuvwxyzL", strict=True)
)
_DOWN = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+−=()aehijklmnoprstuvx", strict=True))
_RAISED, _LOWERED = re.compile(f"(⊙?)([{''.join(_UP)}]+)"), re.compile(f"[{''.join(_DOWN)}]+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_WORD = re.compile(rf"(?:[^\W\d_ᵀ{''.join(_UP)}{''.join(_DOWN)}][\u0300-\u036f\u20d7]?)+|‘[^’]*’|𝟙")
_RATE = re.compile(r"∂[^\s/\[\]()]+/∂(?=\w)")
_CALL = re.compile(r"(?:\[[^\[\]]*\]|[₊ₘₐₓ]+(?:\[[^\[\]]*\])?)?′*\(")
_FULL = re.compile(r"([01])\[([\d×]+)\]")
_OPENING = tuple(" ([|‖√−")
Found = tuple[Token, int]
"""A token, and where it ends."""
_BIG = re.compile(r"(Σ|∑|max|maximum)\[([^\[\]]*)\] ")
_BELOW = re.compile(r"_([A-Za-z0-9Ͱ-Ͽ]+|\([^()]*\))")
_ABOVE = re.compile(r"(⊙?)\^(?=[\w(+*⋆])")
_STAR = re.compile(r"([⋆∗])(ᵀ?)(?:\[([^\[\]]*)\])?")


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


def tokens(text: str, stems: Collection[str] = ()) -> list[Token]:
    """The signs of a formula. Spaces count: f(x) is a call, f (x) a product; |x is open, x| closes.

    stems: the letters of the declared symbols. Where Σ is one of them, sums are written ∑.
    """
    found: list[Token] = []
    at, tight = 0, False
    while at < len(text):
        if text[at] == " ":
            at, tight = at + 1, False
            continue
        tight = tight and text[at - 1] != " "
        token, at = _group(text, at, tight, stems) or _script(text, at, tight) or _plain(text, at, tight)
        found.append(token)
        tight = True
    return found


def _group(text: str, at: int, tight: bool, stems: Collection[str]) -> Found | None:
    """What carries groups."""
    attached = tight and (text[at - 1] not in _OPENING or (text[at - 1] in "|‖" and _closed(text, at - 1)))
    big, full = _BIG.match(text, at), _FULL.match(text, at)
    if big and big[1] not in stems:
        return Token(
            "big", "max" if big[1].startswith("max") else "sum", tight, tuple(big[2].split(","))
        ), big.end()
    if full and not attached:
        return Token("full", full[1], tight, (full[2],)), full.end()
    if text[at] == "[":
        inner, end = _bracketed(text, at)
        return Token("index" if attached else "list", "", tight, (inner,)), end
    if text[at] in "|‖":
        opens = text[at - 1 : at] in ("", *_OPENING) and not _closed(text, at - 1)
        return Token(text[at] if opens else "end" + text[at], "", tight), at + 1
    return _star(text, at, tight) or _root(text, at, tight)


def _star(text: str, at: int, tight: bool) -> Found | None:
    star = _STAR.match(text, at)
    return (Token("star", star[1] + star[2], tight, (star[3] or "",)), star.end()) if star else None


def _root(text: str, at: int, tight: bool) -> Found | None:
    if text[at] != "√":
        return None
    if text[at + 1 : at + 2] != "(":
        return Token("sqrt", "", tight), at + 1
    inner, end = _bracketed(text, at + 1)
    return Token("sqrt", "", tight, (inner,)), end


def _closed(text: str, at: int) -> bool:
    """Whether there is a bar at a place that closes: before it stands no space and no opening sign."""
    if at < 0 or text[at] not in "|‖":
        return False
    while at >= 0 and text[at] in "|‖":
        at -= 1
    return at >= 0 and text[at] not in _OPENING


def cells(row: str) -> tuple[str, ...]:
    """Text has no matrices with signs of their own."""
    return (row,)


def _bracketed(text: str, at: int) -> tuple[str, int]:
    """The content of the brackets that open at a place, and where they end."""
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] in "([") - (text[end] in ")]")
        if not depth:
            return text[at + 1 : end], end + 1
    raise ReadingError(f"open brackets in {text!r}")


def _script(text: str, at: int, tight: bool) -> Found | None:
    """What stands above or below."""
    if not tight:
        return None
    if text[at] == "ᵀ":
        return Token("sup", "", tight, ("⊤",)), at + 1
    raised, lowered = _RAISED.match(text, at), _LOWERED.match(text, at)
    below, above = _BELOW.match(text, at), _ABOVE.match(text, at)
    if raised:
        top = text.startswith("ᵀ", raised.end())
        inner = raised[1] + "".join(_UP[sign] for sign in raised[2]) + "⊤" * top
        return Token("sup", "", tight, (inner,)), raised.end() + top
    if lowered:
        return Token("sub", "", tight, ("".join(_DOWN[sign] for sign in lowered[0]),)), lowered.end()
    if below:
        return Token("sub", "", tight, (below[1].strip("()"),)), below.end()
    return _power(text, above) if above else None


def _power(text: str, above: re.Match[str]) -> Found:
    """^(...), or ^ and one word or number."""
    if text[above.end()] == "(":
        inner, end = _bracketed(text, above.end())
    else:
        word = re.compile(r"[A-Za-zͰ-Ͽℓ0-9.*+⋆]+").match(text, above.end())
        inner, end = (word[0], word.end()) if word else ("", above.end())
    top = text.startswith("ᵀ", end)
    return Token("sup", "", True, (above[1] + inner + "⊤" * top,)), end + top


def _plain(text: str, at: int, tight: bool) -> Found:
    """A number, a symbol, a function or a sign."""
    number, rate, word = _NUMBER.match(text, at), _RATE.match(text, at), _WORD.match(text, at)
    if number:
        return Token("number", number[0], tight), number.end()
    if rate:
        below = _WORD.match(text, rate.end())
        end = below.end() if below else rate.end()
        return Token("stem", text[at:end], tight), end
    if word:
        return _named(text, word, tight)
    if text[at] not in _SIGNS:
        raise ReadingError(f"{text[at:]!r} in {text!r}")
    return Token(_SIGNS[text[at]], text[at], tight), at + 1


def _named(text: str, word: re.Match[str], tight: bool) -> Found:
    """A function, where its bracket follows at once, or a symbol."""
    if text.startswith(("_softmax(", "_softmax["), word.end()):
        return Token("head", "logsoftmax", tight), word.end() + len("_softmax")
    is_head = word[0] in NAMES and _CALL.match(text, word.end())
    return Token("head" if is_head else "stem", word[0], tight), word.end()
