"""Names of mathematics as names of Python: \\hat{y} is y_hat, z^{(1)} is z1, ∂ℓ/∂W is dW."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

_RATE = re.compile(r"\\frac\{\\partial *.+?\}\{\\partial *(.+)\}")
_ACCENT = re.compile(r"\\(hat|tilde|bar|dot|vec)\{([^{}]*)\}")
_FACE = re.compile(r"\\(?:mathrm|mathbf|mathcal|mathbb|boldsymbol|operatorname|text)\{([^{}]*)\}")


def identifier(name: str) -> str:
    """A name as an identifier, not yet unlike all others."""
    rate = _RATE.fullmatch(name)
    if rate:
        return f"d{identifier(rate.group(1))}"
    if name == r"\ell":
        return "loss"
    text = _FACE.sub(r"\1", name)
    text = _ACCENT.sub(r"\2_\1 ", text)
    text = text.replace("star", "best").replace(r"\prime", "prime").replace("'", "prime")
    text = re.sub(r"[\\{}()^ ]+", "", text)
    text = re.sub(r"[^\w]+", "_", unicodedata.normalize("NFKC", text), flags=re.ASCII).strip("_")
    return f"v{text}" if not text or text[0].isdigit() else text


def identifiers(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """An identifier for each name, no two alike and none of those taken."""
    used, found = set(taken), {}
    for name in dict.fromkeys(names):
        wish = identifier(name)
        word, n = wish, 1
        while word in used or keyword.iskeyword(word):
            n += 1
            word = f"{wish}_{n}"
        used.add(word)
        found[name] = word
    return found
