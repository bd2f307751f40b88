"""A choice of the notes as a LaTeX document that compiles as it is: amsmath is all that it needs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from chainrule.documents.render.latex import PREAMBLE, escaped
from chainrule.graph.errors import ChainruleError
from chainrule.graph.symbols import latex_symbol
from chainrule.notes.companion.choice import LEAD, Choice, chosen
from chainrule.notes.companion.page import sentence
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import Table
from chainrule.notes.equation import RIGHT
from chainrule.notes.figures import FIGURES
from chainrule.notes.judgement import Judgement
from chainrule.notes.remark import Remark

_SIGNS = {
    "⊙": r"\odot", "⊘": r"\oslash", "⊗": r"\otimes", "⊛": r"\circledast", "⋆": r"\star", "→": r"\to",
    "∇": r"\nabla", "Σ": r"\Sigma", "∫": r"\int", "√": r"\surd", "≡": r"\equiv", "≠": r"\neq", "≤": r"\leq",
    "≥": r"\geq", "∞": r"\infty", "⊤": r"\top", "ᵀ": r"^{\top}", "…": r"\ldots", "−": "-", "×": r"\times",
    "·": r"\cdot", "∂": r"\partial", "ℓ": r"\ell", "≈": r"\approx", "∗": "*", "′": "'", "←": r"\leftarrow",
}  # fmt: skip


def companion_latex(choice: Choice | None = None) -> str:
    """The choice, or all of the notes, as a LaTeX document. Figures are named: `chainrule figures` draws them."""
    choice = choice or chosen()
    body = [rf"{{\LARGE\bfseries {escaped(choice.title)}\par}}", r"\medskip", escaped(LEAD)]
    for number in choice.sections:
        title, text = SECTIONS[number]
        kind = ("section", "subsection", "subsubsection")[min(2, number.count("."))]
        body += [rf"\{kind}*{{{number} {escaped(title)}}}", escaped(text)]
        for one in choice.equations(number):
            body += _equation(one)
        body += [
            rf"\remark{{{escaped(f'Figure {n}: {FIGURES[n].caption}.')}}}" for n in choice.figures(number)
        ]
        for table in choice.tables(number):
            body += _table(table)
        body += map(_remark, choice.said(number))
    text = "\n".join(body)
    return PREAMBLE + _signs(text) + "\\begin{document}\n" + text + "\n\\end{document}\n"


def _equation(one: Judgement) -> Iterator[str]:
    entry = one.equation
    yield rf"\medskip\textbf{{({entry.eq}) {escaped(entry.title)}}}\quad {entry.kind}, \textbf{{{one.verdict}}}"
    yield _formula(one.printed)
    if one.verdict != RIGHT:
        yield escaped(f"{sentence(one.reason)} Correct:")
        yield _formula(one.correct_latex or "")
        yield _small(f"As printed: {one.evidence}. Corrected: {one.proof}.")
    if one.values:
        yield _small("Values: " + ", ".join(f"{value:.15g}" for value in one.values) + ".")
    if entry.remark:
        yield _small(entry.remark)
    yield _small(f"Checked: {one.check}.")


def _formula(latex: str) -> str:
    return f"\\[\n\\fitline{{{latex}}}\n\\]"


def _small(text: str) -> str:
    return rf"\remark{{{escaped(text)}}}"


def _table(table: Table) -> Iterator[str]:
    first, *rows = (" & ".join(map(escaped, row)) + r" \\" for row in (table.head, *table.rows))
    columns = "l" * len(table.head)
    yield "\n".join(
        [rf"\fittable{{\begin{{tabular}}{{{columns}}}", first, r"\hline", *rows, r"\end{tabular}}"]
    )
    yield _small(table.caption)


def _remark(remark: Remark) -> str:
    return _small(
        f"In the text, {remark.verdict}: {remark.says} Correct: {remark.correct} ({remark.evidence}.)"
    )


def _signs(text: str) -> str:
    """Definitions of the signs that the text has and the preamble does not."""
    codes = {part.split("}")[0] for part in text.split(r"\sign{")[1:]}
    missing = sorted(code for code in codes if rf"\newsign{{{code}}}" not in PREAMBLE)
    return "".join(rf"\newsign{{{code}}}{{{_command(chr(int(code, 16)))}}}" + "\n" for code in missing)


def _command(sign: str) -> str:
    """A sign as a formula. Raises ChainruleError for one that is not known."""
    if sign in _SIGNS:
        return _SIGNS[sign]
    where, _, code = unicodedata.decomposition(sign).partition(" ")
    if where in ("<super>", "<sub>"):
        return f"{'^' if where == '<super>' else '_'}{{{_command(chr(int(code, 16)))}}}"
    if sign.isascii():
        return sign
    if unicodedata.combining(sign):
        return {"\u0302": r"\hat{}", "\u0303": r"\tilde{}"}[sign]
    name = unicodedata.name(sign)
    if name.startswith("GREEK") or "MATHEMATICAL" in name:
        return (
            latex_symbol(sign)
            if name.startswith("GREEK")
            else rf"\mathcal{{{unicodedata.normalize('NFKC', sign)}}}"
        )
    base, _, mark = unicodedata.decomposition(sign).partition(" ")
    if base and mark:
        accent = {"0302": "hat", "0303": "tilde"}.get(mark)
        if accent:
            return rf"\{accent}{{{chr(int(base, 16))}}}"
    raise ChainruleError("a sign with a LaTeX command", f"{sign} ({name})", "latex")
