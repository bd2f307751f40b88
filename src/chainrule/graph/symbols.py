"""How names are written: x, W_1, loss, \\hat{y}, z^{(1)}, u', in LaTeX and in Unicode, with indices."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

_SMALL = "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho".split()
_SMALL_FROM_SIGMA = "sigma tau upsilon varphi chi psi omega".split()
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
_GREEK = {
    **{name: chr(0x3B1 + at) for at, name in enumerate(_SMALL)},
    **{name: chr(0x3C3 + at) for at, name in enumerate(_SMALL_FROM_SIGMA)},
    **dict(zip(_CAPITAL, "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)),
    "epsilon": "ϵ", "vartheta": "ϑ", "phi": "ϕ",
}  # fmt: skip
_SIGNS = {
    "ell": "ℓ", "partial": "∂", "nabla": "∇", "top": "ᵀ", "prime": "′", "infty": "∞", "star": "⋆",
    "odot": "⊙", "leftarrow": "←", "rightarrow": "→", "to": "→", "ldots": "…", "dots": "…",
    "cdot": "·", "times": "×",
}  # fmt: skip
_COMMANDS = {sign: name for name, sign in (*_GREEK.items(), ("ell", "ℓ"))}
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307", "vec": "\u20d7"}
_OPERATORS = ("exp", "log", "max", "min", "sum", "tanh")  # a symbol of that name must not look like one
_UPRIGHT = ("mathit", "mathrm", "mathbf", "mathcal", "mathbb", "boldsymbol", "operatorname", "text")
_RAISED = dict(zip("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾", strict=True)) | dict(
    zip("abcdefghijklmnoprstuvwxyzBDGHKLMNRTW", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴮᴰᴳᴴᴷᴸᴹᴺᴿᵀᵂ", strict=True)
)
_LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_BRACED = r"\{[^{}]*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}"
_STEM = re.compile(rf"(?:\\[A-Za-z]+(?:{_BRACED})* ?)+(?:[^\W\d_](?![^\W\d_]))?|([^\W\d_]+)")
_SCRIPT = re.compile(rf"([_^])(?:({_BRACED})|(\([^()]*\))|(\\[A-Za-z]+)|([^\W_]+|[*+−-]))|('+)|(\d+)|(_)")
_UNBRACED = re.compile(rf"\\({'|'.join(_ACCENTS)}) ?([A-Za-z])(?![A-Za-z])")
_RATE = re.compile(r"\\frac\{\\partial *(.+)\}\{\\partial *(.+)\}")


@dataclass(frozen=True)
class Symbol:
    """A name taken apart, each part in LaTeX: a stem with subscripts, primes and a superscript."""

    stem: str
    below: tuple[str, ...] = ()
    primes: int = 0
    above: str = ""

    @property
    def latex(self) -> str:
        """The symbol in LaTeX."""
        low = f"_{{{','.join(self.below)}}}" if self.below else ""
        return self.stem + low + "'" * self.primes + (f"^{{{self.above}}}" if self.above else "")

    @property
    def is_raised(self) -> bool:
        """Whether something stands above on the right, so that an exponent needs brackets."""
        return bool(self.primes or self.above)

    @property
    def is_rate(self) -> bool:
        """Whether it is written as a fraction, ∂ℓ/∂x."""
        return self.stem.startswith(r"\frac")


@lru_cache(maxsize=4096)
def symbol_of(name: str) -> Symbol | None:
    """A name, or a symbol in LaTeX, taken apart; None where it is no single symbol."""
    name = _UNBRACED.sub(r"\\\1{\2}", name)
    match = _STEM.match(name)
    if match is None or "=" in name:
        return None
    letters, at = match[1], match.end()
    rate = _RATE.fullmatch(match[0])
    stem = (
        _rate(*map(latex_symbol, rate.groups())) if rate else _stem(letters) if letters else match[0].strip()
    )
    below: list[str] = []
    above, primes = "", 0
    while at < len(name):
        script = _SCRIPT.match(name, at)
        if script is None or (script[1] == "^" and above) or (script[7] and below):
            return None
        at = script.end()
        primes += len(script[6] or "")
        content = _content(script)
        if script[1] == "^":
            above = content
        elif content in _ACCENTS:
            stem = rf"\{content}{{{stem}}}"
        elif content:
            below += _split(content)
    return Symbol(stem, tuple(below), primes, above)


def _rate(above: str, below: str) -> str:
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def _stem(letters: str) -> str:
    if letters in _GREEK and letters.isascii():
        return rf"\{letters}" if letters != "omicron" else "o"
    if letters in _OPERATORS:
        return rf"\mathit{{{letters}}}"
    if len(letters) > 1:
        return rf"\mathrm{{{letters}}}" if letters.isascii() else rf"\text{{{letters}}}"
    if letters in _COMMANDS:
        return rf"\{_COMMANDS[letters]}"
    taken_apart = unicodedata.normalize("NFD", letters)
    accent = {mark: name for name, mark in _ACCENTS.items()}.get(taken_apart[1:])
    if accent:
        return rf"\{accent}{{{taken_apart[0]}}}"
    return letters if letters.isascii() else rf"\text{{{letters}}}"


def _content(script: re.Match[str]) -> str:
    """What a script holds."""
    if script[2]:
        return script[2][1:-1].strip()
    plain = script[5] or script[7] or ""
    if len(plain) > 1 and not plain.isdigit() and plain not in _ACCENTS:
        return rf"\mathrm{{{plain}}}"
    return script[3] or script[4] or plain.replace("−", "-")


def _split(content: str) -> list[str]:
    """A subscript at its commas, but not at those in brackets."""
    parts, depth = [""], 0
    for sign in content:
        depth += (sign in "({") - (sign in ")}")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


@lru_cache(maxsize=4096)
def latex_symbol(name: str) -> str:
    """A name in LaTeX: theta is \\theta, W1 is W_{1}, loss is upright; LaTeX stays as it is."""
    symbol = symbol_of(name)
    if symbol is not None:
        return symbol.latex
    if re.search(r"[\\{^]", name):
        return re.sub(r"([_^])([^\W_]|\\[A-Za-z]+)", r"\1{\2}", name)
    return rf"\text{{{name}}}".replace("_", r"\_")


def latex_indexed(symbol: str, indices: str) -> str:
    """A LaTeX symbol with indices as a subscript; those of ∂ℓ/∂W go to W, those of x_1 beside the 1."""
    rate = _RATE.fullmatch(symbol)
    if rate:
        return _rate(rate[1], latex_indexed(rate[2], indices))
    found = symbol_of(symbol)
    if found is None:
        return rf"\left({symbol}\right)_{{{indices}}}"
    return replace(found, below=(*found.below, indices)).latex


def latex_raised(symbol: str, exponent: str) -> str:
    """A LaTeX symbol with a further superscript, put beside the one it has."""
    found = symbol_of(symbol)
    if found is None or found.is_rate:
        return rf"\left({symbol}\right)^{{{exponent}}}"
    return replace(found, above=found.above + exponent).latex


@lru_cache(maxsize=4096)
def text_symbol(name: str) -> str:
    """A name in Unicode: \\hat{y} is ŷ, z^{(1)} is z⁽¹⁾, W1 is W₁; in quotes what is no single symbol."""
    found = symbol_of(name)
    if found is None:
        return f"‘{unicodedata.normalize('NFC', unicode_of(name))}’"
    text = unicode_of(found.stem)
    if found.below:
        text += _lowered([unicode_of(part) for part in found.below])
    text += "′" * found.primes + (text_raised(unicode_of(found.above)) if found.above else "")
    return unicodedata.normalize("NFC", text)


def text_indexed(symbol: str, indices: str) -> str:
    """A Unicode symbol with indices: W[i,j]."""
    return f"{symbol}[{indices}]"


def unicode_of(latex: str) -> str:
    """A LaTeX symbol in Unicode, group by group from the inside out."""
    text = latex
    for _ in range(40):
        new = _GROUP.sub(_group, text)
        if new == text:
            break
        text = new
    text = re.sub(
        r"\\([A-Za-z]+) ?", lambda found: _GREEK.get(found[1], _SIGNS.get(found[1], found[1])), text
    )
    return text.replace("{", "").replace("}", "").replace("'", "′")


_GROUP = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}|\\(?!frac)([a-z]+)\{([^{}]*)\}|([_^])\{([^{}]*)\}")


def _group(found: re.Match[str]) -> str:
    above, below, command, body, shift, script = found.groups()
    if command is not None:
        inner = unicode_of(body)
        if command in _ACCENTS:
            return unicodedata.normalize("NFC", inner + _ACCENTS[command])
        return inner if command in _UPRIGHT else f"{command}({inner})"
    if shift is not None:
        return text_raised(unicode_of(script)) if shift == "^" else _lowered(_split(unicode_of(script)))
    return f"{unicode_of(above)}/{unicode_of(below)}"


def text_raised(script: str) -> str:
    """A superscript in Unicode: ², ⁻¹, ^0.5, ^(1/2)."""
    if all(sign in _RAISED for sign in script):
        return "".join(_RAISED[sign] for sign in script)
    if script in ("′", "ᵀ"):
        return script
    plain = re.fullmatch(r"[\w.]+|.", script) or _is_bracketed(script)
    return f"^{script}" if plain else f"^({script})"


def _lowered(parts: list[str]) -> str:
    script = ",".join(parts)
    if all(sign in _LOWERED for sign in script) and (len(script) <= 2 or not script.isalpha()):
        return "".join(_LOWERED[sign] for sign in script)
    return f"_{script}" if re.fullmatch(r"\w+", script) else f"_({script})"


def _is_bracketed(script: str) -> bool:
    return script.startswith("(") and script.endswith(")") and script.count("(") == 1
