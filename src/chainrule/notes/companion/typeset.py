"""The formulas of a lecture in the mathematics of Typst: what the printer writes, and what typists write.

The ops' notation is read by `documents.render.typst_math`; aligned lines, braces over several lines, labels
under braces and a few signs are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chainrule.documents.render.typst_math import typst_math
from chainrule.graph.errors import ChainruleError

_NAMES = "aligned|gathered|cases|array|[bp]?matrix"
_ENVIRONMENT = re.compile(rf"\\begin\{{({_NAMES})\}}(?:\{{[clr]+\}})?|\\end\{{({_NAMES})\}}")
_SIGNS = {
    r"\equiv": "equiv", r"\geq": "gt.eq", r"\leq": "lt.eq", r"\lt": "lt", r"\gt": "gt", r"\prod": "product",
    r"\int": "integral", r"\implies": "==>", r"\Rightarrow": "=>", r"\longrightarrow": "-->", r"\to": "->",
    r"\rightarrow": "->", r"\leftarrow": "<-", r"\circledast": "ast.op.o", r"\otimes": "times.o",
    r"\nabla": "nabla", r"\circ": "compose",
    r"\vdots": "dots.v", r"\ddots": "dots.down", r"\mid": "mid(|)", r"\qquad": "quad quad", r"\neq": "eq.not",
    r"\Pr": 'op("Pr")', r"\ell": "ell", r"\partial": "partial", r"\infty": "infinity", r"\in": "in",
    r"\approx": "approx", r"\ne": "eq.not", r"\ldots": "dots", r"\dots": "dots", r"\cdots": "dots",
}  # fmt: skip
_SET = re.compile(r"(?<!\\left)(?<!\\right)\\([{}])")
_GROUP = re.compile(r"\\(underbrace|stackrel)(?![a-zA-Z])")


class _Pieces:
    """Texts of Typst that stand in the LaTeX as private letters until the rest has been read."""

    FIRST = 0xE000

    def __init__(self) -> None:
        self.texts: list[str] = []

    def put(self, typst: str) -> str:
        """A letter for a text."""
        self.texts.append(typst)
        return chr(self.FIRST + len(self.texts) - 1)

    def filled(self, text: str) -> str:
        """The text with the letters' texts in their places."""
        while any(self.FIRST <= ord(letter) < self.FIRST + len(self.texts) for letter in text):
            text = "".join(
                f" {self.texts[ord(letter) - self.FIRST]} "
                if self.FIRST <= ord(letter) < self.FIRST + len(self.texts)
                else letter
                for letter in text
            )
        return text


def typeset(latex: str) -> str:
    """A formula as Typst's mathematics. Raises ChainruleError for what it does not know."""
    pieces = _Pieces()
    return pieces.filled(_converted(latex, pieces, outermost=True))


def _converted(latex: str, pieces: _Pieces, outermost: bool = False) -> str:
    text = _environments(latex, pieces, outermost)
    text = _braces(text, pieces)
    text = _SET.sub(lambda found: pieces.put("brace.l" if found[1] == "{" else "brace.r"), text)
    for sign, typst in sorted(_SIGNS.items(), key=lambda pair: -len(pair[0])):
        text = re.sub(re.escape(sign) + r"(?![a-zA-Z])", pieces.put(typst), text)
    return typst_math(text)


def _environments(latex: str, pieces: _Pieces, outermost: bool) -> str:
    """The LaTeX with its environments replaced by letters, the inner ones first."""
    while True:
        opened: list[re.Match[str]] = []
        for found in _ENVIRONMENT.finditer(latex):
            if found[1]:
                opened.append(found)
                continue
            if not opened or opened[-1][1] != found[2]:
                raise ChainruleError("environments that end as they begin", latex[:60], "typst")
            begin = opened[-1]
            body = latex[begin.end() : found.start()]
            whole = outermost and begin.start() == 0 and found.end() == len(latex.rstrip())
            piece = pieces.put(_block(begin[1], body, pieces, whole))
            latex = latex[: begin.start()] + piece + latex[found.end() :]
            break
        else:
            return latex


def _rows(body: str) -> Iterator[list[str]]:
    for row in re.split(r"\\\\", body):
        if row.strip():
            yield [cell.strip() for cell in _cells(row)]


def _cells(row: str) -> list[str]:
    """The cells of a row; & inside of braces belongs to an inner group."""
    cells, depth = [""], 0
    for letter in row:
        depth += (letter == "{") - (letter == "}")
        if letter == "&" and not depth:
            cells.append("")
        else:
            cells[-1] += letter
    return cells


def _block(name: str, body: str, pieces: _Pieces, whole: bool) -> str:
    rows = [[_converted(cell, pieces) if cell else "" for cell in row] for row in _rows(body)]
    if name in ("aligned", "gathered"):
        lines = [" & ".join(row) for row in rows]
        return " \\\n ".join(lines) if whole else "(" + ", ".join(lines) + ")"
    if name == "cases":
        return "cases(" + ", ".join(" & ".join(row) for row in rows) + ")"
    fence = {"bmatrix": '"["', "pmatrix": '"("', "matrix": "#none", "array": "#none"}[name]
    table = "; ".join(", ".join(cell or '""' for cell in row) for row in rows)
    return f"mat(delim: {fence}, {table})"


def _braces(text: str, pieces: _Pieces) -> str:
    """underbrace and stackrel, the inner ones first."""
    while True:
        found = list(_GROUP.finditer(text))
        if not found:
            return text
        last = found[-1]
        first, at = _group(text, last.end())
        if last[1] == "stackrel":
            second, at = _group(text, at)
            piece = f"attach({_converted(second, pieces)}, t: {_converted(first, pieces)})"
        else:
            label = ""
            if text[at : at + 1] == "_":
                label, at = _group(text, at + 1)
            inner = _converted(first, pieces)
            piece = f"underbrace({inner}, {_converted(label, pieces)})" if label else f"underbrace({inner})"
        text = text[: last.start()] + pieces.put(piece) + text[at:]


def _group(text: str, at: int) -> tuple[str, int]:
    """The group or the sign at a place, and where it ends."""
    while text[at : at + 1] == " ":
        at += 1
    if text[at : at + 1] != "{":
        command = re.compile(r"\\[a-zA-Z]+|.").match(text, at)
        if command is None:
            raise ChainruleError("a group", text[:60], "typst")
        return command[0], command.end()
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if not depth:
            return text[at + 1 : end], end + 1
    raise ChainruleError("braces that close", text[:60], "typst")
