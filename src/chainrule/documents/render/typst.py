"""A document as a PDF, set by Typst, which needs neither TeX nor a network."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from chainrule.documents.heatmap import heat_map, tiled
from chainrule.documents.model import Block, Document, Fold, Gallery, Line, Note, Picture, Table
from chainrule.documents.render.rows import given_rows, is_given, printed_rows, too_long
from chainrule.documents.render.typst_math import typst_math
from chainrule.graph.errors import ChainruleError

TEMPLATE = (files("chainrule.documents") / "assets" / "document.typ").read_text(encoding="utf-8")

_WIDEST = 62  # rough characters that a line holds


def pdf(document: Document) -> bytes:
    """The bytes of a PDF. Raises ChainruleError where the package `typst` is not installed."""
    try:
        import typst
    except ImportError:
        raise ChainruleError(
            "the package typst",
            "no such package",
            "pdf",
            "install it with: pip install 'chainrule[pdf]'; or use the LaTeX form",
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        pictures: dict[str, bytes | str] = {}
        source = typst_source(document, pictures)
        for name, image in pictures.items():
            where = Path(folder) / name
            where.write_bytes(image.encode() if isinstance(image, str) else image)
        main = Path(folder) / "main.typ"
        main.write_text(source, encoding="utf-8")
        result: bytes = typst.compile(str(main), root=folder)
    return result


def typst_source(document: Document, pictures: dict[str, bytes | str] | None = None) -> str:
    """The document in Typst's language; pictures: filled with the files that it mentions."""
    found = pictures if pictures is not None else {}
    parts = [TEMPLATE, f"#heading-of({quoted(document.title)}, {quoted(document.lead)})"]
    for section in document.sections:
        parts.append(f"= {content(section.title)}")
        if is_given(section):
            parts += [
                _line(row[0][1], found) if too_long(row, _WIDEST) else _beside(row, found)
                for row in given_rows(section, _WIDEST)
            ]
            continue
        for block in section.blocks:
            parts += _block(block, found)
    return "\n\n".join(parts) + "\n"


def _block(block: Block, pictures: dict[str, bytes | str]) -> Iterator[str]:
    if isinstance(block, Line):
        yield _line(block, pictures)
    elif isinstance(block, Note):
        yield f"#remark({quoted(block.text)}, {quoted(block.tone)})"
    elif isinstance(block, Table):
        cells = [f"[{content(cell)}]" for row in (block.head, *block.rows) for cell in row]
        yield f"#readings({len(block.head)}, {', '.join(cells)})"
        if block.caption:
            yield f"#remark({quoted(block.caption)}, {quoted('')})"
    elif isinstance(block, Picture):
        yield f"#{_figure(block, pictures)}"
    elif isinstance(block, Gallery):
        yield f"#gallery({', '.join(_figure(picture, pictures) for picture in block.pictures)})"
        if block.caption:
            yield f"#remark({quoted(block.caption)}, {quoted('')})"
    elif isinstance(block, Fold):
        yield f"== {content(block.title)}"
        for one in block.blocks:
            yield from _block(one, pictures)


def _figure(picture: Picture, pictures: dict[str, bytes | str]) -> str:
    name = f"picture-{len(pictures)}.{'svg' if isinstance(picture.image, str) else 'png'}"
    pictures[name] = picture.image
    width = f"{picture.size * 0.75:g}pt" if picture.size else "none"
    return f"shown({quoted(name)}, {quoted(picture.alt)}, {width}, [{content(picture.caption)}])"


def _beside(row: list[tuple[str, Line]], pictures: dict[str, bytes | str]) -> str:
    """Given numbers side by side, large ones under their pictures."""
    parts = []
    for latex, line in row:
        picture = _map(line, pictures)
        formula = f"$ {typst_math(latex)} $"
        parts.append(f"stack(dir: ttb, spacing: 5pt, {picture}, {formula})" if picture else formula)
    return f"#beside({', '.join(parts)})"


def _map(line: Line, pictures: dict[str, bytes | str]) -> str:
    """The heat map of a large array; nothing for one that is written out."""
    if line.array is None or line.array.written or not line.array.values.size:
        return ""
    name = f"picture-{len(pictures)}.png"
    image = tiled(line.array.values)
    pictures[name] = heat_map(line.array.values)
    return f"heat-map({quoted(name)}, {image.shape[1]}, {image.shape[0]}, {quoted(f'heat map of {line.array.name}')})"


def _line(line: Line, pictures: dict[str, bytes | str]) -> str:
    picture = _map(line, pictures)
    rows = [f"(${typst_math(sign)}$, $ {typst_math(latex)} $)" for sign, latex in printed_rows(line, _WIDEST)]
    if picture:
        rows.append(f"([], {picture})")
    facts = [fact for fact in (line.size, line.cf) if fact]
    return f"#line-of($ {typst_math(line.name.latex)} $, ({', '.join(rows)},), {quoted(' · '.join(facts))})"


def quoted(text: str) -> str:
    """A string of Typst."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def content(text: str) -> str:
    """Plain text as Typst's content."""
    return re.sub(r"([\\#$*_`<>@\[\]~=/+-])", r"\\\1", text)
