"""A document as JSON: lines with formulas in Unicode and LaTeX, and the full float64 numbers."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from chainrule.documents.model import Block, Document, Fold, Gallery, Line, Note, Picture, Table


def json_text(document: Document) -> str:
    """The document as one JSON document; numbers that JSON does not know are null."""
    return json.dumps(data_of(document), ensure_ascii=False)


def data_of(document: Document) -> dict[str, Any]:
    """What the JSON form holds. `steps` are the lines of all sections."""
    return {
        **document.facts,
        "title": document.title,
        "convention": document.lead,
        "steps": [
            _line(block, section.key)
            for section in document.sections
            for block in section.blocks
            if isinstance(block, Line)
        ],
        "notes": [
            _block(block) | {"section": section.key}
            for section in document.sections
            for block in section.blocks
            if not isinstance(block, Line)
        ],
    }


def _line(line: Line, section: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": line.name.text,
        "latex": line.name.latex,
        "phase": section.partition("-")[0],
        "section": section,
        "shape": list(line.shape),
        "rows": [
            {"relation": sign, "text": formula.text, "latex": formula.latex} for sign, formula in line.rows
        ],
        "source": [reference.name.text for reference in line.sources],
        "use": [reference.name.text for reference in line.uses],
        "cf": line.cf,
    }
    if line.array is not None:
        found["value"] = _finite(line.array.values.tolist())
    return found


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Table):
        return {
            "kind": "table",
            "head": list(block.head),
            "rows": [list(row) for row in block.rows],
            "caption": block.caption,
        }
    if isinstance(block, Picture):
        image = block.image if isinstance(block.image, str) else base64.b64encode(block.image).decode()
        numbers = {} if block.numbers is None else {"numbers": _block(block.numbers)}
        return {"kind": "picture", "alt": block.alt, "caption": block.caption, "image": image, **numbers}
    if isinstance(block, Gallery):
        return {"kind": "gallery", "caption": block.caption, "pictures": list(map(_block, block.pictures))}
    if isinstance(block, Fold):
        return {"kind": "fold", "title": block.title, "parts": list(map(_block, block.blocks))}
    if isinstance(block, Note):
        return {"kind": "note", "text": block.text, "tone": block.tone}
    return {"kind": "line", **_line(block, "")}


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return value if math.isfinite(value) else None
