"""The companion as one page of HTML that needs no network: formulas by KaTeX, figures as vectors."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from html import escape
from importlib.resources import files
from io import BytesIO

from chainrule.documents.katex import inline_assets
from chainrule.notes.companion.choice import LEAD, Choice, chosen
from chainrule.notes.companion.sections import SECTIONS
from chainrule.notes.companion.tables import Table
from chainrule.notes.equation import RIGHT, VERDICTS
from chainrule.notes.figures import FIGURES, draw
from chainrule.notes.judgement import Judgement
from chainrule.notes.remark import Remark

_SCRIPT = """
for (const node of document.querySelectorAll('.tex')) {
  const display = node.dataset.display === '1';
  katex.render(node.textContent, node, {displayMode: display, throwOnError: false, strict: false});
}
document.body.dataset.ready = '1';
"""


def companion_page(choice: Choice | None = None) -> str:
    """A choice of the notes, or all of them, as HTML. Everything in it is computed at this call."""
    choice = choice or chosen()
    css, js = inline_assets()
    style = files("chainrule.notes.companion").joinpath("page.css").read_text(encoding="utf-8")
    body = "\n".join([_front(choice), *(_section(number, choice) for number in choice.sections)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(choice.title)}</title>\n<style>{css}\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n"
        f"</main>\n<script>{js}</script>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def tex(latex: str, display: bool = True) -> str:
    """A formula for KaTeX; until it has run, and without it, the LaTeX itself."""
    kind = "div" if display else "span"
    return f'<{kind} class="tex" data-display="{int(display)}">{escape(latex)}</{kind}>'


INDEX = re.compile(r"_\{([^}]*)\}|_([A-Za-z0-9]+(?:,[A-Za-z0-9:]+)?)")


def rich(text: str) -> str:
    """A text for the page, with indices set low."""
    return INDEX.sub(lambda found: f"<sub>{found[1] or found[2]}</sub>", escape(text))


def _front(choice: Choice) -> str:
    counts = Counter(one.verdict for one in choice.judged)
    sums = " · ".join(
        f'<span class="verdict {verdict}">{counts[verdict]} {verdict}</span>' for verdict in VERDICTS
    )
    head = f"<header><h1>{escape(choice.title)}</h1><p>{LEAD}</p>"
    if len(choice.judged) > 1:
        head += f"<p>{len(choice.judged)} equations: {sums}</p>"
    if not choice.whole:
        return head + "</header>"
    rows = "".join(
        f'<tr><td><a href="#eq{one.equation.eq}">({one.equation.eq})</a></td><td>{one.equation.section}</td>'
        f'<td><span class="verdict {one.verdict}">{one.verdict}</span></td>'
        f"<td>{rich(one.reason or '')}</td></tr>"
        for one in choice.faults
    )
    links = "".join(
        f'<li class="depth{number.count(".")}"><a href="#s{number}"><span class="number">{number}</span> '
        f"{SECTIONS[number][0]}</a></li>"
        for number in choice.sections
    )
    return (
        f"{head}</header><nav><h2>Contents</h2><ul>{links}</ul></nav>"
        f'<section><h2>What is not right</h2><table class="errata">{rows}</table></section>'
    )


def _section(number: str, choice: Choice) -> str:
    title, text = SECTIONS[number]
    level = min(4, 1 + len(number.split(".")))
    parts = [
        f'<section id="s{number}"><h{level}><span class="number">{number}</span> {title}</h{level}>'
        f'<p class="lead">{rich(text)}</p>'
    ]
    parts += [_equation(one) for one in choice.equations(number)]
    parts += [_figure(name) for name in choice.figures(number)]
    parts += [_table(table) for table in choice.tables(number)]
    parts += [_remark(remark) for remark in choice.said(number)]
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
        parts.append(f'<p class="reason">{rich(sentence(one.reason))}</p>')
        parts.append(
            f'<div class="correct"><span class="label">correct</span>{tex(one.correct_latex or "")}</div>'
        )
        parts.append(f'<p class="evidence">As printed: {rich(one.evidence or "")}.</p>')
        parts.append(f'<p class="evidence">Corrected: {rich(one.proof or "")}.</p>')
    if one.values:
        numbers = ", ".join(f"{value:.15g}" for value in one.values)
        parts.append(f'<p class="evidence">Values: {escape(numbers.replace("-", "−"))}.</p>')
    if entry.remark:
        parts.append(f'<p class="evidence">{rich(entry.remark)}</p>')
    parts.append(f'<p class="check">Checked: {escape(one.check)}.</p>')
    return f'<article class="{one.verdict}" id="eq{entry.eq}">' + "\n".join(parts) + "</article>"


def sentence(text: str | None) -> str:
    """A clause as a sentence. A symbol at its start stays as it is."""
    words = (text or "").split(" ")
    if words[0].isascii() and words[0].isalpha() and (len(words[0]) > 1 or words[0] == "a"):
        words[0] = words[0][0].upper() + words[0][1:]
    return f"{' '.join(words)}."


def _picture(name: str, theme: str) -> str:
    """A figure as an address that holds its vectors."""
    from matplotlib import rc_context

    file = BytesIO()
    with rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "path"}):
        draw(name, theme).figure.savefig(file, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + b64encode(file.getvalue()).decode("ascii")


def _figure(name: str) -> str:
    entry = FIGURES[name]
    head = f"Figure {entry.name}. " if entry.name.isdigit() else ""
    caption = f"{head}{entry.caption}." + (f" {entry.remark}" if entry.remark else "")
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{_picture(name, "dark")}">'
        f'<img src="{_picture(name, "light")}" alt="{escape(entry.caption)}"></picture>'
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
