"""The companion as a PDF, set by Typst, which needs neither TeX nor a network."""

from __future__ import annotations

import tempfile
from collections import Counter
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from chainrule.documents.render.typst import content, quoted
from chainrule.graph.errors import ChainruleError
from chainrule.notes.companion.choice import LEAD, Choice, chosen
from chainrule.notes.companion.page import INDEX, sentence
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import Table
from chainrule.notes.companion.typeset import typeset
from chainrule.notes.equation import RIGHT, VERDICTS
from chainrule.notes.figures import draw
from chainrule.notes.judgement import Judgement
from chainrule.notes.remark import Remark

_LONG = 10  # lines of a formula, beyond which it may go over a page's end


def written(text: str) -> str:
    """A text as Typst's content, with indices set low."""
    return INDEX.sub(
        lambda found: f"#sub[{found[1] or found[2]}]",
        content(text.replace("_", "\ue900")).replace("\ue900", "_"),
    )


def companion_pdf(choice: Choice | None = None) -> bytes:
    """The bytes of a choice of the notes, or of all of them, as a PDF. Everything in it is computed at this call.

    Raises ChainruleError where the package `typst` is not installed.
    """
    try:
        import typst
    except ImportError:
        raise ChainruleError(
            "the package typst", "no such package", "pdf", "install it with: pip install 'chainrule[pdf]'"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        main = Path(folder) / "main.typ"
        main.write_text(book_source(Path(folder), choice or chosen()), encoding="utf-8")
        result: bytes = typst.compile(str(main), root=folder)
    return result


def book_source(folder: Path, choice: Choice) -> str:
    """The choice in Typst's language; its pictures are written to the folder."""
    template = files("chainrule.notes.companion").joinpath("companion.typ").read_text(encoding="utf-8")
    parts = [template.replace("{title}", choice.title), _front(choice)]
    for number in choice.sections:
        parts += _section(number, choice, folder)
    return "\n\n".join(parts) + "\n"


def _front(choice: Choice) -> str:
    counts = Counter(one.verdict for one in choice.judged)
    sums = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    front = f"#text(size: 22pt, weight: 700, {quoted(choice.title)})\n\n{written(LEAD)}"
    if len(choice.judged) > 1:
        front += f"\n\n{len(choice.judged)} equations: {sums}."
    if not choice.whole:
        return front
    cells = []
    for one in choice.faults:
        entry = one.equation
        cells += [
            f"[({entry.eq})]",
            f"[{entry.section}]",
            f'mark("{one.verdict}")',
            f"[{written(one.reason or '')}]",
        ]
    return f"{front}\n\n#contents\n\n= What is not right\n#errata({', '.join(cells)})"


def _section(number: str, choice: Choice, folder: Path) -> list[str]:
    title, text = SECTIONS[number]
    level = "=" * min(3, len(number.split(".")))
    parts = [f"{level} {number} #h(0.3em) {written(title)}", f"#block(sticky: true)[{written(text)}]"]
    parts += [_equation(one) for one in choice.equations(number)]
    parts += [_figure(name, folder) for name in choice.figures(number)]
    parts += [_table(table) for table in choice.tables(number)]
    return parts + [_remark(remark) for remark in choice.said(number)]


def _formula(latex: str) -> str:
    return f"#fit($ {typeset(latex)} $)"


def _equation(one: Judgement) -> str:
    entry = one.equation
    parts = [_formula(one.printed)]
    if one.verdict != RIGHT:
        parts.append(written(sentence(one.reason)))
        parts.append(f"#correct[{_formula(one.correct_latex or '')}]")
        parts.append(f"#small[As printed: {written(one.evidence or '')}.]")
        parts.append(f"#small[Corrected: {written(one.proof or '')}.]")
    if one.values:
        numbers = ", ".join(f"{value:.15g}" for value in one.values).replace("-", "−")
        parts.append(f"#small[Values: {numbers}.]")
    if entry.remark:
        parts.append(f"#small[{written(entry.remark)}]")
    parts.append(f"#small[Checked: {written(one.check)}.]")
    head = f"({entry.eq}) {written(entry.title)}"
    long = str(one.printed.count(r"\\") > _LONG).lower()
    return f'#equation("{one.verdict}", [{head}], [{entry.kind}], {long}, [' + "\n\n".join(parts) + "])"


def _figure(name: str, folder: Path) -> str:
    drawn = draw(name)
    file = BytesIO()
    drawn.figure.savefig(file, format="svg", metadata={"Date": None})
    path = folder / f"{drawn.entry.file}.svg"
    path.write_bytes(file.getvalue())
    entry = drawn.entry
    width = min(160.0, float(drawn.figure.get_size_inches()[0]) * 20)
    head = f"Figure {entry.name}. " if entry.name.isdigit() else ""
    caption = f"{head}{entry.caption}." + (f" {entry.remark}" if entry.remark else "")
    picture = f"image({quoted(path.name)}, width: {width:.0f}mm, alt: {quoted(entry.caption)})"
    return f"#figure({picture}, caption: [{written(caption)}], supplement: none, numbering: none)"


def _table(table: Table) -> str:
    cells = [f"[{written(cell)}]" for row in (table.head, *table.rows) for cell in row]
    return f"#numbers({len(table.head)}, [{written(table.caption)}], {', '.join(cells)})"


def _remark(remark: Remark) -> str:
    said, true, evidence = map(written, (remark.says, remark.correct, f"{remark.evidence}."))
    return f'#aside("{remark.verdict}", [{said}], [{true}], [{evidence}])'
