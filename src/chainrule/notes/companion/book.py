"""The companion as a PDF, set by Typst, which needs neither TeX nor a network."""

from __future__ import annotations

import tempfile
from collections import Counter
from io import BytesIO
from pathlib import Path

from chainrule.documents.render.typst import content, quoted
from chainrule.graph.errors import ChainruleError
from chainrule.notes.companion.page import LEAD, TITLE, order
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import TABLES, Table
from chainrule.notes.companion.typeset import typeset
from chainrule.notes.equation import EQUATIONS, RIGHT, VERDICTS
from chainrule.notes.figures import FIGURES, draw
from chainrule.notes.judgement import Judgement, judge
from chainrule.notes.prose import REMARKS, Remark

_TEMPLATE = """
#set document(title: "{title}")
#set page(paper: "a4", margin: (x: 24mm, y: 24mm), numbering: "1")
#set text(font: ("Libertinus Serif", "New Computer Modern"), size: 10.5pt, lang: "en")
#set par(justify: true)
#set heading(numbering: none)
#show heading.where(level: 1): it => block(above: 2em, below: 0.8em, text(size: 15pt, it.body))
#show heading.where(level: 2): it => block(above: 1.6em, below: 0.6em, text(size: 12pt, it.body))
#show heading.where(level: 3): it => block(above: 1.3em, below: 0.5em, text(size: 10.5pt, it.body))
#show math.equation: set text(font: "New Computer Modern Math")
#show math.equation.where(block: true): set block(breakable: true)
#let quiet = luma(95)
#let colours = (right: rgb("#00684b"), wrong: rgb("#b23a22"), imprecise: rgb("#8a5a00"))
#let mark(verdict) = text(size: 8.5pt, weight: "bold", fill: colours.at(verdict), verdict)
#let small(body) = block(above: 0.5em, below: 0.5em, text(size: 8.5pt, fill: quiet, body))
#let fit(body) = layout(place => {{
  let size = measure(body)
  if size.width > place.width {{
    let factor = place.width / size.width * 100%
    scale(x: factor, y: factor, origin: left + horizon, reflow: true, body)
  }} else {{ body }}
}})
#let equation(verdict, head, kind, body) = block(
  above: 1.2em, below: 1.2em, inset: (left: 9pt), breakable: false,
  stroke: (left: 2pt + if verdict == "right" {{ luma(215) }} else {{ colours.at(verdict) }}),
  [#head #h(1fr) #text(size: 8.5pt, fill: quiet, kind) #h(0.5em) #mark(verdict)\\ #body],
)
#let correct(body) = block(
  fill: luma(246), inset: 8pt, radius: 3pt, width: 100%, text(size: 8.5pt, weight: "bold", fill: colours.right)[correct] + body,
)
#let aside(verdict, body) = block(fill: luma(246), inset: 8pt, radius: 3pt, width: 100%)[#mark(verdict) #h(0.3em) #body]
"""


def companion_pdf() -> bytes:
    """The bytes of the companion as a PDF. Everything in it is computed at this call.

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
        main.write_text(book_source(Path(folder)), encoding="utf-8")
        result: bytes = typst.compile(str(main), root=folder)
    return result


def book_source(folder: Path) -> str:
    """The companion in Typst's language; its pictures are written to the folder."""
    judged = [judge(number) for number in sorted(EQUATIONS)]
    parts = [_TEMPLATE.format(title=TITLE), _front(judged)]
    for number in order():
        parts += _section(number, judged, folder)
    return "\n\n".join(parts) + "\n"


def _front(judged: list[Judgement]) -> str:
    counts = Counter(one.verdict for one in judged)
    sums = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    cells = []
    for one in judged:
        if one.verdict != RIGHT:
            entry = one.equation
            cells += [f"[({entry.eq})]", f"[{entry.section}]", f'mark("{one.verdict}")', f"[{content(one.reason or '')}]"]
    return (
        f"#text(size: 22pt, weight: \"bold\", {quoted(TITLE)})\n\n{content(LEAD)}\n\n{len(judged)} equations: {sums}.\n\n"
        "= What is not right\n#set par(justify: false)\n#table(columns: (auto, auto, auto, 1fr), stroke: "
        f"(bottom: 0.4pt + luma(215)), inset: (x: 4pt, y: 3pt), {', '.join(cells)})\n#set par(justify: true)"
    )


def _section(number: str, judged: list[Judgement], folder: Path) -> list[str]:
    title, text = SECTIONS[number]
    level = "=" * min(3, len(number.split(".")))
    parts = [f"{level} {number} #h(0.3em) {content(title)}", content(text)]
    parts += [_equation(one) for one in judged if one.equation.section == number]
    parts += [_figure(name, folder) for name, entry in FIGURES.items() if entry.section == number]
    if number in TABLES:
        parts.append(_table(TABLES[number]()))
    return parts + [_remark(remark) for remark in REMARKS if remark.section == number]


def _formula(latex: str) -> str:
    return f"#fit($ {typeset(latex)} $)"


def _equation(one: Judgement) -> str:
    entry = one.equation
    parts = [_formula(one.printed)]
    if one.verdict != RIGHT:
        rows = dict.fromkeys(line.correction_latex for line in one.faults if line.correction_latex)
        parts.append(content(f"{one.reason}."))
        parts.append("#correct[" + "\n\n".join(map(_formula, rows)) + "]")
        parts.append(f"#small[{content(one.evidence or '')}.]")
    if one.values:
        numbers = ", ".join(f"{value:.15g}" for value in dict.fromkeys(one.values)).replace("-", "−")
        parts.append(f"#small[Values: {numbers}.]")
    if entry.remark:
        parts.append(f"#small[{content(entry.remark)}]")
    parts.append(f"#small[Checked: {content(one.check)}.]")
    head = f"({entry.eq}) {content(entry.title)}"
    return f'#equation("{one.verdict}", [{head}], [{entry.kind}], [' + "\n\n".join(parts) + "])"


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
    return f"#figure({picture}, caption: [{content(caption)}], supplement: none, numbering: none)"


def _table(table: Table) -> str:
    cells = [f"[{content(cell)}]" for row in (table.head, *table.rows) for cell in row]
    body = (
        f"table(columns: {len(table.head)}, stroke: (bottom: 0.4pt + luma(215)), inset: (x: 6pt, y: 3pt), "
        f"align: left, {', '.join(cells)})"
    )
    return f"#figure(text(size: 9pt, {body}), kind: image, caption: [{content(table.caption)}], supplement: none, numbering: none)"


def _remark(remark: Remark) -> str:
    said, true = content(remark.says), content(remark.correct)
    return f'#aside("{remark.verdict}")[In the text: #emph[{said}] {true} #text(size: 8.5pt, fill: quiet)[{content(remark.evidence)}.]]'
