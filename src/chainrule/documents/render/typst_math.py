"""LaTeX formulas, as the printer writes them, in the mathematics of Typst."""

from __future__ import annotations

import re
from collections.abc import Callable

from chainrule.graph.errors import ChainruleError
from chainrule.graph.symbols import unicode_of

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[{}^_&']|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_ACCENTS = {"hat": "hat", "tilde": "tilde", "bar": "macron", "dot": "dot", "vec": "arrow"}
_FACES = {"mathbf": "bold", "boldsymbol": "bold", "mathbb": "bb", "mathcal": "cal"}
_WORDS = ("mathrm", "text", "operatorname")
_FUNCTIONS = ("exp", "log", "max", "min", "tanh", "sin", "cos", "erf", "arg", "det")
_SPACES = {",": "thin", ";": "med", "!": "", " ": "space", ":": "med", "quad": "quad"}
_FENCES = {
    "lVert": "‖",
    "rVert": "‖",
    "lvert": "|",
    "rvert": "|",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "{": "{",
    "}": "}",
}
_SIGNS = {
    "approx": "≈", "in": "∈", "ast": "∗", "star": "⋆", "odot": "⊙", "oslash": "⊘", "sum": "sum", "cdot": "dot.c",
    "times": "times", "dots": "dots", "ldots": "dots", "infty": "oo", "le": "<=", "ge": ">=",
    "lfloor": "⌊", "rfloor": "⌋",
    "top": "top", "prime": "'", "colon": ":", "mid": "|", "circledast": "⊛", "otimes": "⊗", "neq": "≠", "mapsto": "↦",
}  # fmt: skip
_REPORT = "use the LaTeX form, and add what is missing to documents/render/typst_math.py"
_ESCAPED = '/#$,;"~`@\\*[]'


def typst_math(latex: str) -> str:
    """A formula in Typst's mathematics. Raises ChainruleError for a command that no op's notation uses."""
    return _Reader(latex).until("")


class _Reader:
    def __init__(self, latex: str) -> None:
        self.tokens: list[str] = [token for token in _TOKEN.findall(latex) if not token.isspace()]
        self.text = latex
        self.at = 0

    def take(self) -> str:
        if self.at >= len(self.tokens):
            raise ChainruleError("a whole formula", self.text[:80], "typst", _REPORT)
        self.at += 1
        return self.tokens[self.at - 1]

    def until(self, *ends: str) -> str:
        """Everything up to one of the tokens, which is taken too; with "" up to the end."""
        parts: list[str] = []
        while self.at < len(self.tokens):
            token = self.take()
            if token in ends:
                return " ".join(parts)
            parts.append(self.one(token))
        if "" not in ends:
            raise ChainruleError(f"{ends[0]} in a formula", self.text[:80], "typst", _REPORT)
        return " ".join(parts)

    def one(self, token: str) -> str:
        if token == "{":
            return self.until("}")
        if token in "^_":
            return f"{token}({self.argument()})"
        if token == "-":
            return "-"
        if token.startswith("\\"):
            return self.command(token[1:])
        return "\\" + token if token in _ESCAPED else token

    def argument(self) -> str:
        return self.one(self.take())

    def words(self) -> str:
        """The text inside braces, with its blanks."""
        if self.take() != "{":
            raise ChainruleError("braces", self.text[:80], "typst", _REPORT)
        depth, parts = 1, []
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if not depth:
                break
            parts.append(token)
        found = re.search(r"\{(\s*" + r"\s*".join(map(re.escape, parts)) + r"\s*)\}", self.text)
        return (found.group(1) if found else "".join(parts)).replace("\\_", "_").replace('"', "'")

    def command(self, name: str) -> str:
        simple: dict[str, Callable[[], str]] = {
            "frac": lambda: f"frac({self.argument()}, {self.argument()})",
            "sqrt": lambda: f"sqrt({self.argument()})",
            "left": self.fenced,
            "begin": self.environment,
        }
        if name in simple:
            return simple[name]()
        if name in _ACCENTS:
            return f"{_ACCENTS[name]}({self.argument()})"
        if name in _FACES:
            return f"{_FACES[name]}({self.argument()})"
        if name in _WORDS:
            word = self.words()
            inner = unicode_of(word) if "\\" in word else word
            return f'op("{inner}")' if name == "operatorname" else f'upright("{inner}")'
        if name in _FUNCTIONS:
            return f'op("{name}")'
        if name in _SPACES:
            return _SPACES[name]
        if name in _SIGNS:
            return _SIGNS[name]
        sign = unicode_of("\\" + name)
        if sign == name:
            raise ChainruleError("a command that the notation of an op uses", f"\\{name}", "typst", _REPORT)
        return sign

    def fence(self) -> str:
        token = self.take()
        return _FENCES.get(token.lstrip("\\"), token)

    def fenced(self) -> str:
        left = self.fence()
        inner = self.until("\\right")
        right = self.fence()
        parts = [
            ("" if fence == "." else "\\" + fence if fence in "([{|)]}" else fence) for fence in (left, right)
        ]
        return f"lr({parts[0]} {inner} {parts[1]})"

    def environment(self) -> str:
        name = self.words()
        if name not in ("bmatrix", "pmatrix", "matrix"):
            raise ChainruleError("a matrix", name, "typst", _REPORT)
        rows: list[list[str]] = [[""]]
        while True:
            token = self.take()
            if token == "\\end":
                self.words()
                break
            if token == "\\\\":
                rows.append([""])
            elif token == "&":
                rows[-1].append("")
            else:
                rows[-1][-1] += " " + self.one(token)
        body = "; ".join(", ".join(cell.strip() or '""' for cell in row) for row in rows)
        return f'mat(delim: "[", {body})'
