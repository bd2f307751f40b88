"""How names are written: x, W_1, loss, \\hat{y}, z^{(1)}, in LaTeX and in Unicode, with indices."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_GREEK = {
    name: chr(code)
    for code, name in (
        *enumerate("alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi".split(), 0x3B1),
        (0x3BF, "omicron"),
        *enumerate("pi rho".split(), 0x3C0),
        *enumerate("sigma tau upsilon varphi chi psi omega".split(), 0x3C3),
        *((ord(c), n) for c, n in zip("ΓΔΘΛΞΠΣΥΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(), strict=True)),
        (ord("ϵ"), "epsilon"), (ord("ϑ"), "vartheta"), (ord("ϕ"), "phi"),
    )
}  # fmt: skip
_SIGNS = {
    "ell": "ℓ", "partial": "∂", "nabla": "∇", "top": "ᵀ", "prime": "′", "infty": "∞", "star": "⋆", "odot": "⊙",
    "leftarrow": "←", "rightarrow": "→", "to": "→", "ldots": "…", "dots": "…", "cdot": "·", "times": "×",
}  # fmt: skip
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307", "vec": "\u20d7"}
_UPRIGHT = ("mathrm", "mathbf", "mathcal", "mathbb", "boldsymbol", "operatorname", "text")
_RAISED = dict(zip("0123456789+-−=()nTijxyhlrsw", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿᵀⁱʲˣʸʰˡʳˢʷ", strict=True))
_LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_PLAIN = re.compile(r"([^\W\d_]+)_?(\d*)", re.UNICODE)
_RATE = re.compile(r"\\frac\{\\partial *(.+)\}\{\\partial *(.+)\}")


@lru_cache(maxsize=4096)
def latex_symbol(name: str) -> str:
    """A name in LaTeX: theta is \\theta, W1 is W_{1}, loss is upright; LaTeX stays as it is."""
    if "\\" in name or "{" in name or "^" in name:
        return re.sub(r"([_^])([^\W_]|\\[A-Za-z]+)", r"\1{\2}", name)
    stem, _, accent = name.rpartition("_")
    if accent in _ACCENTS and stem:
        return rf"\{accent}{{{latex_symbol(stem)}}}"
    head, *rest = name.split("_")
    match = _PLAIN.fullmatch(head)
    if match is None:
        return rf"\mathrm{{{name}}}".replace("_", r"\_")
    letters, digits = match.groups()
    if letters in _GREEK or (len(letters) == 1):
        symbol = rf"\{letters}" if letters in _GREEK and letters.isascii() else letters
    else:
        symbol = rf"\mathrm{{{letters}}}"
    below = ([digits] if digits else []) + [part if len(part) == 1 or part.isdigit() else rf"\mathrm{{{part}}}" for part in rest if part]
    return symbol + (f"_{{{','.join(below)}}}" if below else "")


def latex_indexed(symbol: str, indices: str) -> str:
    """A LaTeX symbol with indices as a subscript; those of ∂ℓ/∂W go to W, those of x_1 beside the 1."""
    rate = _RATE.fullmatch(symbol)
    if rate:
        return rf"\frac{{\partial {rate.group(1)}}}{{\partial {latex_indexed(rate.group(2), indices)}}}"
    stem, below = _script(symbol, "_")
    return f"{stem}_{{{below},{indices}}}" if below else f"{symbol}_{{{indices}}}"


def latex_raised(symbol: str, exponent: str) -> str | None:
    """A LaTeX symbol with a further superscript put beside the one it has; None where it has none."""
    stem, above = _script(symbol, "^")
    return f"{stem}^{{{above}{exponent}}}" if above else None


def _script(symbol: str, shift: str) -> tuple[str, str]:
    """A symbol as what comes before its last script and the script; the script is empty where there is none."""
    depth = 0
    for at in range(len(symbol) - 1, 0, -1):
        depth += (symbol[at] == "}") - (symbol[at] == "{")
        if depth == 0:
            if symbol.endswith("}") and symbol[at] == "{" and symbol[at - 1] == shift:
                return symbol[: at - 1], symbol[at + 1 : -1]
            break
    return symbol, ""


@lru_cache(maxsize=4096)
def text_symbol(name: str) -> str:
    """A name in Unicode: \\hat{y} is ŷ, z^{(1)} is z⁽¹⁾, W1 is W₁."""
    return unicodedata.normalize("NFC", unicode_of(latex_symbol(name)))


def unicode_of(latex: str) -> str:
    """A LaTeX symbol in Unicode, group by group from the inside out."""
    text = latex
    for _ in range(40):
        new = _GROUP.sub(_group, text)
        if new == text:
            break
        text = new
    text = re.sub(r"\\([A-Za-z]+) ?", lambda found: _GREEK.get(found[1], _SIGNS.get(found[1], found[1])), text)
    return text.replace("{", "").replace("}", "")


_GROUP = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}|\\(?!frac)([a-z]+)\{([^{}]*)\}|([_^])\{([^{}]*)\}")


def _group(found: re.Match[str]) -> str:
    above, below, command, body, shift, script = found.groups()
    if command is not None:
        inner = unicode_of(body)
        if command in _ACCENTS:
            return unicodedata.normalize("NFC", inner + _ACCENTS[command])
        return inner if command in _UPRIGHT else f"{command}({inner})"
    if shift is not None:
        return _shifted(shift, unicode_of(script))
    return f"{unicode_of(above)}/{unicode_of(below)}"


def _shifted(shift: str, script: str) -> str:
    table = _RAISED if shift == "^" else _LOWERED
    if all(letter in table for letter in script):
        return "".join(table[letter] for letter in script)
    if shift == "^":
        return script if script in ("′", "ᵀ") else f"^{script}" if script.startswith("(") else f"^({script})"
    return f"_{script}"


def text_indexed(symbol: str, indices: str) -> str:
    """A Unicode symbol with indices: W[i,j]."""
    if symbol.endswith("]"):
        return f"{symbol[:-1]},{indices}]"
    return f"{symbol}[{indices}]"
