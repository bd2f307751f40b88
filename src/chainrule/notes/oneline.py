"""An equation of the notes, given in LaTeX, in one line of Unicode: δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾).

Rows of a matrix are parted by semicolons, ⟨W x + b ≡ z⟩ is an underbrace, and exp with an exponent is e.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chainrule.graph.errors import ChainruleError
from chainrule.graph.symbols import text_raised, unicode_of

_TOKEN = re.compile(r"\\text\{[^{}]*\}|\\\\|\\[A-Za-z]+|\d+(?:\.\d+)?|'+|\S")
_UPRIGHT = (r"\mathbf", r"\boldsymbol")
_SIGNS = {
    r"\equiv": "≡", r"\geq": "≥", r"\leq": "≤", r"\Rightarrow": "⇒", r"\implies": "⇒", r"\mid": "|",
    r"\otimes": "⊗", r"\circledast": "⊛", r"\odot": "⊙", r"\circ": "∘", r"\times": "×", "-": "−",
    "=": "=", "+": "+", "|": "|",
}  # fmt: skip
_NAMES = {
    r"\sum": "Σ", r"\prod": "∏", r"\partial": "∂", r"\nabla": "∇", r"\dots": "…", r"\cdots": "⋯",
    r"\vdots": "⋮", r"\exp": "exp", r"\log": "log", r"\tanh": "tanh", r"\Pr": "Pr",
    r"\top": "ᵀ",
}  # fmt: skip
_FUNCTIONS = {*"fpqH", "exp", "log", "tanh", "Pr", "σ", "𝓒", "𝓛", "ℓ", "ŷ"}
_PREFIXES = ("∂", "∇")
_FACTORS = ("name", "fraction", "close")
_BREAKS = {r"\quad": "; ", r"\\": "; "}
_KINDS = {
    **dict.fromkeys(_SIGNS, "sign"),
    **dict.fromkeys(_BREAKS, "break"),
    **dict.fromkeys("([", "open"),
    **dict.fromkeys(")]", "close"),
    **dict.fromkeys(",;:", "comma"),
}
_ENVIRONMENTS = {"cases": "{}", "bmatrix": "[]", "pmatrix": "()"}


@dataclass(frozen=True)
class _Piece:
    """A piece of the line; base: what a function is called without its scripts."""

    text: str
    kind: str = "name"  # or sign, open, close, comma, fraction, words, break
    base: str = ""


def oneline(latex: str) -> str:
    """The equation in one line.

    >>> oneline(r"\\frac{\\partial \\hat{y}}{\\partial \\mathbf{W}^{(l)}} = \\delta^{(l)} \\mathbf{a}^{(l-1)\\top}")
    '∂ŷ/∂W⁽ˡ⁾ = δ⁽ˡ⁾ a⁽ˡ⁻¹⁾ᵀ'
    """
    tokens = _TOKEN.findall(latex)[::-1]
    pieces: list[_Piece] = []
    while tokens:
        pieces += _next(tokens)
    return _joined(pieces)


def _next(tokens: list[str]) -> list[_Piece]:
    """The next piece with its scripts, taken off the end of the tokens."""
    token = tokens.pop()
    if token in ("&", r"\left", r"\right"):
        return []
    if token == "{":
        pieces: list[_Piece] = []
        while tokens and tokens[-1] != "}":
            pieces += _next(tokens)
        if not tokens:
            raise ChainruleError("a closing brace", "the end", "LaTeX of an equation")
        tokens.pop()
        return pieces
    return [_scripts(_piece(token, tokens), tokens)]


def _piece(token: str, tokens: list[str]) -> _Piece:
    if token in _KINDS:
        return _Piece(_SIGNS.get(token, token), _KINDS[token])
    if token == r"\begin":
        return _block(_group(tokens).replace(" ", ""), tokens)
    if token == r"\frac":
        above, below = _bracketed(_group(tokens)), _bracketed(_group(tokens))
        return _Piece(f"{above}/{below}", "fraction")
    if token == r"\underbrace":
        return _brace(tokens)
    if token.startswith(r"\text{"):
        words = token[6:-1].strip()
        return _Piece(words, base=words) if words == "vec" else _Piece(words, "words")
    if token == r"\exp" and tokens and tokens[-1] == "^":
        return _Piece("e", base="e")
    if token in _UPRIGHT:
        text = _group(tokens)
    elif token == r"\mathcal":
        text = chr(0x1D4D0 + ord(_group(tokens)) - ord("A"))  # script capitals stand in order
    else:
        text = _NAMES.get(token) or unicode_of(token + (f"{{{_group(tokens)}}}" if token == r"\hat" else ""))
    return _Piece(text, base=text)


def _group(tokens: list[str]) -> str:
    return _joined(_next(tokens))


def _script(tokens: list[str]) -> str:
    """A group, or one token alone, without spaces."""
    text = _group(tokens) if tokens[-1] == "{" else _piece(tokens.pop(), tokens).text
    return text.replace(" ", "")


def _scripts(piece: _Piece, tokens: list[str]) -> _Piece:
    """The piece with all that follows below it, above it and as primes."""
    while tokens and (tokens[-1] in "_^" or tokens[-1].startswith("'")):
        token = tokens.pop()
        if token.startswith("'"):
            text = "′" * len(token)
        elif token == "_":
            text = unicode_of(f"_{{{_script(tokens)}}}")
        else:
            script = _script(tokens)
            text = text_raised(script.removesuffix("ᵀ")) if script != "ᵀ" else ""
            text += "ᵀ" * script.endswith("ᵀ")
        piece = replace(piece, text=piece.text + text)
    return piece


def _brace(tokens: list[str]) -> _Piece:
    """What an underbrace is under, with its label."""
    inner = _group(tokens)
    if not tokens or tokens.pop() != "_":
        raise ChainruleError("a label below an underbrace", "none", "LaTeX of an equation")
    named = not any(token.startswith(r"\text") for token in tokens[-2:])
    return _Piece(f"⟨{inner}{' ≡ ' if named else ': '}{_group(tokens)}⟩")


def _block(name: str, tokens: list[str]) -> _Piece:
    """An environment, up to its end."""
    if name == "array":
        _group(tokens)  # the columns
    pieces: list[_Piece] = []
    marks = 0
    while tokens and tokens[-1] != r"\end":
        marks = marks + 1 if tokens[-1] == "&" else 0 if tokens[-1] == r"\\" else marks
        if tokens[-1] == "&" and name.endswith("matrix"):
            tokens[-1] = ","
        elif (
            tokens[-1] == "&" and marks % 2 == 0
        ):  # the first is in front of a sign, the second parts columns
            tokens[-1] = r"\quad"
        pieces += _next(tokens)
    if not tokens:
        raise ChainruleError(f"\\end{{{name}}}", "the end", "LaTeX of an equation")
    tokens.pop()
    _group(tokens)
    around = _ENVIRONMENTS.get(name)
    return _Piece(f"{around[0]}{_joined(pieces)}{around[1]}" if around else _joined(pieces))


def _bracketed(text: str) -> str:
    """A part of a fraction, in brackets where it has more than one term or factor."""
    depth, whole = 0, re.match(r"∂?\w*\(", text) is not None  # a call, or in brackets already
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        whole = whole and (depth > 0 or "(" not in text[:at] or at == len(text) - 1)
    if whole or not re.search(r"[ /]", text):
        return text
    return f"∂({text[1:]})" if text.startswith("∂") else f"({text})"


def _joined(pieces: list[_Piece]) -> str:
    """The pieces in a line, with the spaces that Unicode needs."""
    line, depth, last = "", 0, _Piece("", "sign")
    for at, piece in enumerate(pieces):
        after = pieces[at + 1] if at + 1 < len(pieces) else _Piece("", "sign")
        text, kind = piece.text, piece.kind
        if kind == "break":
            text, kind = _break(piece, last, after, depth), "comma"
            line, last = line.rstrip() + text, _Piece(text, kind)
            continue
        if kind == "fraction" and (last.kind in _FACTORS or after.kind in ("name", "fraction", "open")):
            text = f"({text})"
        depth += (text == "[") - text.startswith("]")
        line += _space(last, piece, line) + text
        last = replace(piece, text=text)
        if kind == "sign" and text == "−" and _unary(pieces, at):
            last = _Piece(text, "open")
    return line.strip()


def _unary(pieces: list[_Piece], at: int) -> bool:
    """Whether the sign at a place belongs to what follows, as in (−1)."""
    return (
        at == 0 or pieces[at - 1].kind in ("sign", "open", "comma", "break") or pieces[at - 1].base == "log"
    )


def _break(piece: _Piece, last: _Piece, after: _Piece, depth: int) -> str:
    """What stands for a new line or a wide space."""
    if depth:
        return ", "
    if last.kind == "comma" or after.text in ("=", "≡") or after.kind == "words":
        return "" if last.text.endswith(" ") else " "
    return _BREAKS[piece.text]


def _space(last: _Piece, piece: _Piece, line: str) -> str:
    """The space between two pieces."""
    if not line or line.endswith(" ") or last.kind == "open" or piece.kind in ("close", "comma"):
        return ""
    if last.text in _PREFIXES or last.base == "vec":
        return ""
    if piece.kind == "open" and (last.base in _FUNCTIONS or last.text in (")", "]")):
        return ""
    return " "
