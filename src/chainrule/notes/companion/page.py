"""The companion as one page of HTML that needs no network: formulas by KaTeX, figures as vectors."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from html import escape
from importlib.resources import files
from io import BytesIO

from chainrule.documents.katex import inline_assets
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import TABLES, Table
from chainrule.notes.equation import EQUATIONS, RIGHT, VERDICTS
from chainrule.notes.figures import FIGURES, draw
from chainrule.notes.judgement import Judgement, judge
from chainrule.notes.prose import REMARKS, Remark

TITLE = "Neural networks: the equations, computed"
LEAD = (
    "Every numbered equation of the lecture notes, as printed, with a verdict that was computed when this "
    "page was made. Right: true as printed. Wrong: false, or a wrong number or shape. Imprecise: right after "
    "an obvious repair of notation. What is not right is corrected, with the evidence."
)
_SCRIPT = """
for (const node of document.querySelectorAll('.tex')) {
  const display = node.dataset.display === '1';
  katex.render(node.textContent, node, {displayMode: display, throwOnError: false, strict: false});
}
document.body.dataset.ready = '1';
"""


def companion_page() -> str:
    """The companion as HTML. Everything in it is computed at this call."""
    judged = [judge(number) for number in sorted(EQUATIONS)]
    css, js = inline_assets()
    style = files("chainrule.notes.companion").joinpath("page.css").read_text(encoding="utf-8")
    body = "\n".join([_front(judged), *(_section(number, judged) for number in order())])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}</title>\n<style>{css}\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        f"<script>{js}</script>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def order() -> list[str]:
    """All sections, in the order of their numbers."""
    return sorted(SECTIONS, key=lambda number: [int(part) for part in number.split(".")])


def tex(latex: str, display: bool = True) -> str:
    """A formula for KaTeX; until it has run, and without it, the LaTeX itself."""
    kind = "div" if display else "span"
    return f'<{kind} class="tex" data-display="{int(display)}">{escape(latex)}</{kind}>'


INDEX = re.compile(r"_\{([^}]*)\}|_([A-Za-z0-9]+(?:,[A-Za-z0-9:]+)?)")


def rich(text: str) -> str:
    """A text for the page, with indices set low."""
    return INDEX.sub(lambda found: f"<sub>{found[1] or found[2]}</sub>", escape(text))


def _front(judged: list[Judgement]) -> str:
    counts = Counter(one.verdict for one in judged)
    sums = " · ".join(
        f'<span class="verdict {verdict}">{counts[verdict]} {verdict}</span>' for verdict in VERDICTS
    )
    rows = "".join(
        f'<tr><td><a href="#eq{one.equation.eq}">({one.equation.eq})</a></td><td>{one.equation.section}</td>'
        f'<td><span class="verdict {one.verdict}">{one.verdict}</span></td>'
        f"<td>{rich(one.reason or '')}</td></tr>"
        for one in judged
        if one.verdict != RIGHT
    )
    return (
        f"<header><h1>{TITLE}</h1><p>{LEAD}</p><p>{len(judged)} equations: {sums}</p></header>"
        f'<section><h2>What is not right</h2><table class="errata">{rows}</table></section>'
    )


def _section(number: str, judged: list[Judgement]) -> str:
    title, text = SECTIONS[number]
    level = min(4, 1 + len(number.split(".")))
    parts = [
        f'<section id="s{number}"><h{level}><span class="number">{number}</span> {title}</h{level}>'
        f'<p class="lead">{rich(text)}</p>'
    ]
    parts += [_equation(one) for one in judged if one.equation.section == number]
    parts += [_figure(name) for name, entry in FIGURES.items() if entry.section == number]
    if number in TABLES:
        parts.append(_table(TABLES[number]()))
    parts += [_remark(remark) for remark in REMARKS if remark.section == number]
    return "\n".join([*parts, "</section>"])


def _equation(one: Judgement) -> str:
    entry = one.equation
    head = (
        f'<div class="head"><span class="eq">({entry.eq})</span> {rich(entry.title)} '
        f'<span class="kind">{entry.kind}</span>'
        f'<span class="verdict {one.verdict}">{one.verdict}</span></div>'
    )
    parts = [head, tex(one.printed)]
    if one.verdict != RIGHT:
        parts.append(f'<p class="reason">{rich(one.reason or "")}.</p>')
        rows = dict.fromkeys(line.correction_latex for line in one.faults if line.correction_latex)
        parts.append(
            '<div class="correct"><span class="label">correct</span>' + "".join(map(tex, rows)) + "</div>"
        )
        parts.append(f'<p class="evidence">{rich(one.evidence or "")}.</p>')
    if one.values:
        numbers = ", ".join(f"{value:.15g}" for value in dict.fromkeys(one.values))
        parts.append(f'<p class="evidence">Values: {escape(numbers.replace("-", "−"))}.</p>')
    if entry.remark:
        parts.append(f'<p class="evidence">{rich(entry.remark)}</p>')
    parts.append(f'<p class="check">Checked: {escape(one.check)}.</p>')
    return f'<article class="{one.verdict}" id="eq{entry.eq}">' + "\n".join(parts) + "</article>"


def _figure(name: str) -> str:
    from matplotlib import rc_context

    drawn = draw(name)
    file = BytesIO()
    with rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "path"}):
        drawn.figure.savefig(file, format="svg", metadata={"Date": None})
    width = round(drawn.figure.get_size_inches()[0] * 96)
    entry = drawn.entry
    head = f"Figure {entry.name}. " if entry.name.isdigit() else ""
    caption = f"{head}{entry.caption}." + (f" {entry.remark}" if entry.remark else "")
    source = "data:image/svg+xml;base64," + b64encode(file.getvalue()).decode("ascii")
    return (
        f'<figure><img src="{source}" alt="{escape(entry.caption)}" style="width:{width}px">'
        f"<figcaption>{rich(caption)}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{rich(cell)}</th>" for cell in table.head)
    rows = "".join("<tr>" + "".join(f"<td>{rich(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return (
        f'<figure><table class="numbers"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"<figcaption>{rich(table.caption)}</figcaption></figure>"
    )


def _remark(remark: Remark) -> str:
    return (
        f'<aside><span class="verdict {remark.verdict}">{remark.verdict}</span> In the text: '
        f"<em>{rich(remark.says)}</em> {rich(remark.correct)}"
        f'<span class="evidence"> {rich(remark.evidence)}.</span></aside>'
    )
