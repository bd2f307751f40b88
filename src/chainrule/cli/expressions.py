"""What the commands are given: an expression as text or a TOML file, with shapes, data and values."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chainrule.graph.errors import ChainruleError, FeedError, ParseError, ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.walk import leaves
from chainrule.ops.syntax import parse

_KEYS = ("expression", "shapes", "data", "values", "wrt")
_LARGEST_FILE = 50_000_000


@dataclass(frozen=True)
class Given:
    """An expression, values for its leaves by name, and the names of the leaves to differentiate by."""

    expression: Expr
    values: dict[str, Any] = field(default_factory=dict)
    wrt: tuple[str, ...] = ()


def read(
    source: str,
    shapes: Sequence[str] = (),
    data: Sequence[str] = (),
    values: Sequence[str] = (),
    wrt: Sequence[str] = (),
) -> Given:
    """What the options say; source is the text of an expression, or the name of a TOML file.

    Raises ChainruleError for anything that does not fit together, OSError for a file that cannot be read.
    """
    found: dict[str, Any] = _file(Path(source)) if source.endswith(".toml") else {"expression": source}
    numbers = {**_table(found.get("values", {}), "values"), **dict(_value(text) for text in values)}
    named = {name: shape_of(value, name) for name, value in numbers.items()}
    for name, shape in _table(found.get("shapes", {}), "shapes").items():
        named[name] = _sizes(shape, name)
    named.update(_shape(text) for text in shapes)
    expression = found.get("expression")
    if not isinstance(expression, str):
        raise ParseError("a text as expression", repr(expression)[:80], source, "put it in quotation marks")
    expr = parse(expression, named or None, _names(data) or list(found.get("data", ("x", "y"))))
    return Given(expr, numbers, tuple(_names(wrt) or found.get("wrt", ())))


def _names(texts: Sequence[str]) -> list[str]:
    """The names in texts with commas between them."""
    return [name for text in texts for name in text.split(",") if name]


def _file(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _LARGEST_FILE:
        raise ParseError(
            "a TOML file below 50 MB",
            f"{path.stat().st_size} bytes",
            str(path),
            "give large values in Python: cr.work(expression, values)",
        )
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise ParseError(
            "a TOML file",
            str(fault) or "brackets too deep",
            str(path),
            "chainrule work --help shows a whole file",
        ) from None
    unknown = [key for key in found if key not in _KEYS]
    if unknown or "expression" not in found:
        came = f"the unknown key {unknown[0]!r}" if unknown else f"the keys {', '.join(found) or 'none'}"
        raise ParseError(
            "the key expression, and perhaps shapes, data, values, wrt",
            came,
            str(path),
            "chainrule work --help shows a whole file",
        )
    return found


def _table(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, Mapping):
        raise ParseError(
            f"a table [{what}]", repr(found)[:80], what, f"write a line [{what}], and below it name = value"
        )
    return dict(found)


def _shape(text: str) -> tuple[str, tuple[int, ...]]:
    name, sign, sizes = text.partition("=")
    if not sign:
        raise ShapeError("a shape such as W=3x3", repr(text)[:80], "--shape", "name the leaf: --shape W=3x3")
    return name.strip(), _sizes(sizes.strip(), name)


def _sizes(shape: Any, name: str) -> tuple[int, ...]:
    """3x3, 3, () or scalar; in a file a number or a list of numbers too."""
    if isinstance(shape, int) and not isinstance(shape, bool):
        return (shape,)
    parts = (
        shape
        if isinstance(shape, list)
        else []
        if shape in ("", "()", "scalar")
        else str(shape).replace("×", "x").split("x")
    )
    try:
        sizes = tuple(int(str(part)[:20]) for part in parts)
    except ValueError:
        sizes = (-1,)
    if any(size < 0 for size in sizes):
        raise ShapeError(
            "sizes such as 3x3, 3 or scalar",
            repr(shape)[:80],
            f"shape of {name[:80]}",
            "write --shape W=3x3, b=3, or y=scalar",
        )
    return sizes


def _value(text: str) -> tuple[str, Any]:
    name, sign, numbers = text.partition("=")
    if not sign:
        raise FeedError(
            "a value such as x=[2, 1, 2]", repr(text)[:80], "--at", "name the leaf: --at x=[2,1,2]"
        )
    try:
        value = json.loads(numbers)
    except (json.JSONDecodeError, RecursionError):
        raise FeedError(
            "a number, or numbers in brackets such as [[1, 0], [0, 1]]",
            repr(numbers)[:80],
            f"value of {name.strip()[:80]}",
            "write JSON, without blanks or in quotation marks for the shell",
        ) from None
    return name.strip(), value


def shape_of(value: Any, name: str) -> tuple[int, ...]:
    """The shape of nested lists of numbers."""
    shape: list[int] = []
    level = [value]
    while any(isinstance(part, list) for part in level):
        sizes = {len(part) if isinstance(part, list) else -1 for part in level}
        if len(sizes) > 1 or len(shape) > 16:
            raise FeedError(
                "rows of one length",
                repr(value)[:80],
                f"value of {name[:80]}",
                "give each row as many numbers",
            )
        shape.append(sizes.pop())
        level = [entry for part in level for entry in part]
    for entry in level:
        if isinstance(entry, bool) or not isinstance(entry, (int, float)) or not math.isfinite(entry):
            raise FeedError(
                "finite numbers",
                repr(entry)[:80],
                f"value of {name[:80]}",
                "write numbers without quotation marks",
            )
    return tuple(shape)


def chosen_leaves(expr: Expr, names: Sequence[str]) -> list[Expr] | None:
    """The leaves of an expression that have these names; None for none, which means all."""
    by_name = {str(leaf.name): leaf for leaf in leaves([expr])}
    for name in names:
        if name not in by_name:
            raise ChainruleError(
                f"one of the leaves {', '.join(by_name)}",
                repr(name)[:80],
                "--wrt",
                "leave --wrt out for all of them",
            )
    return [by_name[name] for name in names] or None
